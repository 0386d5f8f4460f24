"""Load what models learn from: sales, ledger prices and placements as dense cells."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.competitors.selectors import load_competitor_weeks
from pricing.demand.core.cells import (
    Placements,
    Sales,
    choose_items,
    competitor_matrix,
    placement_matrices,
    price_matrix,
    unconstrain_units,
    units_matrix,
)
from pricing.demand.core.training_cells import TrainingCells
from pricing.experiments.core import shift_weeks
from pricing.experiments.selectors import load_arm_periods
from pricing.ledger.selectors.references import load_series
from profiles.events.api import load_purchase_cells, start_of_day
from profiles.values import PurchaseCells
from shop.ground.catalog.selectors import list_categories, load_placement_weeks, load_variant_arrays
from shop.ground.inventory.selectors import load_sold_out_hours

MOST_ITEMS = 20_000
WEEK_DAYS = 7
WEEK = np.timedelta64(WEEK_DAYS, "D")


@dataclass(frozen=True, slots=True)
class Window:
    """The weeks of a training set: Mondays, (W,), the moments of their middles and their end."""

    monday: NDArray[np.datetime64]
    middle: IntArray

    @property
    def start_date(self) -> date:
        """The first Monday."""
        first: date = self.monday[0].astype(object)
        return first

    @property
    def end_date(self) -> date:
        """The day after the last week."""
        return self.start_date + timedelta(weeks=len(self.monday))

    def week_of(self, days: NDArray[np.datetime64]) -> IntArray:
        """Return the number of the week each day lies in (may be outside 0..W-1)."""
        return ((days - self.monday[0]) // WEEK).astype(np.int64)


def load_training_cells(
    *, as_of: datetime, weeks: int, place: tuple[str, str]
) -> tuple[TrainingCells, Window]:
    """Return the cells of the `weeks` whole weeks before `as_of`: sales of the place's market at
    its own prices, as they would have been with pieces all week. Six queries, catalogue aside.

    Only active variants: the others need no price any more.
    """
    sold = load_purchase_cells(as_of, weeks, market=place[0])
    window = find_window(sold, weeks)
    arrays = load_variant_arrays()
    at, known = find_positions(arrays.variant_id, sold.variant_id)
    units = np.bincount(at[known], sold.units[known], len(arrays.variant_id))
    weeks_sold = np.bincount(at[known], minlength=len(arrays.variant_id))
    chosen = choose_items(arrays.variant_id, units, weeks_sold, MOST_ITEMS)
    variant_id = arrays.variant_id[chosen]
    sales = _sales(sold, variant_id, window)
    counts = unconstrain_units(
        *units_matrix(sales, len(chosen), weeks), load_available_shares(variant_id, window)
    )
    return assemble_cells(
        variant_id, counts, sales=sales, window=window, as_of=as_of, place=place
    ), window


def assemble_cells(
    variant_id: IntArray,
    counts: tuple[FloatArray, FloatArray],
    *,
    sales: Sales,
    window: Window,
    as_of: datetime,
    place: tuple[str, str],
) -> TrainingCells:
    """Return the cells of active variants (ascending ids): `counts` are units and on-sale weights,
    both (N, W); `sales` stand in for prices before the ledger's. Four queries, catalogue aside."""
    arrays = load_variant_arrays()
    chosen, _ = find_positions(arrays.variant_id, variant_id)
    series = load_series(variant_id=variant_id, now=as_of, place=place)
    placed = _placements(variant_id, window)
    display, mailer = placement_matrices(placed, len(chosen), len(window.monday))
    family, family_id = _number(_families(arrays.category_id[chosen]))
    department, department_id = _number(arrays.department_id[chosen])
    units, on_sale = counts
    shift = _shift(variant_id, window, place)
    return TrainingCells(
        variant_id=variant_id,
        units=units,
        price_minor=price_matrix(series, sales, window.middle) * np.exp(shift),
        display=display,
        mailer=mailer,
        on_sale=on_sale,
        family=family,
        family_id=family_id,
        department=department,
        department_id=department_id,
        week_of_year=_week_of_year(window.monday),
        competitor=_competitors(variant_id, window, place),
    )


def find_window(sold: PurchaseCells, weeks: int) -> Window:
    """Return the `weeks` weeks that end with the last week anything was sold in."""
    last = sold.week_start.max() if len(sold.week_start) else np.datetime64("2000-01-03")
    return weeks_ending(last, weeks)


