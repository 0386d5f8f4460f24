"""Pages of learning: evidence and rollouts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import expm1
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import (
    MANY,
    REFUSALS,
    RolloutRow,
    RolloutStep,
    compare_model,
    list_evidence,
    list_fits,
    list_rollouts,
    list_shadows,
)
from pricing.optimum.core.monitoring import LEAST_DECISIONS, LEAST_HOURS, SHARES
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.learning.impression_fits import draw_fits, list_fit_figures
from shop.doors.backoffice.learning.learning import (
    ENDS,
    describe_shadow,
    draw_evidence,
    draw_shadows,
    judge_rollout,
    show_bounds,
)
from shop.doors.backoffice.learning.seasons import describe_season
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


CAN_SEE = "pricing.view_demandmodelversion"


@needs(CAN_SEE)
def show_learning(request: HttpRequest) -> HttpResponse:
    """Show what was learned from outcomes and impressions so far. Two queries."""
    steps, fits = list_evidence(), list_fits()
    context = {
        "steps": len(steps),
        "evidence": draw_evidence(steps),
        "fit_figures": list_fit_figures(fits),
        "fits": draw_fits(fits) if len(fits) > 1 else None,
        "checks": draw_checks(fits[-1].figures.get("calibration", ())) if fits else [],
    }
    return render_page(request, "admin/learning.html", _("Learning"), context)


@needs(CAN_SEE)
def show_season(request: HttpRequest) -> HttpResponse:
    """Show what the model in use believes of the season. Two queries at most."""
    return render_page(request, "admin/season.html", _("Season"), describe_season())


@needs(CAN_SEE)
def show_rollouts(request: HttpRequest) -> HttpResponse:
    """Show versions on trial and what they would have shown. Three queries, four in a trial."""
    shadows = list_shadows()
    context = {
        "trials": [_describe(one) for one in list_rollouts()],
        "shadows": [describe_shadow(one) for one in shadows],
        "may_see_ramps": request.user.has_perm("pricing.view_modelramp"),
        "compared": draw_shadows(shadows) if shadows else None,
    }
    return render_page(request, "admin/trials.html", _("Trials and shadows"), context)


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
