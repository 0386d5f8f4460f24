"""Clairvoyant prices of substitutes, and what shoppers take."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray
from shop.lab.substitutes import best_together


def choose_best_rungs(
    attraction: FloatArray, margin: FloatArray, offered: BoolArray | None = None
) -> tuple[IntArray, FloatArray]:
    """Return the exactly best rung of every item shown together, and the expected profit.

    `attraction`, `margin`: (n, m, K), `offered`: (n, m). Returns (n, m) rungs and (n,) profits;
    where nothing is offered the profit is 0. A rung whose attraction is NaN is never chosen.

    >>> attraction = np.array([[[0.5, 0.3], [0.4, 0.1]]])
    >>> margin = np.array([[[1.0, 2.0], [1.0, 2.0]]])
    >>> rungs, profit = choose_best_rungs(attraction, margin)
    >>> rungs.tolist(), round(float(profit[0]), 4)
    ([[1, 0]], 0.5882)
    """
    visits, items, width = attraction.shape
    odds = attraction if offered is None else attraction * offered[:, :, None]
    rows = (odds.reshape(-1, width), np.broadcast_to(margin, odds.shape).reshape(-1, width))
    is_open = np.isfinite(attraction).reshape(-1, width)
    rungs, profit = best_together(*rows, is_open, np.repeat(np.arange(visits), items))
    return rungs.reshape(visits, items), profit


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
