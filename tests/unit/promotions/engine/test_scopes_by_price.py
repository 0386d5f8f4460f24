"""Offers on products of some prices: not reduced, or priced from so much to so much."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from promotions.engine.core.carts import CartLineValue, Scope
from promotions.engine.core.conditions.tree import All, CartHas, DifferentProducts
from promotions.engine.core.evaluate import EvaluationInput, evaluate_offers
from promotions.engine.core.parsing.conditions import parse_condition
from promotions.engine.core.parsing.terms import BadOffer, parse_scope
from promotions.engine.core.unit_preview import Memory, UnitPrices
from promotions.engine.core.values import OfferValue
from tests.factories.promotions import ALICE, NOON, make_cart, make_line, make_offer

UNREDUCED = Scope(is_unreduced=True)
FULL = make_line("full", unit_minor=1_000, list_minor=1_000)
REDUCED = make_line("reduced", unit_minor=800, list_minor=1_000)


def total(line: CartLineValue, *offers: OfferValue) -> int:
    cart = make_cart(line)
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)
    return found.totals[line.line_id]


@pytest.mark.parametrize(
    ("line", "is_meant"),
    [
        (FULL, True),
        (REDUCED, False),
        # A personal price below the list is no reduction for everybody
        (make_line(unit_minor=900, public_minor=1_000, list_minor=1_000), True),
        (make_line(unit_minor=700, public_minor=800, list_minor=1_000), False),
        # Above the list, and of no known list price
        (make_line(unit_minor=1_100, list_minor=1_000), True),
        (make_line(unit_minor=1_000), True),
    ],
)
def test_not_reduced_is_what_everybody_pays_the_list_price_for(
    line: CartLineValue, is_meant: bool
) -> None:
    assert UNREDUCED.covers(line) is is_meant


def test_another_offer_on_the_product_makes_it_no_reduced_one() -> None:
    """How offers go together is for groups to say; which products are meant is not up to them."""
    tenth, fifth = make_offer(1, scope=UNREDUCED), make_offer(2)
    assert total(FULL, tenth, fifth) == total(FULL, fifth, tenth) == 810
    assert total(REDUCED, tenth, fifth) == 720


@pytest.mark.parametrize(
    ("scope", "prices"),
    [
        (Scope(from_minor=500), [500, 501, 900]),
        (Scope(to_minor=500), [499, 500]),
        (Scope(from_minor=500, to_minor=501), [500, 501]),
        (Scope(variant_ids=frozenset({7}), from_minor=501), [501, 900]),
        (Scope(except_variant_ids=frozenset({7}), from_minor=1), []),
    ],
)
def test_prices_are_those_of_a_unit_for_everybody(scope: Scope, prices: list[int]) -> None:
    lines = [
        make_line(variant_id=7, quantity=3, unit_minor=one - 99, public_minor=one)
        for one in (499, 500, 501, 900)
    ]
    assert [line.public_minor for line in lines if scope.covers(line)] == prices


@pytest.mark.parametrize(
    ("tree", "scope"),
    [
        ({"not_reduced": True}, UNREDUCED),
        ({"brands": [3], "price_from": 0}, Scope(brand_ids=frozenset({3}), from_minor=0)),
        ({"listed": True, "price_to": 5}, Scope(frozenset(), to_minor=5)),
        ({"not_reduced": False, "price_from": 7, "price_to": 7}, Scope(from_minor=7, to_minor=7)),
    ],
)
def test_a_scope_is_read_with_its_prices(tree: dict[str, Any], scope: Scope) -> None:
    assert parse_scope(tree) == scope


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"not_reduced": 1}, "scope.not_reduced"),
        ({"price_from": -1}, "scope.price_from"),
        ({"price_from": "5.00"}, "scope.price_from"),
        ({"price_from": 6, "price_to": 5}, "scope.price_to"),
        ({"cheap": True}, "scope"),
    ],
)
def test_what_means_nothing_is_refused(tree: dict[str, Any], place: str) -> None:
    with pytest.raises(BadOffer) as refusal:
        parse_scope(tree)
    assert refusal.value.detail["place"] == place


def test_a_condition_may_ask_for_products_of_some_prices() -> None:
    dear = Scope(from_minor=1_000)
    tree = {"different_products": {"at_least": 2, "scope": {"price_from": 1000}}}
    assert parse_condition(tree) == DifferentProducts(2, dear)
    given = make_cart(FULL, REDUCED)
    offer = make_offer(1, condition=All((CartHas(dear, 2),)))
    found = evaluate_offers(cart=given, offers=[offer], coupons=[], shopper=ALICE, now=NOON)
    assert [one.detail["missing_quantity"] for one in found.rejected] == [1]


def test_a_card_of_a_cart_item_uses_the_carts_price() -> None:
    """It was put in before the price was lowered; another card is not judged by that."""
    offer = make_offer(1, scope=UNREDUCED)
    asked = EvaluationInput(make_cart(FULL), (offer,), (), ALICE)
    prices = UnitPrices(asked, NOON, Memory())
    lowered = replace(FULL, unit_minor=800)
    assert prices.price(lowered).amount_minor == 900
    assert prices.price(REDUCED).amount_minor == 800
    prices = UnitPrices(replace(asked, cart=make_cart(REDUCED)), NOON, Memory())
    assert prices.price(replace(REDUCED, unit_minor=1_000)).amount_minor == 800
    assert prices.price(FULL).amount_minor == 900
