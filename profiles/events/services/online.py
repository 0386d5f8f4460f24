"""Online profiles in Redis: what an event adds, what a shopper answered."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import redis
from django.conf import settings
from redis.commands.core import Script

from profiles.events.core import (
    JOINING,
    RATE_PREFIX,
    SEEN_PREFIX,
    STREAM,
    EventRecord,
    encode_record,
    guest_key,
    profile_key,
    stored_affinities,
    variants_key,
)
from profiles.features.api import sensitive_products
from profiles.features.core.accumulate import Increments, add_up, increments_of
from profiles.features.core.registry import columns_of
from profiles.values import Consents, ShopperValue
from shop.ground.jobs.redis import RedisUnavailable, ask_redis, redis_breaker

SEEN_SECONDS = 7 * 86_400
KEEP_SECONDS = 180 * 86_400
# Longer than a transaction that joins a guest to an account, or an answer about one, takes.
JOINING_SECONDS = 300
EVENTS_A_MINUTE = 3_000
Argument = bytes | str | int | float
_SCRIPTS = Path(__file__).parent / "lua"


def text_of(word: bytes | str | None) -> str:
    """Return a word of Redis as text; the client answers in bytes."""
    return word.decode() if isinstance(word, bytes) else word or ""


@lru_cache(maxsize=8)
def script_text(name: str) -> str:
    """Return the Lua script of that name."""
    return (_SCRIPTS / f"{name}.lua").read_text()


@lru_cache(maxsize=32)
def load_script(client: redis.Redis, name: str) -> Script:
    """Return the script, ready to run; it is sent again by itself after Redis forgot it."""
    return client.register_script(script_text(name))


@lru_cache(maxsize=1)
def business_zone() -> ZoneInfo:
    """Return the time zone in which the shop's days begin."""
    return ZoneInfo(settings.BUSINESS_TIME_ZONE)


@dataclass(frozen=True, slots=True)
class Accepted:
    """What Redis made of a batch: `fresh` positions; `is_over_limit` means nothing was taken."""

    fresh: tuple[int, ...]
    is_warm: bool
    is_over_limit: bool = False


def accept_records(
    *, shopper: ShopperValue, records: Sequence[EventRecord], now: datetime, is_limited: bool
) -> Accepted:
    """Put new records into the stream and the online sums in one step: the next quote sees them.

    Raises RedisUnavailable; then the caller cannot know whether it happened, which is safe,
    because storing the records again changes nothing.
    """
    lines = [encode_record(record) for record in records]
    return _accept(shopper, records, lines, now=now, limit=EVENTS_A_MINUTE if is_limited else 0)


def count_records(
    *, shopper: ShopperValue, records: Sequence[EventRecord], now: datetime
) -> Accepted:
    """Add records that are in the table already to the online sums. Raises RedisUnavailable."""
    return _accept(shopper, records, [""] * len(records), now=now, limit=0)


def _accept(
    shopper: ShopperValue,
    records: Sequence[EventRecord],
    lines: Sequence[str],
    *,
    now: datetime,
    limit: int,
) -> Accepted:
    columns = columns_of(records)
    increments = increments_of(columns, business_zone(), sensitive_products())
    keys = [
        profile_key(shopper.pseudonym),
        variants_key(shopper.pseudonym),
        STREAM,
        f"{RATE_PREFIX}{shopper.pseudonym}:{int(now.timestamp()) // 60}",
    ]
    arguments: list[Argument] = [
        json.dumps(_parts(add_up(increments))),
        json.dumps([_parts(change) for change in increments]),
        SEEN_PREFIX,
        SEEN_SECONDS,
        limit,
        KEEP_SECONDS,
        shopper.id,
    ]
    for record, line in zip(records, lines, strict=True):
        arguments += (str(record.id), line)
    with redis_breaker.guard() as client:
        answer = load_script(client, "accept")(keys=keys, args=arguments)
    if answer[0] == -1:
        return Accepted(fresh=(), is_warm=True, is_over_limit=True)
    return Accepted(fresh=tuple(at - 1 for at in answer[1:]), is_warm=answer[0] == 1)


def _parts(change: Increments) -> tuple[Mapping[Any, float], ...]:
    sums = change.sums | stored_affinities(change.categories, change.brands)
    return sums, change.variants, change.highs, change.lows


def encode_consents(consents: Consents) -> str:
    """Return the answers as four digits, in the order of PURPOSES."""
    flags = (consents.price, consents.recommendations, consents.marketing, consents.analytics)
    return "".join("1" if flag else "0" for flag in flags)


def write_consents(shopper: ShopperValue, *, is_new: bool = False) -> bool:
    """Write a shopper's answers for the next quote to read; return False with Redis down.

    A new shopper has no history, so nothing can be missing from the profile.
    """
    arguments: list[Argument] = [
        shopper.id,
        encode_consents(shopper.consents),
        KEEP_SECONDS,
        int(is_new),
    ]
    try:
        with redis_breaker.guard() as client:
            load_script(client, "answer")(keys=[profile_key(shopper.pseudonym)], args=arguments)
    except RedisUnavailable:
        return False
    return True


def bar_guest(pseudonym: str) -> bool:
    """Say that a guest is about to join an account; return False with Redis down.

    Call it before the rows change: whoever asked the table earlier can no longer note a no, and
    what was noted is gone. Only if Redis fails at this moment and comes back with its memory may
    the guest's token open what it did for another FREE_SECONDS.
    """
    try:
        ask_redis(("SET", guest_key(pseudonym), JOINING, "EX", JOINING_SECONDS))
    except RedisUnavailable:
        return False
    return True


def forget_profile(pseudonym: str) -> bool:
    """Delete a shopper's online profile; return False with Redis down."""
    try:
        with redis_breaker.guard() as client:
            client.delete(profile_key(pseudonym), variants_key(pseudonym))
    except RedisUnavailable:
        return False
    return True
