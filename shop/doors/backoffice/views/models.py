"""Demand models: the scorecard, how forecasts turned out, which groups are how elastic."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from math import exp
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from pricing.api import (
    ASKED,
    TRAIN_JOB,
    WMAPE_ALL,
    WMAPE_BEST,
    DepartmentElasticity,
    Fit,
    SeasonBelief,
    UntrustedModel,
    describe_fit,
    list_department_elasticities,
    list_model_versions,
    read_version,
    say_households,
    say_served,
)
from pricing.api import read_season as read_belief
from pricing.base.core.values import ModelVersionRow
from pricing.demand.core.families import CHAMPION
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Format, Series
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.learning.learning import read_learning, read_trials
from shop.doors.backoffice.learning.model_reports import (
    describe_version,
    list_families,
    list_figures,
    list_version_lines,
    say_drawn,
)
from shop.doors.backoffice.learning.priors import say_priors
from shop.doors.backoffice.learning.scorecards import (
    VERSIONS,
    describe_champion,
    list_lights,
    say_verdict_of_models,
)
from shop.doors.backoffice.navigation import MODELS, find_tab
from shop.ground.catalog.selectors import list_categories
from shop.ground.jobs.selectors import find_latest_run
from shop.ground.jobs.services import start_job
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_change, show_count, show_number, show_percent

# As many lines as there are colors: the families whose demand moves most.
MOST_LINES = 6


def read_season(request: HttpRequest) -> dict[str, Any]:
    """Return the season by family, or the sentence that says why there is none. Two queries."""
    try:
        found = read_belief()
    except UntrustedModel:
        found = None
    if found is None:
        return {"why": say_priors()}
    if not found.family_ids:
        return {
            "why": _(
                "The model in use keeps no season by family: what there is of one stands in its"
                " levels of the last weeks."
            )
        }
    return {"version": found.model_version, **_describe(found)}


def _describe(found: SeasonBelief) -> dict[str, Any]:
    nodes = list_categories(get_language() or "en").nodes
    # A week that the model was not shown moves nothing: it is left out, not told as ordinary.
    weeks = [at for at, told in enumerate(zip(*found.effects, strict=True)) if any(told)]
    rows = []
    for family_id, effects in zip(found.family_ids, found.effects, strict=True):
        name = nodes[family_id].name if family_id in nodes else f"#{family_id}"
        rows.append((name, tuple(exp(effects[week]) - 1.0 for week in weeks)))
    rows.sort(key=lambda row: min(row[1]) - max(row[1]))
    lines = (Series(name, shares, at + 1) for at, (name, shares) in enumerate(rows[:MOST_LINES]))
    chart = DayChart(
        title=_("Demand of each week against an ordinary one"),
        labels=tuple(str(week + 1) for week in weeks),
        show=show_change,
        lines=tuple(lines),
        note=_("The families whose demand moves most; all are in the table below."),
        label_title=_("Week of the year"),
    )
    return {
        "chart": chart.draw(),
        "weeks": len(weeks),
        "rows": [(name, *_tell(shares, weeks)) for name, shares in rows],
    }


def _tell(shares: tuple[float, ...], weeks: Sequence[int]) -> tuple[int, str, int, str]:
    """Return the strongest and the weakest week with their demand."""
    high, low = max(shares), min(shares)
    best, worst = (weeks[shares.index(one)] + 1 for one in (high, low))
    return best, show_change(high), worst, show_change(low)


def draw_backtest(metrics: Mapping[str, Any]) -> list[Chart]:
    """Return error, calibration and coverage of the held-out weeks, week by week."""
    weeks = metrics.get("backtest_weeks") or []
    errors = _chart_weeks(
        weeks,
        _("Forecast error by week"),
        {"wmape": (str(WMAPE_ALL), 1)},
        note=_("Sum of absolute errors as a share of sales, in weeks the model had not seen."),
    )
    sales = _chart_weeks(
        weeks,
        _("Sales and forecast by week"),
        {"units": (_("sold"), 1), "forecast": (_("forecast"), 2)},
        show=show_count,
    )
    coverage = _chart_weeks(
        weeks,
        _("Coverage of the intervals by week"),
        {"coverage_90": (_("90 % interval"), 1), "coverage_80": (_("80 % interval"), 2)},
        note=_("How many item-weeks sold what their interval says."),
    )
    calibration = _chart_weeks(
        weeks,
        _("Calibration error and bias by week"),
        {"ece": (_("calibration error"), 3), "bias": (_("bias: forecast over sales"), 4)},
    )
    strata = _draw_strata(metrics.get("backtest_prices") or [])
    return [errors, sales, coverage, calibration, strata]


def _chart_weeks(
    weeks: Sequence[Mapping[str, Any]],
    title: str,
    columns: Mapping[str, tuple[str, int]],
    *,
    show: Format = show_percent,
    note: str = "",
) -> Chart:
    """Return a chart of figures by week; a single figure as bars, several as lines."""
    series = tuple(
        Series(name, _column(weeks, column), tone) for column, (name, tone) in columns.items()
    )
    is_single = len(series) == 1
    return DayChart(
        title=title,
        labels=tuple(_week(row) for row in weeks),
        show=show,
        bars=series if is_single else (),
        lines=() if is_single else series,
        note=note,
        label_title=_("Week from"),
    ).draw()


def _draw_strata(rows: Sequence[Mapping[str, Any]]) -> Chart:
    return DayChart(
        title=_("Bias by distance from the usual price"),
        labels=tuple(_stratum(row) for row in rows),
        show=show_percent,
        bars=(Series(_("bias: forecast over sales"), _column(rows, "bias"), 2),),
        note=_("A slope too flat or too steep shows as bias far from the usual price."),
        label_title=_("Price against usual"),
    ).draw()


def _stratum(row: Mapping[str, Any]) -> str:
    low, high = float(row["from"]), float(row["to"])
    if low < -1:
        return _("%(share)s lower and more") % {"share": show_percent(-high)}
    if high > 1:
        return _("%(share)s higher and more") % {"share": show_percent(low)}
    return f"{show_change(low)} … {show_change(high)}"


def _column(rows: Sequence[Mapping[str, Any]], name: str) -> tuple[float | None, ...]:
    return tuple(row.get(name) for row in rows)


def _week(row: Mapping[str, Any]) -> str:
    monday = row.get("monday")
    return show_day(date.fromisoformat(monday)) if monday else str(row.get("week", ""))


CAN_TRAIN = "pricing.change_demandmodelversion"


@needs(MODELS)
def show_models(request: HttpRequest) -> HttpResponse:
    """Show one part of what is known of the models: the scorecard unless another is asked for."""
    asked = request.GET.get("part", "")
    part, read = (asked, PARTS[asked]) if asked in PARTS else ("", read_scorecard)
    tab = find_tab("models")[1]
    title = next(one.title for one in tab.parts if one.ending == (part and f"?part={part}"))
    context = {
        "parts": [(one.title, one.ending, one.title == title) for one in tab.parts],
        "part": f"admin/models/{part or 'scorecard'}.html",
        **read(request),
    }
    return render_page(request, "admin/models.html", title, context)


def read_scorecard(request: HttpRequest) -> dict[str, Any]:
    """Return whether the champion keeps its place and how it is, then the families of one training
    run and the newest versions. Twelve queries of our own."""
    now = utc_now()
    rows = list_model_versions(limit=VERSIONS)
    asked = read_number(request.GET.get("version", ""))
    chosen = next((row for row in rows if row.id == asked), None)
    if chosen is None:
        chosen = next((row for row in rows if row.metrics.get("leaderboard")), None)
    families = list_families(chosen) if chosen else ()
    return {
        "verdict": say_verdict_of_models(rows),
        "champion": describe_champion(rows, now),
        "lights": list_lights(rows, now),
        "fit": _describe_fit(request, now),
        "may_train": request.user.has_perm(CAN_TRAIN),
        "may_go_back": request.user.has_perm("pricing.change_modelchange"),
        "chosen": describe_version(chosen) if chosen else None,
        "families": families,
        "drawn": say_drawn(chosen) if chosen else "",
        "served": _say_served(rows),
        "priors": say_priors(),
        "wmape_all": WMAPE_ALL,
        "wmape_best": WMAPE_BEST,
        "takers": sum(one.may_take for one in families),
        "versions": list_version_lines(rows),
    }


def _describe_fit(request: HttpRequest, now: datetime) -> Fit | None:
    """Return how the newest fit goes. One query."""
    asked = parse_datetime(request.session.get(ASKED, ""))
    return describe_fit(find_latest_run(TRAIN_JOB), asked, now)


@require_POST
@needs(CAN_TRAIN)
def retrain(request: HttpRequest) -> HttpResponse:
    """Have a worker fit the family in use on the newest sales; the page shows its progress."""
    in_use = next(
        (row for row in list_model_versions(limit=VERSIONS) if row.status == "active"), None
    )
    keywords = {"family": CHAMPION if in_use is None else in_use.kind, "solver": ""}
    try:
        start_job(name=TRAIN_JOB, keywords=keywords)
    except FairtagError as refusal:
        messages.error(request, str(refusal))
    else:
        request.session[ASKED] = utc_now().isoformat()
    return HttpResponseRedirect(reverse("admin:models"))


def _say_served(rows: Sequence[ModelVersionRow]) -> str:
    """Return where the model in use learned and which places it prices, "" without one."""
    in_use = next((row for row in rows if row.status == "active"), None)
    return "" if in_use is None else say_served(in_use.metrics, is_in_use=True)


@needs(MODELS)
def show_backtest(request: HttpRequest, version: int) -> HttpResponse:
    """Show how a version forecast weeks it had not seen. One query of our own."""
    row = read_version(version)
    if row is None:
        raise Http404(_("No model has this number."))
    context = {
        "version": describe_version(row),
        "figures": list_figures(row),
        "charts": draw_backtest(row.metrics),
        "has_weeks": bool(row.metrics.get("backtest_weeks")),
        "held_out": row.metrics.get("held_out_weeks"),
        "households": say_households(row.metrics),
    }
    return render_page(request, "admin/backtest.html", _("Model backtest"), context)


def read_elasticities(request: HttpRequest) -> dict[str, Any]:
    """Return elasticities of departments with intervals. One query."""
    found = list_department_elasticities()
    return {"chart": _draw_departments(found) if found else None}


def _draw_departments(found: list[DepartmentElasticity]) -> Chart:
    nodes = list_categories(get_language() or "en").nodes
    names = {one: node.name for one, node in nodes.items()}
    return IntervalChart(
        title=_("Departments"),
        name_title=_("Department"),
        value_title=_("Elasticity"),
        show=show_number,
        rows=tuple(
            Interval(
                name=names.get(one.department_id, str(one.department_id)),
                low=one.low,
                middle=one.elasticity,
                high=one.high,
                tone=2,
            )
            for one in found
        ),
        note=_("Steepest first, with 90 % intervals; -2 means: 1 % dearer sells 2 % less."),
    ).draw()


# part of the page -> what it shows; the scorecard is shown without one
PARTS: dict[str, Callable[[HttpRequest], dict[str, Any]]] = {
    "learning": read_learning,
    "trials": read_trials,
    "elasticities": read_elasticities,
    "season": read_season,
}
