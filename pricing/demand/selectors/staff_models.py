"""Read one demand model's figures for staff, without its arrays."""

from __future__ import annotations

from pricing.base.core.values import ModelVersionRow
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.versions import model_row


def read_version(version: int) -> ModelVersionRow | None:
    """Return a model version, None if there is none of this number. One query."""
    row = DemandModelVersion.objects.defer("arrays").filter(pk=version).first()
    return None if row is None else model_row(row)
