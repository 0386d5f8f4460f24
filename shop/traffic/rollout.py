"""A model on trial, begun by two people of the demo and grown by its own rules."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from pricing.api import (
    NotAudited,
    NotOffered,
    activate_model,
    ask_for_model,
    begin_rollout,
    load_rollout,
    train_demand,
)

CANDIDATE = "candidate"
REFUSED = "refused"
# So many weeks a candidate learns from; the second if a fit on the first is refused.
RECENT_WEEKS = (16, 26)
REASON = "It learned from the last weeks alone: demand may have changed since."


@dataclass(frozen=True, slots=True)
class Staff:
    """The two accounts of the demo who answer for the trial."""

    asks: int
    decides: int


def begin_demo_rollout(*, staff: Staff, now: datetime) -> int | None:
    """Fit a model on the recent weeks and put it on trial; None where it is used without one.

    A refit that prices much as the model in use does comes into use by itself: then there is
    nothing to try.
    """
    for weeks in RECENT_WEEKS:
        row = train_demand(as_of=now, weeks=weeks)
        if row.status != REFUSED:
            break
    if row.status != CANDIDATE:
        return None
    try:
        ask_for_model(model_id=row.id, reason=REASON, by_id=staff.asks, now=now)
        begin_rollout(model_id=row.id, by_id=staff.decides, now=now)
    except (NotOffered, NotAudited):
        return None
    return row.id


def use_tried(*, staff: Staff, now: datetime) -> int | None:
    """Bring the model on trial into use once it quotes everybody; return it, else None."""
    found = load_rollout()
    if found is None or found.share < 1.0:
        return None
    activate_model(model_id=found.model_version, by_id=staff.decides, now=now)
    return found.model_version
