"""Clairvoyant prices by full enumeration over rungs, for one item and for a set of substitutes."""

from __future__ import annotations

import numpy as np

from pricing.core.values import BoolArray, FloatArray, IntArray

# Profit per visit of real shops is far above this; an iteration that gains less has arrived.
_SETTLED = 1e-12


def choose_best_rungs(
    attraction: FloatArray, margin: FloatArray, offered: BoolArray | None = None
) -> tuple[IntArray, FloatArray]:
    """Return the exactly best rung of every item shown together, and the expected profit.

    Multinomial logit with an outside option of attraction 1: item j on rung k is chosen with
    probability v_jk / (1 + sum_i v_i). The profit of a set of rungs is a ratio, so Dinkelbach's
    method applies ("On nonlinear fractional programming", Management Science 1967): for a guessed
    profit t the best rungs maximise sum_j (m_jk - t) v_jk, each item on its own; replacing t by
    the profit of those rungs ends, after a few turns, at the best of all K^m combinations.

    `attraction`, `margin`: (n, m, K), `offered`: (n, m). Returns (n, m) rungs and (n,) profits;
    where nothing is offered the profit is 0. A rung whose attraction is NaN is never chosen.

    >>> attraction = np.array([[[0.5, 0.3], [0.4, 0.1]]])
    >>> margin = np.array([[[1.0, 2.0], [1.0, 2.0]]])
    >>> rungs, profit = choose_best_rungs(attraction, margin)
    >>> rungs.tolist(), round(float(profit[0]), 4)
    ([[1, 0]], 0.5882)
    """
    feasible = np.isfinite(attraction)
    attraction = np.where(feasible, attraction, 0.0)
    if offered is not None:
        attraction = attraction * offered[:, :, None]
    profit, settled = np.zeros(attraction.shape[0]), False
    while not settled:
        gain = np.where(feasible, (margin - profit[:, None, None]) * attraction, -np.inf)
        rungs = gain.argmax(axis=2)
        v, m = (np.take_along_axis(x, rungs[:, :, None], 2)[..., 0] for x in (attraction, margin))
        better = np.sum(v * np.nan_to_num(m), axis=1) / (1.0 + v.sum(axis=1))
        # The first guess, 0, may lie above what can be earned; from then on profits only grow.
        settled = bool(np.all(np.abs(better - profit) <= _SETTLED))
        profit = better
    return rungs, profit


def draw_choices(attraction: FloatArray, luck: FloatArray) -> tuple[IntArray, FloatArray]:
    """Return the chosen column of each row (-1 = none) and the choice probabilities.

    `attraction` (n, m) of multinomial logit, 0 where not offered; `luck` (n,) uniform in [0, 1).

    >>> chosen, chance = draw_choices(np.array([[1.0, 2.0], [1.0, 2.0]]), np.array([0.3, 0.9]))
    >>> chosen.tolist(), chance[0].tolist()
    ([1, -1], [0.25, 0.5])
    """
    chance = attraction / (1.0 + attraction.sum(axis=1, keepdims=True))
    reached = luck[:, None] < np.cumsum(chance, axis=1)
    return np.where(reached.any(axis=1), reached.argmax(axis=1), -1), chance
