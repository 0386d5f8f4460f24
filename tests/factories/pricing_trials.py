"""A candidate that believes in steeper demand, for trials and rollbacks."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth import get_user_model

from pricing.demand.models.demand import DemandModelVersion
from pricing.fairness.models.audits import ModelAudit
from pricing.learning.models.learning import RampStep
from pricing.optimum.core.monitoring import SHARES
from pricing.rollout.services.approvals import activate_model, ask_for_model
from pricing.rollout.services.rollouts import begin_rollout, step_rollout
from tests.factories.pricing import NOON, Dairy, committed, make_model

HOUR = timedelta(hours=1)
STEEP = 4.0


def make_candidate(dairy: Dairy, by_id: int) -> DemandModelVersion:
    """A model that believes in steeper demand for cheese, audited; somebody asked for it."""
    in_use = DemandModelVersion.objects.get(status="active")
    row = make_model(dict.fromkeys(dairy.cheeses, STEEP), trained_at=NOON - HOUR)
    DemandModelVersion.objects.filter(pk=row.pk).update(status="candidate")
    DemandModelVersion.objects.filter(pk=in_use.pk).update(status="active")
    audit(row)
    ask_for_model(model_id=row.pk, reason="fits better", by_id=by_id, now=NOON)
    return row


def audit(model: DemandModelVersion, *, is_passed: bool = True) -> ModelAudit:
    """Store an audit of a model's arrays as if it had been measured."""
    return ModelAudit.objects.create(
        model=model,
        sha256=model.sha256,
        at=NOON,
        is_passed=is_passed,
        is_blind=True,
        people=100,
        compared=100,
        report={},
    )


def make_people(*names: str) -> list[int]:
    """Return accounts of staff by their first names."""
    people = get_user_model().objects
    return [people.get_or_create(email=f"{name}@example.com")[0].pk for name in names]


def activate_by_two(model_id: int, now: datetime = NOON) -> None:
    """Let Bob ask for a model that waits, and Ann activate it."""
    bob, ann = make_people("bob", "ann")
    ask_for_model(model_id=model_id, reason="looked at", by_id=bob, now=now)
    activate_model(model_id=model_id, by_id=ann, now=now)


def begin(model: DemandModelVersion, by_id: int, share: float = 0.0) -> int:
    """Put a model on trial and let the plan bring it to a share; return the trial's id."""
    with committed():
        ramp = begin_rollout(model_id=model.pk, by_id=by_id, now=NOON)
        if share:
            climb(ramp, share)
    return ramp


def climb(ramp: int, share: float) -> None:
    """Let the plan go up to a share, step by step, through an open gate."""
    open_gate(ramp)
    for step in SHARES[1:]:
        if step <= share:
            step_rollout(ramp_id=ramp, share=step, reason="plan", by_id=None, now=NOON)


def open_gate(ramp: int) -> None:
    """Let a trial in its shadow be judged well on logged exposures, for the next day."""
    told = {"at": (NOON + HOUR).isoformat(), "is_open": True, "reasons": []}
    RampStep.objects.filter(ramp_id=ramp).update(evidence={"offline": told})
