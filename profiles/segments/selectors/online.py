"""Online profiles, each read in one round trip; a caller may ask one thing more in it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from profiles.events.core.keys import (
    CATEGORY_MARK,
    CONSENT_FIELD,
    ID_FIELD,
    WARM_FIELD,
    profile_key,
    variants_key,
)
from profiles.features.core import NamedSums, derive, derive_sums
from profiles.metrics import profile_reads_total
from profiles.segments.selectors.segments import describe_row
from profiles.values import Consents, FeatureRow, OnlineProfile, ProfilePart
from shop.ground.jobs.redis import Command, RedisUnavailable, ask_redis
from shop.ground.kernel.errors import FairtagError

_CATEGORY = ord(CATEGORY_MARK)
_META = ord("!")
_META_FIELDS = _ID, _WARM, _CONSENT = tuple(
    name.encode() for name in (ID_FIELD, WARM_FIELD, CONSENT_FIELD)
)

# From this many fields on, one read of everything is cheaper than naming each.
READ_ALL_ABOVE = 400


class OnlineUnavailable(FairtagError):
    """Redis does not answer: no online profile, so no personal price."""

    code = "online_unavailable"


def read_profile_part(
    pseudonym: str, wanted: ProfilePart, now: datetime, *, also: Command
) -> tuple[OnlineProfile, Any]:
    """Return the part of a profile that `wanted` names, and the answer to the command `also`.

    One round trip. A regular shopper's profile has a thousand sums, a page needs some fifty. The
    row then holds just these, with the same bits as the whole, and no segment or tags. Raises
    RedisUnavailable.
    """
    keys = profile_key(pseudonym), variants_key(pseudonym)
    if len(wanted.variant_ids) + len(wanted.category_ids) > READ_ALL_ABOVE:
        sums, variants, answer = ask_redis(*(("HGETALL", key) for key in keys), also)
    else:
        fields = [
            *_META_FIELDS,
            *(name.encode() for name in wanted.sums),
            *(b"%c:%d" % (_CATEGORY, one) for one in wanted.category_ids),
        ]
        # HMGET needs a field; 0 names no variant.
        variant_ids = list(wanted.variant_ids) or [0]
        values, interest, answer = ask_redis(
            ("HMGET", keys[0], *fields), ("HMGET", keys[1], *variant_ids), also
        )
        found = zip(fields, values, strict=True)
        sums = {field: value for field, value in found if value is not None}
        variants = dict(zip(variant_ids, interest, strict=True))
    meta, state = _split(sums, variants)
    profile = _open_profile(
        pseudonym, meta, lambda: derive_sums(state, wanted.sums, pseudonym, now)
    )
    return profile, answer


def read_taste(pseudonym: str, now: datetime) -> OnlineProfile:
    """Return who a shopper is and which goods they like: a third of the work of a whole profile.

    The row has the decayed interest in variants and nothing else, no segment or tags. One round
    trip. Raises OnlineUnavailable when Redis is down.
    """
    fields, variants = _ask(
        1, ("HMGET", profile_key(pseudonym), *_META_FIELDS), ("HGETALL", variants_key(pseudonym))
    )
    meta = {
        name: value for name, value in zip(_META_FIELDS, fields, strict=True) if value is not None
    }
    interest = {int(key): float(value) for key, value in variants.items()}
    liked = NamedSums({}, {}, {}, interest)
    return _open_profile(pseudonym, meta, lambda: derive_sums(liked, (), pseudonym, now))


def read_online_profiles(pseudonyms: Sequence[str], now: datetime) -> dict[str, OnlineProfile]:
    """Return online profiles in one round trip. Raises OnlineUnavailable when Redis is down."""
    keys = [key for one in pseudonyms for key in (profile_key(one), variants_key(one))]
    replies = iter(_ask(len(pseudonyms), *(("HGETALL", key) for key in keys)) if keys else ())
    return {one: _open_whole(one, next(replies), next(replies), now) for one in pseudonyms}


def _open_whole(
    pseudonym: str, sums: Mapping[bytes, bytes], variants: Mapping[bytes, bytes], now: datetime
) -> OnlineProfile:
    meta, state = _split(sums, variants)
    return _open_profile(pseudonym, meta, lambda: describe_row(derive(state, pseudonym, now)))


def _ask(profiles: int, *commands: Command) -> list[Any]:
    try:
        return ask_redis(*commands)
    except RedisUnavailable as error:
        profile_reads_total.labels(outcome="unavailable").inc(profiles)
        raise OnlineUnavailable("Profiles cannot be read now.") from error


def _open_profile(
    pseudonym: str, meta: Mapping[bytes, bytes], make_row: Callable[[], FeatureRow]
) -> OnlineProfile:
    is_warm = meta.get(_WARM) == b"1"
    profile_reads_total.labels(outcome="warm" if is_warm else "cold").inc()
    if _ID not in meta:
        return OnlineProfile(
            pseudonym=pseudonym, shopper_id=None, consents=None, is_warm=False, feature_row=None
        )
    consents = _parse_consents(meta.get(_CONSENT))
    may_profile = consents is None or consents.allows_tracking
    row = make_row() if may_profile else None
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
    """Return what is known beside the sums, and the sums. Often a thousand: one plain loop."""
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
