"""Expected effect of a price change on units, revenue and profit, with an interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.optimum.core.joint import DemandTerms, Segments

# Half the width of a 90 % interval of a normal posterior, in standard deviations.
NORMAL_90 = 1.6448536269514722
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
LEAST_ELASTICITY = 0.05
FIGURES = ("units", "revenue", "profit")


@dataclass(frozen=True, slots=True)
class Effect:
    """Changes (m, 3): low, mean and high of a 90 % interval.

    `share` maps each of FIGURES to its relative change (0.02 is 2 % more); `weekly` to its change
    in a week, units or minor units, NaN where weekly units are not known.
    """

    share: dict[str, FloatArray]
    weekly: dict[str, FloatArray]


def expect_effect(
    before: IntArray,
    after: IntArray,
    terms: DemandTerms,
    segments: Segments,
    *,
    weekly_units: FloatArray,
) -> Effect:
    """Return the effect of moving the segments' prices from `before` to `after`, both (S, m).

    q_s(p) = w_s (p / base)^(-e scale_s), e ~ N(elasticity, sd^2) held above LEAST_ELASTICITY. The
    mean is Gauss-Hermite over e (7 nodes); the ends are the changes at the 5 % and 95 % quantiles
    of e. `terms.cost` is the unit cost itself; `weekly_units` (m,) sell now.

    >>> from pricing.optimum.core.joint import example_demand, one_segment
    >>> effect = expect_effect(
    ...     np.array([[400]]), np.array([[389]]), example_demand(), one_segment(1),
    ...     weekly_units=np.array([10.0]),
    ... )
    >>> effect.share["units"].round(3).tolist(), effect.weekly["profit"].round(0).tolist()
    ([[0.086, 0.096, 0.106]], [[-16.0, -5.0, 6.0]])
    """
    ends = np.array([-NORMAL_90, NORMAL_90])
    nodes = np.concatenate([NODES, ends])
    mass = WEIGHTS / WEIGHTS.sum()
    shares: dict[str, list[FloatArray]] = {name: [] for name in FIGURES}
    bases: dict[str, list[FloatArray]] = {name: [] for name in FIGURES}
    for node in nodes:
        e = np.maximum(terms.elasticity + node * terms.elasticity_sd, LEAST_ELASTICITY)
        old, new = _totals(before, terms, segments, e), _totals(after, terms, segments, e)
        for name in FIGURES:
            shares[name].append(new[name] / old["units"] - old[name] / old["units"])
            bases[name].append(old[name] / old["units"])
    share, weekly = {}, {}
    for name in FIGURES:
        change = np.stack(shares[name])
        level = np.abs(np.tensordot(mass, np.stack(bases[name])[: len(mass)], axes=1))
        mean = np.tensordot(mass, change[: len(mass)], axes=1)
        band = np.stack([change[-2:].min(axis=0), mean, change[-2:].max(axis=0)], axis=1)
        share[name] = band / np.maximum(level, 1e-9)[:, None]
        weekly[name] = band * weekly_units[:, None]
    return Effect(share, weekly)


def _totals(
    price: IntArray, terms: DemandTerms, segments: Segments, elasticity: FloatArray
) -> dict[str, FloatArray]:
    paid = price.astype(np.float64)
    units = segments.weight * (paid / terms.base_minor) ** (-elasticity * segments.scale)
    return {
        "units": units.sum(axis=0),
        "revenue": (units * paid).sum(axis=0),
        "profit": (units * (paid - terms.cost)).sum(axis=0),
    }
