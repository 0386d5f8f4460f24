"""The cap on what one shopper gets below the price for everybody, whatever stacks."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartLineValue,
    CartValue,
    CouponValue,
    Evaluation,
    OfferValue,
    Target,
)
from shop.ground.kernel.money import prorate
from tests.factories.basket_oracle import find_best_gain, gain_of_evaluation
from tests.factories.baskets import draw_personal_basket
from tests.factories.promotions import (
    ALICE,
    NOON,
    amount_off,
    make_cart,
    make_coupon,
    make_line,
    make_offer,
    percent_off,
)

seeds = st.integers(0, 2**32)
CAP = 3_000


def _evaluate(
    cart: CartValue, *offers: OfferValue, coupons: tuple[CouponValue, ...] = ()
) -> Evaluation:
    addressed = replace(ALICE, campaign_ids=frozenset(range(10_000)))
    return evaluate_offers(
        cart=cart, offers=offers, coupons=coupons, shopper=addressed, now=NOON, language="en"
    )


def _capped(*lines: CartLineValue, cap: int | None = CAP) -> CartValue:
    return replace(make_cart(*lines), personal_cap=cap)


def _own(offer_id: int, benefit: Benefit, **fields: object) -> OfferValue:
    return make_offer(offer_id, benefit, audience="personal", **fields)


def test_personal_price_offer_and_code_stop_at_the_cap() -> None:
    cheese = make_line(unit_minor=900, public_minor=1_000, quantity=2)
    code = make_coupon("LETTER", _own(2, percent_off("20"), requires_coupon=True))
    found = _evaluate(_capped(cheese), _own(1, percent_off("15")), coupons=(code,))
    assert found.totals == {"cheese": 1_400}
    assert [(a.offer_id, a.amount_minor, a.capped_at) for a in found.adjustments] == [
        (1, -270, ""),
        (2, -130, "30"),
    ]
    assert found.personal_cap == CAP


def test_what_fits_exactly_is_not_said_to_be_cut() -> None:
    found = _evaluate(_capped(), _own(1, percent_off("30")))
    assert [(a.amount_minor, a.capped_at) for a in found.adjustments] == [(-300, "")]


def test_public_and_member_offers_are_not_capped() -> None:
    public = make_offer(1, percent_off("40"), priority=1)
    members = make_offer(2, percent_off("50"), audience="members")
    found = _evaluate(_capped(), public, members, _own(3, percent_off("90")))
    assert {a.offer_id: (a.amount_minor, a.capped_at) for a in found.adjustments} == {
        1: (-400, ""),
        2: (-300, ""),
        3: (-270, ""),
    }
    assert found.totals == {"cheese": 30}


def test_a_code_that_the_cap_leaves_nothing_says_so() -> None:
    cheese = make_line(unit_minor=700, public_minor=1_000)
    letter = make_coupon("LETTER", _own(2, amount_off(100), requires_coupon=True))
    found = _evaluate(_capped(cheese), coupons=(letter,))
    assert found.totals == {"cheese": 700}
    said = "Your personal price and offers take at most 30% off the price for everybody."
    assert [(r.code, r.reason_code, r.message) for r in found.rejected] == [
        ("LETTER", "personal_cap", said)
    ]


def test_an_amount_beyond_the_cap_goes_to_another_line() -> None:
    cart = _capped(make_line("bread", unit_minor=100), make_line("wine", unit_minor=2_000))
    found = _evaluate(cart, _own(1, amount_off(620)))
    taken = {a.line_id: (a.amount_minor, a.capped_at) for a in found.adjustments}
    assert taken == {"bread": (-30, ""), "wine": (-590, "")}
    found = _evaluate(cart, _own(1, amount_off(1_000)))
    taken = {a.line_id: (a.amount_minor, a.capped_at) for a in found.adjustments}
    assert taken == {"bread": (-30, "30"), "wine": (-600, "30")}


def test_an_offer_gives_way_to_a_larger_capped_one() -> None:
    """First 10 %, then a price for all of 7.00: of the cap 2.00 are left, without it 3.00."""
    offers = [
        _own(1, percent_off("10"), priority=2),
        make_offer(2, Benefit(BenefitKind.SET_PRICE, Target.UNIT, amount_minor=700), priority=1),
        _own(3, percent_off("30")),
    ]
    found = _evaluate(_capped(), *offers)
    assert [applied.offer_id for applied in found.applied] == [2, 3]
    assert found.totals == {"cheese": 490}


def test_without_a_cap_in_force_everything_is_as_it_was() -> None:
    found = _evaluate(_capped(cap=None), _own(1, percent_off("50")), _own(2, percent_off("50")))
    assert found.totals == {"cheese": 250}
    assert {a.capped_at for a in found.adjustments} == {""}
    assert found.personal_cap is None


@settings(max_examples=400, deadline=None)
@given(seeds)
def test_no_stack_takes_a_units_personal_part_past_the_cap(seed: int) -> None:
    cart, offers, shopper = draw_personal_basket(random.Random(seed))
    found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=shopper, now=NOON)
    personal = {offer.offer_id for offer in offers if offer.audience == "personal"}
    cap = cart.personal_cap or 0
    for line in cart.lines:
        mine = [a for a in found.adjustments if a.line_id == line.line_id]
        assert found.totals[line.line_id] == line.value_minor + sum(a.amount_minor for a in mine)
        taken = -sum(a.amount_minor for a in mine if a.offer_id in personal)
        public = max(line.public_minor, line.unit_minor)
        below = public - line.unit_minor
        # Each unit's exact share, as an order freezes it: the dearest share is the deepest unit
        deepest = below + max(prorate(taken, [1] * line.quantity))
        assert taken == 0 or deepest * 10_000 <= cap * public
        assert {a.capped_at for a in mine if a.offer_id not in personal} <= {""}
        for adjustment in mine:
            if adjustment.capped_at:
                assert float(adjustment.capped_at) * 100 == cap


def test_under_a_cap_the_best_combination_is_still_found() -> None:
    """A sample of every other basket of `./dev bench promotions`."""
    for seed in range(1, 1_500, 2):
        cart, offers, shopper = draw_personal_basket(random.Random(seed))
        found = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=shopper, now=NOON)
        best = find_best_gain(cart, offers, shopper)
        assert (seed, gain_of_evaluation(cart, found)) == (seed, best)


@settings(max_examples=150, deadline=None)
@given(seeds)
def test_under_a_cap_order_changes_no_result(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers, shopper = draw_personal_basket(rng)
    expected = evaluate_offers(cart=cart, offers=offers, coupons=[], shopper=shopper, now=NOON)
    lines = list(cart.lines)
    rng.shuffle(lines)
    rng.shuffle(offers)
    shuffled = replace(cart, lines=tuple(lines))
    found = evaluate_offers(cart=shuffled, offers=offers, coupons=[], shopper=shopper, now=NOON)
    assert found == expected


@pytest.mark.parametrize(("cap", "percent"), [(3_000, "30"), (1_250, "12.5"), (0, "0")])
def test_a_cap_is_said_as_people_write_percents(cap: int, percent: str) -> None:
    found = _evaluate(_capped(cap=cap), _own(1, percent_off("50")))
    said = [a.capped_at for a in found.adjustments] or [r.detail["percent"] for r in found.rejected]
    assert said == [percent]
