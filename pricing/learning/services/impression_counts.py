"""Count public price impressions from the stream, each exactly once.

Counts and how far they came change in one transaction; the stream is cut only afterwards. A run
that dies in between finds what it counted already behind the mark.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any, NamedTuple

import redis
from django.db import connection, transaction

from pricing.base.core.impressions import (
    HOUR_MS,
    ImpressionHeader,
    WeekDraw,
    decode_impressions,
    find_propensities,
)
from pricing.base.core.tokens import EPOCH, LOOKS
from pricing.base.metrics import look_pages_dropped_total, looks_lost_total, looks_total
from pricing.experiments.selectors import load_arm_draws, load_draw, shock_week
from pricing.learning.services.impression_sets import ShownPage, count_sets
from pricing.ledger.models.impressions import LookSeal, LookTally
from profiles.segments.api import map_segments
from shop.ground.catalog.selectors import load_sensitive_ids
from shop.ground.jobs.redis import patient_redis

BATCH = 2_000

_COLUMNS = (
    "hour",
    "variant_id",
    "market_code",
    "channel",
    "segment",
    "public_minor",
    "book_version",
    "policy_version",
    "looks",
    "direction",
    "rung_minors",
    "rung_probabilities",
)
_NAMES = ", ".join(_COLUMNS)
_CREATE = "CREATE TEMPORARY TABLE incoming_look (LIKE pricing_publiclook)"
_COPY = f"COPY incoming_look ({_NAMES}) FROM STDIN"
_ADD = f"""
INSERT INTO pricing_publiclook AS known ({_NAMES}) SELECT {_NAMES} FROM incoming_look
ON CONFLICT ({", ".join(_COLUMNS[:8])}) DO UPDATE SET looks = known.looks + EXCLUDED.looks
"""  # noqa: S608  # only column names of this module are put in


class _Key(NamedTuple):
    """What is counted apart; `hour` since the epoch."""

    hour: int
    variant_id: int
    market: str
    channel: str
    segment: str
    public_minor: int
    book_version: int
    policy_version: int


@dataclass(frozen=True, slots=True)
class _Page:
    header: ImpressionHeader
    prices: tuple[tuple[int, int], ...]


def drain_looks(*, limit: int = 50_000) -> int:
    """Move up to `limit` pages of impressions from the stream to the table; return looks counted.

    What cannot be read, what came for a day that is sealed, and pages the full stream let go are
    counted as lost. Raises RedisUnavailable; nothing is lost then.
    """
    counted = taken = 0
    with patient_redis() as client:
        while taken < limit:
            pages, impressions = _count_batch(client, min(BATCH, limit - taken))
            counted, taken = counted + impressions, taken + pages
            if pages < BATCH:
                break
    looks_total.inc(counted)
    return counted


def _count_batch(client: redis.Redis, most: int) -> tuple[int, int]:
    """Count the next pages in one transaction; return pages and impressions."""
    with transaction.atomic():
        LookTally.objects.get_or_create(pk=1)
        # One run at a time: two would count the same pages.
        tally = LookTally.objects.select_for_update().get(pk=1)
        _meet_stream(client, tally)
        found: Any = client.xrange(LOOKS, min=f"({tally.last_entry}", max="+", count=most)
        pages = _accept(_read(fields) for _, fields in found)
        counts = _sum(pages)
        _add(counts)
        count_sets(Counter(map(_show, pages)), client, tally)
        if found:
            tally.last_entry = found[-1][0].decode()
            tally.read_pages += len(found)
        tally.save()
    if found:
        client.xtrim(LOOKS, minid=_after(tally.last_entry), approximate=False)
    return len(found), sum(counts.values())


def _meet_stream(client: redis.Redis, tally: LookTally) -> None:
    """Cut what was counted and see what the stream dropped before it was.

    Redis may have come back without the stream, or with an older one. The mark stays: what lies
    behind it may have been counted. How much went with Redis nobody knows; that it did is counted.
    """
    state = _describe(client, tally.last_entry)
    if state is None and tally.read_pages + tally.lost_pages == 0:
        return
    added, length = (0, 0) if state is None else state
    gone, known = added - length, tally.read_pages + tally.lost_pages
    if gone < known:
        tally.restarts += 1
        tally.read_pages, tally.lost_pages = gone, 0
    elif gone > known:
        tally.lost_pages += gone - known
        tally.total_lost_pages += gone - known
        look_pages_dropped_total.inc(gone - known)


def _describe(client: redis.Redis, last_entry: str) -> tuple[int, int] | None:
    """Return how many pages the stream ever got and how many wait; None if there is none."""
    pipe = client.pipeline(transaction=True)
    pipe.xtrim(LOOKS, minid=_after(last_entry), approximate=False)
    pipe.xinfo_stream(LOOKS)
    try:
        found: Any = pipe.execute()[1]
    except redis.ResponseError as error:
        if "no such key" not in str(error):
            raise
        return None
    return int(found["entries-added"]), int(found["length"])


def _after(entry: str) -> str:
    moment, _, number = entry.partition("-")
    return f"{moment}-{int(number) + 1}"


def _read(fields: Mapping[bytes, bytes]) -> _Page | None:
    try:
        header, rows = decode_impressions({"h": fields[b"h"], "v": fields[b"v"]})
    except (KeyError, ValueError, TypeError):
        looks_lost_total.labels(reason="unreadable").inc()
        return None
    prices = zip(rows["variant_id"].tolist(), rows["public_minor"].tolist(), strict=True)
    return _Page(header, tuple(prices))


def _accept(pages: Iterable[_Page | None]) -> list[_Page]:
    """Return the pages that can be counted: not those of a day that is sealed. One query."""
    sealed = LookSeal.objects.order_by("-day").values_list("day", flat=True).first()
    kept = []
    for page in pages:
        if page is None:
            continue
        if sealed is not None and _day(page.header.now_ms) <= sealed:
            looks_lost_total.labels(reason="late").inc(len(page.prices))
            continue
        kept.append(page)
    return kept


def _show(page: _Page) -> ShownPage:
    header = page.header
    place = (header.now_ms // HOUR_MS, header.market, header.channel, header.book_version)
    return ShownPage(*place, tuple(variant_id for variant_id, _ in page.prices))


def _sum(pages: Sequence[_Page]) -> Counter[_Key]:
    """Return how often each price was looked at. Up to two queries.

    Products whose purchase tells of health or belief are counted without a segment.
    """
    segments = map_segments(sorted({page.header.shopper_id for page in pages} - {0}))
    sensitive = set(load_sensitive_ids().variant_id.tolist())
    counts: Counter[_Key] = Counter()
    for page in pages:
        header = page.header
        place = (header.market, header.channel)
        versions = (header.book_version, header.policy_version)
        own, hour = segments.get(header.shopper_id, ""), header.now_ms // HOUR_MS
        for variant_id, public in page.prices:
            segment = "" if variant_id in sensitive else own
            counts[_Key(hour, variant_id, *place, segment, public, *versions)] += 1
    return counts


def _day(now_ms: int) -> date:
    return (EPOCH + timedelta(milliseconds=now_ms)).date()


def _add(counts: Mapping[_Key, int]) -> None:
    if not counts:
        return
    rows = _rows(counts)  # before the COPY: it may ask for the week's draw
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        with cursor.copy(_COPY) as copy:
            for row in rows:
                copy.write_row(row)
        cursor.execute(_ADD)
        # Dropped at once, not on commit: the caller's transaction may count twice.
        cursor.execute("DROP TABLE incoming_look")


def _rows(counts: Mapping[_Key, int]) -> list[tuple[object, ...]]:
    """Return the rows of the table; a query for each place and week, and one for each place."""
    draws: dict[tuple[str, str, date], WeekDraw | None] = {}
    places = {(key.market, key.channel) for key in counts}
    coins = {
        place: load_arm_draws(place=place, versions=_versions(counts, place)) for place in places
    }
    rows: list[tuple[object, ...]] = []
    for key in sorted(counts):
        hour = datetime.fromtimestamp(key.hour * HOUR_MS // 1000, UTC)
        week = (key.market, key.channel, shock_week(hour))
        if week not in draws:
            draws[week] = load_draw(place=week[:2], week=week[2])
        coin = coins[week[:2]].get((key.variant_id, key.book_version))
        chances = find_propensities(
            draws[week], key.variant_id, key.public_minor, key.book_version, coin
        )
        price_points, probabilities = list(chances.rungs), list(chances.probabilities)
        rows.append((hour, *key[1:], counts[key], chances.direction, price_points, probabilities))
    return rows


def _versions(counts: Iterable[_Key], place: tuple[str, str]) -> set[int]:
    return {key.book_version for key in counts if (key.market, key.channel) == place}
