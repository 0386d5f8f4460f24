"""Whether demand has changed: is what was seen of late foretold better with less trust in the past?

Two accounts of the same recent sightings are compared by their marginal likelihood: one believes
all earlier evidence, the other lets it count less, so that its coefficients are more spread (a
Bayes factor: West, Harrison, "Monitoring and adaptation in Bayesian forecasting models", JASA
1986; evidence raised to a power: Ibrahim, Chen, "Power prior distributions for regression models",
Statistical Science 2000). Tastes that change without moving their mean show here within two days;
in all sales together they do not show at all.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.learning.posterior import Coefficients, Posterior, Prior

CERTAINTY = 6.0  # log Bayes factor from which demand is taken to have changed
# A market that moves all the time has changed when this many times its usual log Bayes factor are
# exceeded by so much; the usual one follows each new one with this speed.
TIMES_USUAL, SPEED = 2.0, 0.2


@dataclass(frozen=True, slots=True, eq=False)
class Trust:
    """How far earlier evidence is still believed.

    It counts `part` times, and each item's coefficients may have moved since by `moved` (d,), a
    variance: what had the precision M then has (M^-1 + diag(moved))^-1 now (West, Harrison,
    "Bayesian forecasting and dynamic models", 1997, chapter 2).
    """

    part: float
    moved: FloatArray

    def keep(self, curvature: FloatArray) -> FloatArray:
        """Return what gradients, pulls and curvatures (m, d, d) are multiplied with, on the left.

        >>> Trust(0.5, np.array([0.25])).keep(np.full((1, 1, 1), 8.0)).tolist()
        [[[0.25]]]
        """
        loose = np.eye(curvature.shape[-1]) + self.part * curvature * self.moved
        kept: FloatArray = self.part * np.linalg.inv(loose)
        return kept


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """A log-likelihood near a mode: g'b - b'Mb / 2, b how far off each item's coefficients are."""

    gradient: FloatArray  # (m, d)
    curvature: FloatArray  # (m, d, d)

    def less(self, other: Bend) -> Bend:
        """Return the rest once `other` is taken away."""
        return Bend(self.gradient - other.gradient, self.curvature - other.curvature)

    def trusted(self, trust: Trust) -> Bend:
        """Return what it still says at that trust."""
        kept = trust.keep(self.curvature)
        return Bend(np.einsum("mde,me->md", kept, self.gradient), kept @ self.curvature)


@dataclass(frozen=True, slots=True, eq=False)
class Change:
    """What speaks for a change of demand before the last `visits`: a log Bayes factor, and how far
    evidence from before should be believed then."""

    sure: float
    trust: Trust
    visits: int


def weigh_evidence(recent: Bend, earlier: Bend, prior: Prior, mode: Coefficients) -> float:
    """Return the log marginal likelihood of what is recent after what is earlier, but for a
    constant: a normal integral, as both are quadratic around `mode`.

    >>> prior = Prior(np.zeros(1), np.ones(1), np.ones(1), np.zeros(0, dtype=np.int64))
    >>> mode = Coefficients(np.zeros(1), np.zeros((1, 0)))
    >>> def doubt(pull: float) -> float:
    ...     recent = Bend(np.full((1, 1), pull), np.full((1, 1, 1), 9.0))
    ...     earlier = Bend(np.full((1, 1), -pull), np.full((1, 1, 1), 99.0))
    ...     less = earlier.trusted(Trust(0.1, np.zeros(1)))
    ...     known = weigh_evidence(recent, earlier, prior, mode)
    ...     return round(weigh_evidence(recent, less, prior, mode) - known, 2)
    >>> doubt(0.0), doubt(9.0)
    (-0.26, 1.76)
    """
    own = prior.own
    before = Coefficients(
        earlier.gradient.sum(axis=0) + (prior.mean - mode.shared) * prior.spread**-2,
        earlier.gradient[:, own] - mode.own * prior.own_spread**-2,
    )
    after = Coefficients(
        before.shared + recent.gradient.sum(axis=0), before.own + recent.gradient[:, own]
    )
    wide = Posterior.of(earlier.curvature, prior)
    narrow = Posterior.of(earlier.curvature + recent.curvature, prior)
    gain = narrow.measure(after) - wide.measure(before)
    return (gain + wide.log_volume() - narrow.log_volume()) / 2.0


class ChangeAlarm:
    """Rings where a log Bayes factor is far above what is usual in a market.

    >>> alarm = ChangeAlarm()
    >>> [alarm.update(sure) for sure in (0.5, 12.0, 12.0, 12.0, 12.0)]
    [False, True, True, False, False]
    """

    def __init__(self) -> None:
        """Start in a market that does not move."""
        self.usual = 0.0

    def update(self, sure: float) -> bool:
        """Take in a log Bayes factor; return whether to alarm."""
        is_high = sure >= CERTAINTY + TIMES_USUAL * self.usual
        self.usual += SPEED * (max(sure, 0.0) - self.usual)
        return is_high
