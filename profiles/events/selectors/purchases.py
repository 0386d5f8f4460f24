"""What shoppers bought, paid for and sent back, from their events."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from profiles.values import PurchaseCells
from shop.ground.catalog.selectors import has_further_markets, home_market
from shop.ground.database.packed import Packed, fetch_packed

_CELLS = """
FROM (
    SELECT variant_id,
        (date_trunc('week', occurred_at AT TIME ZONE %(zone)s)::date - date '1970-01-01') AS week,
        sum(quantity)::int8 AS units, sum(paid_minor)::int8 AS revenue,
        sum(list_minor)::int8 AS list, count(*) AS lines,
        coalesce(sum(quantity) FILTER (WHERE is_discounted), 0)::int8 AS discounted
    FROM profiles_event LEFT JOIN profiles_shopper buyer ON buyer.id = shopper_id
    WHERE kind = 'purchase' AND occurred_at >= %(start)s AND occurred_at < %(end)s
        AND coalesce(buyer.market_code, %(home)s) = %(market)s
    GROUP BY 1, 2
) cells
"""
_CELL_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("week", ">i4", "int4send(week)"),
    Packed("units", ">i8", "int8send(units)"),
    Packed("revenue", ">i8", "int8send(revenue)"),
    Packed("list", ">i8", "int8send(list)"),
    Packed("discounted", ">i8", "int8send(discounted)"),
    Packed("lines", ">i8", "int8send(lines)"),
)
_WEEKS = """
FROM (
    SELECT DISTINCT shopper_id, variant_id,
        (date_trunc('week', occurred_at AT TIME ZONE %(zone)s)::date - date '1970-01-01') AS week
    FROM profiles_event
    WHERE kind = 'purchase' AND occurred_at >= %(start)s AND occurred_at < %(end)s
        AND variant_id IS NOT NULL
) bought
"""
_WEEK_COLUMNS = (
    Packed("shopper", ">i8", "int8send(shopper_id)"),
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("week", ">i4", "int4send(week)"),
)


def start_of_week(moment: datetime) -> datetime:
    """Return the Monday midnight at or before `moment`, on the clocks of the business."""
    local = moment.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE))
    return start_of_day(local.date() - timedelta(days=local.weekday()))


def start_of_day(day: date) -> datetime:
    """Return midnight of a day of the business."""
    return datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(settings.BUSINESS_TIME_ZONE))


def load_purchase_cells(as_of: datetime, weeks: int, *, market: str | None = None) -> PurchaseCells:
    """Return weekly sales per variant of the last `weeks` whole weeks before `as_of`. One query.

    Sales are those of the shoppers of a market, the home market's by default; sales of nobody known
    are the home market's: amounts of several currencies make no sum.
    Weeks begin on Monday, midnight, in BUSINESS_TIME_ZONE; the week of `as_of` is left out unless
    `as_of` is its very end.
    """
    end = start_of_week(as_of)
    start = start_of_day(end.date() - timedelta(weeks=weeks))
    parameters = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "start": start,
        "end": end,
        "home": home_market(),
        "market": market or home_market(),
    }
    rows = fetch_packed(_CELL_COLUMNS, _CELLS, parameters)
    rows = rows[np.lexsort((rows["week"], rows["variant"]))]
    return PurchaseCells(
        variant_id=rows["variant"].astype(np.int64),
        week_start=rows["week"].astype("datetime64[D]"),
        units=rows["units"].astype(np.int64),
        revenue_minor=rows["revenue"].astype(np.int64),
        list_revenue_minor=rows["list"].astype(np.int64),
        discounted_units=rows["discounted"].astype(np.int64),
        lines=rows["lines"].astype(np.int64),
    )


@dataclass(frozen=True, slots=True)
class PurchaseWeeks:
    """Who bought which variant in which week, as parallel arrays (n,); each triple once.

    `week_start` are Mondays.
    """

    shopper_id: NDArray[np.int64]
    variant_id: NDArray[np.int64]
    week_start: NDArray[np.datetime64]


def load_purchase_weeks(first: date, end: date) -> PurchaseWeeks:
    """Return purchases from day `first` to before day `end` by shopper, variant and week.

    For releases that bound what each shopper adds; nothing else may ask for it. One query.
    """
    parameters = {
        "zone": settings.BUSINESS_TIME_ZONE,
        "start": start_of_day(first),
        "end": start_of_day(end),
    }
    rows = fetch_packed(_WEEK_COLUMNS, _WEEKS, parameters)
    rows = rows[np.lexsort((rows["week"], rows["variant"], rows["shopper"]))]
    return PurchaseWeeks(
        shopper_id=rows["shopper"].astype(np.int64),
        variant_id=rows["variant"].astype(np.int64),
        week_start=rows["week"].astype("datetime64[D]"),
    )


_COLUMNS = (
    Packed("variant", ">i8", "int8send(variant_id)"),
    Packed("second", ">i8", "int8send(extract(epoch FROM occurred_at)::int8)"),
    Packed("paid", ">i8", "int8send(paid_minor)"),
    Packed("units", ">i4", "int4send(quantity)"),
)
# Bare rows: to truncate, divide and group them takes PostgreSQL ten times as long as numpy.
_SOURCE = """
FROM profiles_event {chosen} {buyers}
WHERE kind = 'purchase' AND occurred_at >= %(since)s AND occurred_at < %(until)s
    AND quantity > 0 AND paid_minor > 0 AND variant_id IS NOT NULL {of_market}
