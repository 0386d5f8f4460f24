"""Cells of looks: how often a price was shown to whom, and how often it was bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray

EVERYBODY = -1
# As many strata as tell apart what decides prices, with enough looks in each.
STRATA = 8
# What was seen counts half after so many days: tastes and levels move.
HALF_LIFE_DAYS = 90.0
# The usual price follows what is shown by half in so many days; cells tell it by whole percents.
USUAL_DAYS, USUAL_STEP = 7.0, 0.01
# Fewer looks than this, faded, tell nothing and are let go.
LEAST_LOOKS = 0.05
_KEYS = ("variant_id", "family_id", "stratum", "price_minor", "usual")


@dataclass(frozen=True, slots=True)
class LookCells:
    """n cells of variant, stratum, price and usual price, each once, with how often the price was
    shown and bought; arrays (n,). `usual` is the log of the usual price over the reference price,
    in USUAL_STEPs. `days` is how many days they cover, older ones counting as little as their
    looks. The family is that of when it was seen (see `place`)."""

    variant_id: IntArray
    family_id: IntArray
    stratum: IntArray
    price_minor: IntArray
    usual: IntArray
    looks: FloatArray
    bought: FloatArray
    days: float = 0.0

    def __len__(self) -> int:
        return len(self.looks)

    @staticmethod
    def nothing() -> LookCells:
        """Return no cells."""
        ids, none = np.zeros(0, dtype=np.int64), np.zeros(0)
        return LookCells(ids, ids, ids, ids, ids, none, none)

    @staticmethod
    def of(
        *,
        variant_id: IntArray,
        family_id: IntArray,
        stratum: IntArray,
        price_minor: IntArray,
        usual: IntArray,
        looks: FloatArray,
        bought: FloatArray,
        days: float,
    ) -> LookCells:
        """Return sightings (n,) as cells. No more than was shown counts as bought.

        >>> one = np.array([7, 7, 7])
        >>> cells = LookCells.of(
        ...     variant_id=one, family_id=one, stratum=np.array([0, 0, EVERYBODY]),
        ...     price_minor=np.array([400, 400, 400]), usual=np.zeros(3, int), looks=np.ones(3),
        ...     bought=np.array([1.0, 0.0, 0.0]), days=1.0,
        ... )
        >>> cells.stratum.tolist(), cells.looks.tolist(), cells.bought.tolist()
        ([-1, 0], [1.0, 2.0], [0.0, 1.0])
        """
        keys = np.stack([variant_id, family_id, stratum, price_minor, usual], axis=1)
        cells, at = np.unique(keys.astype(np.int64), axis=0, return_inverse=True)
        shown = np.bincount(at.ravel(), looks, len(cells))
        sold = np.bincount(at.ravel(), bought, len(cells))
        variant, family, place, price, before = cells.T
        bought = np.minimum(sold, shown)
        return LookCells(variant, family, place, price, before, shown, bought, days)

    def join(self, later: LookCells) -> LookCells:
        """Return both together, these as many days older as `later` covers.

        >>> LookCells.nothing().join(LookCells.nothing()).days
        0.0
        """
        kept = 0.5 ** (later.days / HALF_LIFE_DAYS)
        both = {name: np.concatenate([getattr(self, name), getattr(later, name)]) for name in _KEYS}
        joined = LookCells.of(
            **both,
            looks=np.concatenate([self.looks * kept, later.looks]),
            bought=np.concatenate([self.bought * kept, later.bought]),
            days=self.days * kept + later.days,
        )
        return joined.take(joined.looks >= LEAST_LOOKS)

    def take(self, where: BoolArray | IntArray) -> LookCells:
        """Return the cells at positions or where a mask says so."""
        rows = {name: getattr(self, name)[where] for name in (*_KEYS, "looks", "bought")}
        return LookCells(**rows, days=self.days)

    def place(self, variant_id: IntArray, family_id: IntArray) -> LookCells:
        """Return the cells of variants that are among `variant_id` (m,), ascending, in their
        families of now.

        >>> one = np.array([7])
        >>> cells = LookCells(one, one, one, one, one, np.ones(1), np.zeros(1), days=1.0)
        >>> cells.place(np.array([7, 8]), np.array([2, 3])).family_id.tolist()
        [2]
        """
        at = np.minimum(np.searchsorted(variant_id, self.variant_id), max(len(variant_id) - 1, 0))
        is_known = variant_id[at] == self.variant_id if len(variant_id) else at < 0
        return replace(self.take(is_known), family_id=family_id[at[is_known]])

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return everything as named arrays for `pack_arrays`; `from_arrays` reads them back.

        >>> LookCells.from_arrays(LookCells.nothing().arrays()).days
        0.0
        """
        names = [field.name for field in fields(self) if field.name != "days"]
        return {name: getattr(self, name) for name in names} | {"days": np.array([self.days])}

    @staticmethod
    def from_arrays(arrays: Mapping[str, NDArray[Any]]) -> LookCells:
        """Return the cells that `arrays` was made from."""
        rows = {name: arrays[name] for name in (*_KEYS, "looks", "bought")}
        return LookCells(**rows, days=float(arrays["days"][0]))


