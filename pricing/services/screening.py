"""The last look at a draft of public prices: what breaks a rule keeps its last good price."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from pricing.core.arrays import BoolArray
from pricing.core.guardrails import PublicBounds, apply_public_gate
from pricing.core.monitoring import Breach, Limits, hold_moves, screen_prices
from pricing.core.quote import VariantTerms
from pricing.models import BreakerTrip
from pricing.services.breakers import QUIET, Action, end_trips, trip_breaker
from pricing.services.feeds import find_held
from pricing.services.occasions import Occasion

KINDS = ("step", "margin", "number", "posterior")
LIMITS = Limits()
# A trip names so many variants; its figures say how many there were.
MOST_NAMED = 200


def screen_draft(
    terms: VariantTerms,
    before: VariantTerms,
    bounds: PublicBounds,
    is_model: BoolArray,
    occasion: Occasion,
) -> VariantTerms:
    """Return the terms that may be published, (m,): `terms` as the gate left them, with the last
    good price wherever a rule is broken. Two queries, and two more for each new trip.

    `before` are the terms at the prices that hold without what chance did to them, `is_model` marks
    what the model asked for. Where an elasticity is no number there is no personal price. While a
    feed is silent, none of the model's moves is made, but of goods whose cost staff have typed
    since. A price that is held still goes where floor, ceiling and emergency cap force it, in the
    gate's steps; that is no move of the model.
    """
    forced = apply_public_gate(before.public_minor, bounds, occasion.policy).minor
    moves = is_model & (terms.public_minor != forced)
    breaches = _find_breaches(terms, before, bounds, moves, occasion)
    breaches = _report(breaches, terms, moves, occasion)
    held = hold_moves(breaches, moves, LIMITS)
    held = held | (
        moves & find_held(market=occasion.place[0], variant_id=terms.variant_id, now=occasion.now)
    )
    is_number = np.isfinite(terms.elasticity) & np.isfinite(terms.elasticity_sd)
    is_number &= terms.elasticity > 0.0
    public = np.where(held, forced, terms.public_minor)
    return replace(
        terms,
        public_minor=public,
        floor_minor=np.minimum(before.floor_minor, public),
        elasticity=np.where(is_number, terms.elasticity, 1.0),
        elasticity_sd=np.where(is_number, terms.elasticity_sd, 0.0),
        is_open=terms.is_open & is_number,
    )


def _find_breaches(
    terms: VariantTerms,
    before: VariantTerms,
    bounds: PublicBounds,
    moves: BoolArray,
    occasion: Occasion,
) -> tuple[Breach, ...]:
    cap, current = occasion.policy.step_cap, bounds.current_minor
    most = np.maximum(np.ceil(bounds.lowest_24h * (1.0 + cap)), current)
    least = np.minimum(np.floor(bounds.highest_24h * (1.0 - cap)), current)
    return screen_prices(
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


def _report(
    breaches: tuple[Breach, ...], terms: VariantTerms, moves: BoolArray, occasion: Occasion
) -> tuple[Breach, ...]:
    """Open a trip for each rule that is broken and end those that are no longer; return the
    breaches that hold. What staff undid within a day passes, but for numbers that are none. A dry
    run writes nothing."""
    market, now = occasion.place[0], occasion.now
    trips = BreakerTrip.objects.filter(kind__in=KINDS, scope="market", key=market)
    recent = trips.filter(undone_at__gt=now - QUIET) | trips.filter(
        undone_at__isnull=True, over_at__isnull=True
    )
    rows = list(recent)
    quiet = {row.kind for row in rows if row.undone_at is not None} - {"number"}
    standing = tuple(breach for breach in breaches if breach.kind not in quiet)
    if not occasion.is_dry:
        _end_over(rows, breaches, terms, now)
        _trip(standing, terms, moves, occasion)
    return standing


def _end_over(
    rows: list[BreakerTrip], breaches: tuple[Breach, ...], terms: VariantTerms, now: datetime
) -> None:
    broken = {breach.kind for breach in breaches}
    looked_at = set(terms.variant_id.tolist())
    over = [
        row.pk
        for row in rows
        if row.undone_at is None
        and row.kind not in broken
        and looked_at.issuperset(row.evidence.get("variants", []))
    ]
    if over:
        end_trips(BreakerTrip.objects.filter(pk__in=over), now=now)


def _trip(
    standing: tuple[Breach, ...], terms: VariantTerms, moves: BoolArray, occasion: Occasion
) -> None:
    for breach in standing:
        ids = terms.variant_id[breach.where].tolist()
        trip_breaker(
            kind=breach.kind,
            scope="market",
            key=occasion.place[0],
            action=Action.HELD,
            evidence={"variants": ids[:MOST_NAMED], "count": len(ids), "moves": int(moves.sum())},
            now=occasion.now,
        )
