"""From a shelf to proposed public prices: limits, the joint optimum, and what staff have said."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, IntArray
from pricing.core.guardrails import PublicBounds
from pricing.core.optimum import Choice, DemandTerms, Limits, Segments, choose_public
from pricing.core.publish import demand_terms, find_limits
from pricing.core.quote import VariantTerms
from pricing.core.values import Policy
from pricing.selectors.overrides import StaffPrices
from pricing.selectors.publishing import Shelf
from pricing.services.circumstances import Circumstances

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
        terms,
        bounds,
        policy,
        anchor_minor=shelf.anchor_minor,
        changed_at=shelf.changed_at,
        is_causal=is_causal,
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
