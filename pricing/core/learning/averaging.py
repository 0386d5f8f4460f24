"""How far the model acts on its extras: a past that differed, remembered prices, a bent price.

Bayesian model averaging (Hoeting, Madigan, Raftery, Volinsky, Statistical Science 1999) over the
models with and without each: what an extra takes from the slopes where it is not there makes every
price wrong the same way.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product

import numpy as np

from pricing.core.arrays import FloatArray, IntArray
from pricing.core.learning.layout import HISTORY, Layout
from pricing.core.learning.posterior import Coefficients, Posterior, Prior

ODDS = 4.0  # before any evidence, of a model without an extra against the one with it


@dataclass(frozen=True, slots=True, eq=False)
class Belief:
    """What is believed of the coefficients: a normal around `mode`, from `prior`."""

    mode: Coefficients
    posterior: Posterior
    prior: Prior


def average_models(belief: Belief, layout: Layout) -> Coefficients:
    """Return the coefficients expected over models with and without each extra: a history of
    others' prices that differed, a power k that is not 1, and memory of prices.

    The odds of a model without some coefficients are ODDS for each extra times the ratio of
    posterior to prior density where those stand at their prior mean (Dickey, "The weighted
    likelihood ratio", Annals of Mathematical Statistics 1971); all other coefficients are as
    expected given that. What is felt of remembered prices is never below 0: a value that is found
    there is taken as 0, and the rest as expected given that too.
    """
    covariance = belief.posterior.covariance_of_shared()
    gap, felt = belief.prior.mean - belief.mode.shared, np.arange(layout.size)[layout.felt]
    history = np.array([HISTORY, layout.width + HISTORY])
    extras = (history, np.array([layout.power]), felt)
    steps, odds = [], []
    for are_out in product((True, False), repeat=len(extras)):
        absent = [extra for extra, is_out in zip(extras, are_out, strict=True) if is_out]
        fixed = np.concatenate([*absent, np.zeros(0, dtype=np.int64)])
        told = _weigh(covariance, fixed, gap, belief.prior.spread)
        odds.append(len(absent) * np.log(ODDS) + told)
        for _ in felt:
            step = _fix(covariance, fixed, gap)
            fixed = np.union1d(fixed, felt[step[felt] < gap[felt]])
        steps.append(_fix(covariance, fixed, gap))
    chance = np.exp(np.array(odds) - max(odds))
    return belief.posterior.follow_shared(belief.mode, chance @ np.array(steps) / chance.sum())


def _fix(covariance: FloatArray, fixed: IntArray, gap: FloatArray) -> FloatArray:
    """Return how far all coefficients move (d,) if `fixed` ones move by `gap`."""
    inner = covariance[np.ix_(fixed, fixed)]
    moved: FloatArray = covariance[:, fixed] @ np.linalg.solve(inner, gap[fixed])
    return moved


def _weigh(covariance: FloatArray, fixed: IntArray, gap: FloatArray, spread: FloatArray) -> float:
    """Return the log of posterior / prior density at `gap` from the mode, the prior's mean."""
    inner, distance = covariance[np.ix_(fixed, fixed)], gap[fixed]
    narrowed = float(np.linalg.slogdet(inner)[1]) - 2.0 * float(np.log(spread[fixed]).sum())
    return -(float(distance @ np.linalg.solve(inner, distance)) + narrowed) / 2.0
