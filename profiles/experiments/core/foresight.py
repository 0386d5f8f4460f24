"""Smallest detectable effect of a price experiment, from weeks without treatment.

Past turns are read under many draws as if clusters had been treated: how far these effects of
nothing lie apart is the error that a real one will have.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, isfinite, sqrt

import numpy as np
from scipy.special import ndtr, ndtri

from profiles.experiments.core.sequences import FloatArray
from profiles.experiments.core.switchback import draw_cells, read_cells, widen

DRAWS = 20


@dataclass(frozen=True, slots=True)
class Foresight:
    """What a plan sees: clusters that sold, the smallest relative effect that is found with
    `power` (infinite: none), and the chance that the effect looked for is."""

    clusters: int
    detectable: float
    chance: float


def foresee_cells(
    outcome: FloatArray,
    level: FloatArray,
    *,
    turns: int,
    effect: float,
    alpha: float = 0.05,
    power: float = 0.8,
) -> Foresight:
    """Return what `turns` turns will see, from past turns (c, t) and the level before them, (c,).

    >>> rng = np.random.default_rng(1)
    >>> sold = 100.0 + rng.normal(0.0, 5.0, (30, 4))
    >>> found = foresee_cells(sold, np.full(30, 100.0), turns=8, effect=0.05)
    >>> found.clusters, 0.01 < found.detectable < 0.05, found.chance > 0.8
    (30, True, True)
    >>> foresee_cells(sold[:5], np.full(5, 100.0), turns=8, effect=0.05).detectable
    inf
    """
    clusters, past = outcome.shape[0], outcome.shape[1] // 2
    weight = level[level > 0.0]
    if len(weight) < 2 or not past or turns < 2:
        return Foresight(len(weight), inf, 0.0)
    errors = [
        read_cells(outcome, level, draw_cells(f"foresight-{one}", clusters, 2 * past)).error
        for one in range(DRAWS)
    ]
    pairs = turns // 2
    error = sqrt(float(np.mean(np.square(errors))) * past / pairs)
    cells = len(weight) * pairs
    bounds = widen(weight, cells, alpha, float(cells))
    if not isfinite(bounds) or error <= 0.0:
        return Foresight(len(weight), inf, 0.0)
    detectable = error * (bounds + float(ndtri(power)))
    return Foresight(len(weight), detectable, float(ndtr(abs(effect) / error - bounds)))
