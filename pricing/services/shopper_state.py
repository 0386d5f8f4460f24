"""What is known about the shopper of a request: one Redis pipeline, and the ladder below it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from pricing.core.held import HeldQuote, unpack_held
from pricing.core.keys import held_key
from pricing.models import PriceBookEntry
from profiles.core.experiments import is_in_share
from profiles.core.values import Consents, FeatureRow, OnlineProfile, ProfilePart
from profiles.selectors import (
    OnlineUnavailable,
    find_shopper,
    queue_part_reads,
    read_online_profiles,
)
from shop.jobs.line import Batch
from shop.jobs.redis import RedisUnavailable

# From this many variants on, one read of everything is cheaper than naming each.
READ_ALL_ABOVE = 200


@dataclass(frozen=True, slots=True)
class ShopperState:
    """What a decision needs to know. `reason` is why no personal price is possible, or "".

    `features` is None on the book rung: then `entries` (minor units by variant id) and `segment`
    stand in for the model.
    """

    reason: str = ""
    shopper_id: int | None = None
    features: FeatureRow | None = None
    held: Mapping[int, HeldQuote] = field(default_factory=dict)
    entries: Mapping[int, int] = field(default_factory=dict)
    segment: str | None = None


def read_shopper_state(
    *, pseudonym: str, place: tuple[str, str], wanted: ProfilePart, now: datetime
) -> ShopperState:
    """Return what is known of a shopper. One Redis round trip.

    Of the profile no more is read than `wanted`: what a price may know and this page needs. Only
    when Redis has lost its memory: all that is there, and one query for the shopper and one for
    the price book.
    With Redis down the reason is "redis_down": then everybody gets the public price.
    """
    key, ids = held_key(*place, pseudonym), wanted.variant_ids
    try:
        batch = Batch()
        parse = queue_part_reads(batch, pseudonym, wanted)
        named = None if len(ids) > READ_ALL_ABOVE else ids
        if named is None:
            batch.hgetall(key)
        else:
            batch.hmget(key, list(named))
        replies = batch.execute()
    except RedisUnavailable:
        return ShopperState(reason="redis_down")
    profile = parse(replies, now)
    held = _parse_held(replies[-1], named)
    return _judge(profile, held, ids, now)


def _parse_held(reply: Any, wanted: Sequence[int] | None) -> dict[int, HeldQuote]:
    pairs = (
        ((int(name), value) for name, value in reply.items())
        if wanted is None
        else zip(wanted, reply, strict=True)
    )
    found = ((variant_id, unpack_held(value)) for variant_id, value in pairs)
    return {variant_id: quote for variant_id, quote in found if quote is not None}


def _judge(
    profile: OnlineProfile,
    held: Mapping[int, HeldQuote],
    variant_ids: Sequence[int],
    now: datetime,
) -> ShopperState:
    if profile.consents is not None and not profile.consents.price:
        return ShopperState(reason="no_consent", shopper_id=profile.shopper_id)
    if profile.is_warm and profile.consents is not None:
        return ShopperState(
            shopper_id=profile.shopper_id,
            features=profile.feature_row,
            held=held,
        )
    return _read_book(profile, held, variant_ids, now)


def _read_book(
    profile: OnlineProfile,
    held: Mapping[int, HeldQuote],
    variant_ids: Sequence[int],
    now: datetime,
) -> ShopperState:
    """Return the book's prices for a shopper whose features Redis has lost. Two queries.

    The segment is told from the whole profile as far as it is there: one more round trip.
    """
    shopper = find_shopper(profile.pseudonym)
    if shopper is None:
        return ShopperState(reason="unknown_shopper")
    # Redis forgets; the table does not. What it knows newer than the table counts against.
    consents = shopper.consents.strictest(profile.consents or Consents(price=True))
    if not consents.price or shopper.is_minor:
        return ShopperState(reason="no_consent", shopper_id=shopper.id)
    wanted = set(variant_ids)
    row = PriceBookEntry.objects.filter(pk=shopper.id).values_list("variant_ids", "quoted_minors")
    ids, minors = row.first() or ([], [])
    return ShopperState(
        shopper_id=shopper.id,
        held=held,
        entries={one: minor for one, minor in zip(ids, minors, strict=True) if one in wanted},
        segment=_find_segment(profile.pseudonym, now),
    )


def _find_segment(pseudonym: str, now: datetime) -> str | None:
    try:
        return read_online_profiles([pseudonym], now)[pseudonym].segment
    except OnlineUnavailable:
        return None


def is_held_out(pseudonym: str, share: float) -> bool:
    """Return whether a shopper is in the permanent holdout: the same answer for ever.

    A larger share keeps everybody who was in already.
    """
    return is_in_share(pseudonym, share, "price-holdout")
