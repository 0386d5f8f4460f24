"""Features of shoppers: online in one round trip, and in batch as of any moment."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import batched
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.db.models import Q
from numpy.typing import NDArray

from profiles.events.core import (
    CATEGORY_MARK,
    CONSENT_FIELD,
    ID_FIELD,
    WARM_FIELD,
    profile_key,
    variants_key,
)
from profiles.features.api import load_shopper_events, sensitive_products
from profiles.features.core.accumulate import AccumulatorTable, NamedSums, WeighedEvents
from profiles.features.core.derive import derive, derive_rows, derive_sums, derive_values
from profiles.features.core.registry import EventColumns
from profiles.metrics import profile_reads_total
from profiles.segments.core.prediction_history import Answers, ask_past
from profiles.segments.selectors.segments import describe_row
from profiles.shoppers.models.shoppers import Shopper
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
    """Return who a shopper is and which products they like: a third of the work of a whole profile.

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


CHUNK = 500
# Purchases are recorded by contract; a profile is made of them only with consent.
AGREES_TO_PROFILE = (
    Q(consent_price=True) | Q(consent_recommendations=True) | Q(consent_analytics=True)
)


@dataclass(frozen=True, slots=True)
class FeatureTable:
    """Features of m shoppers: `values` (m, len(VALUE_NAMES)), with the sums they came from."""

    shopper_ids: tuple[int, ...]
    pseudonyms: tuple[str, ...]
    as_of: datetime
    values: NDArray[np.float64]
    sums: AccumulatorTable

    def rows(self) -> Iterator[FeatureRow]:
        """Yield the rows, each with its segment and tags."""
        for row in derive_rows(self.sums, self.pseudonyms, self.as_of):
            yield describe_row(row)


def compute_feature_tables(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[FeatureTable]:
    """Yield features from events at or before `as_of`, some hundred shoppers at a time.

    Without ids: everybody who is not erased or merged. One query, and one per 500 shoppers.
    """
    for table, _events, _weighed in _sum_chunks(shopper_ids, as_of):
        yield table


def ask_past_weeks(
    shopper_ids: Sequence[int], now: datetime
) -> Iterator[tuple[FeatureTable, Answers]]:
    """Yield features now, and what was asked of past weeks and what came of it, some hundred
    shoppers at a time. Events are read and weighed once for both."""
    for table, events, weighed in _sum_chunks(shopper_ids, now):
        ids = np.array(table.shopper_ids, dtype=np.int64)
        yield table, ask_past(events, weighed, ids, now.timestamp())


def _sum_chunks(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[tuple[FeatureTable, EventColumns, WeighedEvents]]:
    shoppers = Shopper.objects.filter(erased_at__isnull=True, merged_into__isnull=True)
    if shopper_ids is not None:
        shoppers = shoppers.filter(pk__in=shopper_ids)
    known = list(shoppers.order_by("pk").values_list("pk", "pseudonym"))
    zone, sensitive = ZoneInfo(settings.BUSINESS_TIME_ZONE), sensitive_products()
    for chunk in batched(known, CHUNK):
        ids = tuple(pk for pk, _ in chunk)
        events = load_shopper_events(ids, as_of=as_of)
        rows = np.searchsorted(np.array(ids, dtype=np.int64), events.shopper_id)
        weighed = WeighedEvents.of(events.columns, rows, len(ids), zone, sensitive)
        sums = weighed.sum_until(np.inf)
        table = FeatureTable(
            shopper_ids=ids,
            pseudonyms=tuple(str(pseudonym) for _, pseudonym in chunk),
            as_of=as_of,
            values=derive_values(sums, as_of.timestamp()),
            sums=sums,
        )
        yield table, events.columns, weighed


def compute_feature_rows(
    shopper_ids: Sequence[int] | None, as_of: datetime
) -> Iterator[FeatureRow]:
    """Yield features of shoppers by id from events at or before `as_of`, with segment and tags.

    Shoppers who did nothing yet have a row too. One query, and one per 500 shoppers.
    """
    for table in compute_feature_tables(shopper_ids, as_of):
        yield from table.rows()
