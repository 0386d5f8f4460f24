"""Load what models learn from: sales, ledger prices and placements as dense cells."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import batched
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from numpy.typing import NDArray

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.demand.cells import (
    Placements,
    Sales,
    choose_items,
    placement_matrices,
    price_matrix,
    units_matrix,
)
from pricing.core.demand.training_cells import TrainingCells
from pricing.selectors.references import load_series
from profiles.core.features import KIND_CODES
from profiles.core.features.decay import LONG_HALF_LIFE, fade, weigh
from profiles.core.values import PurchaseCells
from profiles.selectors import list_active_shoppers, load_purchase_cells
from profiles.selectors.catalog import sensitive_goods
from profiles.selectors.event_columns import ShopperEvents, load_shopper_events
from shop.catalog.selectors import list_categories, load_placement_weeks, load_variant_arrays

MOST_ITEMS = 20_000
WEEK = np.timedelta64(7, "D")
SHOPPER_CHUNK = 500
DEAL_GROUPS = 5
DEAL_ITEMS = 300
DEAL_WEEKS = 26


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
    """Return the cells of the `weeks` whole weeks before `as_of`. Four queries, catalogue aside.

    Only active variants: the others need no price any more.
    """
    sold = load_purchase_cells(as_of, weeks)
    window = find_window(sold, weeks)
    arrays = load_variant_arrays()
    at, known = _find(arrays.variant_id, sold.variant_id)
    units = np.bincount(at[known], sold.units[known], len(arrays.variant_id))
    weeks_sold = np.bincount(at[known], minlength=len(arrays.variant_id))
    chosen = choose_items(arrays.variant_id, units, weeks_sold, MOST_ITEMS)
    variant_id = arrays.variant_id[chosen]
    sales = _sales(sold, variant_id, window)
    matrix, on_sale = units_matrix(sales, len(chosen), weeks)
    series = load_series(variant_id=variant_id, now=as_of, place=place)
    display, mailer = placement_matrices(_placements(variant_id, window), len(chosen), weeks)
    family, family_id = _number(_families(arrays.category_id[chosen]))
    department, department_id = _number(arrays.department_id[chosen])
    cells = TrainingCells(
        variant_id=variant_id,
        units=matrix,
        price_minor=price_matrix(series, sales, window.middle),
        display=display,
        mailer=mailer,
        on_sale=on_sale,
        family=family,
        family_id=family_id,
        department=department,
        department_id=department_id,
        week_of_year=_week_of_year(window.monday),
    )
    return cells, window


def find_window(sold: PurchaseCells, weeks: int) -> Window:
    """Return the `weeks` weeks that end with the last week anything was sold in."""
    last = sold.week_start.max() if len(sold.week_start) else np.datetime64("2000-01-03")
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


def _sales(sold: PurchaseCells, variant_id: IntArray, window: Window) -> Sales:
    item, known = _find(variant_id, sold.variant_id)
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
    item, known = _find(variant_id, placed.variant_id)
    week = window.week_of(placed.week_start)
    known &= (week >= 0) & (week < len(window.monday))
    return Placements(
        item=item[known],
        week=week[known],
        display=placed.display_share[known],
        mailer=placed.mailer_share[known],
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


def _find(sorted_ids: IntArray, wanted: IntArray) -> tuple[IntArray, NDArray[np.bool_]]:
    if not len(sorted_ids):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    at = np.minimum(np.searchsorted(sorted_ids, wanted), len(sorted_ids) - 1)
    return at, sorted_ids[at] == wanted


@dataclass(frozen=True, slots=True)
class DealCells:
    """Later purchases by earlier behaviour: what the `deals` weight is fitted on.

    `units` (N, B, T) of N items bought in T weeks by B groups of shoppers; `strength` (B,) is the
    mean saturated signal of each group at the start; `item` (N,) positions in the training cells.
    """

    units: FloatArray
    strength: FloatArray
    item: IntArray
    weeks: slice


def load_deal_cells(
    *, cells: TrainingCells, window: Window, as_of: datetime, scale: float
) -> DealCells | None:
    """Return the last DEAL_WEEKS weeks by groups of the signal before; None with too little past.

    Two queries per 500 shoppers at most.
    """
    weeks = cells.units.shape[1]
    if weeks < DEAL_WEEKS + 13 or len(cells.variant_id) < DEAL_ITEMS // 10:
        return None
    item = np.sort(np.argsort(-cells.units.sum(axis=1), kind="stable")[:DEAL_ITEMS])
    first = weeks - DEAL_WEEKS
    cut = float(window.middle[first]) - 3.5 * 86_400
    deals: list[FloatArray] = []
    bought: list[IntArray] = []
    for chunk in _read_shoppers(as_of):
        shopper, signal, lines = _split(chunk, cut, cells.variant_id[item])
        lines[:, 0] += sum(len(one) for one in deals)
        deals.append(signal[shopper])
        bought.append(lines)
    return _group(np.concatenate(deals or [np.zeros(0)]), bought, item, first, scale)


def _read_shoppers(as_of: datetime) -> Iterator[ShopperEvents]:
    ids = [one.id for one in list_active_shoppers(as_of - timedelta(weeks=DEAL_WEEKS))]
    for chunk in batched(sorted(ids), SHOPPER_CHUNK):
        yield load_shopper_events(chunk, as_of=as_of)


def _split(
    events: ShopperEvents, cut: float, variant_id: IntArray
) -> tuple[IntArray, FloatArray, IntArray]:
    """Return the shoppers' numbers, their decayed deals at `cut`, and later lines (shopper, item,
    week, units)."""
    columns = events.columns
    owners, number = np.unique(events.shopper_id, return_inverse=True)
    # What is learned from each shopper sees what features see: nothing of sensitive goods.
    is_purchase = (columns.kind == KIND_CODES["purchase"]) & ~sensitive_goods().hide(columns)
    early = is_purchase & (columns.at < cut) & columns.is_discounted
    signal = np.bincount(
        number[early], weigh(columns.at[early], LONG_HALF_LIFE), len(owners)
    ) * fade(cut, LONG_HALF_LIFE)
    at, known = _find(variant_id, columns.variant_id)
    week = ((columns.at - cut) // (7 * 86_400)).astype(np.int64)
    late = is_purchase & known & (week >= 0) & (week < DEAL_WEEKS)
    lines = np.stack([number[late], at[late], week[late], columns.quantity[late]], axis=1)
    return np.arange(len(owners)), signal, lines


def _group(
    deals: FloatArray, bought: list[IntArray], item: IntArray, first: int, scale: float
) -> DealCells | None:
    if len(deals) < 20 * DEAL_GROUPS:
        return None
    edges = np.quantile(deals, np.arange(1, DEAL_GROUPS) / DEAL_GROUPS)
    group = np.searchsorted(edges, deals)
    saturated = deals / (deals + scale)
    count = np.maximum(np.bincount(group, minlength=DEAL_GROUPS), 1)
    units = np.zeros((len(item), DEAL_GROUPS, DEAL_WEEKS))
    lines = np.concatenate(bought)
    np.add.at(units, (lines[:, 1], group[lines[:, 0]], lines[:, 2]), lines[:, 3])
    return DealCells(
        units=units,
        strength=np.bincount(group, saturated, DEAL_GROUPS) / count,
        item=item,
        weeks=slice(first, first + DEAL_WEEKS),
    )
