"""Read what competitors ask: the lowest fresh price of each variant, and what was not believed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np
from django.db import connection
from django.db.models import Exists, OuterRef
from numpy.typing import NDArray

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.tokens import EPOCH
from pricing.base.core.values import FloatArray, IntArray
from pricing.competitors.models.competitors import (
    CompetitorPrice,
    CompetitorSource,
    QuarantinedCompetitorRow,
)
from shop.ground.database.packed import Packed, fetch_packed

# A source in another currency than its market says nothing, whatever its rows hold.
_NEWEST = """
SELECT DISTINCT ON (p.source_id, p.variant_id) p.variant_id, p.price_minor
FROM pricing_competitorprice p
JOIN pricing_competitorsource s ON s.id = p.source_id
JOIN shop_market m ON m.code = s.market_id
WHERE s.is_active AND s.market_id = %(market)s AND s.currency = m.currency
    AND (%(variants)s::bigint[] IS NULL OR p.variant_id = ANY(%(variants)s))
    AND p.observed_at <= %(now)s
    AND p.observed_at > %(now)s - s.ttl_hours * interval '1 hour'
ORDER BY p.source_id, p.variant_id, p.observed_at DESC
"""
_LOWEST_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("price", ">i4", "int4send(price_minor)"),
)
_LOWEST_SOURCE = f"""
FROM (
    SELECT variant_id, min(price_minor) AS price_minor FROM ({_NEWEST}) newest GROUP BY variant_id
) lowest
"""  # noqa: S608  # only the statement above is put in
_SAID_COLUMNS = (
    Packed("source", ">i8", "int8send(source_id)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("at", ">i8", "int8send((extract(epoch FROM observed_at) * 1000)::int8)"),
    Packed("price", ">i4", "int4send(price_minor)"),
    Packed("ttl", ">i4", "int4send(ttl_hours)"),
)
_SAID_SOURCE = """
FROM (
    SELECT p.source_id, p.variant_id, p.observed_at, p.price_minor, s.ttl_hours
    FROM pricing_competitorprice p
    JOIN pricing_competitorsource s ON s.id = p.source_id
    JOIN shop_market m ON m.code = s.market_id
    WHERE s.is_active AND s.market_id = %(market)s AND s.currency = m.currency
        AND (%(variants)s::bigint[] IS NULL OR p.variant_id = ANY(%(variants)s))
        AND p.observed_at <= %(until)s
        AND p.observed_at > %(since)s - s.ttl_hours * interval '1 hour'
) said
"""
_WEEKS = """
SELECT p.variant_id, date_trunc('week', p.observed_at AT TIME ZONE 'UTC')::date,
       min(p.price_minor)
