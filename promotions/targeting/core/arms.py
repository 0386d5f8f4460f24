"""The always-on randomised arm of personal offers: its shares, and what a decision is worth."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from promotions.targeting.core.uplift import FloatArray

LEAST_CONTROL, LEAST_DEPTH = 0.05, 0.02
# Kinds of arms beside the depths that chance gives: no offer, and the best one there is.
CONTROL, CHOSEN = "control", "chosen"


def share_arms(control: float, each: float, depths: int) -> tuple[float, tuple[float, ...], float]:
    """Return the shares of control, of each of `depths` given by chance, and of the best choice.

    Raises ValueError where an arm would be too thin to learn from, or nobody is left to choose for.

    >>> share_arms(0.05, 0.02, 2)
    (0.05, (0.02, 0.02), 0.91)
    """
    if control < LEAST_CONTROL or each < LEAST_DEPTH or depths < 1:
        raise ValueError("control needs at least 5 % of shoppers and each depth at least 2 %")
    rest = 1.0 - control - each * depths
    if rest <= 0:
        raise ValueError("nobody is left for whom the best offer could be chosen")
    return control, (each,) * depths, round(rest, 12)


def price_decisions(
    chance: FloatArray, depths: Sequence[float], margin: float, spend: float
) -> tuple[FloatArray, FloatArray]:
    """Return value and cost (n, k) of giving each depth, from the chance to buy without an offer
    and at each depth, (n, 1 + k).

    value = margin x (chance - chance without), before funding; cost = chance x depth x spend,
    those included who would have bought anyway. `margin` and `spend` are those of a purchase.

    >>> value, cost = price_decisions(np.array([[0.2, 0.3]]), [0.1], margin=300.0, spend=1_000.0)
    >>> value.round(6).tolist(), cost.round(6).tolist()
    ([[30.0]], [[30.0]])
    """
    value = margin * (chance[:, 1:] - chance[:, :1])
    return value, chance[:, 1:] * np.asarray(depths, dtype=float) * spend
