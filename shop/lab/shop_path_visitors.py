"""Visitor features of a simulated market, as columns of the choice model.

A market tells a segment, or features of any name. On the level of demand all of it counts, numbers
with a bend and in products. On a shopper's own price response only what can never raise a price
counts: sums that grow with what somebody did, and a segment, which is a fixed label here.
"""

from __future__ import annotations

from itertools import combinations

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.demand.core.choice import Columns
from pricing.learning.core.nights import HISTORY
from pricing.optimum.core.signals import saturate
from shop.lab.agent import Context
from shop.lab.agent.features import as_numbers, as_texts

VISITS, DEALS = "visits_30d", "deal_share"
# Half-way points of what somebody did within a month.
MANY_VISITS, SOME_DEALS, MANY_DEALS = 3.0, 1.0, 4.0
EDGE = 3.0  # standard deviations: what lies further out counts as lying there


class VisitorColumns:
    """Columns of visitors by the names and values of the first context: texts as one column a word,
    numbers standardised, their logarithms where they are never negative, and products of numbers.
    What is not known or new counts as the mean."""

    def __init__(self, context: Context) -> None:
        """Learn names, words, means and spreads."""
        self._words: dict[str, list[str]] = {}
        self._numbers: list[str] = []
        for name, values in context.features.items():
            if as_numbers(values) is None:
                self._words[name] = sorted(set(as_texts(values).tolist()))
            else:
                self._numbers.append(name)
        self._centre, self._scale = np.zeros(0), np.ones(0)
        raw = self._raw(context)
        if len(raw):
            self._centre = np.nanmean(raw, axis=0)
            spread = np.nanstd(raw, axis=0)
            self._scale = np.where(spread > 1e-9, spread, 1.0)
        # Of labels of which everybody has one, one column would be the sum of the others.
        labels = [f"{name}={word}" for name, words in self._words.items() for word in words[1:]]
        bends = [f"log {name}" for name in self._numbers]
        pairs = [f"{a}*{b}" for a, b in combinations(self._numbers, 2)]
        self.columns = Columns(
            shopper=tuple(self._clean([*labels, *self._numbers, *bends, *pairs])),
            response=tuple(self._clean(self._response_names())),
            public=(HISTORY,),
        )

    def shopper(self, context: Context) -> FloatArray:
        """Return the columns of the level, (n, K)."""
        labels = self._labels(context, skip=1)
        scaled = (self._raw(context) - self._centre) / self._scale if self._numbers else None
        if scaled is None:
            return labels
        known = np.clip(np.nan_to_num(scaled), -EDGE, EDGE)
        plain = known[:, : len(self._numbers)]
        pairs = [plain[:, [i]] * plain[:, [j]] for i, j in combinations(range(plain.shape[1]), 2)]
        return np.concatenate([labels, known, *pairs], axis=1)

    def response(self, context: Context) -> FloatArray:
        """Return the columns of the own price response, (n, J), between 0 and 1."""
        if self._has_sums:
            visits = np.nan_to_num(context.features[VISITS].astype(np.float64))
            deals = visits * np.nan_to_num(context.features[DEALS].astype(np.float64))
            often, some = saturate(visits, MANY_VISITS), saturate(deals, SOME_DEALS)
            sums = [often, some, saturate(deals, MANY_DEALS), often * some]
            return np.stack(sums, axis=1)
        return self._labels(context, skip=0)

    @property
    def _has_sums(self) -> bool:
        return VISITS in self._numbers and DEALS in self._numbers

    def _response_names(self) -> list[str]:
        if self._has_sums:
            return ["visits", "deals", "many deals", "visits*deals"]
        return [f"{name}={word}" for name, words in self._words.items() for word in words]

    def _raw(self, context: Context) -> FloatArray:
        """Return numbers and their logarithms, (n, 2 F)."""
        found = [as_numbers(context.features[name]) for name in self._numbers]
        plain = [np.asarray(one, dtype=np.float64) for one in found if one is not None]
        bent = [np.log1p(np.maximum(one, 0.0)) for one in plain]
        if not plain:
            return np.zeros((context.shoppers, 0))
        return np.stack([*plain, *bent], axis=1)

    def _labels(self, context: Context, *, skip: int) -> FloatArray:
        """Return a column for each word of each text but the first `skip` ones, (n, W)."""
        columns = [
            (as_texts(context.features[name])[:, None] == np.array(words[skip:], dtype=object))
            for name, words in self._words.items()
        ]
        return np.concatenate([np.zeros((context.shoppers, 0)), *columns], axis=1)

    @staticmethod
    def _clean(names: list[str]) -> list[str]:
        return [name.replace(" ", "_") for name in names]


def group_shown_together(offered: BoolArray) -> IntArray:
    """Return a number for each item, (m,), the same for those shown together.

    >>> group_shown_together(np.array([[True, True, False], [False, False, True]])).tolist()
    [0, 0, 2]
    """
    seen = offered.astype(np.float64)
    together: BoolArray = (seen.T @ seen > 0.0) | np.eye(offered.shape[1], dtype=np.bool_)
    for _ in range(offered.shape[1]):
        wider: BoolArray = together.astype(np.float64) @ together > 0.0
        if np.array_equal(wider, together):
            break
        together = wider
    first: IntArray = together.argmax(axis=1)
    return first
