"""The last look at a draft of public prices: what breaks a rule keeps its last good price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from pricing.base.core.arrays import BoolArray
from pricing.base.core.values import Policy
from pricing.optimum.core.monitoring import Breach, Limits, hold_moves, screen_prices
from pricing.optimum.core.quote import VariantTerms
from pricing.policy.core.guardrails import PublicBounds, apply_public_gate

LIMITS = Limits()


def screen_terms(
    terms: VariantTerms,
    before: VariantTerms,
    bounds: PublicBounds,
    is_model: BoolArray,
    policy: Policy,
    *,
    quiet: frozenset[str],
    is_silent: BoolArray | bool,
) -> tuple[VariantTerms, tuple[Breach, ...], BoolArray]:
    """Return the terms that may be published, (m,): `terms` as the gate left them, with the last
    good price wherever a rule is broken; the breaches, and which are moves of the model.

    `before` are the terms at the prices that hold without what chance did to them, `is_model` marks
    what the model asked for. Where an elasticity is no number there is no personal price. Where a
    feed is silent none of the model's moves is made. A price that is held still goes where floor,
    ceiling and emergency cap force it, in the gate's steps; that is no move of the model.
    """
    forced = apply_public_gate(before.public_minor, bounds, policy).minor
    moves = is_model & (terms.public_minor != forced)
    cap, current = policy.step_cap, bounds.current_minor
    most = np.maximum(np.ceil(bounds.lowest_24h * (1.0 + cap)), current)
    least = np.minimum(np.floor(bounds.highest_24h * (1.0 - cap)), current)
    breaches = screen_prices(
        old_minor=current,
        new_minor=terms.public_minor,
        floor_minor=before.floor_minor,
        most_minor=most.astype(np.int64),
        least_minor=least.astype(np.int64),
        elasticity=terms.elasticity,
        elasticity_sd=terms.elasticity_sd,
        is_model=moves,
        limits=LIMITS,
    )
    standing = tuple(one for one in breaches if one.kind not in quiet)
    held = hold_moves(standing, moves, LIMITS) | (moves & is_silent)
    is_number = np.isfinite(terms.elasticity) & np.isfinite(terms.elasticity_sd)
    is_number &= terms.elasticity > 0.0
    public = np.where(held, forced, terms.public_minor)
    after = replace(
        terms,
        public_minor=public,
        floor_minor=np.minimum(before.floor_minor, public),
        elasticity=np.where(is_number, terms.elasticity, 1.0),
        elasticity_sd=np.where(is_number, terms.elasticity_sd, 0.0),
        is_open=terms.is_open & is_number,
    )
    return after, breaches, moves
