"""Which public price to propose: a small, credible improvement, or none."""

from __future__ import annotations

import numpy as np

from pricing.core.optimum.choose import choose_public
from pricing.core.optimum.feasible import Limits
from pricing.core.optimum.joint import DemandTerms, one_segment
from pricing.core.rounding import share_down, share_up
from pricing.core.rungs import neighbour_rungs
from pricing.core.values import BoolArray, FloatArray, IntArray, Policy

NO_LIMIT = 1_000_000_000


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
    """Return proposed public prices (m,) of observational elasticities, before the gate.

    The anchor is the last price somebody set or observed, not the model. An elasticity without a
    randomised source may move the price by one rung from it at most, so the choice is the anchor,
    the rung below and the rung above it. Payoff is margin plus the worth of a won purchase.

    >>> one = np.ones(1)
    >>> propose_public(
    ...     np.array([400]), np.array([400]), unit_cost=280 * one, elasticity=3.0 * one,
    ...     elasticity_sd=0.2 * one, policy=Policy(),
    ... ).tolist()
    [399]
    """
    count = len(current_minor)
    low, high = reach_of(anchor_minor, np.zeros(count, dtype=np.bool_), policy, exponent)
    least, most = np.ones(count, dtype=np.int64), np.full(count, NO_LIMIT)
    limits = Limits(
        current_minor=current_minor,
        anchor_minor=anchor_minor,
        floor_minor=least,
        ceiling_minor=most,
        rung_low=low,
        rung_high=high,
        step_low=least,
        step_high=most,
        band_low=least,
        band_high=most,
        target_minor=least,
        is_cooling=np.zeros(count, dtype=np.bool_),
    )
    terms = DemandTerms(
        base_minor=current_minor,
        cost=reckoned_cost(unit_cost, current_minor, policy),
        floor_minor=least,
        elasticity=elasticity,
        elasticity_sd=elasticity_sd,
    )
    return choose_public(limits, terms, one_segment(count), policy, exponent=exponent).minor


def reckoned_cost(unit_cost: FloatArray, current_minor: IntArray, policy: Policy) -> FloatArray:
    """Return the cost that payoffs are reckoned with, (m,): less what a won purchase is worth.

    A shopper who buys comes back: c - v p, with v the policy's `won_purchase_share`.

    >>> reckoned_cost(np.array([280.0]), np.array([400]), Policy()).tolist()
    [160.0]
    """
    return unit_cost - policy.won_purchase_share * current_minor


def reach_of(
    anchor_minor: IntArray, is_causal: BoolArray, policy: Policy, exponent: int = 2
) -> tuple[IntArray, IntArray]:
    """Return how low and how high an elasticity may move a price from its anchor, (m,) each.

    One rung for an observational one, `causal_reach` for one with a randomised source.

    >>> [one.tolist() for one in reach_of(np.array([400, 400]), np.array([False, True]), Policy())]
    [[399, 280], [409, 520]]
    """
    below, above = neighbour_rungs(anchor_minor, exponent)
    lowest = np.minimum(share_up(anchor_minor, 1.0 - policy.causal_reach), below)
    highest = np.maximum(share_down(anchor_minor, 1.0 + policy.causal_reach), above)
    return np.where(is_causal, lowest, below), np.where(is_causal, highest, above)


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
