"""Shoppers and offers whose values and costs are known, for allocator and pacing."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from promotions.targeting.core.allocation import Allocator, Problem, find_best
from promotions.targeting.core.exploration import steer_price

DEPTHS = np.array([0.05, 0.1, 0.15, 0.2, 0.25], dtype=np.float32)
FACE = 2.5  # the price of what is bought, in margins


class Online(NamedTuple):
    """What a run earned and spent beside the best that was possible with all shoppers known."""

    value: float
    spend: float
    optimum: float


def make_offers(shoppers: int, offers: int, *, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return value and cost (shoppers, offers) float32 of `offers` / 5 campaigns of five depths.

    A shopper buys a campaign's products with a probability of their own (beta, mean 7 %) that grows
    with the discount by a sensitivity of their own; value is the margin of the purchases it adds,
    cost the discount on all purchases.
    """
    rng = np.random.default_rng(seed)
    value = np.empty((shoppers, offers), np.float32)
    cost = np.empty((shoppers, offers), np.float32)
    for first in range(0, offers, len(DEPTHS)):
        base = rng.beta(1.5, 20.0, (shoppers, 1)).astype(np.float32)
        sensitivity = rng.gamma(2.0, 6.0, (shoppers, 1)).astype(np.float32)
        margin = rng.lognormal(1.0, 0.5, (shoppers, 1)).astype(np.float32)
        chance = np.minimum(base * np.exp(sensitivity * DEPTHS), 1.0)
        group = slice(first, first + len(DEPTHS))
        value[:, group] = margin * (chance - base)
        cost[:, group] = chance * margin * FACE * DEPTHS
    return value, cost


def run_online(
    value: np.ndarray, cost: np.ndarray, *, budget: float, wrong_by: float, block: int
) -> Online:
    """Serve the shoppers in order from a price of money that is `wrong_by` times the right one.

    The stop is that of the shop: an amount that is no longer there is refused.
    """
    offline = Allocator().fit(Problem.of(value, cost, [budget]))
    price, left = float(offline.price_[0]) * wrong_by, budget
    earned, is_open = 0.0, np.ones(value.shape[1], dtype=bool)
    for number, start in enumerate(range(0, len(value), block)):
        part = slice(start, start + block)
        best = find_best(
            value[part], cost[part], np.full(value.shape[1], price, np.float32), is_open
        )
        paid = np.cumsum(best.cost, dtype=np.float64) <= left
        rows = np.flatnonzero((best.choice >= 0) & paid)
        earned += float(value[part][rows, best.choice[rows]].sum(dtype=np.float64))
        spend = float(best.cost[rows].sum(dtype=np.float64))
        target = left * len(best.choice) / (len(value) - start)
        price, left = steer_price(price, spend, target, blocks=number), left - spend
    return Online(earned, budget - left, offline.value_)


def share_of_money(cost: np.ndarray, share: float) -> float:
    """Return `share` of what giving everybody their dearest offer would cost."""
    return share * float(cost.max(axis=1).sum(dtype=np.float64))
