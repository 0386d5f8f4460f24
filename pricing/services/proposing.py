"""From a shelf to proposed public prices: limits, the joint optimum, and what staff have said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.competitors import competitor_band
from pricing.core.demand.served import ServedDemand
from pricing.core.guardrails import PublicBounds
from pricing.core.optimum import Choice, DemandTerms, Limits, Segments, choose_public
from pricing.core.publish import reach_of, reckoned_cost
from pricing.core.quote import VariantTerms
from pricing.core.rounding import share_down, share_up
from pricing.core.values import Policy
from pricing.selectors.overrides import StaffPrices
from pricing.selectors.publishing import Shelf
from pricing.services.circumstances import Circumstances

HOUR = 3_600
# Who moved a public price, or would: kept with the proposal.
MODEL, ANCHOR, STAFF, GATE = "model", "anchor", "staff", "gate"


@dataclass(frozen=True, slots=True)
class Proposed:
    """Public prices (m,) asked for, before the gate, and everything that led to them.

    `asked_minor` is what the gate is asked for; `is_withheld` says that the model's choice waits
    for staff instead. `cause` says who asks: the model, the merchant's own price (anchor), staff.
    """

    limits: Limits
    terms: DemandTerms
    segments: Segments
    choice: Choice
    asked_minor: IntArray
    is_withheld: BoolArray
    cause: NDArray[np.str_]
    policy: Policy
    around: Circumstances


def propose(
    shelf: Shelf,
    terms: VariantTerms,
    bounds: PublicBounds,
    staff: StaffPrices,
    *,
    segments: Segments,
    is_causal: BoolArray,
    policy: Policy,
    second: int,
    around: Circumstances,
) -> Proposed:
    """Return the prices the model, the merchant and staff ask for, in rising order of rank.

    `second` is the time now in seconds since 1970. What staff fixed, approved or want gone is
    asked for as it is; without `auto_publish` the model's own choices wait.
    """
    limits = find_limits(
        shelf,
        terms,
        bounds,
        is_causal,
        policy,
        second=second,
        competitor_minor=around.competitor_minor,
    )
    demand = demand_terms(terms, policy, around.extra_cost)
    choice = choose_public(
        limits, demand, segments, policy, is_causal=is_causal, exponent=terms.exponent
    )
    decided = np.where(staff.approved_minor > 0, staff.approved_minor, around.cleared_minor)
    by_staff = np.where(staff.fixed_minor > 0, staff.fixed_minor, decided)
    has_word = by_staff > 0
    # Back to the merchant's own price nobody has to agree; to another one without a credible gain
    # (a competitor's ceiling) the model asks like for its own.
    is_own = (choice.minor == shelf.public_minor) | (choice.minor == shelf.anchor_minor)
    is_model = choice.is_model | ~is_own
    is_withheld = is_model & ~has_word & (not policy.auto_publish)
    asked = np.where(has_word, by_staff, np.where(is_withheld, shelf.public_minor, choice.minor))
    cause = np.where(has_word, STAFF, np.where(is_model, MODEL, ANCHOR))
    return Proposed(limits, demand, segments, choice, asked, is_withheld, cause, policy, around)


def demand_terms(terms: VariantTerms, policy: Policy, extra_cost: FloatArray) -> DemandTerms:
    """Return what the optimum needs of variants, with the cost that payoffs are reckoned with."""
    return DemandTerms(
        base_minor=terms.public_minor,
        cost=reckoned_cost(terms.unit_cost, terms.public_minor, policy) + extra_cost,
        floor_minor=terms.floor_minor,
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
    )


def find_limits(
    shelf: Shelf,
    terms: VariantTerms,
    bounds: PublicBounds,
    is_causal: BoolArray,
    policy: Policy,
    *,
    second: int,
    competitor_minor: FloatArray | None = None,
) -> Limits:
    """Return what bounds the public prices of a shelf, (m,)."""
    current = shelf.public_minor
    low, high = reach_of(shelf.anchor_minor, is_causal, policy, terms.exponent)
    band_low, band_high = competitor_band(current, competitor_minor, policy)
    rests = shelf.changed_at > second - policy.cooldown_hours * HOUR
    # A price on its way to the merchant's own does not rest: only the model has to wait.
    is_settled = (current >= low) & (current <= high)
    is_full = bounds.changes_24h >= policy.max_changes_per_day
    return Limits(
        current_minor=current,
        anchor_minor=shelf.anchor_minor,
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


def _target(terms: VariantTerms, policy: Policy) -> IntArray:
    if policy.target_margin <= 0.0:
        return np.ones(len(terms), dtype=np.int64)
    cost = np.where(np.isfinite(terms.unit_cost), terms.unit_cost, 1.0)
    return np.maximum(share_up(cost, 1.0 + policy.target_margin), 1)


def find_causal(served: ServedDemand, variant_id: IntArray) -> BoolArray:
    """Return whose elasticity a randomised source backs, (m,)."""
    if not len(served.variant_id):
        return np.zeros(len(variant_id), dtype=np.bool_)
    at = np.minimum(np.searchsorted(served.variant_id, variant_id), len(served.variant_id) - 1)
    found: BoolArray = (served.variant_id[at] == variant_id) & served.is_causal[at]
    return found
