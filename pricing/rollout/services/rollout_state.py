"""State of a rollout in each sales channel: shadow, or shown to shoppers."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

from pricing.base.services.figures import show_lift
from pricing.learning.models.learning import ModelRamp, RampStep, ShadowComparison
from pricing.ledger.selectors.exposures import load_exposures
from pricing.ledger.selectors.sales_channels import SalesChannel, list_places, name_place
from pricing.optimum.core.monitoring import RampState
from pricing.quoting.selectors.rollouts import load_tried
from pricing.rollout.selectors.lift import compare_model
from pricing.rollout.selectors.shadow import compare_shadow

# How much of the past one comparison of a shadow looks at, and how often it is made.
SHADOW_WINDOW = timedelta(hours=1)
# How often a trial may be stopped wrongly, at all looks at all places together.
ERROR = 0.01


def read_states(ramp: ModelRamp, step: RampStep, now: datetime) -> dict[str, RampState]:
    """Return how a trial stands at its step, by the name of each place; the home place is one.

    In the shadow, decisions of each place since the last comparison, an hour at most, are priced
    anew first.
    """
    places = list_places()
    if step.share == 0.0:
        for place in places:
            _compare_lately(ramp, step, place, now)
    level = 1.0 - ERROR / len(places)
    return {name_place(place): _read_state(ramp, step, place, now, level) for place in places}


def show_state(state: RampState) -> dict[str, Any]:
    """Return the figures of a state as a step keeps them."""
    plain = {
        "share": state.share,
        "hours": round(state.hours, 2),
        "decisions": state.decisions,
        "shadow_gap": state.shadow_gap,
        "violations": state.violations,
    }
    return plain if state.lift is None else plain | show_lift(state.lift)


def _read_state(
    ramp: ModelRamp, step: RampStep, place: SalesChannel, now: datetime, level: float
) -> RampState:
    hours = (now - step.at) / timedelta(hours=1)
    if step.share == 0.0:
        return _read_shadow(ramp, step, place, hours)
    trial = compare_model(
        model_version=ramp.model_id,
        since=step.at,
        market=place[0],
        channel=place[1],
        level=level,
    )
    return RampState(share=step.share, hours=hours, decisions=trial.decisions, lift=trial.lift)


def _read_shadow(ramp: ModelRamp, step: RampStep, place: SalesChannel, hours: float) -> RampState:
    rows = ShadowComparison.objects.filter(
        model=ramp.model, since__gte=step.at, market_code=place[0], channel=place[1]
    )
    seen = [(row.decisions, row.figures) for row in rows if row.decisions]
    decisions = sum(count for count, _ in seen)
    gap = sum(count * figures["gap"] for count, figures in seen) / max(1, decisions)
    return RampState(
        share=0.0,
        hours=hours,
        decisions=decisions,
        shadow_gap=gap if seen else None,
        violations=sum(figures["violations"] for _, figures in seen),
    )


def _compare_lately(ramp: ModelRamp, step: RampStep, place: SalesChannel, now: datetime) -> None:
    """Compare the shadow with what was shown since the last comparison, an hour at most."""
    known = ShadowComparison.objects.filter(
        model=ramp.model, since__gte=step.at, market_code=place[0], channel=place[1]
    )
    newest = known.first()
    since = step.at if newest is None else newest.until
    if now - since < SHADOW_WINDOW:
        return
    served = load_tried(ramp.model_id, place)
    begin = max(since, now - SHADOW_WINDOW)
    found = load_exposures(since=begin, until=now, now=now, market=place[0], channel=place[1])
    figures = compare_shadow(found.take(~found.is_book), served, place)
    ShadowComparison.objects.create(
        model=ramp.model,
        at=now,
        since=begin,
        until=now,
        market_code=place[0],
        channel=place[1],
        decisions=figures.decisions,
        figures={name: getattr(figures, name) for name in figures.__slots__},
    )
