"""Which public price to propose: a small, credible improvement, or none."""

from __future__ import annotations

import numpy as np

from pricing.core.competitors import competitor_band
from pricing.core.guardrails import PublicBounds
from pricing.core.optimum.choose import choose_public
from pricing.core.optimum.feasible import Limits
from pricing.core.optimum.joint import DemandTerms, one_segment
from pricing.core.quote import VariantTerms
from pricing.core.rounding import share_down, share_up
from pricing.core.rungs import neighbour_rungs
from pricing.core.values import BoolArray, FloatArray, IntArray, Policy

NO_LIMIT = 1_000_000_000
HOUR = 3_600


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
    [240.0]
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


def find_limits(
    terms: VariantTerms,
    bounds: PublicBounds,
    policy: Policy,
    *,
    anchor_minor: IntArray,
    changed_at: IntArray,
    is_causal: BoolArray,
    second: int,
    competitor_minor: FloatArray | None = None,
) -> Limits:
    """Return what bounds the public prices of variants whose prices now are in `terms`, (m,).

    `anchor_minor` is the last price somebody set, `changed_at` when the public price last changed
    and `second` the time now, both in seconds since 1970; `is_causal` says whose elasticity a
    randomised source backs, `competitor_minor` is the lowest competitor (NaN: none known).
    """
    current = terms.public_minor
    low, high = reach_of(anchor_minor, is_causal, policy, terms.exponent)
    band_low, band_high = competitor_band(current, competitor_minor, policy)
    rests = changed_at > second - policy.cooldown_hours * HOUR
    # A price on its way to the merchant's own does not rest: only the model has to wait.
    is_settled = (current >= low) & (current <= high)
    is_full = bounds.changes_24h >= policy.max_changes_per_day
    return Limits(
        current_minor=current,
        anchor_minor=anchor_minor,
        floor_minor=bounds.floor_minor,
        ceiling_minor=np.minimum(bounds.ceiling_minor, bounds.emergency_minor),
        rung_low=low,
        rung_high=high,
        step_low=np.minimum(share_up(bounds.highest_24h, 1.0 - policy.step_cap), current),
        step_high=np.maximum(share_down(bounds.lowest_24h, 1.0 + policy.step_cap), current),
        band_low=band_low,
        band_high=band_high,
        target_minor=_target(terms, policy),
        is_cooling=bounds.is_held | is_full | (rests & is_settled),
    )


def demand_terms(terms: VariantTerms, policy: Policy, extra_cost: FloatArray) -> DemandTerms:
    """Return what the optimum needs of variants, with the cost that payoffs are reckoned with.

    `extra_cost` (m,) is what a sale costs beside its unit cost: scarce stock, lost siblings.
    """
    return DemandTerms(
        base_minor=terms.public_minor,
        cost=reckoned_cost(terms.unit_cost, terms.public_minor, policy) + extra_cost,
        floor_minor=terms.floor_minor,
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
    )


def _target(terms: VariantTerms, policy: Policy) -> IntArray:
    if policy.target_margin <= 0.0:
        return np.ones(len(terms), dtype=np.int64)
    cost = np.where(np.isfinite(terms.unit_cost), terms.unit_cost, 1.0)
    return np.maximum(share_up(cost, 1.0 + policy.target_margin), 1)
