"""Prices before the cart, shown and reckoned for sorting, are those of a cart of one piece."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from numpy.typing import NDArray

from profiles.experiments.selectors.experiments import ArmChoice
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import CartLineValue, CartValue, ShopperView
from promotions.models import CampaignShopper, UseLimit
from promotions.offers.selectors.evaluation import evaluate_cart
from promotions.offers.selectors.preview_prices import (
    MakeLines,
    PreviewProducts,
    find_touched,
    price_products,
)
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.catalog.selectors.arrays import find_places
from tests.factories.orders import Shelf, make_shopper
from tests.factories.previews import NOTHING, ask, preview
from tests.factories.promotions import NOON, make_campaign, make_line

pytestmark = pytest.mark.django_db


def charge(line: CartLineValue, shopper: ShopperView) -> tuple[int, tuple[str, ...]]:
    """Return what a cart charges for the line alone, and the offers on products that it names."""
    cart = replace(NOTHING, lines=(line,))
    found = evaluate_cart(
        cart=cart, codes=(), shopper=shopper, now=NOON, language="en", locale="en_US"
    )
    on_order = {part.offer_id: part.amount_minor for part in found.adjustments if part.is_on_order}
    labels = (offer.label for offer in found.applied if offer.offer_id not in on_order)
    return found.totals[line.line_id] - sum(on_order.values()), tuple(labels)


def stock_catalogue(count: int) -> PreviewProducts:
    """Put many products of four categories and three brands on sale; return a piece of each at
    prices that many share, with floors of their own."""
    rng = random.Random(7)
    categories = [
        Category.objects.create(
            external_ref=f"m{n}", slug=f"m{n}", name=f"M{n}", path=f"m{n}", depth=0, position=n
        )
        for n in range(4)
    ]
    brands = [Brand.objects.create(external_ref=f"m{n}", name=f"M{n}") for n in range(3)]
    products = Product.objects.bulk_create(
        Product(
            external_ref=f"m{n}",
            name=f"Good {n}",
            slug=f"good-{n}",
            category=rng.choice(categories),
            brand=rng.choice(brands),
            created_at=NOON,
        )
        for n in range(count)
    )
    variants = Variant.objects.bulk_create(
        Variant(product=one, external_ref=one.slug, sku=one.slug, list_minor=1_000)
        for one in products
    )
    Category.objects.filter(pk=categories[3].pk).update(is_sensitive=True)
    forget_catalog()
    ids = np.array(sorted(one.pk for one in variants), dtype=np.int64)
    unit = np.array([rng.choice((199, 250, 499, 1_000, 2_400)) for _ in ids], dtype=np.int64)
    floor = np.array([rng.randint(0, price) for price in unit.tolist()], dtype=np.int64)
    public = unit + np.array([rng.choice((0, 0, 0, 30)) for _ in ids], dtype=np.int64)
    listed = public + np.array([rng.choice((0, 0, 50)) for _ in ids], dtype=np.int64)
    return PreviewProducts(ids, unit, floor, public, listed)


def make_lines(goods: PreviewProducts) -> list[CartLineValue]:
    places = find_places(goods.variant_id.tolist())
    columns = (goods.unit_minor, goods.floor_minor, goods.public_minor, goods.list_minor)
    return [
        make_line(
            f"l{one}",
            variant_id=one,
            product_id=places[one].product_id,
            category_ids=places[one].category_ids,
            brand_id=places[one].brand_id,
            unit_minor=unit,
            floor_minor=floor,
            public_minor=public,
            list_minor=listed,
        )
        for one, unit, floor, public, listed in zip(
            goods.variant_id.tolist(), *(each.tolist() for each in columns), strict=True
        )
    ]


def price_all(
    goods: PreviewProducts,
    shopper: ShopperView,
    cart: CartValue = NOTHING,
    make: MakeLines = make_lines,
) -> tuple[NDArray[np.int64], tuple[ArmChoice, ...]]:
    return price_products(ask(shopper, cart), goods, make)


def release_all_kinds(alice: int) -> None:
    """Release offers that products, amounts, budgets, limits, groups and choice decide about."""
    first, second, third = Category.objects.filter(path__startswith="m").order_by("path")[:3]
    brand = Brand.objects.get(external_ref="m1").pk
    make_campaign("tenth", percent="10", scope={"categories": [first.pk]})
    make_campaign(
        "best", percent="15", scope={"brands": [brand]}, stacking="best", stacking_group="w"
    )
    make_campaign("rest", amount_minor=90, target="unit", stacking="best", stacking_group="w")
    make_campaign("open", percent="12", scope={"categories": [second.pk]}, budget_minor=150)
    make_campaign("carts", amount_minor=500, condition={"cart_value": 2_000})
    asked = {"any": [{"categories": [third.pk]}, {"not": {"cart_value": 300}}]}
    make_campaign("asked", percent="8", condition=asked)
    limited = make_campaign("limited", percent="7", scope={"categories": [third.pk]})
    UseLimit.objects.create(campaign=limited, entity="shopper", max_uses=1, max_minor=100)
    for name in ("own", "more"):
        campaign = make_campaign(name, percent="25", audience="personal")
        CampaignShopper.objects.create(campaign=campaign, shopper_id=alice)
    forget_offer_book()


def test_they_agree_on_every_kind_of_price(shelf: Shelf) -> None:
    products, alice = stock_catalogue(900), make_shopper()
    release_all_kinds(alice.id)
    make_campaign("regular", percent="9", scope={"not_reduced": True})
    make_campaign("dear", percent="4", scope={"price_from": 500, "price_to": 1_029})
    forget_offer_book()
    lines = make_lines(products)
    for shopper in (ShopperView(alice.id, is_member=True), ShopperView(None)):
        shown = preview(lines, shopper).mine
        prices, arms = price_all(products, shopper)
        expected = [
            shown[line.variant_id].adjusted_minor if line.variant_id in shown else line.unit_minor
            for line in lines
        ]
        assert prices.tolist() == expected
        assert np.count_nonzero(prices < products.unit_minor) > 700
        assert np.count_nonzero(prices == products.floor_minor) > 40
        assert arms == ()
        for line in lines[::23]:
            paid, labels = charge(line, shopper)
            seen = shown.get(line.variant_id)
            assert paid == (line.unit_minor if seen is None else seen.adjusted_minor)
            assert labels == (() if seen is None else seen.labels)


def test_many_products_take_the_queries_and_lines_of_few(
    shelf: Shelf,
) -> None:
    products, alice = stock_catalogue(900), make_shopper()
    release_all_kinds(alice.id)
    shopper, asked = ShopperView(alice.id, is_member=True), list[int]()

    def count_lines(some: PreviewProducts) -> list[CartLineValue]:
        asked.append(len(some.variant_id))
        return make_lines(some)

    def count_statements(some: PreviewProducts) -> int:
        """Return the fewest of some tries: what is remembered for seconds may have to be read."""
        counts = []
        for _ in range(4):
            with CaptureQueriesContext(connection) as captured:
                price_all(some, shopper, make=count_lines)
            counts.append(len(captured.captured_queries))
        return min(counts)

    assert count_statements(products) == count_statements(products.take(np.arange(100))) <= 3
    # Twelve pairs of category and brand, five prices with and without a personal one.
    assert asked[0] <= 4 * 3 * 5 * 2


def test_only_goods_that_a_running_offer_could_lower_are_reckoned(shelf: Shelf) -> None:
    ids = np.array(sorted(Variant.objects.values_list("pk", flat=True)), dtype=np.int64)
    assert find_touched(ids, NOTHING, NOON).tolist() == [False] * len(ids)
    make_campaign("rye", percent="10", scope={"categories": [shelf.bread]})
    make_campaign("told", percent="5", code="TOLD", scope={"categories": [shelf.cheese]})
    assert ids[find_touched(ids, NOTHING, NOON)].tolist() == [shelf.rye]


def test_another_size_in_the_cart_is_no_different_product(shelf: Shelf) -> None:
    products = stock_catalogue(40)
    inside = Variant.objects.get(pk=int(products.variant_id[0]))
    larger = Variant.objects.create(
        product=inside.product, external_ref="larger", sku="larger", list_minor=1_000
    )
    others = (
        Variant.objects.filter(
            product__category=inside.product.category, product__brand=inside.product.brand
        )
        .exclude(product=inside.product)
        .order_by("pk")
    )
    ids = np.array([other := others[0].pk, larger.pk], dtype=np.int64)
    forget_catalog()
    make_campaign("two", percent="30", condition={"different_products": 2})
    forget_offer_book()
    same = np.array([1_000, 1_000], dtype=np.int64)
    asked = PreviewProducts(ids, same, np.zeros(2, dtype=np.int64), same, same)
    held = make_lines(
        PreviewProducts(products.variant_id[:1], same[:1], same[:1] * 0, same[:1], same[:1])
    )
    prices, _arms = price_all(asked, ShopperView(None), replace(NOTHING, lines=tuple(held)))
    assert dict(zip(ids.tolist(), prices.tolist(), strict=True)) == {other: 400, larger.pk: 1_000}
