"""What is set on a product, not on its category, holds from the price to the parcel: age, tax,
delivery, points, and no personal price."""

from __future__ import annotations

from datetime import date
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart, view_cart
from orders.checkout.services.checkout import start_checkout
from orders.models import DeliveryMethod, OrderEvent, OrderLine, TaxRate
from orders.refusals import CartRefused
from orders.terms.selectors import forget_terms
from pricing.api import quote_variants
from pricing.base.core.values import QuoteContext
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.loyalty import make_terms
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper, place
from tests.factories.pricing import NOON as THEN
from tests.factories.pricing import Dairy, look_at, make_treated, open_dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def mark(variant_id: int, **flags: Any) -> None:
    """Set flags on the product of a variant; its category has none."""
    Product.objects.filter(variants=variant_id).update(**flags)
    forget_catalog()


def visit_with(*variant_ids: int) -> QuoteContext:
    visit = context_of(make_shopper())
    for one in variant_ids:
        add_to_cart(context=visit, variant_id=one, quantity=1)
    return visit


def test_a_products_age_is_asked_for_at_checkout_and_kept(shelf: Shelf, prices: FakePrices) -> None:
    mark(shelf.rye, minimum_age=21)
    visit = visit_with(shelf.rye, shelf.gouda)
    assert start_checkout(context=visit).minimum_age == 21
    with pytest.raises(CartRefused) as refused:
        place(visit)
    assert (refused.value.code, refused.value.detail) == (
        "age_not_confirmed",
        {"minimum_age": 21},
    )
    order = place(visit, is_of_age=True)
    event = OrderEvent.objects.get(order_id=order.order_id, kind="placed")
    assert event.detail["minimum_age"] == 21  # whoever hands it over checks it
    assert start_checkout(context=visit_with(shelf.gouda)).minimum_age is None


def test_an_age_limited_product_is_not_delivered_the_same_day(
    shelf: Shelf, prices: FakePrices
) -> None:
    DeliveryMethod.objects.create(
        market_code="us", code="courier", name="Courier", price_minor=900, min_days=0
    )
    DeliveryMethod.objects.filter(code="standard").update(min_days=2, max_days=3)
    forget_terms()
    mark(shelf.rye, minimum_age=18)

    def offered(*variant_ids: int) -> set[str]:
        checkout = start_checkout(context=visit_with(*variant_ids))
        return {option.code for option in checkout.options}

    everything = offered(shelf.gouda)
    assert {"courier", "express", "standard"} <= everything
    assert offered(shelf.gouda, shelf.rye) == everything - {"courier", "express"}


def test_a_products_tax_class_beats_the_rate_of_its_category(
    shelf: Shelf, prices: FakePrices
) -> None:
    for percent, given in ((20, {"category_path": "bread"}), (5, {"tax_class": "reduced"})):
        TaxRate.objects.create(
            market_code="us", percent=percent, valid_from=date(2026, 1, 1), **given
        )
    forget_terms()
    mark(shelf.rye, tax_class="reduced")
    order = place(visit_with(shelf.rye))
    # 3.00 with 5 % in it
    assert OrderLine.objects.get(order_id=order.order_id).tax_minor == 14


def test_a_product_with_an_age_earns_no_points(shelf: Shelf, prices: FakePrices) -> None:
    make_terms()
    visit = visit_with(shelf.gouda, shelf.rye)
    before = view_cart(context=visit).points
    mark(shelf.rye, minimum_age=18)
    after = view_cart(context=visit).points
    assert before is not None
    assert after is not None
    assert (before.earns, after.earns) == (8, 5)


def test_a_flagged_product_has_no_personal_price(dairy: Dairy) -> None:
    mark(dairy.gouda, minimum_age=18)
    mark(dairy.brie, is_sensitive=True)
    mark(dairy.camembert, is_child_directed=True)
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    context = context_of(alice, THEN, jurisdiction_code="US-other", purpose="detail")
    found = quote_variants(context=context, variant_ids=dairy.cheeses).prices
    personal = {pk for pk, view in found.items() if view.is_personal}
    assert personal == {dairy.cheddar}
    others = [view for pk, view in found.items() if pk not in personal]
    assert all(view.quoted_minor == view.public_minor for view in others)
