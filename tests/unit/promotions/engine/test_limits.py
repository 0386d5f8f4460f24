"""Use limits in the evaluator: spent ones close an offer, shared ones bound a combination."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from promotions.engine.core.benefits.terms import GroupOf
from promotions.engine.core.carts import CartValue
from promotions.engine.core.conditions.tree import CartHas
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.limits import (
    Buyer,
    Counted,
    Entity,
    LimitValue,
    Period,
    Room,
    entity_keys,
    next_period,
    period_key,
)
from promotions.engine.core.values import Benefit, BenefitKind, Evaluation, OfferValue, Target
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

TOMORROW = date(2026, 11, 26)


def _room(
    entity: Entity = Entity.GLOBAL,
    *,
    uses: int | None = None,
    minor: int | None = None,
    again_on: date | None = None,
    counted: Counted = Counted.USES,
) -> Room:
    limit = LimitValue(7, entity, counted=counted, max_uses=99, max_minor=9_999)
    return Room(limit, uses, minor, again_on)


def _evaluate(
    room: Room, cart: CartValue | None = None, language: str = "en", **offer: object
) -> Evaluation:
    coded = make_offer(90, amount_off(), requires_coupon=True, rooms=(room,), **offer)
    return evaluate_offers(
        cart=cart or make_cart(),
        offers=[],
        coupons=[make_coupon(offer=coded)],
        shopper=ALICE,
        now=NOON,
        language=language,
    )


REFUSALS = [
    (_room(uses=0), "limit_reached", "All uses of this offer are gone."),
    (
        _room(uses=0, again_on=TOMORROW),
        "limit_reached_for_now",
        "All uses of this offer are gone for now. It is open again from 2026-11-26.",
    ),
    (
        _room(Entity.CHANNEL, uses=0),
        "limit_reached_here",
        "All uses of this offer in this channel are gone.",
    ),
    (
        _room(Entity.SHOPPER, uses=0),
        "used_by_you",
        "You have used this offer as often as one shopper may.",
    ),
    (
        _room(Entity.SHOPPER, uses=0, again_on=TOMORROW),
        "used_by_you_for_now",
        "You have used this offer as often as one shopper may for now. Again from 2026-11-26.",
    ),
    (_room(Entity.CODE, uses=0), "code_used_up", "All uses of this code are gone."),
    (_room(Entity.ORDER, uses=0), "order_limit", "One order cannot take more of this offer."),
    (_room(uses=0, counted=Counted.UNITS), "sold_out", "All pieces at this price are sold."),
    (_room(minor=0), "budget_spent", "The money set aside for this offer is used up."),
]


@pytest.mark.parametrize(("room", "reason", "said"), REFUSALS)
def test_a_full_limit_is_the_reason_of_the_refusal(room: Room, reason: str, said: str) -> None:
    cart = make_cart(make_line(quantity=3))
    found = _evaluate(room, cart)
    assert [(r.reason_code, r.message) for r in found.rejected] == [(reason, said)]
    assert (found.discount_minor, found.applied) == (0, ())
    chinese = _evaluate(room, cart, "zh-hans").rejected[0].message
    assert any("\u4e00" <= sign <= "\u9fff" for sign in chinese)


@pytest.mark.parametrize(
    "room", [_room(uses=1), _room(minor=500), _room(uses=3, counted=Counted.UNITS), _room()]
)
def test_what_fits_exactly_applies_and_says_how_many_units(room: Room) -> None:
    found = _evaluate(room, make_cart(make_line(quantity=3)))
    assert [(o.amount_minor, o.units) for o in found.applied] == [(500, 3)]


def _thirty_off(quantity: int, **fields: object) -> Evaluation:
    offer = make_offer(1, percent_off("30"), **fields)
    cart = make_cart(make_line(quantity=quantity))
    return evaluate_offers(cart=cart, offers=[offer], coupons=[], shopper=ALICE, now=NOON)


def test_of_more_pieces_than_remain_only_those_cost_less() -> None:
    room = _room(uses=5, counted=Counted.UNITS)
    five, six = (_thirty_off(n, rooms=(room,)) for n in (5, 6))
    assert (five.totals, five.partly_given) == ({"cheese": 3_500}, ())
    assert (six.totals, six.applied[0].units) == ({"cheese": 4_500}, 5)
    assert [(one.reason_code, one.message, one.units) for one in six.partly_given] == [
        ("units_partly", "Offer 1: Only 5 left at this price.", 5)
    ]
    mine = _thirty_off(6, rooms=(_room(Entity.ORDER, uses=2, counted=Counted.UNITS),))
    assert [one.message for one in mine.partly_given] == [
        "Offer 1: At most 2 for you at this price."
    ]


def test_the_units_that_save_most_are_lowered() -> None:
    room = _room(uses=2, counted=Counted.UNITS)
    cart = make_cart(make_line(), make_line("wine", quantity=3, unit_minor=2_000))
    offer = make_offer(1, percent_off("30"), rooms=(room,))
    found = evaluate_offers(cart=cart, offers=[offer], coupons=[], shopper=ALICE, now=NOON)
    assert found.totals == {"cheese": 1_000, "wine": 6_000 - 1_200}


def test_the_last_money_of_a_budget_is_given() -> None:
    """To the last cent, whichever offer of the campaign comes first; and the cart says so."""
    whole, cut = (_thirty_off(2, left_minor=left) for left in (600, 599))
    assert (whole.totals, whole.partly_given) == ({"cheese": 1_400}, ())
    assert cut.totals == {"cheese": 2_000 - 599}
    assert [one.message for one in cut.partly_given] == ["Offer 1: Only $5.99 of it is left."]
    both = [make_offer(n, percent_off("30"), campaign_id=5, left_minor=700) for n in (1, 2)]
    found = _automatic(*both)
    assert found.discount_minor == 700


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("en", "Offer 1: Only $5.99 of it is left for you."),
        ("zh-hans", "优惠 1：您还可享 $5.99 的优惠。"),
    ],
)
def test_money_left_for_a_shopper_is_said(language: str, said: str) -> None:
    """The limit was a silent cap: the cart lowered the price by less and gave no reason."""
    offer = make_offer(1, percent_off("30"), rooms=(_room(Entity.SHOPPER, minor=599),))
    cart = make_cart(make_line(quantity=2))
    found = evaluate_offers(
        cart=cart, offers=[offer], coupons=[], shopper=ALICE, now=NOON, language=language
    )
    assert found.totals == {"cheese": 2_000 - 599}
    told = [(one.reason_code, one.message) for one in found.partly_given]
    assert told == [("money_partly_yours", said)]


def test_sets_are_made_as_far_as_pieces_are_left() -> None:
    room = _room(uses=5, counted=Counted.UNITS)
    pair = Benefit(
        BenefitKind.CHEAPEST_FREE, Target.CART, percent=Decimal(100), terms=GroupOf(2, 1)
    )
    offer = make_offer(1, pair, rooms=(room,))
    cart = make_cart(make_line(quantity=8))
    found = evaluate_offers(cart=cart, offers=[offer], coupons=[], shopper=ALICE, now=NOON)
    assert (found.totals, found.applied[0].units) == ({"cheese": 6_000}, 4)
    assert len(found.partly_given) == 1


def test_an_exhausted_offer_is_never_hinted() -> None:
    near = CartHas(min_value_minor=1_500)
    assert len(_evaluate(_room(uses=1), condition=near).hints) == 1
    assert _evaluate(_room(uses=0), condition=near).hints == ()


def _automatic(*offers: OfferValue) -> Evaluation:
    return evaluate_offers(
        cart=make_cart(make_line(), make_line("bread", category_ids=(2,))),
        offers=list(offers),
        coupons=[],
        shopper=ALICE,
        now=NOON,
    )


def test_offers_sharing_a_limit_leave_it_to_the_best() -> None:
    room = _room(Entity.ORDER, uses=1)
    both = [make_offer(n, percent_off(str(n * 10)), campaign_id=5, rooms=(room,)) for n in (1, 2)]
    assert [offer.offer_id for offer in _automatic(*both).applied] == [2]
    two = _room(Entity.ORDER, uses=2)
    both = [make_offer(n, percent_off(str(n * 10)), campaign_id=5, rooms=(two,)) for n in (1, 2)]
    assert [offer.offer_id for offer in _automatic(*both).applied] == [1, 2]


def test_a_period_turns_at_the_markets_midnight() -> None:
    late = datetime(2026, 11, 30, 23, 59, tzinfo=UTC)
    assert period_key(Period.DAY, late, "UTC") == "2026-11-30"
    assert period_key(Period.DAY, late, "Asia/Shanghai") == "2026-12-01"
    assert period_key(Period.MONTH, late, "Asia/Shanghai") == "2026-12"
    assert next_period(Period.DAY, late, "Asia/Shanghai") == date(2026, 12, 2)
    assert next_period(Period.WEEK, late, "UTC") == date(2026, 12, 7)
    assert next_period(Period.WEEK, datetime(2026, 12, 6, tzinfo=UTC), "UTC") == date(2026, 12, 7)
    assert next_period(Period.NONE, late, "UTC") is None


def test_a_count_belongs_to_whom_it_is_for() -> None:
    buyer = Buyer(7, "store", "UTC", NOON)
    keys = {str(entity): entity_keys(entity, buyer, 9) for entity in Entity}
    assert keys == {
        "global": ("",),
        "code": ("9",),
        "shopper": ("7",),
        "order": (),
        "channel": ("store",),
    }
    assert entity_keys(Entity.SHOPPER, Buyer(None, "store", "UTC", NOON), None) == ()
    known = Buyer(7, "store", "UTC", NOON, ("a1", "b2"))
    assert entity_keys(Entity.SHOPPER, known, None) == ("7", "id:a1", "id:b2")