def find_strata(boost: FloatArray) -> IntArray:
    """Return the stratum of each look of a day by its shopper's boost z (n,): which of STRATA equal
    parts its rank lies in. Equal boosts share a stratum.

    By rank, not by z itself: all boosts grow as a shop gets to know its shoppers, and who stands at
    a given z today is somebody else tomorrow.

    >>> find_strata(np.array([0.2, 0.2, 0.1, 0.9])).tolist()
    [4, 4, 1, 7]
    """
    known = np.sort(boost)
    below = np.searchsorted(known, boost, side="left") + np.searchsorted(known, boost, side="right")
    strata: IntArray = (STRATA * below // (2 * max(len(known), 1))).astype(np.int64)
    return strata


@dataclass(frozen=True, slots=True)
class LogPrices:
    """The logs of prices of N variants, ascending by `variant_id`, in one unit; (N,)."""

    variant_id: IntArray
    log: FloatArray

    @staticmethod
    def nothing() -> LogPrices:
        """Return no prices."""
        return LogPrices(np.zeros(0, dtype=np.int64), np.zeros(0))

    def read(self, variant_id: IntArray, otherwise: FloatArray) -> FloatArray:
        """Return the log price of each (n,), `otherwise` (n,) of variants never seen.

        >>> LogPrices.nothing().read(np.array([7]), np.array([6.0])).tolist()
        [6.0]
        """
        at, is_known = self._find(variant_id)
        return np.where(is_known, self.log[at], otherwise) if len(self.log) else otherwise

    def follow(
        self,
        variant_id: IntArray,
        log: FloatArray,
        looks: FloatArray,
        *,
        before: FloatArray,
        days: float,
    ) -> LogPrices:
        """Return what is usual after `days` in which prices (n,) were looked at so often; `before`
        (n,) is what was usual until then. What was not shown stays.

        >>> one, week = np.array([7]), USUAL_DAYS
        >>> usual = LogPrices(one, np.array([6.0]))
        >>> usual.follow(one, np.array([5.0]), np.ones(1), before=6.0 * np.ones(1), days=week)
        LogPrices(variant_id=array([7]), log=array([5.5]))
        """
        seen, row = np.unique(variant_id, return_inverse=True)
        shown = np.bincount(row, looks, len(seen))
        mean = np.bincount(row, looks * log, len(seen)) / np.maximum(shown, 1e-9)
        held = np.zeros(len(seen))
        held[row] = before
        return self.update(seen, held + (1.0 - 0.5 ** (days / USUAL_DAYS)) * (mean - held))

    def update(self, variant_id: IntArray, log: FloatArray) -> LogPrices:
        """Return the prices with those of some variants set, the last of each.

        >>> LogPrices.nothing().update(np.array([9, 7]), np.array([6.0, 5.0])).variant_id.tolist()
        [7, 9]
        """
        rest = self.forget(variant_id)
        seen, last = np.unique(variant_id[::-1], return_index=True)
        ids = np.concatenate([rest.variant_id, seen])
        order = np.argsort(ids)
        return LogPrices(ids[order], np.concatenate([rest.log, log[::-1][last]])[order])

    def forget(self, variant_id: IntArray) -> LogPrices:
        """Return the prices without those of some variants."""
        kept = ~np.isin(self.variant_id, variant_id)
        return LogPrices(self.variant_id[kept], self.log[kept])

    def _find(self, variant_id: IntArray) -> tuple[IntArray, BoolArray]:
        at = np.minimum(
            np.searchsorted(self.variant_id, variant_id), max(len(self.variant_id) - 1, 0)
        )
        return at, self.variant_id[at] == variant_id if len(self.variant_id) else at < 0
