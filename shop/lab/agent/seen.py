"""All visits so far with their purchases, in order of arrival."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent.contract import FeatureArray
from shop.lab.agent.features import as_numbers, as_texts
from shop.lab.agent.remembered import FELT

MOST_VISITS = 200_000  # older ones are forgotten
_OF_VISIT = ("time", "history", "trust")
_OF_ROW = ("item", "log_price", "rival", "bought", "felt")


@dataclass(frozen=True, slots=True, eq=False)
class Seen:
    """T visits with features, and the n products that they saw.

    `history` is 1 where somebody else set the prices, `trust` what a visit counts. `set_of` (n,):
    the visit; `log_price` and `rival`: logs over the item's reference price (NaN: no rival);
    `felt` (n, FELT): what is felt beside remembered prices.
    """

    features: Mapping[str, FeatureArray]
    time: FloatArray
    history: FloatArray
    trust: FloatArray
    set_of: IntArray
    item: IntArray
    log_price: FloatArray
    rival: FloatArray
    bought: FloatArray
    felt: FloatArray

    @property
    def visits(self) -> int:
        """Return T."""
        return len(self.time)

    @staticmethod
    def none() -> Seen:
        """Return no visits."""
        none, ids = np.zeros(0), np.zeros(0, dtype=np.int64)
        return Seen({}, none, none, none, ids, ids, none, none, none, np.zeros((0, FELT)))

    def take(self, kept: slice) -> Seen:
        """Return visits that follow each other."""
        first, last, _ = kept.indices(self.visits)
        rows = slice(*np.searchsorted(self.set_of, [first, last]))
        changed: dict[str, Any] = {name: getattr(self, name)[first:last] for name in _OF_VISIT}
        changed |= {name: getattr(self, name)[rows] for name in _OF_ROW}
        told = {name: values[first:last] for name, values in self.features.items()}
        return replace(self, features=told, set_of=self.set_of[rows] - first, **changed)

    def doubt_all_but(self, visits: int, part: float) -> Seen:
        """Return the same, all but the last `visits` counting only `part` of what they did."""
        trust = self.trust.copy()
        trust[: max(self.visits - visits, 0)] *= part
        return replace(self, trust=trust)

    def to_arrays(self) -> dict[str, Any]:
        """Return everything as plain arrays."""
        packed = {name: getattr(self, name) for name in ("set_of", *_OF_VISIT, *_OF_ROW)}
        return packed | {f"feature_{name}": values for name, values in self.features.items()}

    @staticmethod
    def from_arrays(arrays: Mapping[str, Any]) -> Seen:
        """Return what `to_arrays` described."""
        told = {
            name.removeprefix("feature_"): np.array(one)
            for name, one in arrays.items()
            if name.startswith("feature_")
        }
        packed = {name: np.array(arrays[name]) for name in ("set_of", *_OF_VISIT, *_OF_ROW)}
        return Seen(features=told, **packed)


def join_seen(parts: Iterable[Seen]) -> Seen:
    """Return all together, the newest MOST_VISITS; features that a part lacks are unknown there."""
    kept = [part for part in parts if part.visits]
    if not kept:
        return Seen.none()
    names = dict.fromkeys(name for part in kept for name in part.features)
    before = np.cumsum([0, *[part.visits for part in kept]])
    joined: dict[str, Any] = {
        name: np.concatenate([getattr(part, name) for part in kept])
        for name in (*_OF_VISIT, *_OF_ROW)
    }
    joined["features"] = {name: _join_feature(name, kept) for name in names}
    joined["set_of"] = np.concatenate([p.set_of + at for p, at in zip(kept, before, strict=False)])
    return Seen(**joined).take(slice(max(int(before[-1]) - MOST_VISITS, 0), None))


def _join_feature(name: str, parts: list[Seen]) -> FeatureArray:
    """Return a feature of all parts: numbers, or texts if it was one anywhere."""
    given = [part.features.get(name, np.full(part.visits, np.nan)) for part in parts]
    numbers = [as_numbers(values) for values in given]
    known = [one for one in numbers if one is not None]
    if len(known) == len(given):
        return np.concatenate(known)
    return np.concatenate([as_texts(values) for values in given])
