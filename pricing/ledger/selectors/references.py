"""What the price history says: references, offered prices, contests and channels."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import numpy as np
from django.db.models import Count, Min, Q
from django.utils.translation import gettext

from pricing.base.core.impressions import HOUR_MS
from pricing.base.core.reference import PaidRows, PriceSeries
from pricing.base.core.values import BoolArray, IntArray
from pricing.ledger.core.offered import OfferedCut, lower_series
from pricing.ledger.models.contests import PriceContest
from pricing.ledger.models.cuts import PublicCut
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from profiles.events.api import load_paid_prices
from shop.ground.catalog.selectors import home_market, list_markets
from shop.ground.database.packed import Packed, fetch_packed
from shop.ground.staff.phrases import join_names

# Reductions that began earlier than this, with their 90-day windows, are old news to any law.
PAID_DAYS = 270

_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("start", ">i8", "int8send(extract(epoch FROM valid_from)::int8)"),
    Packed("amount", ">i4", "int4send(amount_minor)"),
)
_SOURCE = """
FROM pricing_priceledgerentry {chosen}
WHERE kind = 'public' AND market_id = %(market)s AND channel = %(channel)s
    AND valid_from <= %(now)s
"""
# A join is hashed; "no list given, or in the list" would be compared with each of the list.
_CHOSEN = "JOIN unnest(%(variants)s::int8[]) AS asked(id) ON asked.id = variant_id"
# Of more, all are read: most of the catalogue is asked for anyway.
FEW = 20_000
_SECOND_BITS = 33


def load_series(*, variant_id: IntArray, now: datetime, place: tuple[str, str]) -> PriceSeries:
    """Return the public-price ledger of variants (ascending ids) up to `now`. One query."""
    wanted = variant_id.tolist() if len(variant_id) <= FEW else None
    parameters = {"market": place[0], "channel": place[1], "now": now, "variants": wanted}
    source = _SOURCE.format(chosen="" if wanted is None else _CHOSEN)
    rows = fetch_packed(_COLUMNS, source, parameters)
    owner, start = rows["variant"].astype(np.int64), rows["start"].astype(np.int64)
    at = np.minimum(np.searchsorted(variant_id, owner), max(len(variant_id) - 1, 0))
    is_wanted = variant_id[at] == owner if len(variant_id) else np.zeros(len(owner), np.bool_)
    at, start, amount = at[is_wanted], start[is_wanted], rows["amount"][is_wanted]
    # One number sorts ten times as fast as two columns; seconds take 33 bits until 2242
    order = np.argsort((at << _SECOND_BITS) + start)
    counts = np.bincount(at, minlength=len(variant_id))
    return PriceSeries(
        offsets=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        start=start[order],
        amount=amount[order].astype(np.int64),
    )


def load_paid(
    *, variant_id: IntArray, now: datetime, market: str | None, days: int = PAID_DAYS
) -> PaidRows:
    """Return what was paid in a market (None: in all) for variants (ascending ids) in the last
    `days`. One query."""
    wanted = variant_id.tolist() if len(variant_id) <= FEW else None
    since = now - timedelta(days=days)
    paid = load_paid_prices(since=since, until=now, market=market, variant_ids=wanted)
    at = np.minimum(np.searchsorted(variant_id, paid.variant_id), max(len(variant_id) - 1, 0))
    known = variant_id[at] == paid.variant_id if len(variant_id) else np.zeros(0, np.bool_)
    return PaidRows(
        variant=at[known],
        at=paid.day_start[known],
        minor=paid.unit_minor[known],
        units=paid.units[known],
    )


def load_anchors(variant_id: IntArray, place: tuple[str, str]) -> IntArray:
    """Return the anchors of variants (n,), in minor units; 0 where one has no price. One query."""
    ids, row = np.unique(variant_id, return_inverse=True)
    rows = PublicPrice.objects.filter(market_id=place[0], channel=place[1])
    known = dict(rows.filter(variant_id__in=ids.tolist()).values_list("variant_id", "anchor_minor"))
    anchors = np.array([known.get(one, 0) for one in ids.tolist()], dtype=np.int64)
    found: IntArray = anchors[row.ravel()]
    return found


def list_moments_of(*, set_by: str, since: datetime) -> list[datetime]:
    """Return when somebody changed list prices after a moment, one for each. One query."""
    rows = PriceLedgerEntry.objects.filter(set_by=set_by, valid_from__gt=since)
    return list(rows.order_by("valid_from").values_list("valid_from", flat=True))


_PACKED = np.dtype("<i8")


def list_cuts(market: str, now: datetime) -> list[OfferedCut]:
    """Return the cuts of one piece that anybody in a market could get up to `now`. One query."""
    rows = PublicCut.objects.filter(market_code__in=["", market], starts_at__lt=now)
    return [
        OfferedCut(
            variant_id=np.frombuffer(row.variant_ids, dtype=_PACKED),
            starts=int(row.starts_at.timestamp()),
            ends=int(min(row.ends_at, now).timestamp()),
            percent=row.percent,
            amount_minor=row.amount_minor,
            price_minor=row.price_minor,
            group=row.stacking_group,
            is_alone=row.is_alone,
        )
        for row in rows
    ]


def pack_ids(variant_id: IntArray) -> bytes:
    """Return ids of variants as `PublicCut` stores them."""
    return variant_id.astype(_PACKED).tobytes()


def lower_by_offers(
    series: PriceSeries, variant_id: IntArray, *, market: str, now: datetime
) -> PriceSeries:
    """Return the ledger as anybody could buy, public offers included. One query.

    Products that no offer ever lowered keep their history: of many products mostly most.
    """
    cuts = list_cuts(market, now)
    is_cut = np.zeros(len(variant_id), dtype=np.bool_)
    for cut in cuts:
        is_cut |= np.isin(variant_id, cut.variant_id)
    if not is_cut.any():
        return series
    rows = np.repeat(is_cut, np.diff(series.offsets))
    counts = np.diff(series.offsets)
    part = PriceSeries(_offsets(counts[is_cut]), series.start[rows], series.amount[rows])
    lowered = lower_series(part, variant_id[is_cut], cuts)
    counts[is_cut] = np.diff(lowered.offsets)
    own = np.repeat(is_cut, counts)
    start, amount = (np.empty(len(own), dtype=np.int64) for _ in range(2))
    start[own], amount[own] = lowered.start, lowered.amount
    start[~own], amount[~own] = series.start[~rows], series.amount[~rows]
    return PriceSeries(_offsets(counts), start, amount)


def find_offered_hours(
    variant_id: IntArray, hour_ms: IntArray, *, market: str, now: datetime
) -> BoolArray:
    """Return whether an offer that was open to everybody could lower the price of a variant within
    an hour, (n,). One query.

    What is logged of a page is its price before offers; in such an hour cards showed another one.
    """
    is_lowered = np.zeros(len(variant_id), dtype=np.bool_)
    if not len(variant_id):
        return is_lowered
    for cut in list_cuts(market, now):
        is_then = (hour_ms < cut.ends * 1_000) & (hour_ms + HOUR_MS > cut.starts * 1_000)
        is_lowered |= is_then & np.isin(variant_id, cut.variant_id)
    return is_lowered


def _offsets(counts: IntArray) -> IntArray:
    return np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)


ANSWER_WITHIN = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class ContestValue:
    """What a shopper asked about a price, until when they are answered, and the answer."""

    text: str
    due_at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class OpenContests:
    """How many questioned prices wait, how many too long, and when the oldest must be answered."""

    waiting: int
    overdue: int
    due_at: datetime | None


def find_contest(*, quote_id: UUID, shopper_id: int) -> ContestValue | None:
    """Return what this shopper asked about a quote, None for nothing. One query."""
    row = PriceContest.objects.filter(quote_id=quote_id, shopper_id=shopper_id).first()
    return None if row is None else ContestValue(row.text, row.asked_at + ANSWER_WITHIN, row.answer)


def read_open_contests(*, now: datetime) -> OpenContests:
    """Return what waits for an answer. One query."""
    read = PriceContest.objects.filter(answered_at=None).aggregate(
        waiting=Count("pk"),
        overdue=Count("pk", filter=Q(asked_at__lte=now - ANSWER_WITHIN)),
        oldest=Min("asked_at"),
    )
    oldest: datetime | None = read["oldest"]
    due_at = None if oldest is None else oldest + ANSWER_WITHIN
    return OpenContests(read["waiting"], read["overdue"], due_at)


SalesChannel = tuple[str, str]


def home_place() -> SalesChannel:
    """Return the home market and its online channel."""
    return home_market(), "online"


def name_place(place: SalesChannel) -> str:
    """Return how a place is called in figures and sentences."""
    return "/".join(place)


def say_in_place(name: str, sentence: str) -> str:
    """Return a sentence with the name of the place it is about."""
    return gettext("In %(place)s: %(sentence)s") % {"place": name, "sentence": sentence}


def say_served(metrics: Mapping[str, Any], *, is_in_use: bool) -> str:
    """Return where a model learned, and, of the one in use, which other places it prices. One query
    for that one."""
    home = metrics.get("place") or name_place(home_place())
    told = [gettext("Fitted on the sales of %(place)s.") % {"place": home}]
    others = [name_place(one) for one in list_places()] if is_in_use else []
    others = [one for one in others if one != home]
    if others:
        sentence = gettext("Priced by it too, without a model of their own: %(places)s.")
        told.append(sentence % {"places": join_names(others)})
    return " ".join(told)


def list_places() -> list[SalesChannel]:
    """Return the market and channel of all public prices in active markets, the home place first:
    it is one before its first price. One query."""
    rows = PublicPrice.objects.order_by().values_list("market_id", "channel").distinct()
    home, active = home_place(), {market.code for market in list_markets()}
    return [home, *sorted(row for row in set(rows) - {home} if row[0] in active)]
