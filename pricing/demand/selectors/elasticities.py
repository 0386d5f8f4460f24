"""Read elasticities of departments under the model in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pricing.demand.models.demand import DemandModelVersion


@dataclass(frozen=True, slots=True)
class DepartmentElasticity:
    """Elasticity d ln q / d ln p (negative) of a department's weekly sales, with its 90 % interval;
    `items` of its goods are in it. The catalogue names it."""

    department_id: int
    items: int
    elasticity: float
    low: float
    high: float


def list_department_elasticities() -> list[DepartmentElasticity]:
    """Return the departments of the model in use, steepest first; empty without a model. One
    query."""
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    metrics: Mapping[str, Any] | None = active.values_list("metrics", flat=True).first()
    rows = (metrics or {}).get("elasticity_by_department", ())
    names = DepartmentElasticity.__slots__
    found = [DepartmentElasticity(**{name: row[name] for name in names}) for row in rows]
    return sorted(found, key=lambda one: one.elasticity)
