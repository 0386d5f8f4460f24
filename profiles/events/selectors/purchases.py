"""Purchases by variant and week, for demand models."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from profiles.values import PurchaseCells
from shop.ground.catalog.selectors import home_market
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
