"""Penalised Newton on the multinomial logit, and the evidence it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.change import Trust
from pricing.core.learning.posterior import Coefficients, Posterior, Prior
from pricing.core.learning.rows import Rows

POWERS = (-2.0, 3.0)  # of the price; beyond, utilities are nearly steps
LONGEST = 1.5  # change of a coefficient of a utility in one step


@dataclass(frozen=True, slots=True, eq=False)
class Evidence:
    """A quadratic log-likelihood of each item's coefficients: -b'Mb/2 + v'b."""

    curvature: FloatArray  # (m, d, d)
    pull: FloatArray  # (m, d)

    @classmethod
    def none(cls, items: int, size: int) -> Evidence:
        """Return no evidence."""
        return cls(np.zeros((items, size, size)), np.zeros((items, size)))

    def grow(self, items: int, size: int, positions: IntArray) -> Evidence:
        """Return the same evidence for more items and coefficients, old ones at `positions`."""
        grown = Evidence.none(items, size)
        old = len(self.pull)
        grown.pull[:old, positions] = self.pull
        grown.curvature[:old, positions[:, None], positions] = self.curvature
        return grown

    def scaled(self, factor: float) -> Evidence:
        """Return evidence that counts `factor` times."""
        return Evidence(self.curvature * factor, self.pull * factor)

    def trusted(self, trust: Trust) -> Evidence:
        """Return what it still says at that trust."""
        kept = trust.keep(self.curvature)
        return Evidence(kept @ self.curvature, np.einsum("mde,me->md", kept, self.pull))

    def plus(self, other: Evidence) -> Evidence:
        """Return the sum of two pieces of evidence."""
        return Evidence(self.curvature + other.curvature, self.pull + other.pull)


def fit_mode(
    rows: Rows, evidence: Evidence, prior: Prior, start: Coefficients, steps: int = 8
) -> tuple[Coefficients, Posterior, Evidence]:
    """Return the posterior mode, the normal around it, and the rows' evidence at the mode.

    Newton-Raphson with step halving on log-likelihood + quadratic evidence + log prior (McCullagh
    and Nelder 1989, 2.5; Laplace approximation: MacKay 2003, 27).

    The shared coefficients are taken where their marginal density is highest, own ones integrated
    out: log p - log det(A) / 2 (the adjusted profile likelihood of Lee and Nelder, "Hierarchical
    generalized linear models", JRSS B 1996). Without that, slopes of items of which little is known
    are found too steep, all of them, and so is every price too low: a slope that looks steeper by
    luck also counts for more. The adjustment is linear around `start`, where the last fit ended.
    """
    mode = start
    value, chance = _value(rows, evidence, prior, mode)
    adjustment = _adjust(rows, evidence, prior, (start, chance))
    value += float(adjustment @ mode.shared)
    for _ in range(steps):
        acting = mode.of_items(prior.own)
        gradient, curvature = rows.derive(acting, chance)
        pull = gradient + evidence.pull - np.einsum("mde,me->md", evidence.curvature, acting)
        posterior = Posterior.of(curvature + evidence.curvature, prior)
        own_pull = pull[:, prior.own] - mode.own * prior.own_spread**-2
        shared_pull = adjustment + pull.sum(axis=0) - (mode.shared - prior.mean) * prior.spread**-2
        step = posterior.solve(own_pull, shared_pull)
        gain = float((own_pull * step.own).sum() + shared_pull @ step.shared)
        longest = max(float(np.abs(step.shared).max()), float(np.abs(step.own).max(initial=0.0)))
        share = min(1.0, LONGEST / max(longest, 1e-12))
        for _ in range(12):
            tried = Coefficients(mode.shared + share * step.shared, mode.own + share * step.own)
            at = rows.layout.power
            tried.shared[at] = np.clip(tried.shared[at], *POWERS)
            new_value, new_chance = _value(rows, evidence, prior, tried)
            new_value += float(adjustment @ tried.shared)
            if new_value >= value - 1e-9 * abs(value):
                break
            share /= 2.0
        else:
            break
        mode, value, chance = tried, new_value, new_chance
        if gain < 1e-3:
            break
    acting = mode.of_items(prior.own)
    gradient, curvature = rows.derive(acting, chance)
    pull = gradient + np.einsum("mde,me->md", curvature, acting)
    return mode, Posterior.of(curvature + evidence.curvature, prior), Evidence(curvature, pull)


def _adjust(
    rows: Rows, evidence: Evidence, prior: Prior, at: tuple[Coefficients, FloatArray]
) -> FloatArray:
    """Return the derivative (d,) of -log det(A) / 2 by the shared coefficients."""
    acting, own = at[0].of_items(prior.own), prior.own
    _, curvature = rows.derive(acting, at[1])
    posterior = Posterior.of(curvature + evidence.curvature, prior)
    volume = rows.derive_volume(acting, at[1], posterior.inverse_blocks, own)
    return -posterior.follow(volume, own)


def _value(
    rows: Rows, evidence: Evidence, prior: Prior, mode: Coefficients
) -> tuple[float, FloatArray]:
    acting = mode.of_items(prior.own)
    value, chance = rows.measure(acting)
    bent = np.einsum("mde,me->md", evidence.curvature, acting)
    value += float((acting * (evidence.pull - bent / 2.0)).sum())
    value -= 0.5 * float((((mode.shared - prior.mean) / prior.spread) ** 2).sum())
    value -= 0.5 * float(((mode.own / prior.own_spread) ** 2).sum())
    return value, chance
