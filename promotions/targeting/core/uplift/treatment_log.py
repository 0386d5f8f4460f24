"""The logged randomised arm: who got which depth with which probability, and what happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from promotions.targeting.core.uplift.features import FloatArray, Frame, read_frame, require_allowed

LEAST_CONTROL, LEAST_DEPTH = 0.05, 0.02
FEWEST = 200


@dataclass(frozen=True, slots=True)
class TreatmentLog:
    """n shoppers: features (n, d) in the order of `names`, `depth` (n,) as a share, 0 for control,
    `outcome` (n,) 1 for those who bought (or a rate), `propensity` (n,) of the depth each got."""

    names: tuple[str, ...]
    features: FloatArray
    depth: FloatArray
    outcome: FloatArray
    propensity: FloatArray

    @classmethod
    def read(cls, frame: Frame, depth: ArrayLike, outcome: ArrayLike, chance: ArrayLike) -> Self:
        """Return the checked trial. Raises ValueError for one that nothing can be learned from.

        >>> half = np.tile([0.0, 0.1], 200)
        >>> TreatmentLog.read({"spend": half}, half, half > 1, np.full(400, 0.5)).depths.tolist()
        [0.1]
        """
        names = tuple(sorted(frame))
        require_allowed(names)
        columns = [np.asarray(one, dtype=float) for one in (depth, outcome, chance)]
        features = read_frame(frame, names)
        if {len(column) for column in columns} != {len(features)}:
            raise ValueError("features, depth, outcome and propensity have different lengths")
        trial = cls(names, features, *columns)
        trial._check()
        return trial

    def _check(self) -> None:
        if not ((self.propensity > 0) & (self.propensity <= 1)).all():
            raise ValueError("a propensity is above 0 and at most 1")
        if not ((self.depth >= 0) & (self.depth < 1)).all():
            raise ValueError("a depth is a share of the price, below 1")
        if not ((self.outcome >= 0) & (self.outcome <= 1)).all():
            raise ValueError("an outcome is between 0 and 1")
        if int((self.depth == 0).sum()) < FEWEST or int((self.depth > 0).sum()) < FEWEST:
            raise ValueError(f"at least {FEWEST} shoppers with and without an offer are needed")

    @property
    def depths(self) -> FloatArray:
        """Return the depths above 0 that were given, ascending, (k,)."""
        found = np.unique(self.depth)
        return found[found > 0]

    @property
    def weight(self) -> FloatArray:
        """Return 1 / propensity, (n,)."""
        return np.asarray(1.0 / self.propensity)

    def take(self, where: NDArray[np.int64] | NDArray[np.bool_]) -> Self:
        """Return the trial of some of the shoppers."""
        return type(self)(
            self.names,
            self.features[where],
            self.depth[where],
            self.outcome[where],
            self.propensity[where],
        )
