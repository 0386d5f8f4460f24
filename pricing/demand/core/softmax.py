"""Softmax demand: what is chosen among the items of a category, or nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.challenger import Cells, Challenger

# Without visits to count, a category's market is this much larger than its best week.
MARKET_MARGIN = 1.25
OPTIONS = {"maxiter": 300, "maxfun": 600}


@dataclass(frozen=True, slots=True)
class _Sets:
    """Which choice set each row is in and for which share of it the item was there, both (n,), and
    how many choices were made in each set, (S,)."""

    place: IntArray
    available: FloatArray
    market: FloatArray


class SoftmaxDemand(Challenger):
    """P(item j) = exp(v_j) / (1 + sum exp(v_k)), v_j = a_j - beta_c log(p_j / p_ref) + x'g.

    The choice set is the category in one week; the 1 is buying nothing. Sales are multinomial out
    of the category's market: the exposures where they are visits, else MARKET_MARGIN times its best
    week. An item that was there for a share of what the most seen of its set was has that share of
    its weight exp(v_j). beta_c >= 0 by bound; ridge on a (around the mean), beta and g. Source:
    McFadden 1974; the Boltzmann form P ~ exp(-beta x) / Z of statistical mechanics. A rival's price
    lowers or raises demand here by construction: d log q_j / d log p_k = beta P_k.

    Learned: `level_of_item_` (N,), `beta_` (C,), `effect_` (K,), `market_` (C,).

    >>> rng = np.random.default_rng(3)
    >>> price = rng.choice([8.0, 9.0, 10.0], 400)
    >>> cells = {"item": np.arange(400) % 4, "price": price, "week": np.arange(400) // 4}
    >>> model = SoftmaxDemand().fit(cells, rng.poisson(30 * (price / 10) ** -2.0))
    >>> bool(model.predict(9.0, {"item": [1], "week": [3]}).elasticity[0] < -1.0)
    True
    """

    ridge: float = 0.5

    def _learn(self, cells: Cells) -> None:
        groups, place = _sets(cells)
        categories = len(self.categories_)
        shown = np.zeros(len(groups))
        np.maximum.at(shown, place, cells.exposures)
        of_set = np.zeros(len(groups), dtype=np.int64)
        of_set[place] = cells.category
        total = np.bincount(place, cells.sales, len(groups)) / shown
        best = np.zeros(categories)
        np.maximum.at(best, of_set, total)
        self.market_ = np.where(best < 0.8, 1.0, MARKET_MARGIN * best)
        market = self.market_[of_set] * shown
        usual = self._log_level(cells) - np.log(self.market_[cells.category])
        start = np.bincount(cells.item, usual, len(self.items_)) / np.maximum(
            np.bincount(cells.item, minlength=len(self.items_)), 1
        )
        begin = np.concatenate([start, np.full(categories, 1.5), np.zeros(cells.context.shape[1])])
        bounds = [(None, None)] * len(start) + [(0.0, None)] * categories
        bounds += [(None, None)] * cells.context.shape[1]
        found = scipy.optimize.minimize(
            self._loss,
            begin,
            args=(cells, _Sets(place, cells.exposures / shown[place], market), start),
            jac=True,
            method="L-BFGS-B",
            bounds=bounds,
            options=OPTIONS,
        )
        self._unpack(found.x)

    def _loss(
        self,
        parameters: FloatArray,
        cells: Cells,
        sets: _Sets,
        start: FloatArray,
    ) -> tuple[float, FloatArray]:
        self._unpack(parameters)
        utility = self._utility(cells)
        place, market = sets.place, sets.market
        weight = sets.available * np.exp(utility)
        denominator = 1.0 + np.bincount(place, weight, len(market))
        excess = market[place] * weight / denominator[place] - cells.sales
        loss = (market * np.log(denominator)).sum() - (cells.sales * utility).sum()
        away = parameters.copy()
        away[: len(start)] -= start
        gradient = np.concatenate(
            [
                np.bincount(cells.item, excess, len(self.items_)),
                -np.bincount(cells.category, excess * cells.ratio, len(self.categories_)),
                excess @ cells.context,
            ]
        )
        ridge = self.ridge * away
        return float(loss + 0.5 * away @ ridge), gradient + ridge

    def _unpack(self, parameters: FloatArray) -> None:
        items, categories = len(self.items_), len(self.categories_)
        self.level_of_item_ = parameters[:items]
        self.beta_ = parameters[items : items + categories]
        self.effect_ = parameters[items + categories :]

    def _utility(self, cells: Cells) -> FloatArray:
        level = np.where(
            cells.item >= 0,
            self.level_of_item_[np.maximum(cells.item, 0)],
            self._log_level(cells) - np.log(self._market(cells)),
        )
        utility = level - self._slopes(cells) * cells.ratio + cells.context @ self.effect_
        return np.clip(utility, -30.0, 30.0)

    def _slopes(self, cells: Cells) -> FloatArray:
        known = cells.category >= 0
        slopes: FloatArray = np.where(
            known, self.beta_[np.maximum(cells.category, 0)], self.beta_.mean()
        )
        return slopes

    def _market(self, cells: Cells) -> FloatArray:
        known = cells.category >= 0
        market: FloatArray = np.where(known, self.market_[np.maximum(cells.category, 0)], 1.0)
        return market

    def _chance(self, cells: Cells) -> FloatArray:
        """Return P of each row, the others of its week at their rows' prices, else as usual."""
        groups, place = _sets(cells)
        weight = np.exp(self._utility(cells))
        usual = np.exp(np.clip(self.level_of_item_, -30.0, 30.0))
        by_category = np.bincount(self.category_of_item_, usual, len(self.categories_))
        of_set = np.zeros(len(groups), dtype=np.int64)
        of_set[place] = cells.category
        others = np.where(of_set >= 0, by_category[np.maximum(of_set, 0)], 0.0)
        pairs = place * (len(self.items_) + 1) + cells.item + 1
        _, first, back = np.unique(pairs, return_index=True, return_inverse=True)
        own_usual = np.where(cells.item >= 0, usual[np.maximum(cells.item, 0)], 0.0)
        np.add.at(others, place[first], weight[first] - own_usual[first])
        chance: FloatArray = weight / (1.0 + others[place] - weight[first[back]] + weight)
        return chance

    def _rate(self, cells: Cells) -> FloatArray:
        return self._market(cells) * self._chance(cells)

    def _slope(self, cells: Cells) -> FloatArray:
        return -self._slopes(cells) * (1.0 - self._chance(cells))


def _sets(cells: Cells) -> tuple[Any, IntArray]:
    """Return the choice sets (category, week) and which one each row is in."""
    keys = np.stack([cells.category.astype(np.float64), cells.week], axis=1)
    groups, place = np.unique(keys, axis=0, return_inverse=True)
    return groups, place.ravel().astype(np.int64)
