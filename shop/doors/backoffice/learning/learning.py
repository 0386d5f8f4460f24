"""Results of learning as text and charts: lift over the holdout, evidence, rollouts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import isfinite

from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import EvidenceStep, LiftDay, ShadowRow
from profiles.values import Lift
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, WIDTH, Chart, Series
from shop.doors.backoffice.charts.planes import Band, Curve, Marker, PlaneChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.learning.model_reports import show_share
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_percent, show_signed

type Text = str | Promise

# Where a drawing without days begins: far enough from the first day there is.
ANY_DAY = date(2000, 1, 1)
ENDS: dict[str, tuple[Text, str]] = {
    "": (gettext_lazy("goes on"), "blue"),
    "promoted": (gettext_lazy("in use for everybody"), "green"),
    "stopped": (gettext_lazy("stopped by staff"), "amber"),
    "tripped": (gettext_lazy("stopped by a breaker"), "red"),
}


def judge_rollout(lift: Lift) -> tuple[str, str]:
    """Return how shoppers of a version on trial do against the others, and a tone."""
    if not isfinite(lift.low):
        return _("too few shoppers to say anything yet"), "gray"
    if lift.low > 0:
        return _("its shoppers bring more"), "green"
    if lift.high < 0:
        return _("its shoppers bring less"), "red"
    return _("no difference proven yet"), "amber"


def show_bounds(lift: Lift) -> str:
    """Return the ends of a confidence sequence; a dash while they are infinite."""
    if not isfinite(lift.low):
        return EMPTY
    return f"{show_signed(lift.low, show_minor)} … {show_signed(lift.high, show_minor)}"


def draw_lift(days: Sequence[LiftDay]) -> Chart:
    """Return the difference of profit a visit with its confidence sequence, day by day."""
    start = days[0].day if days else ANY_DAY
    known = [one for one in days if isfinite(one.lift.low)]
    band = tuple((float((one.day - start).days), one.lift.low, one.lift.high) for one in known)
    return PlaneChart(
        title=_("Lift over the holdout: profit a visit"),
        x_title=_("Day"),
        y_title=_("Difference"),
        show_x=lambda day: show_day(start + timedelta(days=round(day))),
        show_y=show_minor,
        curves=(
            Curve(
                _("difference, all days so far"),
                tuple((float((one.day - start).days), one.lift.difference) for one in days),
                1,
            ),
        )
        if days
        else (),
        band=Band(_("confidence sequence"), band) if len(band) > 1 else None,
        markers=(Marker(_("first bounds"), band[0][0], 2),) if band else (),
        note=_(
            "Each day compares all shoppers since the start; bounds need 100 shoppers in each arm."
        ),
        width=WIDE,
        is_counted=True,
    ).draw()


def draw_evidence(steps: Sequence[EvidenceStep]) -> list[Chart]:
    """Return what was learned step by step, what there is to draw: outcomes, moved elasticities."""
    labels = tuple(f"{localtime(step.at):%m-%d %H:%M}" for step in steps)
    has_moves = any(step.moved or step.alarms for step in steps)
    charts = [
        DayChart(
            title=_("Outcomes the elasticities have learned from"),
            labels=labels,
            show=show_count,
            lines=(
                Series(_("prices shown"), tuple(float(s.exposures + s.pending) for s in steps), 1),
                Series(
                    _("purchases"),
                    tuple(float(s.purchases + s.pending_purchases) for s in steps),
                    2,
                ),
                Series(_("still to be bought at"), tuple(float(s.pending) for s in steps), 3),
            ),
            note=_(
                "Personal prices and impressions of public ones, since learning began. Prices "
                "that are still open count in proportion to how fast people usually buy."
            ),
            label_title=_("Moment"),
            # Alone it has the page's whole width.
            width=WIDTH if has_moves else WIDE,
        ).draw(),
        DayChart(
            title=_("Elasticities that moved, and alarms of drift"),
            labels=labels,
            show=show_count,
            bars=(Series(_("moved in this step"), tuple(float(s.moved) for s in steps), 1),),
            lines=(Series(_("alarms so far"), tuple(float(s.alarms) for s in steps), 4),),
            label_title=_("Moment"),
        ).draw(),
    ]
    return [chart for chart in charts if not chart.is_empty]


@dataclass(frozen=True, slots=True)
class ShadowLine:
    """One comparison of a version with what was shown, in words."""

    row: ShadowRow
    decisions: str
    gap: str
    size: str
    cheaper: str
    same: str
    dearer: str
    violations: int


def describe_shadow(row: ShadowRow) -> ShadowLine:
    """Return a comparison in words."""

    def share(name: str) -> str:
        return show_share(row.figures.get(name))

    return ShadowLine(
        row=row,
        decisions=show_count(row.decisions),
        gap=share("gap"),
        size=share("mean_absolute_gap"),
        cheaper=share("lower_share"),
        same=share("same_share"),
        dearer=share("higher_share"),
        violations=int(row.figures.get("violations") or 0),
    )


def draw_shadows(rows: Sequence[ShadowRow]) -> Chart:
    """Return what share of decisions would have been cheaper, the same, dearer; oldest first."""
    ordered = list(reversed(rows))

    def column(name: str) -> tuple[float | None, ...]:
        return tuple(row.figures.get(name) for row in ordered)

    return DayChart(
        title=_("Decisions it would have made cheaper or dearer"),
        labels=tuple(f"{localtime(row.at):%m-%d %H:%M}" for row in ordered),
        show=show_percent,
        bars=(
            Series(_("cheaper"), column("lower_share"), 1),
            Series(_("same price"), column("same_share"), 3),
            Series(_("dearer"), column("higher_share"), 2),
        ),
        note=_("A personal price never stands above the public one, whichever version made it."),
        label_title=_("Moment"),
        ceiling=1.0,
        width=WIDE,
    ).draw()
