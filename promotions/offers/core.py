"""The input of an evaluation as text, kept with an order and restored from it."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from promotions.engine.api import (
    RULES,
    CartValue,
    CodeFacts,
    Counted,
    CouponValue,
    DeliveryFee,
    Entity,
    EvaluationInput,
    FrozenFacts,
    GiftStock,
    LimitValue,
    LineFacts,
    OfferValue,
    OrderHistory,
    Period,
    Room,
    ShopperFacts,
)

VERSION = 1
# What may be true of a code, as bits: never give one another meaning
FLAGS = ("is_active", "is_used_up", "is_used_up_by_shopper", "is_held_by_shopper", "is_reserved")


def freeze_facts(asked: EvaluationInput, line_ids: Sequence[str]) -> str:
    """Return what to keep of `asked`; lines come in the order of `line_ids`, the order's.

    >>> from promotions.engine.core.carts import CartLineValue
    >>> bread = CartLineValue("7", 1, 10, (3, 4), 5, quantity=2, unit_minor=250, floor_minor=120)
    >>> cart = CartValue((bread,), "USD", "us", "online")
    >>> seen = freeze_facts(EvaluationInput(cart, (), (), ShopperFacts(segment="vip")), ["7"])
    >>> seen
    '{"v":1,"e":4,"s":{"s":"vip"},"l":[[10,5,120,3,4]],"t":"UTC"}'
    >>> thaw_facts(seen).lines
    (LineFacts(product_id=10, category_ids=(3, 4), brand_id=5, floor_minor=120),)
    """
    by_id = {line.line_id: line for line in asked.cart.lines}
    lines = [by_id[line_id] for line_id in line_ids if line_id in by_id]
    limits = _Limits()
    kept = {
        "s": _pack_shopper(asked.shopper),
        "l": [[one.product_id, one.brand_id, one.floor_minor, *one.category_ids] for one in lines],
        "g": {str(key): one for key, one in asked.given.items()},
        "a": {str(key): one for key, one in asked.arms.items()},
        "h": sorted(asked.hidden),
        "p": sorted(asked.passed_over),
        "n": 0 if asked.allows_personal else 1,
        "b": {
            str(one.campaign_id): one.left_minor
            for one in asked.with_unlocked
            if one.left_minor is not None
        },
        "o": {str(one.offer_id): limits.number(one.rooms) for one in asked.offers if one.rooms},
        "c": [_pack_code(one, limits) for one in asked.coupons],
        "t": asked.cart.time_zone,
        "d": [
            [one.code, one.price_minor, one.free_from_minor, int(one.needs_address)]
            for one in asked.cart.deliveries
        ],
        "f": [[one.variant_id, one.unit_minor, one.available] for one in asked.cart.gifts],
        "w": {str(key): one for key, one in asked.cart.gift_choices.items()},
    }
    found = {"v": VERSION, "e": RULES} | _drop_empty(kept | {"r": limits.packed})
    return json.dumps(found, separators=(",", ":"), ensure_ascii=False)


def thaw_facts(seen: str) -> FrozenFacts:
    """Return the facts of `freeze_facts`. Raises ValueError for a version nobody knows."""
    kept = json.loads(seen)
    if kept.get("v") != VERSION:
        raise ValueError(f"facts of version {kept.get('v')!r} cannot be read")
    rooms = [_read_room(row) for row in kept.get("r", ())]
    return FrozenFacts(
        cart=_read_cart(kept),
        lines=tuple(
            LineFacts(product, tuple(categories), brand, floor)
            for product, brand, floor, *categories in kept.get("l", ())
        ),
        shopper=_read_shopper(kept.get("s", {}), kept.get("g", {})),
        codes=tuple(_read_code(row, rooms) for row in kept.get("c", ())),
        rooms={
            int(key): tuple(rooms[i] for i in numbers) for key, numbers in kept.get("o", {}).items()
        },
        left_minor=_by_number(kept.get("b", {})),
        given=_by_number(kept.get("g", {})),
        arms=_by_number(kept.get("a", {})),
        hidden=frozenset(kept.get("h", ())),
        passed_over=frozenset(kept.get("p", ())),
        allows_personal=not kept.get("n"),
        rules=kept.get("e", 1),
    )


def _read_cart(kept: Mapping[str, Any]) -> CartValue:
    """Return the cart without its lines and place, which the order keeps."""
    return CartValue(
        lines=(),
        currency="",
        market_code="",
        channel="",
        time_zone=kept.get("t", "UTC"),
        gifts=tuple(GiftStock(*row) for row in kept.get("f", ())),
        deliveries=tuple(
            DeliveryFee(code, price, free_from, needs_address=bool(needs))
            for code, price, free_from, needs in kept.get("d", ())
        ),
        gift_choices=_by_number(kept.get("w", {})),
    )


class _Limits:
    """Rooms, each kept once: offers that share a limit share what it leaves."""

    def __init__(self) -> None:
        self._numbers: dict[Room, int] = {}

    def number(self, rooms: Iterable[Room]) -> list[int]:
        """Return the number of each room."""
        return [self._numbers.setdefault(room, len(self._numbers)) for room in rooms]

    @property
    def packed(self) -> list[list[Any]]:
        """Return the rooms by number."""
        return [_pack_room(room) for room in self._numbers]


def _pack_room(room: Room) -> list[Any]:
    limit, again = room.limit, room.again_on
    return [
        limit.limit_id,
        limit.entity.value,
        limit.period.value,
        limit.counted.value,
        limit.max_uses,
        limit.max_minor,
        room.left_uses,
        room.left_minor,
        None if again is None else again.isoformat(),
    ]


def _read_room(row: Sequence[Any]) -> Room:
    limit_id, entity, period, counted, most, most_minor, left, left_minor, again = row
    limit = LimitValue(limit_id, Entity(entity), Period(period), Counted(counted), most, most_minor)
    return Room(limit, left, left_minor, None if again is None else date.fromisoformat(again))


def _pack_code(coupon: CouponValue, limits: _Limits) -> list[Any]:
    bits = sum(1 << i for i, name in enumerate(FLAGS) if getattr(coupon, name))
    offer = coupon.offer
    return [
        coupon.code,
        coupon.coupon_id,
        None if offer is None else offer.offer_id,
        bits,
        None if coupon.ended_at is None else coupon.ended_at.isoformat(),
        [] if offer is None else limits.number(offer.rooms),
    ]


def _read_code(row: Sequence[Any], rooms: Sequence[Room]) -> CodeFacts:
    code, coupon_id, offer_id, bits, ended, numbers = row
    is_active, is_used_up, is_used_up_by_shopper, is_held, is_reserved = (
        bool(bits >> i & 1) for i in range(len(FLAGS))
    )
    coupon = CouponValue(
        code,
        coupon_id=coupon_id,
        is_active=is_active,
        is_used_up=is_used_up,
        is_used_up_by_shopper=is_used_up_by_shopper,
        is_held_by_shopper=is_held,
        is_reserved=is_reserved,
        ended_at=None if ended is None else datetime.fromisoformat(ended),
    )
    return CodeFacts(coupon, offer_id, tuple(rooms[i] for i in numbers))


def _pack_shopper(shopper: ShopperFacts) -> dict[str, Any]:
    history = shopper.history
    kept = {
        "m": int(shopper.is_member),
        "s": shopper.segment,
        "t": sorted(shopper.tags),
        "l": shopper.tier,
        "g": sorted(shopper.groups),
        "p": int(shopper.is_private),
    }
    found = _drop_empty(kept)
    if shopper.is_first_order is not None:
        found["f"] = int(shopper.is_first_order)
    if history is not None:
        last = None if history.last_at is None else history.last_at.isoformat()
        found["h"] = [last, dict(history.counts), dict(history.spent_minor)]
    return found


def _read_shopper(kept: Mapping[str, Any], given: Mapping[str, Any]) -> ShopperFacts:
    return ShopperFacts(
        is_member=bool(kept.get("m")),
        is_first_order=bool(kept["f"]) if "f" in kept else None,
        segment=kept.get("s"),
        tags=frozenset(kept.get("t", ())),
        campaign_ids=frozenset(map(int, given)),
        tier=kept.get("l"),
        groups=frozenset(kept.get("g", ())),
        history=_read_history(kept["h"]) if "h" in kept else None,
        is_private=bool(kept.get("p")),
    )


def _read_history(row: Sequence[Any]) -> OrderHistory:
    last, counts, spent = row
    at = None if last is None else datetime.fromisoformat(last)
    return OrderHistory(at, _by_number(counts), _by_number(spent))


def _by_number(kept: Mapping[str, Any]) -> dict[int, Any]:
    return {int(key): value for key, value in kept.items()}


def _drop_empty(kept: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in kept.items() if value not in (None, 0, "", [], {})}


def refill_offers(offers: Iterable[OfferValue], facts: FrozenFacts) -> list[OfferValue]:
    """Return the offers that were put to the evaluator, with the limits and money of then."""
    kept = [
        _refill(offer, facts)
        for offer in offers
        if offer.offer_id not in facts.hidden and not is_withheld(offer, facts)
    ]
    if not facts.passed_over:
        return kept
    hidden = facts.passed_over
    return [o.without_variants(hidden) if o.is_for_chosen else o for o in kept]


def is_withheld(offer: OfferValue, facts: FrozenFacts) -> bool:
    """Return whether a personal offer was not put to the evaluator for who the shopper was.

    They switched personal prices off, or the campaign gave them another one of its offers.
    """
    if offer.requires_coupon or offer.audience != "personal":
        return False
    other = facts.given.get(offer.campaign_id) not in (None, offer.offer_id)
    return other or not facts.allows_personal


def refill_codes(offers: Iterable[OfferValue], facts: FrozenFacts) -> list[CouponValue]:
    """Return the codes that were entered as they stood, with offers of then among `offers`."""
    by_id = {offer.offer_id: offer for offer in offers}
    found = []
    for one in facts.codes:
        offer = by_id.get(one.offer_id or 0)
        if offer is not None:
            left = facts.left_minor.get(offer.campaign_id, offer.left_minor)
            offer = replace(offer, rooms=one.rooms, left_minor=left)
        found.append(replace(one.coupon, offer=offer))
    return found


def _refill(offer: OfferValue, facts: FrozenFacts) -> OfferValue:
    return replace(
        offer,
        rooms=facts.rooms.get(offer.offer_id, ()),
        left_minor=facts.left_minor.get(offer.campaign_id, offer.left_minor),
    )
