"""Online profiles: one round trip, none of its own when the caller brings a pipeline."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from profiles.core.features import NamedSums, derive
from profiles.core.keys import (
    CATEGORY_MARK,
    CONSENT_FIELD,
    ID_FIELD,
    WARM_FIELD,
    profile_key,
    variants_key,
)
from profiles.core.values import Consents, OnlineProfile
from profiles.metrics import profile_reads_total
from profiles.selectors.segments import describe_row
from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.kernel.errors import FairtagError

_CATEGORY = ord(CATEGORY_MARK)
_META = ord("!")
_ID, _WARM, _CONSENT = ID_FIELD.encode(), WARM_FIELD.encode(), CONSENT_FIELD.encode()

Parser = Callable[[Sequence[Any], datetime], OnlineProfile]


class OnlineUnavailable(FairtagError):
    """Redis does not answer: no online profile, so no personal price."""

    code = "online_unavailable"


def queue_profile_reads(
    pipe: Any, pseudonym: str, variant_ids: Sequence[int] | None = None
) -> Parser:
    """Add this profile's two reads to the caller's pipeline; return what parses the replies.

    The parser takes the whole reply list of the pipeline and `now`. With `variant_ids` only the
    affinities of these variants are read, with None all of them.
    """
    position = len(pipe.command_stack)
    pipe.hgetall(profile_key(pseudonym))
    if variant_ids is None:
        pipe.hgetall(variants_key(pseudonym))
    else:
        # HMGET needs a field; 0 names no variant.
        pipe.hmget(variants_key(pseudonym), list(variant_ids) or [0])

    def parse(replies: Sequence[Any], now: datetime) -> OnlineProfile:
        variants = replies[position + 1]
        if variant_ids is not None:
            variants = dict(zip(variant_ids, variants, strict=False))
        return _parse(pseudonym, replies[position], variants, now)

    return parse


def read_online_profiles(pseudonyms: Sequence[str], now: datetime) -> dict[str, OnlineProfile]:
    """Return online profiles in one round trip. Raises OnlineUnavailable when Redis is down."""
    try:
        with redis_breaker.guard() as client:
            pipe = client.pipeline(transaction=False)
            parsers = {name: queue_profile_reads(pipe, name) for name in pseudonyms}
            replies = pipe.execute() if parsers else []
    except RedisUnavailable as error:
        profile_reads_total.labels(outcome="unavailable").inc(len(pseudonyms))
        raise OnlineUnavailable("Profiles cannot be read now.") from error
    return {name: parse(replies, now) for name, parse in parsers.items()}


def _parse(
    pseudonym: str,
    fields: Mapping[bytes, bytes],
    variants: Mapping[Any, bytes | None],
    now: datetime,
) -> OnlineProfile:
    meta, state = _split(fields, variants)
    is_warm = meta.get(_WARM) == b"1"
    profile_reads_total.labels(outcome="warm" if is_warm else "cold").inc()
    if _ID not in meta:
        return OnlineProfile(
            pseudonym=pseudonym, shopper_id=None, consents=None, is_warm=False, feature_row=None
        )
    consents = _parse_consents(meta.get(_CONSENT))
    may_profile = consents is None or consents.allows_tracking
    row = describe_row(derive(state, pseudonym, now)) if may_profile else None
    return OnlineProfile(
        pseudonym=pseudonym,
        shopper_id=int(meta[_ID]),
        consents=consents,
        is_warm=is_warm,
        feature_row=row,
        segment=None if row is None else row.segment,
        tags=() if row is None else row.tags,
    )


def _split(
    fields: Mapping[bytes, bytes], variants: Mapping[Any, bytes | None]
) -> tuple[dict[bytes, bytes], NamedSums]:
    """Return what is known beside the sums, and the sums. On every page's way: one plain loop."""
    meta: dict[bytes, bytes] = {}
    sums: dict[str, float] = {}
    categories: dict[int, float] = {}
    brands: dict[int, float] = {}
    for key, value in fields.items():
        if key[1:2] == b":":
            kind = categories if key[0] == _CATEGORY else brands
            kind[int(key[2:])] = float(value)
        elif key[0] == _META:
            meta[key] = value
        else:
            sums[key.decode()] = float(value)
    interest = {int(key): float(value) for key, value in variants.items() if value is not None}
    return meta, NamedSums(sums, categories, brands, interest)


def _parse_consents(digits: bytes | None) -> Consents | None:
    if digits is None or len(digits) != 4:
        return None
    price, recommendations, marketing, analytics = (digit == ord("1") for digit in digits)
    return Consents(
        price=price,
        recommendations=recommendations,
        marketing=marketing,
        analytics=analytics,
    )
