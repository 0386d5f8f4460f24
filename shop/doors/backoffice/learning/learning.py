"""Results of learning as text and charts: lift over the holdout, evidence, rollouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from math import expm1, isfinite
from typing import Any

from django.http import HttpRequest
from django.utils.functional import Promise
from django.utils.timezone import localtime
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from pricing.api import (
    MANY,
    REFUSALS,
    EvidenceStep,
    LiftDay,
    RolloutRow,
    RolloutStep,
    ShadowRow,
    compare_model,
    list_evidence,
    list_fits,
    list_rollouts,
    list_shadows,
)
from pricing.optimum.core.monitoring import LEAST_DECISIONS, LEAST_HOURS, SHARES
from profiles.values import Lift
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, WIDTH, Chart, Series
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.charts.planes import Band, Curve, Marker, PlaneChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.learning.impression_fits import draw_fits, list_fit_figures
from shop.doors.backoffice.learning.model_reports import show_share
from shop.ground.catalog.selectors import list_categories
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import (
    EMPTY,
    show_chance,
    show_change,
    show_count,
    show_number,
    show_percent,
    show_signed,
)

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


SDS, UNLIKELY = 1.96, 0.05


def draw_checks(tables: Sequence[Mapping[str, Any]]) -> list[Chart]:
    """Return a drawing for each table of a fit's calibration, none without one. One query."""
    if not tables:
        return []
    names = {one: node.name for one, node in list_categories(get_language() or "en").nodes.items()}
    return [_draw(table, names) for table in tables]


def _draw(table: Mapping[str, Any], names: Mapping[int, str]) -> Chart:
    titles = {
        "family": _("Price response by family: seen, as a multiple of predicted"),
        "price": _("Price response by price point: seen, as a multiple of predicted"),
        "boost": _("Price response by shoppers' boost: seen, as a multiple of predicted"),
    }
    heads = {"family": _("Family"), "price": _("Price beside its anchor"), "boost": _("Boost")}
    return IntervalChart(
        title=titles[table["kind"]],
        name_title=heads[table["kind"]],
        value_title=_("Seen over predicted"),
        show=show_number,
        rows=tuple(_draw_row(table["kind"], row, names) for row in table["rows"]),
        reference=1.0,
        note_title=_("Purchases predicted / seen"),
        note=_say(table["p_value"]),
    ).draw()


def _draw_row(kind: str, row: Mapping[str, float], names: Mapping[int, str]) -> Interval:
    wide = SDS * row["sd"]
    sold = f"{show_count(round(row['predicted']))} / {show_count(round(row['seen']))}"
    middle = row["factor"]
    tone = 1 if abs(middle - 1.0) <= wide else 2
    name = _name(kind, row["label"], names)
    return Interval(name, middle - wide, middle, middle + wide, tone, sold)


def _name(kind: str, label: float, names: Mapping[int, str]) -> str:
    if kind == "family":
        return names.get(int(label), str(int(label)))
    if kind == "price":
        return show_signed(expm1(label), show_percent)
    return f"× {show_number(label)}"


def _say(chance: float) -> str:
    said = (
        _("p %(chance)s: differences like these would be unlikely if the model were right.")
        if chance < UNLIKELY
        else _("p %(chance)s: nothing here says that the model is wrong.")
    )
    how = _(
        "A fit to the days before is compared with the last seven; only prices that chance moved"
        " count, and levels are those of these days."
    )
    shown = show_chance(chance)
    return f"{said % {'chance': shown if shown.startswith('<') else f'= {shown}'}} {how}"


@dataclass(frozen=True, slots=True)
class StepLine:
    """A step of a trial: `figure` is how far its prices lay in the shadow, later what its shoppers
    brought against the others (99 % at every look)."""

    step: RolloutStep
    share: str
    decisions: str
    figure: str


@dataclass(frozen=True, slots=True)
class LoggedVerdict:
    """What logged prices say of a version: the gain of a thousand decisions with its interval."""

    gain: str
    low: str
    high: str
    decisions: str
    purchases: str
    reasons: tuple[str, ...]
    tone: str


