"""Metrics of experiments: ratios of two sums over shoppers.

Columns are those of a shopper's outcomes; "one" is 1 for each shopper, "bought" 1 for who ordered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf

import numpy as np

from profiles.experiments.core.estimates import Sample
from profiles.experiments.core.sequences import FloatArray
from profiles.experiments.core.switchback import BoolArray, CellReading, read_cells

COLUMNS = (
    "orders",
    "units",
    "paid_minor",
    "margin_minor",
    "returned_units",
    "views",
    "clicks",
    "cart_adds",
    "offer_views",
    "offer_clicks",
)


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric: its top and base columns, whether more is better, and whether it is money."""

    code: str
    top: str
    base: str = "one"
    is_more_better: bool = True
    is_money: bool = False

    @property
    def sign(self) -> float:
        """1 where more is better, -1 where less is."""
        return 1.0 if self.is_more_better else -1.0


METRICS: Mapping[str, Metric] = {
    one.code: one
    for one in (
        Metric("revenue_per_shopper", "paid_minor", is_money=True),
        Metric("margin_per_shopper", "margin_minor", is_money=True),
        Metric("orders_per_shopper", "orders"),
        Metric("conversion", "bought"),
        Metric("units_per_shopper", "units"),
        Metric("average_order", "paid_minor", "orders", is_money=True),
        Metric("clicks_per_view", "clicks", "views"),
        Metric("offer_clicks_per_view", "offer_clicks", "offer_views"),
        Metric("cart_adds_per_shopper", "cart_adds"),
        Metric("return_rate", "returned_units", "units", is_more_better=False),
    )
}


def take_sample(
    metric: Metric, after: Mapping[str, FloatArray], before: Mapping[str, FloatArray] | None
) -> Sample:
    """Return a metric of n shoppers from their columns, each (n,), after and before the start.

    >>> after = {"orders": np.array([0.0, 2.0]), "paid_minor": np.array([0.0, 900.0])}
    >>> take_sample(METRICS["conversion"], after, None).top.tolist()
    [0.0, 1.0]
    >>> take_sample(METRICS["average_order"], after, None).ratio
    450.0
    """
    return Sample(
        top=_column(after, metric.top),
        base=_column(after, metric.base),
        before_top=None if before is None else _column(before, metric.top),
        before_base=None if before is None else _column(before, metric.base),
    )


def _column(columns: Mapping[str, FloatArray], name: str) -> FloatArray:
    if name == "one":
        return np.ones(len(next(iter(columns.values()))))
    if name == "bought":
        return (columns["orders"] > 0.0).astype(np.float64)
    return columns[name]


# A guard is a sum (sales), read as the primary metric is, or a ratio of two sums (pieces sent
# back of pieces sold). A ratio is read by its linear part: with R the ratio over all cells that
# count,
#
#     top - R base
#
# is what a cell has above its due. The coins turn its sign and nothing else while cheaper products
# change nothing, so that its error is that of clusters like any other amount's. Over R times the
# mean base of a cluster, it is the relative change of the ratio.


@dataclass(frozen=True, slots=True)
class CellMetric:
    """A guard: the sum of `top`, or with a `base` its ratio to that of `base`."""

    code: str
    top: str
    base: str = ""
    is_more_better: bool = True


CELL_METRICS: Mapping[str, CellMetric] = {
    one.code: one
    for one in (
        CellMetric("revenue_per_shopper", "revenue"),
        CellMetric("margin_per_shopper", "margin"),
        CellMetric("units_per_shopper", "units"),
        CellMetric("neighbor_revenue", "neighbor_revenue"),
        CellMetric("margin_per_look", "margin", "looks"),
        CellMetric("return_rate", "units_returned", "units_sold", is_more_better=False),
        CellMetric("stock_out_share", "hours_sold_out", "hours", is_more_better=False),
    )
}


@dataclass(frozen=True, slots=True)
class CellColumn:
    """Amounts of c clusters a counted day of t turns, (c, t), and a day before the start, (c,)."""

    turns: FloatArray
    level: FloatArray


@dataclass(frozen=True, slots=True)
class CellGuard:
    """A guard with what it may lose; harmed once it is certainly worse than that."""

    metric: CellMetric
    tolerance: float
    reading: CellReading

    @property
    def is_harmed(self) -> bool:
        """Whether the cheaper arm is certainly worse than it may be."""
        if self.metric.is_more_better:
            return self.reading.high < -self.tolerance
        return self.reading.low > self.tolerance


def read_cell_metric(
    metric: CellMetric,
    columns: Mapping[str, CellColumn],
    treated: BoolArray,
    *,
    alpha: float,
    tuned_for: float,
) -> CellReading:
    """Return the relative change of a metric in treated cells, with bounds at every look.

    `treated` (c, t) is what was drawn. A ratio that is nothing anywhere says nothing.

    >>> import numpy as np
    >>> from profiles.experiments.core.switchback import draw_cells
    >>> drawn = draw_cells("salt", 30, 8)
    >>> sold = CellColumn(np.full((30, 8), 100.0), np.full(30, 100.0))
    >>> back = np.random.default_rng(1).binomial(100, np.where(drawn, 0.2, 0.1)).astype(float)
    >>> columns = {"units_returned": CellColumn(back, np.zeros(30)), "units_sold": sold}
    >>> found = read_cell_metric(CELL_METRICS["return_rate"], columns, drawn,
    ...                          alpha=0.05, tuned_for=120.0)
    >>> round(found.effect, 1), found.low > 0.3
    (0.7, True)
    """
    top = columns[metric.top]
    if not metric.base:
        return read_cells(top.turns, top.level, treated, alpha=alpha, tuned_for=tuned_for)
    counted = top.turns.shape[1] // 2 * 2
    over, under = top.turns[:, :counted], columns[metric.base].turns[:, :counted]
    total = float(under.sum())
    ratio = float(over.sum()) / total if total > 0.0 else 0.0
    if ratio <= 0.0:
        return CellReading(0.0, inf, -inf, inf, 0, 0, 0.0, -inf, inf)
    return read_cells(
        over - ratio * under,
        ratio * under.mean(axis=1),
        treated[:, :counted],
        alpha=alpha,
        tuned_for=tuned_for,
    )


def read_cell_guards(
    guards: Mapping[str, float],
    columns: Mapping[str, CellColumn],
    treated: BoolArray,
    *,
    alpha: float,
    tuned_for: float,
) -> tuple[CellGuard, ...]:
    """Return every guard, by code; `guards` are tolerated relative losses, `alpha` that of each.

    >>> import numpy as np
    >>> sold = CellColumn(np.full((30, 2), 100.0), np.full(30, 100.0))
    >>> (found,) = read_cell_guards({"units_per_shopper": 0.05}, {"units": sold},
    ...                             np.zeros((30, 2), dtype=np.bool_), alpha=0.01, tuned_for=30.0)
    >>> found.reading.effect, found.is_harmed
    (0.0, False)
    """
    return tuple(
        CellGuard(
            CELL_METRICS[code],
            loss,
            read_cell_metric(
                CELL_METRICS[code], columns, treated, alpha=alpha, tuned_for=tuned_for
            ),
        )
        for code, loss in sorted(guards.items())
    )


def list_columns(guards: Sequence[str]) -> frozenset[str]:
    """Return the columns that guards need.

    >>> sorted(list_columns(["return_rate", "units_per_shopper"]))
    ['units', 'units_returned', 'units_sold']
    """
    needed = (CELL_METRICS[code] for code in guards)
    return frozenset(name for one in needed for name in (one.top, one.base) if name)