"""
# A join is hashed; "no list given, or in the list" would be compared with each of the list.
_CHOSEN = "JOIN unnest(%(variants)s::int8[]) AS asked(id) ON asked.id = variant_id"
# Only in shops of several markets: the join costs a third more. Sales of nobody known are at home.
_BUYERS = "LEFT JOIN profiles_shopper buyer ON buyer.id = shopper_id"
_OF_MARKET = "AND coalesce(buyer.market_code, %(home)s) = %(market)s"


_Ints = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class PaidPrices:
    """Units sold by variant, local day and price per piece, as parallel arrays (n,).

    `day_start` is the Unix time of the day's midnight in BUSINESS_TIME_ZONE; `unit_minor` is what
    one piece cost after all discounts, rounded half up.
    """

    variant_id: NDArray[np.int64]
    day_start: NDArray[np.int64]
    unit_minor: NDArray[np.int64]
    units: NDArray[np.int64]


def load_paid_prices(
    *,
    since: datetime,
    until: datetime,
    market: str | None,
    variant_ids: Sequence[int] | None = None,
) -> PaidPrices:
    """Return what the shoppers of a market paid in `[since, until)`, for some variants or all; of
    every market (None) only the units can be added up. No order; one query."""
    home = home_market()
    is_split = market is not None and has_further_markets()
    parameters = {
        "since": since,
        "until": until,
        "variants": None if variant_ids is None else sorted(set(variant_ids)),
        "home": home,
        "market": market or home,
    }
    source = _SOURCE.format(
        chosen="" if variant_ids is None else _CHOSEN,
        buyers=_BUYERS if is_split else "",
        of_market=_OF_MARKET if is_split else "",
    )
    rows = fetch_packed(_COLUMNS, source, parameters)
    paid, units = rows["paid"].astype(np.int64), rows["units"].astype(np.int64)
    days = _list_midnights(since, until)
    day = np.searchsorted(days, rows["second"].astype(np.int64), side="right") - 1
    minor = (2 * paid + units) // np.maximum(2 * units, 1)
    return _add_up(rows["variant"].astype(np.int64), days, day, minor, units)


def _add_up(variant: _Ints, days: _Ints, day: _Ints, minor: _Ints, units: _Ints) -> PaidPrices:
    """Return the units of each variant, day and price: in one number, which sorts ten times as fast
    as three columns. It has room for ten million variants at prices of a million for three years.
    """
    keys = (variant * len(days) + day) * (int(minor.max(initial=0)) + 1) + minor
    order = np.argsort(keys)
    keys, units = keys[order], units[order]
    first = np.flatnonzero(np.diff(keys, prepend=-1))
    at = order[first]
    return PaidPrices(
        variant_id=variant[at],
        day_start=days[day[at]],
        unit_minor=minor[at],
        units=np.add.reduceat(units, first) if len(first) else units,
    )


def _list_midnights(since: datetime, until: datetime) -> NDArray[np.int64]:
    """Return the Unix times of the local days' beginnings from that of `since` to `until`."""
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    first, last = (moment.astimezone(zone).date() for moment in (since, until))
    days = [first + timedelta(days=one) for one in range((last - first).days + 1)]
    begins = [datetime.combine(day, time.min, tzinfo=zone).timestamp() for day in days]
    return np.array(begins, dtype=np.int64)


