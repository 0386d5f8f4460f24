"""The best division of a cart's units among the offers of a group, against all divisions."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from itertools import combinations
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.benefits.terms import BuyGet, Gift, GroupOf, Step, Tiers
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.stacking.division import MOST_DIVISIONS
from promotions.engine.core.stacking.rules import Category, CategoryMode, GroupMode
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartLineValue,
    CartValue,
    Evaluation,
    GiftStock,
    OfferValue,
    Scope,
    Target,
)
from tests.factories.basket_division import WEEK, draw_division, find_best_division
from tests.factories.basket_oracle import gain_of_evaluation
from tests.factories.baskets import draw_basket
from tests.factories.promotions import (
    ALICE,
    BREAD,
    CHEESE,
    NOON,
    make_cart,
    make_line,
    make_offer,
    percent_off,
)

Kind = BenefitKind
CHEESES, BREADS = (Scope(category_ids=frozenset({one})) for one in (CHEESE, BREAD))
TWO_FOR_ONE = Benefit(Kind.BUY_GET, Target.CART, percent=Decimal(100), terms=BuyGet(1, 1))
seeds = st.integers(0, 2**32)


def evaluate(cart: CartValue, *offers: OfferValue) -> Evaluation:
    return evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=ALICE, now=NOON)


def grouped(*benefits: Benefit, scope: Scope | None = None) -> list[OfferValue]:
    return [
        make_offer(n, benefit, groups=WEEK, scope=scope or Scope())
        for n, benefit in enumerate(benefits, 1)
    ]


def line(name: str, quantity: int, unit: int, category: int = CHEESE) -> CartLineValue:
    return make_line(name, quantity=quantity, unit_minor=unit, category_ids=(category,))


FREE_BREAD = replace(TWO_FOR_ONE, terms=BuyGet(1, 1, BREADS))
THREE_FOR_15 = Benefit(Kind.SET_PRICE, Target.CART, amount_minor=1_500, terms=GroupOf(3))
AT_7 = Benefit(Kind.SET_PRICE, Target.UNIT, amount_minor=700, most_units=3)
STEPS = Tiers((Step(3, amount_minor=100), Step(6, amount_minor=150)))
MORE_IS_LESS = Benefit(Kind.QUANTITY_TIERS, Target.CART, terms=STEPS)
CAPPED = replace(percent_off("100"), cap_line_minor=100)

CARTS = [
    # the two dear cheeses do not both pay for breads: one is half price
    (
        [line("a", 1, 250), line("b", 2, 999), line("bread", 2, 1_000, BREAD)],
        grouped(FREE_BREAD, percent_off("50"), scope=CHEESES),
        2_500,
    ),
    # one set of three, two of two
    ([line("a", 7, 999)], grouped(TWO_FOR_ONE, THREE_FOR_15), 3_495),
    # the second offer alone saves as much: the first must not keep units from it
    ([line("a", 3, 300)], grouped(CAPPED, percent_off("33.33")), 300),
    # the bounded offer lowers three units; the step that the other eight reach counts them all
    ([line("a", 7, 2_000), line("b", 4, 2_000)], grouped(AT_7, MORE_IS_LESS), 5_100),
    ([line("b", 7, 2_000), line("a", 4, 2_000)], grouped(MORE_IS_LESS, AT_7), 5_100),
]


@pytest.mark.parametrize(("lines", "offers", "saved"), CARTS)
def test_no_other_division_saves_more(
    lines: list[CartLineValue], offers: list[OfferValue], saved: int
) -> None:
    cart = make_cart(*lines)
    assert find_best_division(cart, offers) == saved
    assert evaluate(cart, *offers).discount_minor == saved


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_any_small_cart_is_divided_best(seed: int) -> None:
    """Sets mixed, bounded offers, caps, limits and shared budgets."""
    cart, offers = draw_division(random.Random(seed))
    assert evaluate(cart, *offers).discount_minor == find_best_division(cart, offers)


def test_twelve_units_are_divided_best() -> None:
    for seed in range(25):
        cart, offers = draw_division(random.Random(seed), most_units=12, most_offers=3)
        best = find_best_division(cart, offers)
        assert (seed, evaluate(cart, *offers).discount_minor) == (seed, best)
    of_one = 3  # a unit is in neither part, in one, or in the other
    assert of_one**12 == MOST_DIVISIONS


def draw_any(rng: random.Random) -> tuple[CartValue, list[OfferValue]]:
    """Return a cart of any size, with offers that stack in all ways, or are all in one group."""
    if rng.random() < 0.5:
        return draw_division(rng, most_units=12)
    cart, offers = draw_basket(rng)
    by_unit = {"week": GroupMode.BEST_UNIT, "turn": GroupMode.STACK}
    return cart, [
        replace(
            offer,
            groups=tuple(
                replace(group, mode=by_unit.get(group.code, group.mode)) for group in offer.groups
            ),
        )
        for offer in offers
    ]


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_no_total_depends_on_the_numbers_of_variants(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers = draw_any(rng)
    if rng.random() < 0.5:  # of equal prices something else has to decide
        lines = (replace(one, unit_minor=999, list_minor=0) for one in cart.lines)
        cart = replace(cart, lines=tuple(lines))
    numbers = [one.variant_id for one in cart.lines]
    mixed = dict(zip(numbers, rng.sample(numbers, len(numbers)), strict=True))
    renumbered = tuple(replace(one, variant_id=mixed[one.variant_id]) for one in cart.lines)
    before, after = evaluate(cart, *offers), evaluate(replace(cart, lines=renumbered), *offers)
    assert gain_of_evaluation(cart, after) == gain_of_evaluation(cart, before)


@settings(max_examples=300, deadline=None)
@given(seeds)
def test_a_new_offer_never_raises_the_total(seed: int) -> None:
    cart, offers = draw_any(random.Random(seed))
    before, after = evaluate(cart, *offers[:-1]), evaluate(cart, *offers)
    assert gain_of_evaluation(cart, after) >= gain_of_evaluation(cart, before)


def test_beyond_the_bound_no_fewer_offers_save_more() -> None:
    """The units are too many for all divisions: sets are tried first, with each choice of up to
    six offers."""
    for seed in range(100):
        rng = random.Random(seed)
        cart, offers = draw_division(rng, most_units=12, most_offers=6)
        lines = tuple(
            replace(one, line_id=f"{one.line_id}-{n}", variant_id=10 * one.variant_id + n)
            for n in range(4)
            for one in cart.lines
        )
        cart = replace(cart, lines=lines)
        saved = evaluate(cart, *offers).discount_minor
        for some in ([offer] for offer in offers), combinations(offers, len(offers) - 1):
            assert (seed, max(evaluate(cart, *one).discount_minor for one in some) <= saved) == (
                seed,
                True,
            )


def test_offers_that_exclude_each_other_share_no_cart() -> None:
    """An exclusive category counts within a group too: both were given, some units each."""
    card = Category("card", CategoryMode.EXCLUSIVE)
    offers = grouped(percent_off("50"), THREE_FOR_15)
    offers[0] = replace(offers[0], category=card, scope=BREADS)
    cart = make_cart(line("a", 3, 999), line("bread", 1, 1_000, BREAD))
    assert [one.offer_id for one in evaluate(cart, *offers).applied] == [2]


def test_the_cheapest_piece_is_free_of_those_outside_sets() -> None:
    free = replace(percent_off("100"), most_units=1, cheapest_first=True)
    cart = make_cart(line("a", 2, 400), line("b", 1, 500), line("c", 1, 900))
    offers = grouped(free, THREE_FOR_15)
    assert [one.offer_id for one in evaluate(cart, *offers).applied] == [1]
    pair = Benefit(Kind.SET_PRICE, Target.CART, amount_minor=100, terms=GroupOf(2))
    offers = [offers[0], make_offer(2, pair, groups=WEEK, scope=Scope(to_minor=400))]
    found = evaluate(cart, *offers)
    assert [(one.offer_id, one.amount_minor) for one in found.applied] == [(1, 500), (2, 700)]


def gift_offer(offer_id: int, *variants: int, quantity: int = 1) -> OfferValue:
    benefit = Benefit(Kind.GIFT, Target.CART, terms=Gift(variants, quantity))
    return make_offer(offer_id, benefit)


GIFTS: list[tuple[dict[str, Any], list[tuple[int, int, tuple[int, ...]]]]] = [
    # the first offer leaves the only thing that the second one has
    ({}, [(1, 51, (51,)), (2, 50, (50,))]),
    ({"gift_choices": {1: 50}}, [(1, 51, (51,)), (2, 50, (50,))]),
    ({"extra": 1}, [(1, 50, (50, 51)), (2, 50, (50,))]),
    ({"extra": 1, "gift_choices": {1: 51}}, [(1, 51, (50, 51)), (2, 50, (50,))]),
]


@pytest.mark.parametrize(("fields", "given_"), GIFTS)
def test_two_gifts_share_what_both_could_be(
    fields: dict[str, Any], given_: list[tuple[int, int, tuple[int, ...]]]
) -> None:
    """The first took the mug of which there was one, and the second gave nothing."""
    known = dict(fields)
    stock = (GiftStock(50, 900, 1 + known.pop("extra", 0)), GiftStock(51, 350, 1))
    cart = replace(make_cart(), gifts=stock, **known)
    found = evaluate(cart, gift_offer(1, 50, 51), gift_offer(2, 50))
    assert [(one.offer_id, one.variant_id, one.choices) for one in found.gifts] == given_