FROM pricing_competitorprice p
JOIN pricing_competitorsource s ON s.id = p.source_id
JOIN shop_market m ON m.code = s.market_id
WHERE s.market_id = %(market)s AND s.currency = m.currency AND p.observed_at >= %(since)s
GROUP BY 1, 2 ORDER BY 1, 2
"""
# What is said of a price that another feed may bring anew: badges of the variant.
FEED_BADGES = {
    "feed_currency": [QuarantinedCompetitorRow.Reason.CURRENCY],
    "feed_outlier": [
        QuarantinedCompetitorRow.Reason.SCALE,
        QuarantinedCompetitorRow.Reason.OUTLIER,
        QuarantinedCompetitorRow.Reason.JUMP,
        QuarantinedCompetitorRow.Reason.FEED_SCALE,
    ],
}
BADGE_FOR = timedelta(days=14)
# Up to so many variants are asked for by name; for more, all are read.
FEW = 2_000


@dataclass(frozen=True, slots=True)
class CompetitorWeeks:
    """The lowest price of a variant at competitors by week, parallel arrays (n,), minor units.

    By variant, then by week (its Monday); weeks in which no source said anything are absent.
    """

    variant_id: IntArray
    week_start: NDArray[np.datetime64]
    price_minor: IntArray


def load_lowest_competitors(*, variant_id: IntArray, market: str, now: datetime) -> FloatArray:
    """Return the lowest fresh price of active sources for variants (m,), NaN where none is known.

    Of each source the newest word counts, while it is younger than the source's time to live.
    One query.
    """
    lowest = np.full(len(variant_id), np.nan)
    named = variant_id.tolist() if len(variant_id) <= FEW else None
    scope = {"market": market, "now": now, "variants": named}
    rows = fetch_packed(_LOWEST_COLUMNS, _LOWEST_SOURCE, scope)
    if not len(rows) or not len(variant_id):
        return lowest
    known = rows["variant"].astype(np.int64)
    order = np.argsort(known)
    at = np.minimum(np.searchsorted(known[order], variant_id), len(known) - 1)
    is_known = known[order][at] == variant_id
    lowest[is_known] = rows["price"].astype(np.float64)[order][at[is_known]]
    return lowest


def load_competitors_at(*, variant_id: IntArray, at_ms: IntArray, market: str) -> FloatArray:
    """Return the lowest price of a competitor that was fresh at each moment, (n,): NaN where none.

    As `load_lowest_competitors` would have said then: prices are only ever added. Which sources
    are active, and how long a word holds, is what it is now. One query.
    """
    lowest = np.full(len(variant_id), np.nan)
    if not len(variant_id):
        return lowest
    asked = np.unique(variant_id)
    scope = {
        "market": market,
        "variants": asked.tolist() if len(asked) <= FEW else None,
        "since": _moment(int(at_ms.min())),
        "until": _moment(int(at_ms.max())),
    }
    said = fetch_packed(_SAID_COLUMNS, _SAID_SOURCE, scope)
    for source in np.unique(said["source"]).tolist():
        rows = said[said["source"] == source]
        words = {name: rows[name].astype(np.int64) for name in ("variant", "at", "price", "ttl")}
        lowest = np.fmin(lowest, _hear(words, variant_id, at_ms))
    return lowest


def _hear(words: Mapping[str, IntArray], variant_id: IntArray, at_ms: IntArray) -> FloatArray:
    """Return the newest price of a source at each moment, NaN where it had run out."""
    # One ascending number for (variant, millisecond): a moment finds the last word at or before it.
    ids = np.unique(words["variant"])
    base = min(int(words["at"].min()), int(at_ms.min()))
    span = max(int(words["at"].max()), int(at_ms.max())) - base + 1
    key = np.searchsorted(ids, words["variant"]) * span + words["at"] - base
    order = np.argsort(key, kind="stable")
    place = np.minimum(np.searchsorted(ids, variant_id), len(ids) - 1)
    at = np.searchsorted(key[order], place * span + at_ms - base, side="right") - 1
    newest = order[np.maximum(at, 0)]
    age = at_ms - words["at"][newest]
    is_fresh = (at >= 0) & (words["variant"][newest] == variant_id)
    is_fresh &= age < words["ttl"][newest] * HOUR_MS
    return np.where(is_fresh, words["price"][newest].astype(np.float64), np.nan)


def _moment(at_ms: int) -> datetime:
    return EPOCH + timedelta(milliseconds=at_ms)


def load_competitor_weeks(*, market: str, since: datetime) -> CompetitorWeeks:
    """Return what competitors asked by week, for the gap as a feature of demand. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_WEEKS, {"market": market, "since": since})
        rows = cursor.fetchall()
    columns = list(zip(*rows, strict=True)) if rows else [()] * 3
    return CompetitorWeeks(
        variant_id=np.array(columns[0], dtype=np.int64),
        week_start=np.array(columns[1], dtype="datetime64[D]"),
        price_minor=np.array(columns[2], dtype=np.int64),
    )


def list_competed(*, place: tuple[str, str], since: datetime) -> set[int]:
    """Return variants whose competitors said something after `since`, believed (a price to look at)
    or not (a badge to give). Two queries."""
    said = CompetitorPrice.objects.filter(source__market_id=place[0], imported_at__gt=since)
    refused = QuarantinedCompetitorRow.objects.filter(
        source__market_id=place[0], variant__isnull=False, at__gt=since
    )
    return {
        variant
        for rows in (said, refused)
        for variant in rows.order_by().values_list("variant_id", flat=True)
    }


def find_feed_badges(*, market: str, now: datetime) -> dict[str, set[int]]:
    """Return by badge which variants have a row that was not believed, and no better one since.

    One query. A row counts for BADGE_FOR.
    """
    better = CompetitorPrice.objects.filter(
        source_id=OuterRef("source_id"),
        variant_id=OuterRef("variant_id"),
        imported_at__gt=OuterRef("at"),
        imported_at__lte=now,
    )
    rows = QuarantinedCompetitorRow.objects.filter(
        ~Exists(better),
        source__market_id=market,
        source__is_active=True,
        variant__isnull=False,
        at__gt=now - BADGE_FOR,
        at__lte=now,
    )
    found: dict[str, set[int]] = {name: set() for name in FEED_BADGES}
    named = {str(reason): name for name, reasons in FEED_BADGES.items() for reason in reasons}
    for variant, reason in rows.values_list("variant_id", "reason"):
        if reason in named:
            found[named[reason]].add(variant)
    return found


def list_due_sources(*, now: datetime) -> list[CompetitorSource]:
    """Return active sources whose address is to be fetched again, by code. One query."""
    rows = CompetitorSource.objects.filter(is_active=True, kind=CompetitorSource.Kind.HTTP)
    return [
        row
        for row in rows.order_by("code")
        if row.tried_at is None or now - row.tried_at >= timedelta(hours=row.every_hours)
    ]


def load_last_words(*, source_id: int, since: datetime) -> dict[int, int]:
    """Return a source's newest price of each variant since a moment. One query."""
    rows = CompetitorPrice.objects.filter(source_id=source_id, observed_at__gt=since)
    newest = rows.order_by("variant_id", "-observed_at").distinct("variant_id")
    return dict(newest.values_list("variant_id", "price_minor"))
