"""Empirical Bayes: how far coefficients spread, learned from how far they were found to spread."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.learning.layout import Layout
from pricing.core.learning.posterior import Coefficients, Posterior, Prior

LEVEL, LOG_SLOPE, POWER = -2.0, 0.9, 1.0  # elasticity near 2.5 at the public price
# Spreads before any evidence, shared and own; in pairs (effect on the level, on the log slope).
SHARED = {"base": (2.5, 0.8), "gap": (1.5, 0.3), "history": (0.3, 0.03), "feature": (0.5, 0.5)}
OWN = {"base": (0.7, 0.45), "gap": (0.1, 0.1), "history": (0.1, 0.1), "feature": (0.08, 0.05)}
# Power, excess over the competitor, remembered prices, waiting, season.
TAIL_SPREADS = (0.3, 1.0, 0.055, 0.08, 0.2)
PSEUDO = 6.0  # observations that the first guess counts as
LEARNED_FROM = 6  # groups of shared coefficients from here on are re-estimated


@dataclass(frozen=True, slots=True, eq=False)
class Spreads:
    """Prior standard deviations of each group of coefficients."""

    shared: FloatArray  # (groups,)
    own: FloatArray  # (groups,)

    @classmethod
    def first(cls, layout: Layout) -> Spreads:
        """Return the spreads before any evidence."""
        features = (int(layout.groups.max()) + 1 - len(TAIL_SPREADS) - 6) // 2
        kinds = ["base", "gap", "history", *["feature"] * features]
        shared = [spread for kind in kinds for spread in SHARED[kind]]
        own = [spread for kind in kinds for spread in OWN[kind]]
        return cls(np.array([*shared, *TAIL_SPREADS]), np.array([*own, *TAIL_SPREADS]))

    def grow(self, layout: Layout) -> Spreads:
        """Return the spreads for a layout with more features."""
        tail = len(TAIL_SPREADS)
        first, known = Spreads.first(layout), len(self.shared) - tail
        for new, old in ((first.shared, self.shared), (first.own, self.own)):
            new[:known] = old[:known]
            new[-tail:] = old[-tail:]
        return first

    def as_prior(self, layout: Layout) -> Prior:
        """Return the prior of every coefficient."""
        mean = np.zeros(layout.size)
        mean[0], mean[layout.width], mean[layout.power] = LEVEL, LOG_SLOPE, POWER
        own = layout.own
        return Prior(mean, self.shared[layout.groups], self.own[layout.groups[own]], own)


def learn_spreads(
    spreads: Spreads, layout: Layout, mode: Coefficients, posterior: Posterior
) -> Spreads:
    """Return the spreads that the posterior speaks for.

    s^2 = (sum of squared modes + PSEUDO s0^2) / (gamma + PSEUDO), gamma = sum(1 - v / s^2) the
    number of coefficients that the data determine (MacKay 1992, "Bayesian interpolation"). A group
    without effect shrinks to nothing (automatic relevance determination); one without evidence
    stays at s0.
    """
    first, (shared_var, own_var) = Spreads.first(layout), posterior.variances()
    groups = layout.groups
    shared = _update(groups, mode.shared**2, shared_var, (spreads.shared, first.shared))
    shared[:LEARNED_FROM] = first.shared[:LEARNED_FROM]
    shared[-len(TAIL_SPREADS) : -1] = first.shared[-len(TAIL_SPREADS) : -1]
    of_own = np.tile(groups[layout.own], (len(mode.own), 1)).ravel()
    own = _update(of_own, (mode.own**2).ravel(), own_var.ravel(), (spreads.own, first.own))
    return replace(spreads, shared=shared, own=own)


def _update(
    groups: np.ndarray, squares: FloatArray, variances: FloatArray, spreads: tuple[FloatArray, ...]
) -> FloatArray:
    now, first = spreads
    known = np.clip(1.0 - variances / now[groups] ** 2, 0.0, 1.0)
    total = np.bincount(groups, squares, minlength=len(now))
    gamma = np.bincount(groups, known, minlength=len(now))
    return np.sqrt((total + PSEUDO * first**2) / (gamma + PSEUDO)).clip(1e-3, 5.0)
