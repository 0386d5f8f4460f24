"""Proposal of a public price: a small, credible improvement, or none."""

from __future__ import annotations

import numpy as np

from pricing.base.core.price_points import neighbour_price_points, share_down, share_up
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.competitors.core import competitor_ceiling
from pricing.optimum.core.choose import choose_public
from pricing.optimum.core.feasible import Limits
from pricing.optimum.core.joint import DemandTerms
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core import PublicBounds

NO_LIMIT = 1_000_000_000
# Prices of these days ago count as seen: what was first shown this week has taught little yet, and
# would let a price walk a price point a day.
SEEN_DAYS, SEEN_AFTER_DAYS = 28, 7
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
    randomised source may move the price a price point beyond the prices seen of late: here the
    price now and the anchor. Payoff is margin plus the worth of a won purchase.

    >>> one = np.ones(1)
    >>> propose_public(
    ...     np.array([400]), np.array([400]), unit_cost=280 * one, elasticity=3.0 * one,
    ...     elasticity_sd=0.2 * one, policy=Policy(),
    ... ).tolist()
    [399]
    """
    count = len(current_minor)
    seen, no = (current_minor, current_minor), np.zeros(count, dtype=np.bool_)
    low, high = reach_of(current_minor, anchor_minor, seen, no, policy, exponent=exponent)
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
    return choose_public(limits, terms, policy, exponent=exponent).minor


def reckoned_cost(unit_cost: FloatArray, current_minor: IntArray, policy: Policy) -> FloatArray:
    """Return the cost that payoffs are reckoned with, (m,): less what a won purchase is worth.

    A shopper who buys comes back: c - v p, with v the policy's `won_purchase_share`.

    >>> reckoned_cost(np.array([280.0]), np.array([400]), Policy()).tolist()
    [240.0]
    """
    return unit_cost - policy.won_purchase_share * current_minor


def reach_of(
    current_minor: IntArray,
    anchor_minor: IntArray,
    seen: tuple[IntArray, IntArray],
    is_causal: BoolArray,
    policy: Policy,
    *,
    exponent: int = 2,
) -> tuple[IntArray, IntArray]:
    """Return how low and how high an elasticity may move a price, (m,) each.

    One with a randomised source: `causal_reach` from the anchor. An observational one: a price
    point beyond the prices `seen` (lowest and highest of SEEN_DAYS to SEEN_AFTER_DAYS ago) and the
    anchor, never further than that; the price now may stay.

    >>> price = np.array([400, 400])
    >>> found = reach_of(price, price, (price - 20, price), np.array([False, True]), Policy())
    >>> [one.tolist() for one in found]
    [[379, 280], [409, 520]]
    """
    below, above = neighbour_price_points(anchor_minor, exponent)
    lowest = np.minimum(share_up(anchor_minor, 1.0 - policy.causal_reach), below)
    highest = np.maximum(share_down(anchor_minor, 1.0 + policy.causal_reach), above)
    under, _ = neighbour_price_points(np.minimum(seen[0], anchor_minor), exponent)
    _, over = neighbour_price_points(np.maximum(seen[1], anchor_minor), exponent)
    return (
        np.where(is_causal, lowest, np.maximum(np.minimum(under, current_minor), lowest)),
        np.where(is_causal, highest, np.minimum(np.maximum(over, current_minor), highest)),
    )


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
    seen: tuple[IntArray, IntArray],
    changed_at: IntArray,
    is_causal: BoolArray,
    second: int,
    competitor_minor: FloatArray | None = None,
) -> Limits:
    """Return what bounds the public prices of variants whose prices now are in `terms`, (m,).

    `anchor_minor` is the last price somebody set, `seen` are the lowest and the highest price
    seen of late (see `reach_of`), `changed_at` is when the public price last changed and `second`
    the time now, both in seconds since 1970; `is_causal` says whose elasticity a randomised source
    backs, `competitor_minor` is the lowest competitor (NaN: none known).
    """
    current = terms.public_minor
    low, high = reach_of(current, anchor_minor, seen, is_causal, policy, exponent=terms.exponent)
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
        band_high=competitor_ceiling(current, competitor_minor, policy),
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
