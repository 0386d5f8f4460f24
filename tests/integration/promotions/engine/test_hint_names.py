"""Hints and refused codes name the offer and the products they mean, or stay silent."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import ShopperView
from promotions.engine.core.reasons import REASONS
from promotions.engine.core.values import Evaluation
from promotions.models import Offer, OfferBook
from promotions.offers.selectors.evaluation import evaluate_cart
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.orders import Shelf
from tests.factories.promotions import NOON, make_campaign, make_cart, make_line

pytestmark = pytest.mark.django_db


def evaluate(shelf: Shelf, language: str = "en", codes: tuple[str, ...] = ()) -> Evaluation:
    """Return what a cart with a piece of cheese at 10.00 comes to."""
    gouda = make_line(variant_id=shelf.gouda, category_ids=(shelf.cheese,))
    return evaluate_cart(
        cart=make_cart(gouda),
        codes=codes,
        shopper=ShopperView(None),
        now=NOON,
        language=language,
        locale="en_US",
    )


def hints(shelf: Shelf, language: str = "en") -> list[str]:
    return [hint.message for hint in evaluate(shelf, language).hints]


def release(name: str, **fields: Any) -> Offer:
    offer = make_campaign(name, **({"percent": "10"} | fields)).offers.get()
    Category.objects.filter(path__contains="bread").update(name="Bread", name_zh="面包")
    Category.objects.filter(path__contains="cheese").update(name="Cheese", name_zh="奶酪")
    forget_catalog()
    return offer


def test_a_missing_product_is_named_with_the_offer(shelf: Shelf) -> None:
    release("Picnic", condition={"categories": [shelf.bread]})
    assert hints(shelf) == ["Add 1 more of Bread to get “Picnic”."]
    assert hints(shelf, "zh-hans") == ["面包再加购 1 件即可享受“Picnic”。"]
    evaluate(shelf)
    with CaptureQueriesContext(connection) as captured:
        evaluate(shelf)
    assert not any("shop_category" in query["sql"] for query in captured.captured_queries)


def test_an_incomplete_set_names_what_it_consists_of(shelf: Shelf) -> None:
    offer = release("Three for two", scope={"categories": [shelf.cheese]})
    Offer.objects.filter(pk=offer.pk).update(
        benefit_kind="cheapest_free", target="cart", percent="100", terms={"size": 3}
    )
    OfferBook.objects.update(version=7_000)
    forget_offer_book()
    assert hints(shelf) == ["Add 2 more of Cheese to get “Three for two”."]


def test_an_offer_on_everything_needs_no_products(shelf: Shelf) -> None:
    release("Big", condition={"cart_value": 1_500})
    assert hints(shelf) == ["Add $5.00 more to get “Big”."]


def test_missing_products_are_counted_among_those_named(shelf: Shelf) -> None:
    two = {"at_least": 2, "scope": {"categories": [shelf.cheese]}}
    release("Mix", condition={"different_products": two})
    assert hints(shelf) == ["Different products still missing for “Mix”: 1 of Cheese."]


def test_what_has_no_name_is_not_hinted_at(shelf: Shelf) -> None:
    release("Gone", condition={"categories": [987_654]})
    assert hints(shelf) == []


def test_a_refused_code_names_the_products_it_asks_for(shelf: Shelf) -> None:
    release("Bakery", code="RYE", condition={"categories": [shelf.bread]})
    (refused,) = evaluate(shelf, codes=("RYE",)).rejected
    assert refused.message == "Add 1 more of Bread to get “Bakery”."


def test_no_reason_speaks_of_an_offer_without_its_name() -> None:
    for reason in ("product_missing", "category_missing", "brand_missing"):
        assert "{name}" in REASONS[reason]
