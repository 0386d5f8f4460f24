"""The bounded memory: who saw which item at which price, and what was bought."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from typing import Any

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.remembered import FELT


@dataclass(frozen=True, slots=True, eq=False)
class Sightings:
    """N sightings (one shopper, one item, one price), grouped by visit.

    `visit` numbers visits from 0 in the order of `times` and `weights`.
    """

    z: FloatArray  # (V, F) feature columns of each visit
    times: FloatArray  # (V,) days
    weights: FloatArray  # (V,) how much a visit still counts
    is_history: FloatArray  # (V,) 1 = prices not set by this agent
    visit: IntArray  # (N,)
    item: IntArray  # (N,)
    ratio: FloatArray  # (N,) price / the item's reference price
    gap: FloatArray  # (N,) log of competitor price / public price, 0 where unknown
    excess: FloatArray  # (N,) log(price / competitor price) above 0, 0 where unknown
    bought: FloatArray  # (N,) 1 = this item was bought
    felt: FloatArray  # (N, 3) as `find_felt` describes

    @property
    def visits(self) -> int:
        """Return V."""
        return len(self.times)

    @property
    def size(self) -> int:
        """Return N."""
        return len(self.visit)

    @property
    def is_single(self) -> bool:
        """Whether each visit has exactly one item (then items are independent)."""
        return self.size == self.visits

    @classmethod
    def none(cls) -> Sightings:
        """Return an empty memory."""
        flat, index = np.zeros(0), np.zeros(0, dtype=np.int64)
        felt = np.zeros((0, FELT))
        return cls(np.zeros((0, 0)), flat, flat, flat, index, index, flat, flat, flat, flat, felt)

    def split(self, visits: int) -> tuple[Sightings, Sightings]:
        """Return the first `visits` visits, and the rest."""
        is_old = self.visit < visits
        old, new = (
            _take(self, slice(None, visits), is_old),
            _take(self, slice(visits, None), ~is_old),
        )
        return old, replace(new, visit=new.visit - visits)

    def to_arrays(self) -> dict[str, Any]:
        """Return the fields by name."""
        return {field.name: getattr(self, field.name) for field in fields(self)}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Sightings:
        """Return the memory that `to_arrays` described."""
        return cls(**{field.name: np.array(arrays[field.name]) for field in fields(cls)})


_OF_VISITS = ("z", "times", "weights", "is_history")


def _take(sightings: Sightings, visits: slice, rows: Any) -> Sightings:
    return Sightings(
        **{
            field.name: getattr(sightings, field.name)[visits if field.name in _OF_VISITS else rows]
            for field in fields(Sightings)
        }
    )


def join_sightings(parts: list[Sightings]) -> Sightings:
    """Return one memory of all parts; narrower parts get zeros for columns they did not know.

    >>> join_sightings([Sightings.none(), Sightings.none()]).size
    0
    """
    width = max(part.z.shape[1] for part in parts)
    shifts = np.cumsum([0, *(part.visits for part in parts)])
    joined = {
        field.name: np.concatenate([getattr(part, field.name) for part in parts])
        for field in fields(Sightings)
        if field.name not in {"z", "visit"}
    }
    wide = [np.pad(part.z, ((0, 0), (0, width - part.z.shape[1]))) for part in parts]
    visit = [part.visit + shift for part, shift in zip(parts, shifts, strict=False)]
    return Sightings(z=np.concatenate(wide), visit=np.concatenate(visit), **joined)
