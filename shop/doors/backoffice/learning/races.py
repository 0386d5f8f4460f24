"""Families and solvers compared side by side: one table, one plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from pricing.api import name_family, name_solver
from pricing.base.core.values import ModelVersionRow
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.planes import Curve, PlaneChart
from shop.doors.backoffice.learning.model_reports import show_number
from shop.ground.staff.numbers import EMPTY, show_count, show_units

type Text = str | Promise

SHORTEST = 1e-5  # of a second: what began at once still has a place on the axis


@dataclass(frozen=True, slots=True)
class RaceLine:
    """One family fitted with one solver, in words."""

    family: Text
    solver: Text
    deviance: str
    wmape: str
    seconds: str
    steps: str
    end: str
    tone: str


@dataclass(frozen=True, slots=True)
class Race:
    """What was compared when one version was fitted."""

    version: int
    lines: tuple[RaceLine, ...]
    chart: Chart


def find_race(rows: Sequence[ModelVersionRow], chosen: int | None) -> Race | None:
    """Return the comparison of the version asked for, else of the newest that has one."""
    raced = [row for row in rows if row.metrics.get("race")]
    row = next((one for one in raced if one.id == chosen), raced[0] if raced else None)
    if row is None:
        return None
    lines = tuple(_line(one) for one in row.metrics["race"])
    return Race(row.id, lines, _draw(row.metrics.get("descent") or []))


def _line(row: Mapping[str, Any]) -> RaceLine:
    steps, is_converged = row.get("steps"), row.get("is_converged")
    end, tone = EMPTY, ""
    if is_converged is not None:
        end = _("converged") if is_converged else _("stopped before the minimum")
        tone = "green" if is_converged else "amber"
    solver = str(row.get("solver") or "")
    return RaceLine(
        family=name_family(str(row.get("family", ""))),
        solver=name_solver(solver) or EMPTY,
        deviance=show_number(row.get("deviance"), 3),
        wmape=show_number(row.get("wmape"), 3),
        seconds=show_number(row.get("seconds"), 2),
        steps=EMPTY if steps is None else show_count(steps),
        end=end,
        tone=tone,
    )


def _draw(paths: Sequence[Mapping[str, Any]]) -> Chart:
    return PlaneChart(
        title=_("Loss above the minimum, by time"),
        x_title=_("Seconds"),
        y_title=_("Loss above the minimum, per cell"),
        show_x=_power,
        show_y=_power,
        curves=tuple(
            Curve(
                str(name_solver(one["solver"])),
                tuple(
                    sorted(
                        (math.log10(max(at, SHORTEST)), math.log10(gap)) for at, gap in one["path"]
                    )
                ),
                tone,
            )
            for tone, one in enumerate(paths, 1)
        ),
        note=_(
            "The linear family on the best-selling products, both axes logarithmic: each solver "
            "goes to the same minimum, lower is nearer."
        ),
    ).draw()


def _power(exponent: float) -> str:
    """Return ten to the power of a number on a logarithmic axis."""
    return show_units(10.0**exponent)
