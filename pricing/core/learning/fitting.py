"""Penalised Newton on the multinomial logit, and the evidence it leaves behind."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import expit

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.layout import (
    FEATURES,
    GAP,
    HISTORY,
    INTERCEPT,
    build_basis,
    build_season,
)
from pricing.core.learning.posterior import Coefficients, Posterior, Prior
from pricing.core.learning.sightings import Sightings

LIMIT = 30.0  # utilities beyond are certain either way


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

    def plus(self, other: Evidence) -> Evidence:
        """Return the sum of two pieces of evidence."""
        return Evidence(self.curvature + other.curvature, self.pull + other.pull)


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Sightings sorted by item, with their basis: what the likelihood is computed on."""

    basis: FloatArray  # (N, d)
    visit: IntArray  # (N,)
    bought: FloatArray  # (N,)
    weight: FloatArray  # (N,)
    visit_weight: FloatArray  # (V,)
    present: IntArray  # items that occur
    bounds: IntArray  # (len(present) + 1,) their rows
    is_single: bool

    @classmethod
    def of(cls, sightings: Sightings, width: int, is_on: FloatArray) -> Rows:
        """Return the rows of a memory for z of `width` columns and the seasons that are on."""
        order = np.argsort(sightings.item, kind="stable")
        visit, item = sightings.visit[order], sightings.item[order]
        z = np.zeros((len(order), width))
        z[:, INTERCEPT], z[:, GAP] = 1.0, sightings.gap[order]
        z[:, HISTORY] = sightings.is_history[visit]
        z[:, FEATURES : FEATURES + sightings.z.shape[1]] = sightings.z[visit]
        season = build_season(sightings.times, is_on)[visit]
        present, starts = np.unique(item, return_index=True)
        return cls(
            build_basis(z, sightings.ratio[order], season),
            visit,
            sightings.bought[order],
            sightings.weights[visit],
            sightings.weights,
            present,
            np.append(starts, len(item)),
            sightings.is_single,
        )

    def utilities(self, acting: FloatArray) -> FloatArray:
        """Return the utility of each row under coefficients (m, d)."""
        utility = np.empty(len(self.visit))
        for item, begin, end in zip(self.present, self.bounds, self.bounds[1:], strict=False):
            utility[begin:end] = self.basis[begin:end] @ acting[item]
        return np.clip(utility, -LIMIT, LIMIT)

    def measure(self, acting: FloatArray) -> tuple[float, FloatArray]:
        """Return the log-likelihood and each row's probability of being bought."""
        utility = self.utilities(acting)
        if self.is_single:
            outside = np.logaddexp(0.0, utility)
            value = float(self.weight @ (self.bought * utility - outside))
            return value, expit(utility)
        odds = np.exp(utility)
        total = 1.0 + np.bincount(self.visit, odds, minlength=len(self.visit_weight))
        value = float(self.weight @ (self.bought * utility) - self.visit_weight @ np.log(total))
        return value, odds / total[self.visit]

    def derive(self, chance: FloatArray, items: int) -> tuple[FloatArray, FloatArray]:
        """Return gradient (m, d) and curvature (m, d, d) at these probabilities.

        With several items in a visit the curvature between items is left out: each item is a logit
        against the rest, weight q (1 - q). The gradient, and so the mode, is exact.
        """
        size = self.basis.shape[1]
        gradient, curvature = np.zeros((items, size)), np.zeros((items, size, size))
        miss = self.weight * (self.bought - chance)
        bend = self.weight * chance * (1.0 - chance)
        for item, begin, end in zip(self.present, self.bounds, self.bounds[1:], strict=False):
            part = self.basis[begin:end]
            gradient[item] = miss[begin:end] @ part
            curvature[item] = (part * bend[begin:end, None]).T @ part
        return gradient, curvature


def fit_mode(
    rows: Rows, evidence: Evidence, prior: Prior, start: Coefficients, steps: int = 8
) -> tuple[Coefficients, Posterior, Evidence]:
    """Return the posterior mode, the normal around it, and the rows' evidence at the mode.

    Newton-Raphson with step halving on log-likelihood + quadratic evidence + log prior (McCullagh
    and Nelder 1989, 2.5; Laplace approximation: MacKay 2003, 27).
    """
    items, mode = len(start.own), start
    value, chance = _value(rows, evidence, prior, mode)
    for _ in range(steps):
        gradient, curvature = rows.derive(chance, items)
        acting = mode.of_items(prior.own)
        pull = gradient + evidence.pull - np.einsum("mde,me->md", evidence.curvature, acting)
        posterior = Posterior.of(curvature + evidence.curvature, prior)
        own_pull = pull[:, prior.own] - mode.own * prior.own_spread**-2
        shared_pull = pull.sum(axis=0) - (mode.shared - prior.mean) * prior.spread**-2
        step = posterior.solve(own_pull, shared_pull)
        gain = float((own_pull * step.own).sum() + shared_pull @ step.shared)
        share = 1.0
        for _ in range(12):
            tried = Coefficients(mode.shared + share * step.shared, mode.own + share * step.own)
            new_value, new_chance = _value(rows, evidence, prior, tried)
            if new_value >= value - 1e-9 * abs(value):
                break
            share /= 2.0
        else:
            break
        mode, value, chance = tried, new_value, new_chance
        if gain < 1e-3:
            break
    gradient, curvature = rows.derive(chance, items)
    pull = gradient + np.einsum("mde,me->md", curvature, mode.of_items(prior.own))
    return mode, Posterior.of(curvature + evidence.curvature, prior), Evidence(curvature, pull)


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
