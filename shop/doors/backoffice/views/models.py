"""Demand models: who is how good, how forecasts turned out, which groups are how elastic."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import (
    WMAPE_ALL,
    WMAPE_BEST,
    DepartmentElasticity,
    list_department_elasticities,
    list_model_versions,
    read_version,
    say_households,
    say_served,
)
from pricing.base.core.values import ModelVersionRow
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.learning.backtests import draw_backtest
from shop.doors.backoffice.learning.model_reports import (
    describe_version,
    list_families,
    list_figures,
    list_version_lines,
    say_drawn,
)
from shop.doors.backoffice.learning.priors import say_priors
from shop.doors.backoffice.learning.races import find_race
from shop.ground.catalog.selectors import list_categories
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_number

CAN_SEE = "pricing.view_demandmodelversion"
VERSIONS = 12


@needs(CAN_SEE)
def show_leaderboard(request: HttpRequest) -> HttpResponse:
    """Show the families of one training run and the newest versions. Three queries of our own."""
    rows = list_model_versions(limit=VERSIONS)
    asked = read_number(request.GET.get("version", ""))
    chosen = next((row for row in rows if row.id == asked), None)
    if chosen is None:
        chosen = next((row for row in rows if row.metrics.get("leaderboard")), None)
    families = list_families(chosen) if chosen else ()
    context = {
        "chosen": describe_version(chosen) if chosen else None,
        "families": families,
        "drawn": say_drawn(chosen) if chosen else "",
        "served": _say_served(rows),
        "priors": say_priors(),
        "wmape_all": WMAPE_ALL,
        "wmape_best": WMAPE_BEST,
        "race": find_race(rows, chosen.id if chosen else None),
        "takers": sum(one.may_take for one in families),
        "versions": list_version_lines(rows),
    }
    return render_page(request, "admin/leaderboard.html", _("Model leaderboard"), context)


def _say_served(rows: Sequence[ModelVersionRow]) -> str:
    """Return where the model in use learned and which places it prices, "" without one."""
    in_use = next((row for row in rows if row.status == "active"), None)
    return "" if in_use is None else say_served(in_use.metrics, is_in_use=True)


@needs(CAN_SEE)
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


@needs(CAN_SEE)
def show_elasticities(request: HttpRequest) -> HttpResponse:
    """Show elasticities of departments with intervals. One query."""
    found = list_department_elasticities()
    chart = _draw_departments(found) if found else None
    title = _("Elasticities by department")
    return render_page(request, "admin/elasticities.html", title, {"chart": chart})


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
