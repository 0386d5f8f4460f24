"""Which public price to propose: a small, credible improvement, or none."""

from __future__ import annotations

import numpy as np

from pricing.core.optimize import (
    expected_demand_ratio,
    expected_payoff_ratio,
    improvement_probability,
)
from pricing.core.rungs import neighbour_rungs
from pricing.core.values import FloatArray, IntArray, Policy

MATERIAL_GAIN = 1.001


def propose_public(
    current_minor: IntArray,
    anchor_minor: IntArray,
    *,
    unit_cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    policy: Policy,
    exponent: int = 2,
) -> IntArray:
    """Return proposed public prices (m,), before the gate.

    The anchor is the last price somebody set or observed, not the model. An elasticity without a
    randomised source may move the price by one rung from it at most, so the choice is the anchor,
    the rung below and the rung above it. Another price than the current one is proposed only if
    the expected payoff (margin plus the worth of a won purchase) grows by MATERIAL_GAIN and the
    probability that it grows at all reaches `min_confidence`.

    >>> one = np.ones(1)
    >>> propose_public(
    ...     np.array([400]), np.array([400]), unit_cost=280 * one, elasticity=3.0 * one,
    ...     elasticity_sd=0.2 * one, policy=Policy(),
    ... ).tolist()
    [399]
    """
    below, above = neighbour_rungs(anchor_minor, exponent)
    choices = np.stack([below, anchor_minor, above], axis=1)
    current = current_minor.astype(np.float64)
    cost = unit_cost - policy.won_purchase_share * current
    ratio = _payoff_gain(current, choices.astype(np.float64), cost, elasticity, elasticity_sd)
    chance = np.stack(
        [
            improvement_probability(
                current, choices[:, k].astype(np.float64), cost, elasticity, elasticity_sd
            )
            for k in range(choices.shape[1])
        ],
        axis=1,
    )
    is_credible = (chance >= policy.min_confidence) & (ratio >= MATERIAL_GAIN)
    best = np.argmax(np.where(is_credible, ratio, -np.inf), axis=1)
    rows = np.arange(len(current_minor))
    better = np.where(is_credible.any(axis=1), choices[rows, best], current_minor)
    # Somewhere else than on its three rungs a price is on its way after a new anchor: go on.
    is_settled = (better[:, None] == choices).any(axis=1)
    return np.where(is_settled, better, anchor_minor)


def _payoff_gain(
    current: FloatArray,
    choices: FloatArray,
    cost: FloatArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
) -> FloatArray:
    """Return the expected payoff of each choice relative to the current price, (m, 3); 0 where a
    price is not above cost."""
    prices = np.concatenate([current[:, None], choices], axis=1)
    is_open = (prices > cost[:, None]).all(axis=1)
    safe_cost = np.where(is_open, cost, 0.0)[:, None]
    log_ratio = np.log(prices / current[:, None])
    boost = np.zeros((1, 1))
    demand = expected_demand_ratio(log_ratio, elasticity[:, None], elasticity_sd[:, None], boost)
    ratio = expected_payoff_ratio(prices, safe_cost, demand)[:, 1:]
    gain: FloatArray = np.where(is_open[:, None], ratio, 0.0)
    return gain


def floor_prices(
    cost_minor: IntArray, list_minor: IntArray, anchor_minor: IntArray, policy: Policy
) -> tuple[IntArray, FloatArray]:
    """Return floors (m,) in minor units and unit costs (m,) as floats.

    Floor = cost (1 + floor margin), rounded up. An unknown cost (-1) is assumed as a share of the
    list price. A merchant who sells below that floor does so knowingly: then the anchor is the
    floor, so the floor never pushes a price up and nothing goes below what the merchant set.

    >>> floor, cost = floor_prices(
    ...     np.array([280, -1]), np.array([400, 400]), np.array([399, 250]), Policy()
    ... )
    >>> floor.tolist(), cost.tolist()
    ([286, 250], [280.0, 280.0])
    """
    assumed = list_minor * policy.assumed_cost_share
    cost = np.where(cost_minor >= 0, cost_minor.astype(np.float64), assumed)
    floor = np.ceil(np.round(cost * (1.0 + policy.floor_margin), 9)).astype(np.int64)
    return np.maximum(np.minimum(floor, anchor_minor), 1), cost
