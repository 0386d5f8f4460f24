"""The evaluator's promises on any cart and offers: order never matters, sums close."""

from __future__ import annotations

import dataclasses
import random
from collections.abc import Sequence

from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.carts import ShopperFacts
from promotions.engine.core.conditions.tree import CartHas
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import CartValue, CouponValue, Evaluation, OfferValue
from tests.factories.promotions import (
    ALICE,
    NOON,
    amount_off,
    carts,
    make_cart,
    make_coupon,
    make_line,
    make_offer,
    offer_lists,
    percent_off,
)

GUEST = ShopperFacts(shopper_id=9)
CODED = {"requires_coupon": True}


def _evaluate(
    cart: CartValue | None = None,
    offers: Sequence[OfferValue] = (),
    coupons: Sequence[CouponValue] = (),
    shopper: ShopperFacts = ALICE,
    language: str = "en",
) -> Evaluation:
    return evaluate_offers(
        cart=cart or make_cart(),
        offers=list(offers),
        coupons=list(coupons),
        shopper=shopper,
        now=NOON,
        language=language,
    )


@settings(max_examples=100)
@given(carts(), st.integers(1, 20_000))
def test_buying_what_a_hint_names_unlocks_the_offer(cart: CartValue, threshold: int) -> None:
    offer = make_offer(benefit=amount_off(1), condition=CartHas(min_value_minor=threshold))
    hints = _evaluate(cart, offers=[offer]).hints
    if hints:
        more = make_line("more", variant_id=99, unit_minor=hints[0].missing_minor)
        fuller = dataclasses.replace(cart, lines=(*cart.lines, more))
        assert _evaluate(fuller, offers=[offer]).applied
        short = dataclasses.replace(more, unit_minor=hints[0].missing_minor - 1)
        almost = dataclasses.replace(cart, lines=(*cart.lines, short))
        assert not _evaluate(almost, offers=[offer]).applied


@settings(max_examples=300, deadline=None)
@given(carts(max_lines=6), offer_lists(), st.randoms(use_true_random=False))
def test_order_of_lines_offers_and_codes_changes_no_result(
    cart: CartValue, offers: list[OfferValue], rng: random.Random
) -> None:
    coupons = [
        make_coupon(
            f"CODE{offer.offer_id}", dataclasses.replace(offer, offer_id=offer.offer_id + 50)
        )
        for offer in offers[:2]
    ]
    expected = _evaluate(cart, offers, coupons)
    lines = list(cart.lines)
    for deck in (lines, offers, coupons):
        rng.shuffle(deck)
    assert _evaluate(dataclasses.replace(cart, lines=tuple(lines)), offers, coupons) == expected


@settings(max_examples=300, deadline=None)
@given(carts(max_lines=6), offer_lists())
def test_totals_close_and_nothing_passes_its_floor(
    cart: CartValue, offers: list[OfferValue]
) -> None:
    found = _evaluate(cart, offers)
    by_line = dict.fromkeys(found.totals, 0)
    for adjustment in found.adjustments:
        assert adjustment.amount_minor < 0
        by_line[adjustment.line_id] += adjustment.amount_minor
    for line in cart.lines:
        total = found.totals[line.line_id]
        assert total == line.value_minor + by_line[line.line_id]
        assert total >= min(line.value_minor, line.floor_minor * line.quantity)
    assert sum(found.totals.values()) == cart.value_minor - found.discount_minor
    assert sum(applied.amount_minor for applied in found.applied) == found.discount_minor


@settings(max_examples=200, deadline=None)
@given(carts(), offer_lists(max_offers=5), offer_lists(max_offers=1))
def test_one_more_offer_never_costs_more(
    cart: CartValue, offers: list[OfferValue], extra: list[OfferValue]
) -> None:
    more = [*offers, *(dataclasses.replace(offer, offer_id=77, campaign_id=77) for offer in extra)]
    assert _evaluate(cart, more).discount_minor >= _evaluate(cart, offers).discount_minor


@settings(max_examples=200, deadline=None)
@given(carts(), st.integers(1, 99), st.integers(1, 3_000), st.integers(0, 500))
def test_a_deeper_discount_never_costs_more(
    cart: CartValue, percent: int, amount: int, step: int
) -> None:
    def total(share: int, minor: int) -> int:
        offers = [make_offer(1, percent_off(str(share))), make_offer(2, amount_off(minor))]
        return sum(_evaluate(cart, offers).totals.values())

    assert total(percent + 1, amount) <= total(percent, amount)
    assert total(percent, amount + step) <= total(percent, amount)


@settings(max_examples=200, deadline=None)
@given(carts(), st.integers(1, 100), st.integers(1, 2_000), st.integers(0, 4))
def test_without_thresholds_more_goods_never_cost_less(
    cart: CartValue, percent: int, amount: int, at: int
) -> None:
    offers = [make_offer(1, percent_off(str(percent))), make_offer(2, amount_off(amount))]
    line = cart.lines[at % len(cart.lines)]
    more = dataclasses.replace(line, quantity=line.quantity + 1)
    fuller = dataclasses.replace(
        cart, lines=tuple(more if each is line else each for each in cart.lines)
    )
    assert sum(_evaluate(fuller, offers).totals.values()) >= sum(
        _evaluate(cart, offers).totals.values()
    )


def test_many_lines_are_evaluated_fast_enough_for_a_cart() -> None:
    rng = random.Random(7)
    lines = [
        make_line(f"line-{n}", variant_id=n, unit_minor=rng.randint(99, 2_000)) for n in range(30)
    ]
    offers = [make_offer(n, percent_off(str(n))) for n in range(1, 21)]
    found = _evaluate(make_cart(*lines), offers)
    assert len(found.applied) == 20
