"""Hints: the next step of tiers, and nothing that would not come true."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from promotions.engine.core.benefits.terms import Gift, Step, Tiers
from promotions.engine.core.conditions.tree import CartHas
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.limits import Entity, LimitValue, Room
from promotions.engine.core.missing import HintReach
from promotions.engine.core.values import (
    Benefit,
    BenefitKind,
    CartValue,
    Evaluation,
    GiftStock,
    OfferValue,
    Scope,
    Stacking,
    Target,
)
from tests.factories.promotions import (
    ALICE,
    BREAD,
    CHEESE,
    NOON,
    amount_off,
    carts,
    make_cart,
    make_line,
    make_offer,
    percent_off,
)

SPEND = Benefit(
    BenefitKind.SPEND_TIERS,
    Target.CART,
    terms=Tiers(
        (
            Step(1_000, amount_minor=100),
            Step(2_000, percent=Decimal(10)),
            Step(5_000, percent=Decimal("12.5")),
        )
    ),
)
UNITS = (Step(2, percent=Decimal(5)), Step(4, percent=Decimal(20)))
ONE_EACH = (Step(1, amount_minor=10), Step(3, amount_minor=50))
AT_A_PRICE = (Step(1, percent=Decimal(1)), Step(3, price_minor=700))


def _tell(cart: CartValue, *offers: OfferValue, language: str = "en") -> Evaluation:
    return evaluate_offers(
        cart=cart, offers=offers, coupons=(), shopper=ALICE, now=NOON, language=language
    )


def _quantity(steps: tuple[Step, ...], target: Target = Target.LINE) -> Benefit:
    return Benefit(BenefitKind.QUANTITY_TIERS, target, terms=Tiers(steps))


NEXT_STEPS = [
    # what is in the cart (pieces, unit), the tiers, the sentence and its Chinese
    (1, 999, SPEND, "Add $0.01 more to get “Offer 1”.", "再加购 $0.01 即可享受“优惠”。"),
    (
        1,
        1_000,
        SPEND,
        "Add $10.00 more for 10% off with “Offer 1”.",
        "再加购 $10.00，“优惠”即可减 10%。",
    ),
    (
        2,
        1_000,
        SPEND,
        "Add $30.00 more for 12.5% off with “Offer 1”.",
        "再加购 $30.00，“优惠”即可减 12.5%。",
    ),
    (
        3,
        1_000,
        _quantity(UNITS),
        "Add 1 more for 20% off with “Offer 1”.",
        "再加购 1 件，“优惠”即可减 20%。",
    ),
    (
        1,
        1_000,
        _quantity(ONE_EACH),
        "Add 2 more for $0.50 off each with “Offer 1”.",
        "再加购 2 件，“优惠”即可每件减 $0.50。",
    ),
    (
        1,
        1_000,
        _quantity(AT_A_PRICE),
        "Add 2 more for $7.00 each with “Offer 1”.",
        "再加购 2 件，“优惠”即可每件只需 $7.00。",
    ),
]


@pytest.mark.parametrize(("quantity", "unit", "benefit", "english", "chinese"), NEXT_STEPS)
def test_the_next_step_is_named_with_what_it_gives(
    quantity: int, unit: int, benefit: Benefit, english: str, chinese: str
) -> None:
    cart = make_cart(make_line(quantity=quantity, unit_minor=unit))
    offer = make_offer(1, benefit, name={"en": "Offer 1", "zh-hans": "优惠"})
    assert [hint.message for hint in _tell(cart, offer).hints] == [english]
    assert [hint.message for hint in _tell(cart, offer, language="zh-hans").hints] == [chinese]


@pytest.mark.parametrize(
    ("goods", "asked", "is_told"),
    [
        (1_000, 4_000, True),  # 30.00 are always near
        (1_000, 4_001, False),
        (10_000, 15_000, True),  # half of the products in the cart
        (10_000, 15_001, False),
    ],
)
def test_what_is_far_away_is_not_hinted_at(goods: int, asked: int, is_told: bool) -> None:
    cart = make_cart(make_line(unit_minor=goods))
    offer = make_offer(1, amount_off(300), condition=CartHas(min_value_minor=asked))
    found = _tell(cart, offer)
    assert [hint.missing_minor for hint in found.hints] == [asked - goods] * is_told
    # why it does not apply is still told to whoever asks for it
    assert [one.reason_code for one in found.rejected] == ["cart_value_below"]


def test_missing_pieces_count_at_the_cheapest_eligible_price() -> None:
    cart = make_cart(
        make_line("a", variant_id=1, unit_minor=1_000), make_line("b", variant_id=2, unit_minor=400)
    )
    for pieces, is_told in ((9, True), (10, False)):  # 7 and 8 more at 4.00
        steps = (Step(1, percent=Decimal(1)), Step(pieces, percent=Decimal(20)))
        found = _tell(cart, make_offer(1, _quantity(steps, Target.CART)))
        assert [hint.missing_quantity for hint in found.hints] == [pieces - 2] * is_told


def test_a_shop_sets_how_far_a_hint_may_reach() -> None:
    cart = make_cart(make_line(unit_minor=10_000))
    offer = make_offer(1, amount_off(300), condition=CartHas(min_value_minor=12_000))
    for share, least, count in ((20, 100, 1), (19, 100, 0), (0, 2_000, 1)):
        reach = HintReach(share, least)
        found = evaluate_offers(
            cart=cart, offers=[offer], coupons=(), shopper=ALICE, now=NOON, reach=reach
        )
        assert len(found.hints) == count


def test_the_last_step_hints_nothing_more() -> None:
    assert (
        _tell(make_cart(make_line(quantity=5, unit_minor=1_000)), make_offer(1, SPEND)).hints == ()
    )
    four = make_cart(make_line(quantity=4, unit_minor=1_000))
    assert _tell(four, make_offer(1, _quantity(UNITS))).hints == ()


def test_pieces_of_one_line_count_where_the_offer_counts_lines() -> None:
    two = make_cart(
        make_line("a", variant_id=1, quantity=3), make_line("b", variant_id=2, quantity=1)
    )
    lines, whole = make_offer(1, _quantity(UNITS)), make_offer(1, _quantity(UNITS, Target.CART))
    assert [hint.missing_quantity for hint in _tell(two, lines).hints] == [1]
    assert _tell(two, whole).hints == ()


FULL = Room(LimitValue(1, Entity.GLOBAL), left_minor=250)
NOT_TRUE = [
    ("the budget has room for this step only", make_offer(1, SPEND, left_minor=150)),
    ("a limit of money too", make_offer(1, SPEND, rooms=(replace(FULL, left_minor=150),))),
    ("the cap is reached already", make_offer(1, replace(SPEND, cap_minor=100))),
    (
        "the first step is beyond the budget",
        make_offer(1, amount_off(300), left_minor=299, condition=CartHas(min_value_minor=1_500)),
    ),
    (
        "the gift is gone",
        make_offer(
            1,
            Benefit(BenefitKind.GIFT, Target.CART, terms=Gift((9,))),
            condition=CartHas(min_value_minor=1_500),
        ),
    ),
]


@pytest.mark.parametrize(("_case", "offer"), NOT_TRUE)
def test_what_would_not_come_true_is_no_hint(_case: str, offer: OfferValue) -> None:
    cart = replace(make_cart(make_line(quantity=1, unit_minor=1_000)), gifts=(GiftStock(9, 50, 0),))
    assert _tell(cart, offer).hints == ()


def test_an_offer_that_would_lose_is_no_hint() -> None:
    near = make_offer(
        1, amount_off(100), condition=CartHas(min_value_minor=1_500), stacking=Stacking.EXCLUSIVE
    )
    better = make_offer(2, percent_off("50"))
    cart = make_cart(make_line(unit_minor=1_000))
    assert [hint.offer_id for hint in _tell(cart, near).hints] == [1]
    assert _tell(cart, near, better).hints == ()


def test_an_offer_on_few_pieces_is_hinted_at() -> None:
    free = replace(percent_off("100"), most_units=1, cheapest_first=True)
    three = make_offer(1, free, condition=CartHas(min_quantity=3))
    hints = _tell(make_cart(make_line(quantity=2)), three).hints
    assert [(one.offer_id, one.missing_quantity) for one in hints] == [(1, 1)]


def test_goods_that_are_not_in_the_cart_are_hinted_untried() -> None:
    bread = CartHas(Scope(category_ids=frozenset({BREAD})), min_quantity=1)
    offer = make_offer(1, amount_off(100), condition=bread)
    cart = make_cart(make_line(category_ids=(CHEESE,)))
    assert [hint.missing_quantity for hint in _tell(cart, offer).hints] == [1]


@settings(max_examples=150, deadline=None)
@given(carts(), st.sampled_from((None, 40, 400, 4_000)), st.booleans())
def test_exactly_what_a_hint_names_reaches_the_step(
    cart: CartValue, left: int | None, has_rival: bool
) -> None:
    offer = make_offer(1, SPEND, left_minor=left)
    offers = [offer, make_offer(2, percent_off("15"), stacking=Stacking.EXCLUSIVE)][: 1 + has_rival]
    now = _tell(cart, *offers)
    terms = SPEND.terms
    assert isinstance(terms, Tiers)
    steps = [step.at_least for step in terms.steps]
    for hint in now.hints:
        more = make_line("more", variant_id=99, unit_minor=hint.missing_minor)
        then = _tell(replace(cart, lines=(*cart.lines, more)), *offers)
        assert _gain(then) > _gain(now)
        assert cart.value_minor + hint.missing_minor in steps


def _gain(found: Evaluation) -> int:
    return sum(applied.amount_minor for applied in found.applied if applied.offer_id == 1)
