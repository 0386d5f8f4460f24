"""Read demand models."""

from __future__ import annotations

from pricing.core.values import DemandCurve, ModelVersionRow


def list_model_versions(*, limit: int = 50) -> list[ModelVersionRow]:
    """Return the newest model versions. One query."""
    raise NotImplementedError


def demand_curve(*, variant_id: int, market: str = "us", channel: str = "online") -> DemandCurve:
    """Return the demand curve of a variant under the active model. Four queries."""
    raise NotImplementedError
