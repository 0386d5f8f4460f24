"""Prices before the cart, shown and reckoned for sorting, are those of a cart of one piece."""

from __future__ import annotations

import random
from dataclasses import replace

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from promotions.core.carts import CartLineValue
from promotions.models import CampaignShopper, UseLimit
from promotions.selectors import (
    PreviewPlace,
    ShopperView,
    evaluate_cart,
    find_touched,
    forget_offer_book,
    preview_lines,
    price_units,
)
from shop.catalog.models import Variant
from tests.factories.orders import Shelf, make_shopper
from tests.factories.promotions import NOON, make_campaign, make_line

pytestmark = pytest.mark.django_db
PLACE = PreviewPlace("us", "online", "USD", NOON, "en", "US-NY")


def charge(line: CartLineValue, shopper: ShopperView) -> tuple[int, tuple[str, ...]]:
    """Return what a cart charges for the line alone, and the offers it names."""
    cart = replace(PLACE.empty_cart(), lines=(line,))
    found = evaluate_cart(
        cart=cart, codes=(), shopper=shopper, now=NOON, language="en", locale="en_US"
    )
    return found.totals[line.line_id], tuple(offer.label for offer in found.applied)


def test_they_agree_on_every_kind_of_price(shelf: Shelf) -> None:
    rng, alice = random.Random(7), make_shopper()
    make_campaign("tenth", percent="10", scope={"categories": [1]})
    make_campaign("best", percent="15", scope={"brands": [2]}, stacking="best", stacking_group="w")
    make_campaign("rest", amount_minor=90, target="unit", stacking="best", stacking_group="w")
    make_campaign("open", percent="12", scope={"categories": [2]}, budget_minor=150)
    make_campaign("carts", amount_minor=500, condition={"cart_value": 2_000})
    limited = make_campaign("limited", percent="7", scope={"categories": [3]})
    UseLimit.objects.create(campaign=limited, entity="shopper", max_uses=1, max_minor=100)
    for name in ("own", "more"):
        campaign = make_campaign(name, percent="25", audience="personal")
        CampaignShopper.objects.create(campaign=campaign, shopper_id=alice.id)
    forget_offer_book()
    lines = []
    for n in range(1, 120):
        unit = rng.choice((199, 250, 1_000, rng.randint(1, 3_000)))
        place = {"category_ids": (rng.randint(1, 4),), "brand_id": rng.randint(1, 3)}
        amounts = {"floor_minor": rng.choice((0, unit * 6 // 10)), "public_minor": unit * 11 // 10}
        lines.append(make_line(f"l{n}", variant_id=n, unit_minor=unit, **place, **amounts))
    for shopper in (ShopperView(alice.id, is_member=True), ShopperView(None)):
        shown = preview_lines(lines=lines, place=PLACE, shopper=shopper).mine
        prices, arms = price_units(lines=lines, place=PLACE, shopper=shopper)
        assert prices == {key: one.adjusted_minor for key, one in shown.items()}
        assert len(prices) > 90
        assert arms == ()
        for line in lines[::4]:
            paid, labels = charge(replace(line, quantity=1), shopper)
            seen = shown.get(line.variant_id)
            assert paid == (line.unit_minor if seen is None else seen.adjusted_minor)
            assert labels == (() if seen is None else seen.labels)


def test_only_goods_that_a_running_offer_could_lower_are_reckoned(shelf: Shelf) -> None:
    ids = np.array(sorted(Variant.objects.values_list("pk", flat=True)), dtype=np.int64)
    assert find_touched(ids, PLACE).tolist() == [False] * len(ids)
    make_campaign("rye", percent="10", scope={"categories": [shelf.bread]})
    make_campaign("told", percent="5", code="TOLD", scope={"categories": [shelf.cheese]})
    assert ids[find_touched(ids, PLACE)].tolist() == [shelf.rye]


def test_nobody_is_asked_for_offers_that_no_single_piece_meets() -> None:
    for name, condition in (("dear", {"cart_value": 2_000}), ("many", {"cart_quantity": 2})):
        campaign = make_campaign(name, percent="25", audience="personal", condition=condition)
        UseLimit.objects.create(campaign=campaign, entity="global", max_uses=9)
    at_a_till = {"all": [{"tiers": ["gold"]}, {"channels": ["store"]}]}
    tiered = make_campaign("gold", percent="25", condition=at_a_till)
    UseLimit.objects.create(campaign=tiered, entity="shopper", max_uses=9)
    forget_offer_book()
    alice, asked = ShopperView(make_shopper().id, is_member=True), []

    def look() -> ShopperView:
        asked.append(alice)
        return alice

    cheap, dear = make_line(unit_minor=1_999), make_line("dear", variant_id=2, unit_minor=2_000)
    for lines, looks in (([cheap], 0), ([cheap, dear], 1)):
        with CaptureQueriesContext(connection) as captured:
            found = preview_lines(
                lines=lines, place=PLACE, shopper=ShopperView(None), find_visitor=look
            )
        counted = sum("limitcounter" in query["sql"] for query in captured.captured_queries)
        given = sum("campaignshopper" in query["sql"] for query in captured.captured_queries)
        assert (found.mine, len(asked), given, counted) == ({}, looks, looks, 0)
