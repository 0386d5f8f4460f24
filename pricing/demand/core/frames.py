"""Columns in, arrays out: what every demand estimator here takes and gives.

A frame is a pandas DataFrame, a dict of arrays or a structured array: anything with named columns.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray, IntArray

# A DataFrame, a mapping of arrays, or a structured array: columns by name.
Frame = Any


@dataclass(frozen=True, slots=True)
class Prediction:
    """What is expected at a price, for each row (n,), **per exposure**: never units of a week.

    An exposure is what the column `exposures` counted when the model learned: a visit, a basket, or
    where that column was missing one cell. `per_exposure` are sales (or the chance of one) for each
    of them, `sd_per_exposure` the posterior sd of that mean, `elasticity` is d log q / d log p,
    negative where a higher price sells less. It has no `mean` and cannot be unpacked, so that
    nobody takes a chance for units: ask `units(exposures)` for those.

    >>> Prediction(np.array([0.1]), np.array([0.02]), np.array([-2.0])).units(50.0).tolist()
    [5.0]
    """

    per_exposure: FloatArray
    sd_per_exposure: FloatArray
    elasticity: FloatArray

    def units(self, exposures: Any) -> FloatArray:
        """Return expected units of so many exposures (one number or n), (n,)."""
        expected: FloatArray = self.per_exposure * np.asarray(exposures, dtype=np.float64)
        return expected

    def sd_units(self, exposures: Any) -> FloatArray:
        """Return the posterior sd of that expectation in units, (n,); counting noise is extra."""
        doubt: FloatArray = self.sd_per_exposure * np.asarray(exposures, dtype=np.float64)
        return doubt


@dataclass(frozen=True, slots=True)
class Coding:
    """Labels numbered 0.. in ascending order; what was never seen is -1.

    >>> coding = Coding.learn(np.array(["tea", "cocoa", "tea"]))
    >>> coding.encode(np.array(["tea", "milk"])).tolist()
    [1, -1]
    """

    labels: Any

    @staticmethod
    def learn(values: Any) -> Coding:
        """Return the coding of the labels in `values`."""
        return Coding(np.unique(np.asarray(values)))

    def encode(self, values: Any) -> IntArray:
        """Return the number of each label, (n,)."""
        wanted = np.asarray(values)
        if not len(self.labels):
            return np.full(len(wanted), -1, dtype=np.int64)
        at = np.minimum(np.searchsorted(self.labels, wanted), len(self.labels) - 1)
        return np.where(self.labels[at] == wanted, at, -1).astype(np.int64)

    def __len__(self) -> int:
        return len(self.labels)


def has_column(frame: Frame, name: str) -> bool:
    """Return whether a frame has a column of that name."""
    names = getattr(getattr(frame, "dtype", None), "names", None)
    return name in (names if names is not None else frame)


def count_rows(frame: Frame, column: str) -> int:
    """Return how many rows a frame has, by a column it must have."""
    return len(np.asarray(frame[column]))


def read_labels(frame: Frame, name: str, rows: int) -> Any:
    """Return a column of labels (n,); one label for all where the column is missing."""
    if not has_column(frame, name):
        return np.zeros(rows, dtype=np.int64)
    return np.asarray(frame[name])


def read_numbers(frame: Frame, name: str, rows: int, default: float | None = None) -> FloatArray:
    """Return a column of finite numbers (n,), or `default` everywhere where it is missing.

    Raises ValueError by the column's name if it is missing without a default or not finite.

    >>> read_numbers({"price": [1, 2]}, "price", 2).tolist()
    [1.0, 2.0]
    """
    if not has_column(frame, name):
        if default is None:
            raise ValueError(f"column {name!r} is missing")
        return np.full(rows, default)
    values = np.asarray(frame[name], dtype=np.float64)
    if not np.isfinite(values).all():
        raise ValueError(f"column {name!r} must be finite")
    return values


def read_matrix(frame: Frame, names: Sequence[str], rows: int) -> FloatArray:
    """Return columns side by side, (n, len(names))."""
    if not names:
        return np.zeros((rows, 0))
    return np.stack([read_numbers(frame, name, rows) for name in names], axis=1)


def read_sales(frame: Frame, sales: Any, rows: int) -> tuple[FloatArray, FloatArray]:
    """Return exposures and purchases (n,), checked: 0 <= purchases, 0 <= exposures.

    `sales` overrides the column `purchases`; without `exposures` each cell was exposed once.
    """
    exposures = read_numbers(frame, "exposures", rows, 1.0)
    if sales is None:
        purchases = read_numbers(frame, "purchases", rows)
    else:
        purchases = np.asarray(sales, dtype=np.float64)
        if not np.isfinite(purchases).all():
            raise ValueError("purchases must be finite")
    if (exposures < 0).any() or (purchases < 0).any():
        raise ValueError("exposures and purchases must not be negative")
    return exposures, purchases


def read_prices(frame: Frame, rows: int, price: Any = None) -> FloatArray:
    """Return prices (n,) > 0: `price` (one number or n), else the column `price`."""
    if price is None:
        prices = read_numbers(frame, "price", rows)
    else:
        prices = np.broadcast_to(np.asarray(price, dtype=np.float64), (rows,)).copy()
    if not (np.isfinite(prices).all() and (prices > 0).all()):
        raise ValueError("prices must be finite and above zero")
    return prices


def usual_prices(item: IntArray, price: FloatArray, weight: FloatArray, items: int) -> FloatArray:
    """Return the weighted median price of each item (items,); NaN for an item without rows.

    >>> usual_prices(np.array([0, 0, 0]), np.array([4.0, 2.0, 4.0]), np.ones(3), 1).tolist()
    [4.0]
    """
    order = np.lexsort((price, item))
    sorted_item, sorted_price = item[order], price[order]
    heavy = weight[order] + 1e-12
    reached = np.cumsum(heavy)
    begin = np.searchsorted(sorted_item, np.arange(items), side="left")
    end = np.searchsorted(sorted_item, np.arange(items), side="right")
    before = np.where(begin > 0, reached[np.maximum(begin - 1, 0)], 0.0)
    after = np.where(end > begin, reached[np.maximum(end - 1, 0)], before)
    at = np.searchsorted(reached, (before + after) / 2.0, side="left")
    at = np.clip(at, begin, np.maximum(end - 1, begin))
    known = end > begin
    return np.where(known, sorted_price[np.minimum(at, max(len(price) - 1, 0))], np.nan)
