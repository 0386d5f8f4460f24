"""Sales and price records of the shop in a simulated market, read as training reads them."""

from __future__ import annotations

import numpy as np

from pricing.base.core.reference import PriceSeries
from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.cells import (
    Sales,
    choose_items,
    competitor_matrix,
    price_matrix,
    unconstrain_units,
    units_matrix,
)
from pricing.demand.core.training_cells import TrainingCells

WEEK = 7
WEEKS = 53
DAY = 86_400
# Training looks up a week's price on Thursday noon.
MIDDLE = 3 * DAY + DAY // 2


class History:
    """Days since a Monday of m variants: units, revenue, public prices, competitors, and
    the share of each day with pieces."""

    def __init__(self, variant_id: IntArray, category_id: IntArray) -> None:
        self._variant, self._category = variant_id, category_id
        self._days: list[int] = []
        self._units: list[FloatArray] = []
        self._revenue: list[FloatArray] = []
        self._rivals: list[FloatArray] = []
        self._on_sale: list[FloatArray] = []
        self._ledger: list[tuple[int, IntArray]] = []

    def __len__(self) -> int:
        return len(self._days)

    def note_prices(self, day: int, public_minor: IntArray) -> None:
        """Write what everybody pays from the morning of `day` on."""
        if self._ledger and self._ledger[-1][0] == day:
            self._ledger.pop()
        self._ledger.append((day, public_minor.copy()))

    def note_sales(
        self,
        day: int,
        units: FloatArray,
        revenue_minor: FloatArray,
        rivals: FloatArray | None,
        on_sale: FloatArray,
    ) -> None:
        """Write what was sold on `day`, competitors' prices in minor units (NaN: unknown), and for
        which share of it there was something to sell; all (m,)."""
        self._days.append(day)
        self._units.append(units)
        self._revenue.append(revenue_minor)
        self._on_sale.append(on_sale)
        self._rivals.append(np.full(len(units), np.nan) if rivals is None else rivals)

    def cells(self, until_day: int) -> TrainingCells:
        """Return the WEEKS whole weeks before `until_day` of the variants worth a model."""
        first = until_day // WEEK - WEEKS
        weeks = np.arange(first, first + WEEKS)
        sold = self._sales(first)
        count = len(self._variant)
        totals = np.bincount(sold.item, sold.units, count)
        chosen = choose_items(self._variant, totals, np.bincount(sold.item, minlength=count), count)
        row = np.full(count, -1)
        row[chosen] = np.arange(len(chosen))
        kept = row[sold.item] >= 0
        sales = Sales(
            row[sold.item[kept]], sold.week[kept], sold.units[kept], sold.revenue_minor[kept]
        )
        units, on_sale = unconstrain_units(
            *units_matrix(sales, len(chosen), WEEKS), self._available(first)[:, chosen].T
        )
        none = np.zeros_like(units)
        kinds, kind = np.unique(self._category[chosen], return_inverse=True)
        return TrainingCells(
            variant_id=self._variant[chosen],
            units=units,
            price_minor=price_matrix(self._series(chosen), sales, weeks * WEEK * DAY + MIDDLE),
            display=none,
            mailer=none,
            on_sale=on_sale,
            family=kind.astype(np.int64),
            family_id=kinds,
            department=np.zeros(len(chosen), dtype=np.int64),
            department_id=np.zeros(1, dtype=np.int64),
            week_of_year=weeks % 52,
            competitor=self._rival_matrix(chosen, first),
        )

    def _sales(self, first: int) -> Sales:
        """Return sales by item and week of the window that begins with week `first`."""
        count = len(self._variant)
        units, revenue = np.zeros((WEEKS, count)), np.zeros((WEEKS, count))
        for day, sold, paid in zip(self._days, self._units, self._revenue, strict=True):
            row = day // WEEK - first
            if 0 <= row < WEEKS:
                units[row] += sold
                revenue[row] += paid
        week, item = np.nonzero(units)
        return Sales(item, week, units[week, item], revenue[week, item])

    def _available(self, first: int) -> FloatArray:
        """Return for which share of each week items lay there, (WEEKS, m); 1 for unknown weeks."""
        row = np.array(self._days) // WEEK - first
        kept = (row >= 0) & (row < WEEKS)
        shares, days = np.zeros((WEEKS, len(self._variant))), np.zeros((WEEKS, 1))
        np.add.at(shares, row[kept], np.array(self._on_sale)[kept])
        np.add.at(days, row[kept], 1.0)
        return np.where(days > 0.0, shares / np.maximum(days, 1.0), 1.0)

    def _series(self, chosen: IntArray) -> PriceSeries:
        """Return the ledger of some variants; a price that did not change is no entry."""
        start = np.array([day * DAY for day, _ in self._ledger], dtype=np.int64)
        amounts = np.stack([minor for _, minor in self._ledger])[:, chosen]
        is_new = np.ones(amounts.shape, dtype=np.bool_)
        is_new[1:] = amounts[1:] != amounts[:-1]
        owner, row = np.nonzero(is_new.T)
        offsets = np.concatenate([[0], np.cumsum(np.bincount(owner, minlength=len(chosen)))])
        return PriceSeries(offsets, start[row], amounts[row, owner])

    def _rival_matrix(self, chosen: IntArray, first: int) -> FloatArray | None:
        """Return competitors' log prices beside their usual ones: the lowest word of each week."""
        said = np.full((WEEKS, len(chosen)), np.nan)
        for day, rivals in zip(self._days, self._rivals, strict=True):
            row = day // WEEK - first
            if 0 <= row < WEEKS:
                said[row] = np.fmin(said[row], rivals[chosen])
        week, item = np.nonzero(np.isfinite(said))
        if not len(week):
            return None
        return competitor_matrix(item, week, said[week, item], items=len(chosen), weeks=WEEKS)
