"""Use limits in the evaluator: spent ones close an offer, shared ones bound a combination."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from promotions.core.carts import CartValue
from promotions.core.conditions import CartHas
from promotions.core.evaluate import evaluate_offers
from promotions.core.limits import (
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
from promotions.core.values import Evaluation, OfferValue
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
    (
        _room(uses=2, counted=Counted.UNITS),
        "units_left",
        "Only 2 left at this price. Take 2 or fewer to get it.",
    ),
    (_room(minor=0), "budget_spent", "The money set aside for this offer is used up."),
    (_room(minor=499), "budget_spent", "The money set aside for this offer is used up."),
]


@pytest.mark.parametrize(("room", "reason", "said"), REFUSALS)
def test_a_full_limit_is_the_reason_a_code_does_not_apply(
    room: Room, reason: str, said: str
) -> None:
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


def test_offers_that_share_a_limit_share_its_room_and_the_best_one_takes_it() -> None:
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
