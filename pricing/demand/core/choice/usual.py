"""Usual price of a product, with which returning shoppers compare.

A cut then wins more at first than in the long run (Popescu and Wu, "Dynamic pricing strategies with
reference effects", Operations Research 2007). The log of the usual price is a column of the level:
with effect c, a price that stays becomes the usual one, so that in the long run a sale responds to
its price by the slope less c. What counts for a price that is to stay is the long run.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.choice.fit import ChoiceFit
from pricing.demand.core.choice.impressions import Impressions

USUAL = "usual"
USUAL_DAYS = 7.0  # half-life with which what is usual follows what is shown


@dataclass(frozen=True, slots=True, eq=False)
class Usual:
    """What is usual of m goods (ascending `item`), as logs over the reference price: in the
    `morning` of `day`, and the visits (`weight`) and summed log prices (`total`) of that day."""

    day: float
    item: IntArray
    morning: FloatArray
    weight: FloatArray
    total: FloatArray

    @staticmethod
    def nothing() -> Usual:
        """Return what is usual before anything was seen: reference prices."""
        none = np.zeros(0)
        return Usual(-np.inf, np.zeros(0, dtype=np.int64), none, none, none)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays; `from_arrays` reads them back."""
        return {f"usual_{name}": np.asarray(getattr(self, name)) for name in Usual.__slots__}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> Usual:
        """Return what `arrays` was made from.

        >>> Usual.from_arrays(Usual.nothing().arrays()).day
        -inf
        """
        read: dict[str, Any] = {name: arrays[f"usual_{name}"] for name in Usual.__slots__}
        return Usual(**read | {"day": float(read["day"])})

    def _widen(self, item: IntArray) -> Usual:
        """Return the same with goods that are new in it."""
        every = np.union1d(self.item, item)
        at = np.searchsorted(every, self.item)
        wide: dict[str, Any] = {}
        for name in ("morning", "weight", "total"):
            wide[name] = np.zeros(len(every))
            wide[name][at] = getattr(self, name)
        return Usual(self.day, every, **wide)

    def _wake(self, day: float) -> Usual:
        """Return what is usual in the morning of a later day."""
        share = np.where(self.weight > 0.0, 1.0 - 0.5 ** (1.0 / USUAL_DAYS), 0.0)
        mean = self.total / np.maximum(self.weight, 1e-300)
        none = np.zeros(len(self.item))
        return Usual(day, self.item, self.morning + share * (mean - self.morning), none, none)

    def _see(self, at: IntArray, weight: FloatArray, log_price: FloatArray) -> Usual:
        count = len(self.item)
        more = np.bincount(at, weight, count), np.bincount(at, weight * log_price, count)
        return replace(self, weight=self.weight + more[0], total=self.total + more[1])


def add_usual(seen: Impressions, before: Usual | None = None) -> tuple[Impressions, Usual]:
    """Return `seen` with the goods column USUAL: the log of each good's usual price over its
    reference price in the morning of the row's day, 0 (the reference price) before its first; and
    what is usual afterwards, from which later impressions go on.

    On a day on which nobody saw a good its usual price stays.

    >>> seen = Impressions.of(
    ...     set_id=[0, 1, 2], item=[4, 4, 4], category=[7, 7, 7], family=[3, 3, 3],
    ...     log_price=[-0.1, -0.1, 0.0], bought=[0.0, 0.0, 0.0], day=[0.0, 7.0, 14.0],
    ... )
    >>> whole, usual = add_usual(seen)
    >>> whole.goods[:, 0].round(4).tolist()
    [0.0, -0.0094, -0.018]
    >>> early, usual = add_usual(seen.take_sets(np.array([0, 1])))
    >>> add_usual(seen.take_sets(np.array([2])), usual)[0].goods[:, 0].round(4).tolist()
    [-0.018]
    """
    usual = (before or Usual.nothing())._widen(seen.item)
    at = np.searchsorted(usual.item, seen.item)
    days, day = np.unique(np.floor(seen.day), return_inverse=True)
    of_row = day[seen.set_of]
    order = np.argsort(of_row, kind="stable")
    ends = np.searchsorted(of_row[order], np.arange(len(days) + 1))
    found = np.empty((len(seen), 1))
    for one, first, last in zip(days.tolist(), ends[:-1], ends[1:], strict=True):
        rows = order[first:last]
        if one > usual.day:
            usual = usual._wake(one)
        found[rows, 0] = usual.morning[at[rows]]
        usual = usual._see(at[rows], seen.weight[seen.set_of[rows]], seen.log_price[rows])
    columns = replace(seen.columns, goods=(*seen.columns.goods, USUAL))
    goods = np.concatenate([seen.goods, found], axis=1)
    return replace(seen, columns=columns, goods=goods), usual


def find_memory(fit: ChoiceFit, family: IntArray) -> FloatArray:
    """Return the effect c >= 0 of the log of the usual price in families (k,); 0 if the fit has no
    such column. Those never seen have that of all goods."""
    goods = fit.layout.columns.goods
    if USUAL not in goods:
        return np.zeros(len(family))
    at = 4 + fit.layout.wide + goods.index(USUAL)
    place = fit.tree.find("family", family)
    own = fit.at.family[place, at] if len(fit.at.family) else np.zeros(len(family))
    return np.maximum(np.where(place >= 0, own, fit.at.all[at]), 0.0)