QUOTE_ID = np.dtype([("high", "<u8"), ("low", "<u8")])

_OUTCOME_COLUMNS = (
    Packed("quote", "(2,)>u8", "uuid_send(quote_id)"),
    Packed("purchases", ">i8", "int8send(purchases)"),
    Packed("first", ">i8", "int8send(first)"),
    Packed("units", ">i8", "int8send(units)"),
    Packed("paid", ">i8", "int8send(paid)"),
    Packed("returned", ">i8", "int8send(returned)"),
    Packed("refunded", ">i8", "int8send(refunded)"),
)
_OUTCOMES = """
FROM (
    SELECT quote_id,
        count(*) FILTER (WHERE kind = 'purchase') AS purchases,
        coalesce(
            extract(epoch FROM min(occurred_at) FILTER (WHERE kind = 'purchase')) * 1000, 0
        )::int8 AS first,
        coalesce(sum(quantity) FILTER (WHERE kind = 'purchase'), 0)::int8 AS units,
        coalesce(sum(paid_minor) FILTER (WHERE kind = 'purchase'), 0)::int8 AS paid,
        coalesce(sum(quantity) FILTER (WHERE kind = 'return'), 0)::int8 AS returned,
        coalesce(sum(paid_minor) FILTER (WHERE kind = 'return'), 0)::int8 AS refunded
    FROM profiles_event
    WHERE kind IN ('purchase', 'return')
        AND occurred_at >= %(since)s AND occurred_at < %(until)s
        AND quote_id IS NOT NULL {quotes}
    GROUP BY quote_id
) outcomes
"""


@dataclass(frozen=True, slots=True)
class QuoteOutcomes:
    """Outcomes of quotes as parallel arrays (n,), ascending by `quote_id` (dtype QUOTE_ID).

    `purchases` are order lines, `first_ms` is when the first of them was bought (0: none).
    `paid_minor` is what the products cost after all offers, `refunded_minor` what went back for
    `returned_units` of the `units`.
    """

    quote_id: NDArray[np.void]
    purchases: NDArray[np.int64]
    first_ms: NDArray[np.int64]
    units: NDArray[np.int64]
    paid_minor: NDArray[np.int64]
    returned_units: NDArray[np.int64]
    refunded_minor: NDArray[np.int64]


def load_quote_outcomes(
    *,
    since: datetime,
    until: datetime,
    quote_ids: Sequence[UUID] | None = None,
) -> QuoteOutcomes:
    """Return what was bought and returned in `[since, until)` by quote, of `quote_ids` only if any
    are named. One query."""
    source = _OUTCOMES.format(quotes="" if quote_ids is None else "AND quote_id = ANY(%(quotes)s)")
    named = {} if quote_ids is None else {"quotes": list(quote_ids)}
    rows = fetch_packed(_OUTCOME_COLUMNS, source, {"since": since, "until": until, **named})
    ids = np.empty(len(rows), dtype=QUOTE_ID)
    ids["high"], ids["low"] = rows["quote"][:, 0], rows["quote"][:, 1]
    order = np.argsort(ids, order=("high", "low"))

    def column(name: str) -> NDArray[np.int64]:
        return rows[name].astype(np.int64)[order]

    return QuoteOutcomes(
        quote_id=ids[order],
        purchases=column("purchases"),
        first_ms=column("first"),
        units=column("units"),
        paid_minor=column("paid"),
        returned_units=column("returned"),
        refunded_minor=column("refunded"),
    )