def describe_step(step: RolloutStep) -> StepLine:
    """Return a step with the figures it was judged by, dashes before anybody looked."""
    seen = step.evidence
    bounds = (seen.get("low"), seen.get("high"))
    known = [show_signed(float(one), show_minor) for one in bounds if one is not None]
    return StepLine(
        step=step,
        share=show_percent(step.share) if step.share else _("in the shadow"),
        decisions=show_count(seen["decisions"]) if "decisions" in seen else EMPTY,
        figure=" … ".join(known)
        if step.share and len(known) == 2
        else EMPTY
        if step.share
        else _("prices %(gap)s on average") % {"gap": show_change(seen.get("shadow_gap"))},
    )


def describe_logged(row: RolloutRow) -> LoggedVerdict | None:
    """Return the newest verdict of logged prices; None before there is one."""
    found = next((one.evidence["offline"] for one in row.steps if "offline" in one.evidence), None)
    if found is None or "gain" not in found:
        return None
    gain, low, high = (MANY * float(one) for one in found["gain"])
    return LoggedVerdict(
        gain=show_signed(gain, show_minor),
        low=show_signed(low, show_minor),
        high=show_signed(high, show_minor),
        decisions=show_count(found["exposures"]),
        purchases=show_count(found["purchases"]),
        reasons=tuple(str(REFUSALS.get(one, one)) for one in found["reasons"]),
        tone="green" if found["is_open"] else "red" if high < 0.0 else "amber",
    )


def say_next(row: RolloutRow) -> str:
    """Return what the newest step of an open trial still needs before it goes on by itself."""
    if row.ended_at is not None or not row.steps:
        return ""
    step = row.steps[0]
    at = SHARES.index(step.share) if step.share in SHARES else len(SHARES)
    if at >= len(LEAST_HOURS):
        return ""
    return _(
        "The next step needs %(hours)s hours and %(decisions)s decisions in this one;"
        " so far there were %(hours_seen)s hours and %(seen)s decisions."
    ) % {
        "hours": show_count(LEAST_HOURS[at]),
        "decisions": show_count(LEAST_DECISIONS[at]),
        "hours_seen": _count(step.evidence, "hours"),
        "seen": _count(step.evidence, "decisions"),
    }


def _count(seen: Mapping[str, Any], name: str) -> str:
    return show_count(float(seen.get(name) or 0))


def read_learning(request: HttpRequest) -> dict[str, Any]:
    """Return what was learned from outcomes and impressions so far. Two queries."""
    steps, fits = list_evidence(), list_fits()
    return {
        "steps": len(steps),
        "evidence": draw_evidence(steps),
        "fit_figures": list_fit_figures(fits),
        "fits": draw_fits(fits) if len(fits) > 1 else None,
        "checks": draw_checks(fits[-1].figures.get("calibration", ())) if fits else [],
    }


def read_trials(request: HttpRequest) -> dict[str, Any]:
    """Return versions on trial and what they would have shown. Three queries, four in a trial."""
    shadows = list_shadows()
    return {
        "trials": [_describe(one) for one in list_rollouts()],
        "shadows": [describe_shadow(one) for one in shadows],
        "may_see_ramps": request.user.has_perm("pricing.view_modelramp"),
        "compared": draw_shadows(shadows) if shadows else None,
    }


def _describe(row: RolloutRow) -> dict[str, Any]:
    end, tone = ENDS.get(row.end, (row.end, "gray"))
    share = row.steps[0].share if row.steps else 0.0
    is_quoting = row.ended_at is None and share > 0.0
    lift = (
        compare_model(model_version=row.model_version, since=row.steps[0].at).lift
        if is_quoting
        else None
    )
    return {
        "row": row,
        "end": end,
        "tone": tone,
        "lift": "" if lift is None else show_bounds(lift),
        "verdict": None if lift is None else judge_rollout(lift),
        "share": _("in the shadow") if not share else show_percent(share),
        "steps": [describe_step(step) for step in row.steps],
        "logged": describe_logged(row),
        "next": say_next(row),
    }