def weeks_ending(last: np.datetime64, weeks: int) -> Window:
    """Return the `weeks` weeks of which the last begins on Monday `last`."""
    monday = last - WEEK * np.arange(weeks - 1, -1, -1)
    zone = ZoneInfo(settings.BUSINESS_TIME_ZONE)
    middles = [
        datetime(day.year, day.month, day.day, 12, tzinfo=zone) + timedelta(days=3)
        for day in monday.astype("datetime64[D]").astype(object)
    ]
    return Window(
        monday=monday.astype("datetime64[D]"),
        middle=np.array([int(moment.timestamp()) for moment in middles], dtype=np.int64),
    )


def load_available_shares(variant_id: IntArray, window: Window) -> FloatArray:
    """Return for which share of each week something of a variant lay anywhere, (N, W). One query.

    What nobody has counted yet lay there: the ledger begins with a variant's first movement. Weeks
    are seven days from the first Monday on: an hour of summer time is no week's share.
    """
    start = start_of_day(window.start_date)
    sold_out = load_sold_out_hours(
        variant_id.tolist(),
        start=start,
        until=start_of_day(window.end_date),
        location=None,
        days=WEEK_DAYS,
    )
    shares = np.ones((len(variant_id), len(window.monday)))
    for (variant, week), hours in sold_out.items():
        if week < shares.shape[1]:
            shares[np.searchsorted(variant_id, variant), week] -= hours / (24 * WEEK_DAYS)
    return np.maximum(shares, 0.0)


def _sales(sold: PurchaseCells, variant_id: IntArray, window: Window) -> Sales:
    item, known = find_positions(variant_id, sold.variant_id)
    week = window.week_of(sold.week_start)
    known &= (week >= 0) & (week < len(window.monday))
    return Sales(
        item=item[known],
        week=week[known],
        units=sold.units[known].astype(np.float64),
        revenue_minor=sold.revenue_minor[known].astype(np.float64),
    )


def _placements(variant_id: IntArray, window: Window) -> Placements:
    placed = load_placement_weeks(since=window.start_date)
    item, known = find_positions(variant_id, placed.variant_id)
    week = window.week_of(placed.week_start)
    known &= (week >= 0) & (week < len(window.monday))
    return Placements(
        item=item[known],
        week=week[known],
        display=placed.display_share[known],
        mailer=placed.mailer_share[known],
    )


def _shift(variant_id: IntArray, window: Window, place: tuple[str, str]) -> FloatArray | float:
    """Return how far the mean log price of a week is from that of its middle, (N, W): turns of
    experiments begin at any hour. One query."""
    end = start_of_day(window.end_date)
    spells = load_arm_periods(place=place, since=start_of_day(window.start_date), until=end)
    item, known = find_positions(variant_id, spells.variant_id)
    if not known.any():
        return 0.0
    days = [*window.monday.astype(object), window.end_date]
    edges = np.array([start_of_day(day).timestamp() for day in days])
    return shift_weeks(spells.take(known), item[known], len(variant_id), edges, window.middle)


def _competitors(variant_id: IntArray, window: Window, place: tuple[str, str]) -> FloatArray | None:
    """Return how competitors' prices moved beside their usual ones, (N, W); None if none spoke."""
    begin = datetime.combine(window.start_date, datetime.min.time(), tzinfo=UTC)
    said = load_competitor_weeks(market=place[0], since=begin)
    item, known = find_positions(variant_id, said.variant_id)
    week = window.week_of(said.week_start)
    known &= (week >= 0) & (week < len(window.monday))
    if not known.any():
        return None
    return competitor_matrix(
        item[known],
        week[known],
        said.price_minor[known].astype(np.float64),
        items=len(variant_id),
        weeks=len(window.monday),
    )


def _families(category_id: IntArray) -> IntArray:
    """Return the category above each leaf: what elasticities are pooled in."""
    nodes = list_categories("en").nodes
    above = {one: node.parent_id or one for one, node in nodes.items()}
    return np.array([above.get(one, one) for one in category_id.tolist()], dtype=np.int64)


def _number(ids: IntArray) -> tuple[IntArray, IntArray]:
    unique, number = np.unique(ids, return_inverse=True)
    return number.astype(np.int64), unique


def _week_of_year(monday: NDArray[np.datetime64]) -> IntArray:
    days = [day.isocalendar().week - 1 for day in monday.astype(object)]
    return np.array(days, dtype=np.int64)


def find_positions(sorted_ids: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    """Return the position of each wanted id (any if absent) and whether it is there, both (n,)."""
    if not len(sorted_ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return at, sorted_ids[at] == wanted
