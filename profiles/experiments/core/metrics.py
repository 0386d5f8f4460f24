"""Metrics of experiments: ratios of two sums over shoppers.

Columns are those of a shopper's outcomes; "one" is 1 for each shopper, "bought" 1 for who ordered.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from profiles.experiments.core.estimates import Sample
from profiles.experiments.core.sequences import FloatArray

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
