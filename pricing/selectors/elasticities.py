"""Read elasticities of departments, segments and tags under the model in use."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from pricing.models import DemandModelVersion
from profiles.core.tags import TAG_NAMES
from profiles.selectors import list_segments, name_tags

KINDS = ("department", "segment", "tag")


@dataclass(frozen=True, slots=True)
class GroupElasticity:
    """Elasticity d ln q / d ln p (negative) of a group, with its 90 % interval.

    `kind` is "department", "segment" or "tag"; `code` the department's id, the segment's or tag's
    code; `label` its name ("" for a department: the catalogue names it). `size` counts items of a
    department, shoppers of the others. `is_causal`: randomised prices back most of its sales;
    otherwise it is observational and the page says so.
    """

    kind: str
    code: str
    label: str
    size: int
    elasticity: float
    low: float
    high: float
    is_causal: bool


def list_group_elasticities(*, language: str = "en") -> list[GroupElasticity]:
    """Return the groups of the model in use by kind, steepest first. Two queries.

    Empty without a model. Names of segments and tags are in "en" or a "zh" language.
    """
    active = DemandModelVersion.objects.filter(status=DemandModelVersion.Status.ACTIVE)
    metrics: Mapping[str, Any] | None = active.values_list("metrics", flat=True).first()
    if metrics is None:
        return []
    labels = _name_groups(language)
    found = []
    for kind in KINDS:
        rows = sorted(metrics.get(f"elasticity_by_{kind}", ()), key=lambda row: row["elasticity"])
        found += [_read(kind, row, labels) for row in rows]
    return found


def _read(
    kind: str, row: Mapping[str, Any], labels: Mapping[tuple[str, str], str]
) -> GroupElasticity:
    code = str(row["department_id"] if kind == "department" else row["code"])
    return GroupElasticity(
        kind=kind,
        code=code,
        label=labels.get((kind, code), "" if kind == "department" else code),
        size=int(row["items"] if kind == "department" else row["shoppers"]),
        elasticity=row["elasticity"],
        low=row["low"],
        high=row["high"],
        is_causal=row.get("causal_share", 0.0) >= 0.5,
    )


def _name_groups(language: str) -> dict[tuple[str, str], str]:
    is_chinese = language.startswith("zh")
    names = {
        ("segment", one.code): one.name_zh if is_chinese else one.name for one in list_segments()
    }
    codes = tuple(TAG_NAMES)
    return names | {
        ("tag", code): name for code, name in zip(codes, name_tags(codes, language), strict=True)
    }
