"""The evaluator's promises with every kind of benefit, anywhere in the stacking tree."""

from __future__ import annotations

import random
from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.conditions.tree import ALWAYS
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.stacking.rules import GroupMode
from promotions.engine.core.unit_preview import OfferIndex
from promotions.engine.core.values import (
    BenefitKind,
    CartValue,
    CouponValue,
    Evaluation,
    OfferValue,
)
from tests.factories.baskets import draw_basket, draw_offer
from tests.factories.promotions import ALICE, NOON, make_coupon

seeds = st.integers(0, 2**32)
# Kinds that promise a saving for one unit as for many; all others say that more products save more.
STEADY = {BenefitKind.PERCENTAGE, BenefitKind.FIXED_AMOUNT, BenefitKind.SET_PRICE}


def _evaluate(
    cart: CartValue, offers: list[OfferValue], coupons: list[CouponValue] | None = None
) -> Evaluation:
    return evaluate_offers(cart=cart, offers=offers, coupons=coupons or [], shopper=ALICE, now=NOON)


@settings(max_examples=250, deadline=None)
@given(seeds)
def test_order_of_any_input_changes_no_result(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers = draw_basket(rng)
    coupons = [
        make_coupon(f"CODE{n}", replace(draw_offer(rng, 50 + n), requires_coupon=True))
        for n in range(2)
    ]
    expected = _evaluate(cart, offers, coupons)
    lines, gifts = list(cart.lines), list(cart.gifts)
    for deck in (lines, gifts, offers, coupons):
        rng.shuffle(deck)
    shuffled = replace(cart, lines=tuple(lines), gifts=tuple(gifts))
    assert _evaluate(shuffled, offers, coupons) == expected


@settings(max_examples=250, deadline=None)
@given(seeds)
def test_sums_close_and_nothing_exceeds_floor_cap_or_budget(seed: int) -> None:
    cart, offers = draw_basket(random.Random(seed))
    found = _evaluate(cart, offers)
    for line in cart.lines:
        parts = [a.amount_minor for a in found.adjustments if a.line_id == line.line_id]
        assert found.totals[line.line_id] == line.value_minor + sum(parts)
        assert found.totals[line.line_id] >= min(line.value_minor, line.floor_minor * line.quantity)
    by_id = {offer.offer_id: offer for offer in offers}
    spent: dict[int, int] = {}
    for applied in found.applied:
        cap = by_id[applied.offer_id].benefit.cap_minor
        assert cap is None or applied.amount_minor <= cap
        spent[applied.campaign_id] = spent.get(applied.campaign_id, 0) + applied.amount_minor
    for adjustment in found.adjustments:
        cap_line = by_id[adjustment.offer_id].benefit.cap_line_minor
        assert adjustment.amount_minor < 0
        assert cap_line is None or -adjustment.amount_minor <= cap_line
    lefts = {offer.campaign_id: offer.left_minor for offer in offers}
    assert all(lefts[n] is None or spent[n] <= (lefts[n] or 0) for n in spent)
    given = {gift.variant_id: gift.available for gift in cart.gifts}
    for gift in found.gifts:
        given[gift.variant_id] -= gift.quantity
    assert min(given.values()) >= 0
    fees = {fee.code: fee.price_minor for fee in cart.deliveries}
    for cut in found.deliveries:
        fees[cut.method_code] += cut.amount_minor
    assert min(fees.values(), default=0) >= 0


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_more_goods_never_cost_less_unless_an_offer_says_so(seed: int) -> None:
    """Budgets, use limits and ordered groups aside: there another offer may have its turn."""
    rng = random.Random(seed)
    cart, _ = draw_basket(rng)
    drawn = (draw_offer(rng, n) for n in range(1, 60))
    offers = [
        replace(offer, condition=ALWAYS, rooms=(), left_minor=None)
        for offer in drawn
        if _is_steady(offer)
    ][: rng.randint(1, 4)]
    at = rng.randrange(len(cart.lines))
    more = replace(cart.lines[at], quantity=cart.lines[at].quantity + 1)
    fuller = replace(cart, lines=(*cart.lines[:at], more, *cart.lines[at + 1 :]))
    before, after = _evaluate(cart, offers), _evaluate(fuller, offers)
    assert sum(after.totals.values()) >= sum(before.totals.values())


def _is_steady(offer: OfferValue) -> bool:
    benefit = offer.benefit
    if any(group.mode is GroupMode.ORDERED for group in offer.path):
        return False
    return benefit.kind in STEADY and benefit.terms is None


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_the_index_finds_exactly_the_offers_that_cover_a_line(seed: int) -> None:
    rng = random.Random(seed)
    cart, _ = draw_basket(rng)
    offers = [draw_offer(rng, n) for n in range(1, 30)]
    asked = [offer for offer in offers if any(map(offer.covers, cart.lines))]
    assert OfferIndex(offers).touching(cart.lines) == asked
