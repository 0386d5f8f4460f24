"""Demand models: who is how good, how forecasts turned out, which groups are how elastic."""

from __future__ import annotations

from collections.abc import Sequence

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.core.values import ModelVersionRow
from pricing.selectors import list_model_versions
from pricing.selectors.elasticities import GroupElasticity, list_group_elasticities
from pricing.selectors.places import say_served
from pricing.selectors.staff_models import read_version
from pricing.selectors.verdicts import WMAPE_ALL, WMAPE_BEST
from shop.backoffice.backtests import draw_backtest
from shop.backoffice.boards import (
    describe_version,
    list_families,
    list_figures,
    list_version_lines,
)
from shop.backoffice.charts.drawing import Chart
from shop.backoffice.charts.intervals import Interval, IntervalChart
from shop.backoffice.frame import needs, render_page
from shop.backoffice.priors import say_priors
from shop.catalog.selectors import list_categories
from shop.staff.keys import read_number
from shop.staff.numbers import show_number

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
        "served": _say_served(rows),
        "priors": say_priors(),
        "wmape_all": WMAPE_ALL,
        "wmape_best": WMAPE_BEST,
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
    }
    return render_page(request, "admin/backtest.html", _("Model backtest"), context)


@needs(CAN_SEE)
def show_elasticities(request: HttpRequest) -> HttpResponse:
    """Show elasticities of departments, segments and tags with intervals. Two queries."""
    language = get_language() or "en"
    groups = list_group_elasticities(language=language)
    nodes = list_categories(language).nodes
    names = {str(one): node.name for one, node in nodes.items()}
    titles = {
        "department": _("Departments"),
        "segment": _("Segments of shoppers"),
        "tag": _("Tags of shoppers"),
    }
    charts = [
        _draw_groups(title, [one for one in groups if one.kind == kind], names)
        for kind, title in titles.items()
    ]
    context = {"charts": charts, "is_any": bool(groups)}
    return render_page(request, "admin/elasticities.html", _("Elasticities by group"), context)


def _draw_groups(title: str, groups: list[GroupElasticity], names: dict[str, str]) -> Chart:
    return IntervalChart(
        title=title,
        name_title=_("Group"),
        value_title=_("Elasticity"),
        show=show_number,
        rows=tuple(
            Interval(
                name=one.label or names.get(one.code, one.code),
                low=one.low,
                middle=one.elasticity,
                high=one.high,
                tone=1 if one.is_causal else 2,
                note=_("randomized") if one.is_causal else _("observational"),
            )
            for one in groups
        ),
        tones=((_("randomized"), 1), (_("observational"), 2)),
        note_title=_("Learned from"),
        note=_("Steepest first, with 90 % intervals; -2 means: 1 % dearer sells 2 % less."),
    ).draw()
