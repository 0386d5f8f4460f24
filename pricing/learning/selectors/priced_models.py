"""Model versions that set prices now."""

from __future__ import annotations

from pricing.demand.models.demand import DemandModelVersion
from pricing.learning.models.learning import ModelRamp


def list_priced_models() -> list[int]:
    """Return the model version in use, then the one on trial. Two queries."""
    rows = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    trials = ModelRamp.objects.filter(ended_at__isnull=True)
    wanted = [*rows.values_list("pk", flat=True), *trials.values_list("model_id", flat=True)]
    return list(dict.fromkeys(wanted))
