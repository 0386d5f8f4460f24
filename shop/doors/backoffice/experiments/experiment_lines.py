"""Arms and guards of an experiment as lines of tables, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from profiles.experiments.api import ArmPlan, ExperimentRow
from shop.doors.backoffice.experiments.experiments import name_guard, name_of, show_value
from shop.ground.staff.numbers import EMPTY, show_change, show_count, show_percent


@dataclass(frozen=True, slots=True)
class ArmLine:
    """One arm against the plain one, in words."""

    name: str
    share: str
    exposed: str
    measured: str
    mean: str
    difference: str
    bounds: str
    relative: str
    told: str
    tone: str
    is_control: bool


@dataclass(frozen=True, slots=True)
class GuardLine:
    """One guard metric of one arm, in words."""

    arm: str
    metric: str
    change: str
    tolerance: str
    told: str
    tone: str


def list_arm_lines(row: ExperimentRow) -> list[ArmLine]:
    """Return the arms of a row with shoppers as units, the plain one first."""
    figures = {} if row.newest is None else row.newest.figures
    if row.unit == "cluster":
        return []
    primary = {one["arm"]: one for one in figures.get("primary", ())}
    counts = zip(
        row.arms,
        figures.get("exposed") or [0] * len(row.arms),
        figures.get("measured") or [0] * len(row.arms),
        strict=True,
    )
    lines = [_arm_line(row, arm, primary, seen, kept) for arm, seen, kept in counts]
    return sorted(lines, key=lambda line: not line.is_control)


def _arm_line(
    row: ExperimentRow, arm: ArmPlan, primary: Mapping[str, Any], seen: int, measured: int
) -> ArmLine:
    metric = row.primary_metric
    one = next(iter(primary.values()), None) if arm.is_control else primary.get(arm.code)
    mean = (
        EMPTY
        if one is None
        else show_value(metric, one["control" if arm.is_control else "treated"])
    )
    told, tone = ("", "gray") if arm.is_control else _tell(one)
    compared = None if arm.is_control else one
    shares = row.shares or {}
    return ArmLine(
        name=name_of(arm),
        share=show_percent(shares.get(arm.code, arm.share)),
        exposed=show_count(seen),
        measured=show_count(measured),
        mean=mean,
        difference=EMPTY if compared is None else show_value(metric, compared["difference"]),
        bounds=EMPTY if compared is None else _bounds(metric, compared),
        relative=EMPTY if compared is None else show_change(compared["relative"]),
        told=told,
        tone=tone,
        is_control=arm.is_control,
    )


def _tell(one: Mapping[str, Any] | None) -> tuple[str, str]:
    if one is None or one["low"] is None:
        return _("too few shoppers to say anything yet"), "gray"
    if one["is_better"]:
        return _("certainly better"), "green"
    if one["is_worse"]:
        return _("certainly worse"), "red"
    return _("no difference proven yet"), "amber"


def _bounds(metric: str, one: Mapping[str, Any]) -> str:
    if one["low"] is None:
        return EMPTY
    return f"{show_value(metric, one['low'])} … {show_value(metric, one['high'])}"


def list_guard_lines(row: ExperimentRow) -> list[GuardLine]:
    """Return the guards of the newest read-out."""
    figures = {} if row.newest is None else row.newest.figures
    names = {arm.code: name_of(arm) for arm in row.arms}
    return [
        GuardLine(
            arm=names.get(one["arm"], one["arm"]),
            metric=name_guard(row, one["metric"]),
            change=f"{show_change(one['relative'])} ({show_change(one['relative_low'])} …"
            f" {show_change(one['relative_high'])})",
            tolerance=show_percent(one["tolerance"]),
            told=_("harmed") if one["is_harmed"] else _("within what it may lose, or not proven"),
            tone="red" if one["is_harmed"] else "green",
        )
        for one in figures.get("guards", ())
    ]
