"""A candidate that believes in steeper demand, for trials and rollbacks."""

from __future__ import annotations

from datetime import timedelta

from pricing.models import DemandModelVersion, ModelAudit
from pricing.services.approvals import ask_for_model
from tests.factories.pricing import NOON, Dairy, make_model

HOUR = timedelta(hours=1)
STEEP = 4.0


def make_candidate(dairy: Dairy, by_id: int) -> DemandModelVersion:
    """A model that believes in steeper demand for cheese, audited; somebody asked for it."""
    in_use = DemandModelVersion.objects.get(status="active")
    row = make_model(dict.fromkeys(dairy.cheeses, STEEP), trained_at=NOON - HOUR)
    DemandModelVersion.objects.filter(pk=row.pk).update(status="candidate")
    DemandModelVersion.objects.filter(pk=in_use.pk).update(status="active")
    ModelAudit.objects.create(
        model=row,
        sha256=row.sha256,
        at=NOON,
        is_passed=True,
        is_blind=True,
        people=100,
        compared=100,
        report={},
    )
    ask_for_model(model_id=row.pk, reason="fits better", by_id=by_id, now=NOON)
    return row
