"""A multinomial logit refitted plainly on all visits seen: the yardstick of shelves."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations_with_replacement

import numpy as np
from scipy.optimize import minimize

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines.pooled import choose_price_points
from shop.lab.baselines.rows import (
    Encoder,
    Rows,
    list_ratios,
    read_sales,
    spread_prices,
)

_GROWTH = 1.1  # refitted when there are so many times the visits of the last fit
_LEAST_SLOPE = 0.3
_STEPS = 60
# Prior sd: of intercepts and slopes common to all, of one item's own, of a feature or product.
_COMMON, _ITEM, _FEATURE = 3.0, 1.0, 0.3


@dataclass(slots=True)
class _Seen:
    """R rows of T visits: `visit` (R,) and `item` (R,) are numbers, `shoppers` (T, Q) columns."""

    visit: IntArray
    item: IntArray
    less: FloatArray  # (R,) 1 - price / public price
    gap: FloatArray  # (R,) log of the competitor's price over the public one, 0 if unknown
    is_bought: BoolArray
    shoppers: FloatArray


class RefittedLogit:
    """Multinomial logit of items, shoppers' features and their products, and the competitor's
    price, in level and slope: the mode under a Gaussian prior, by L-BFGS from the last one, on
    every visit ever seen; prices at its optimum. It knows of no season, family, memory or stock,
    and explores nothing.

    log v = a + a_i + x'g + c gap + (1 - ratio) (b + b_i + x'h), x: features and their products.
    """

    def __init__(self, random_state: int = 0) -> None:
        """Know nothing; nothing is drawn, so `random_state` changes nothing."""
        self._encoder = Encoder()
        self._days: list[_Seen] = []
        self._data: _Seen | None = None
        self._visits = self._fitted_at = 0
        self._mode = np.empty(0)

    def propose(self, context: Context) -> Proposal:
        """Return the best price point of each shopper and item by the model."""
        rows = self._encoder.encode(context)
        if self._visits >= max(1.0, _GROWTH * self._fitted_at):
            self._fit(context.items)
        prices = np.tile(context.public_prices, (context.shoppers, 1))
        if self._fitted_at:
            level, slope = self._curves(context, rows)
            price_points = choose_price_points(context, rows, level, slope)
            prices = spread_prices(context, rows, list_ratios(context)[rows.column, price_points])
        return Proposal(prices, np.ones_like(prices))

    def observe(self, outcomes: Outcomes) -> None:
        """Keep what was seen."""
        rows = self._encoder.encode(outcomes.context)
        ratio, is_bought = read_sales(outcomes, rows)
        self._days.append(
            _Seen(
                visit=rows.shopper + self._visits,
                item=rows.column,
                less=1.0 - ratio,
                gap=rows.levels[:, -1],
                is_bought=is_bought,
                shoppers=self._describe(outcomes.context),
            )
        )
        self._visits += outcomes.context.shoppers

    def _describe(self, context: Context) -> FloatArray:
        """Return standardised features, squares of numbers and all products, (n, Q)."""
        x = self._encoder.encode_shoppers(context)
        pairs = combinations_with_replacement(range(x.shape[1]), 2)
        products = [np.clip(x[:, i] * x[:, j], -4.0, 4.0)[:, None] for i, j in pairs]
        return np.concatenate([x, *products], axis=1)

    def _split(self, mode: FloatArray, items: int) -> tuple[FloatArray, ...]:
        """Return common level and slope and the competitor's effect (3,), items' own (2, m), and
        the features' (2, Q)."""
        return (
            mode[:3],
            mode[3 : 3 + 2 * items].reshape(2, -1),
            mode[3 + 2 * items :].reshape(2, -1),
        )

    def _curves(self, context: Context, rows: Rows) -> tuple[FloatArray, FloatArray]:
        common, own, felt = self._split(self._mode, context.items)
        known = felt @ self._describe(context).T
        level = common[0] + own[0][rows.column] + known[0][rows.shopper]
        slope = common[1] + own[1][rows.column] + known[1][rows.shopper]
        return level + common[2] * rows.levels[:, -1], np.maximum(slope, _LEAST_SLOPE)

    def _fit(self, items: int) -> None:
        data = self._data = _join([*([] if self._data is None else [self._data]), *self._days])
        self._days = []
        width = data.shoppers.shape[1]
        sd = np.concatenate(
            [np.full(3, _COMMON), np.full(2 * items, _ITEM), np.full(2 * width, _FEATURE)]
        )
        centre = np.zeros(len(sd))
        centre[:2] = -2.5, 2.0
        start = centre if not self._fitted_at else self._mode

        def loss(scaled: FloatArray) -> tuple[float, FloatArray]:
            mode = centre + scaled * sd
            value, slope = self._loss(mode, data, items)
            return value + 0.5 * float(scaled @ scaled), slope * sd + scaled

        begun = (start - centre) / sd
        found = minimize(loss, begun, jac=True, method="L-BFGS-B", options={"maxiter": _STEPS})
        self._mode, self._fitted_at = centre + found.x * sd, self._visits

    def _loss(self, mode: FloatArray, data: _Seen, items: int) -> tuple[float, FloatArray]:
        """Return minus the log likelihood and its gradient."""
        common, own, felt = self._split(mode, items)
        known = data.shoppers @ felt.T
        level = common[0] + own[0][data.item] + known[data.visit, 0] + common[2] * data.gap
        slope = common[1] + own[1][data.item] + known[data.visit, 1]
        index = np.clip(level + slope * data.less, -30.0, 30.0)
        v, visits = np.exp(index), len(data.shoppers)
        total = 1.0 + np.bincount(data.visit, weights=v, minlength=visits)
        miss = v / total[data.visit] - data.is_bought
        steep = miss * data.less
        value = float(np.log(total).sum() - index[data.is_bought].sum())
        slopes = [
            np.array([miss.sum(), steep.sum(), miss @ data.gap]),
            *(np.bincount(data.item, weights=one, minlength=items) for one in (miss, steep)),
            *(
                data.shoppers.T @ np.bincount(data.visit, weights=one, minlength=visits)
                for one in (miss, steep)
            ),
        ]
        return value, np.concatenate(slopes)


def _join(days: list[_Seen]) -> _Seen:
    names = ("visit", "item", "less", "gap", "is_bought", "shoppers")
    return _Seen(*(np.concatenate([getattr(day, name) for day in days]) for name in names))
