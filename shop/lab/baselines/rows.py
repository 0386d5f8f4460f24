"""Encoding of a context for baselines: a row per offered item, with shopper features."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, Outcomes

# A numeric feature far outside what was seen first says no more than the edge does.
_EDGE = 4.0
# Prices an agent may set by itself when the context names none: discounts of at most 10 %.
_OWN_LADDER = np.linspace(0.90, 1.0, 6)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """R pairs (shopper, item offered), by shopper; prices as ratios to the public price."""

    shopper: IntArray  # (R,)
    column: IntArray  # (R,) of the context
    levels: FloatArray  # (R, P) columns of the intercept: one, items, shopper, competitor
    slopes: FloatArray  # (R, Q) columns of the slope: one, items, shopper


class Encoder:
    """Turns contexts into columns: items one-hot, texts one-hot, numbers standardised.

    Items, texts, means and spreads are those of the first context; what is new later has no
    column of its own and is read as the average.
    """

    def __init__(self, *, with_shoppers: bool = True) -> None:
        """`with_shoppers=False` leaves every feature out: prices are then the same for all."""
        self._with_shoppers = with_shoppers
        self._ids: IntArray | None = None
        self._texts: dict[str, list[str]] = {}
        self._numbers: dict[str, tuple[float, float]] = {}

    @property
    def is_ready(self) -> bool:
        """Say whether a context has been seen."""
        return self._ids is not None

    def encode(self, context: Context) -> Rows:
        """Return the rows of everything offered in `context`."""
        if self._ids is None:
            self._learn(context)
        shopper, column = np.nonzero(context.is_offered())
        one = np.ones((len(shopper), 1))
        items = (context.item_ids[column][:, None] == self._ids).astype(float)
        known = self.encode_shoppers(context)[shopper]
        gap = np.zeros((len(shopper), 1))
        if context.competitor_prices is not None:
            log_gap = np.log(context.competitor_prices / context.public_prices)
            gap[:, 0] = np.nan_to_num(log_gap)[column]
        slopes = np.concatenate([one, items, known], axis=1)
        return Rows(shopper, column, np.concatenate([slopes, gap], axis=1), slopes)

    def _learn(self, context: Context) -> None:
        self._ids = context.item_ids.copy()
        if not self._with_shoppers:
            return
        for name, values in context.features.items():
            if values.dtype.kind in "USO":
                self._texts[name] = sorted({str(value) for value in values})
            else:
                numbers = values.astype(float)
                spread = float(np.nanstd(numbers))
                self._numbers[name] = (float(np.nanmean(numbers)), spread if spread > 0 else 1.0)

    def encode_shoppers(self, context: Context) -> FloatArray:
        """Return the columns of shoppers, (n, Q), by what the first context showed."""
        columns = [
            (context.features[name].astype(str)[:, None] == np.array(words)).astype(float)
            for name, words in self._texts.items()
        ]
        for name, (mean, spread) in self._numbers.items():
            scaled = (context.features[name].astype(float) - mean) / spread
            columns.append(np.clip(np.nan_to_num(scaled), -_EDGE, _EDGE)[:, None])
        return np.concatenate([np.empty((context.shoppers, 0)), *columns], axis=1)


def list_ratios(context: Context) -> FloatArray:
    """Return the feasible prices as ratios to the public price, (m, K), NaN-padded."""
    if context.rungs is None:
        return np.tile(_OWN_LADDER, (context.items, 1))
    return np.asarray(context.rungs / context.public_prices[:, None])


def fill_costs(context: Context) -> FloatArray:
    """Return unit costs as ratios to the public price; an unknown one is taken as 0.7."""
    return np.asarray(np.nan_to_num(context.costs / context.public_prices, nan=0.7))


def read_sales(outcomes: Outcomes, rows: Rows) -> tuple[FloatArray, BoolArray]:
    """Return the ratio shown and whether the item was bought, for each row."""
    public = outcomes.context.public_prices
    ratio = outcomes.prices[rows.shopper, rows.column] / public[rows.column]
    return ratio, outcomes.chosen[rows.shopper] == rows.column


def spread_prices(context: Context, rows: Rows, ratio: FloatArray) -> FloatArray:
    """Return prices (n, m): `ratio` of the public price where offered, public elsewhere."""
    prices = np.tile(context.public_prices, (context.shoppers, 1))
    prices[rows.shopper, rows.column] *= ratio
    return prices
