"""Insights: sales, promotions, satisfaction, fairness and the lift of personal prices."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import (
    AUDIT_STATES,
    GroupTreatment,
    explain_findings,
    find_audit_in_use,
    list_treatments,
)
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.sales import draw_personal, draw_price_points
from shop.doors.backoffice.insights.lift import list_lift_days, read_lift_page, tell_lift
from shop.doors.backoffice.insights.promotions import list_promotions, tabulate_promotions
from shop.doors.backoffice.insights.ranges import build_bar, read_asked
from shop.doors.backoffice.insights.sales import (
    build_asked_cards,
    draw_asked_sales,
    list_cohort_lines,
    list_sheets,
    list_steps,
    read_asked_sales,
    read_funnels,
)
from shop.doors.backoffice.insights.satisfaction import read_satisfaction
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.sheets import sheet_lines
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent
from shop.ground.staff.phrases import name_value
from shop.ground.staff.region import StaffRegion, in_region, staff_zone
from shop.ground.staff.roles import may_see_cost


def answer_sheet(name: str, charts: Iterable[Chart]) -> HttpResponse:
    """Return the tables of charts one below the other as `name`.csv."""
    answer = HttpResponse(sheet_lines(_list_rows(charts)), content_type="text/csv; charset=utf-8")
    answer["Content-Disposition"] = f'attachment; filename="{name}.csv"'
    return answer


def _list_rows(charts: Iterable[Chart]) -> Iterator[Iterable[object]]:
    for chart in charts:
        yield [chart.title]
        yield chart.headers
        yield from chart.rows
        yield []


type Text = str | Promise

MEANINGS: dict[str, tuple[Text, str]] = {
    "stops": (gettext_lazy("over the limit: stops the model"), "red"),
    "told": (gettext_lazy("over the limit: told to staff, does not stop the model"), "amber"),
    "chance": (gettext_lazy("over the limit, but may be chance"), "amber"),
    "alike": (gettext_lazy("treated alike within the limits"), "green"),
}


@dataclass(frozen=True, slots=True)
class GroupLine:
    """A group in words: the share of lowered prices, ratios with intervals, what it means."""

    trait: str
    group: str
    people: str
    lowered: str
    offers: str
    paid: str
    meaning: Text
    tone: str


def read_fairness() -> dict[str, Any]:
    """Return what the page shows of the newest audit of the model in use. Three queries."""
    verdict = find_audit_in_use()
    if verdict is None:
        return {"verdict": None}
    said, tone = AUDIT_STATES[verdict.state]
    report = verdict.report or {}
    groups = list_treatments(report)
    return {
        "verdict": verdict,
        "said": said,
        "tone": tone,
        "people": show_count(verdict.people),
        "compared": show_count(verdict.compared),
        "groups": [_describe(one) for one in groups],
        "chart": _draw(groups) if groups else None,
        "reasons": verdict.reasons,
        "explained": explain_findings(report),
    }


def _describe(one: GroupTreatment) -> GroupLine:
    meaning, tone = MEANINGS[one.meaning]
    return GroupLine(
        trait=one.trait,
        group=one.group,
        people=show_count(one.members),
        lowered=EMPTY if one.lowered is None else show_percent(one.lowered),
        offers=_show_ratio(one.offers, 2),
        paid=_show_ratio(one.paid, 3),
        meaning=meaning,
        tone=tone,
    )


def _show_ratio(figure: Mapping[str, float | None], digits: int) -> str:
    value, low, high = (_show(figure[name], digits) for name in ("value", "low", "high"))
    return f"{value} ({low} – {high})"


def _show(number: float | None, digits: int) -> str:
    return "∞" if number is None else show_number(number, digits)


def _draw(groups: list[GroupTreatment]) -> Chart:
    known = [
        (one, value, low, high)
        for one in groups
        if (value := one.offers["value"]) is not None
        and (low := one.offers["low"]) is not None
        and (high := one.offers["high"]) is not None
    ]
    return IntervalChart(
        title=_("Lower prices of each group, against the group that gets most"),
        name_title=_("Group"),
        value_title=_("Ratio"),
        show=show_number,
        rows=tuple(
            Interval(name=name_value(one.trait, one.group), low=low, middle=value, high=high)
            for one, value, low, high in known
        ),
        reference=0.8,
        note=_("Marked: the limit of 0.80. The intervals hold for all groups together."),
    ).draw()


@needs("pricing.view_demandmodelversion")
def show_lift(request: HttpRequest) -> HttpResponse:
    """Show profit a visit of personal prices against the holdout; six queries at most."""
    found = read_lift_page()
    if request.GET.get("format") == "csv":
        return answer_sheet("lift", found["sheets"])
    template = "admin/lift_wall.html" if request.GET.get("wall") == "1" else "admin/lift.html"
    return render_page(request, template, _("Lift of personal prices"), found)


CAN_SEE, CAN_SEE_PRICES = "orders.view_order", "pricing.view_quote"
CAN_SEE_LIFT = "pricing.view_demandmodelversion"


@needs(CAN_SEE)
def show_sales(request: HttpRequest) -> HttpResponse:
    """Show sales, margin and conversion of the days asked for, with personal prices for who may see
    quotes. Twelve queries of our own when nothing is remembered."""
    now, may_see_prices = utc_now(), request.user.has_perm(CAN_SEE_PRICES)
    shown = {"with_prices": may_see_prices, "with_margin": may_see_cost(request.user)}
    asked = read_asked(request.GET, now)
    with in_region(StaffRegion(asked.currency, staff_zone())):
        sales = read_asked_sales(asked)
        if request.GET.get("format") == "csv":
            return answer_sheet("sales", list_sheets(asked, sales, **shown))
        days = list_lift_days() if request.user.has_perm(CAN_SEE_LIFT) else ()
        context = {
            "bar": build_bar(asked, sales.data_to),
            "cards": build_asked_cards(asked, sales, now, **shown),
            "orders": f"{reverse('admin:orders_order_changelist')}?{asked.orders_query}",
            "chart": draw_asked_sales(asked, sales, with_margin=shown["with_margin"]),
            "charts": [draw_personal(sales), draw_price_points(asked.period)]
            if may_see_prices
            else [],
            "steps": list_steps(read_funnels(asked)),
            "story": tell_lift(days) if days else None,
            "cohorts": reverse("admin:cohorts") + asked.address(),
        }
    return render_page(request, "admin/insights_sales.html", _("Sales"), context)


@needs(CAN_SEE)
def show_cohorts(request: HttpRequest) -> HttpResponse:
    """Show shoppers by the month of their first order. One query."""
    asked = read_asked(request.GET, utc_now())
    lines = list_cohort_lines(asked)
    context = {
        "lines": lines,
        "months": range(1, max((len(one.cells) for one in lines), default=0) + 1),
    }
    return render_page(request, "admin/insights_cohorts.html", _("Cohorts"), context)


@needs("promotions.view_campaign")
def show_promotions(request: HttpRequest) -> HttpResponse:
    """Show what promotions sold in the days asked for, and what they cost to who sees costs. Three
    queries of our own."""
    now, with_cost = utc_now(), may_see_cost(request.user)
    asked = read_asked(request.GET, now)
    with in_region(StaffRegion(asked.currency, staff_zone())):
        lines = list_promotions(asked, now)
        if request.GET.get("format") == "csv":
            return answer_sheet("promotions", [tabulate_promotions(lines, with_cost=with_cost)])
        context = {
            "bar": build_bar(asked, read_asked_sales(asked).data_to),
            "lines": lines,
            "may_see_cost": with_cost,
        }
    return render_page(request, "admin/insights_promotions.html", _("Promotions"), context)


@needs("orders.view_orderrating")
def show_satisfaction(request: HttpRequest) -> HttpResponse:
    """Show how satisfied buyers were in the days asked for. Seven queries of our own."""
    now = utc_now()
    asked = read_asked(request.GET, now)
    found = read_satisfaction(asked, now)
    if request.GET.get("format") == "csv":
        return answer_sheet("satisfaction", [found["compared"], found["days"]])
    context = {**found, "bar": build_bar(asked, None)}
    return render_page(request, "admin/insights_satisfaction.html", _("Satisfaction"), context)


@needs("pricing.view_modelaudit")
def show_fairness(request: HttpRequest) -> HttpResponse:
    """Show what the newest audit of the model in use found, group by group. Three queries."""
    return render_page(request, "admin/insights_fairness.html", _("Fairness"), read_fairness())
