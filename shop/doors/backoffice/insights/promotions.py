"""Promotions and satisfaction of any days, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.reports.api import CampaignSum, sum_campaigns
from orders.satisfaction.api import Satisfaction, SatisfactionReport, report_satisfaction
from promotions.campaigns.api import list_campaigns_between
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.insights.ranges import InsightsQuery
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_number, show_percent

SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class PromotionLine:
    """A campaign in a period: orders it lowered, what it cost, what its lines sold for.

    `cost_before` and `sales_before` are those of the days compared with; empty without comparison.
    """

    campaign_id: int
    name: str
    orders: str
    cost: str
    sales: str
    share: str
    cost_before: str = ""
    sales_before: str = ""


def list_promotions(asked: InsightsQuery, now: datetime) -> list[PromotionLine]:
    """Return the campaigns that lowered orders of the period, the costliest first, beside what
    they did in the days compared with. Three queries, the large ones remembered for a minute."""
    period = asked.period
    found = _sum_campaigns(asked, period.start, period.end)
    before: dict[int, CampaignSum] = {}
    if asked.shift is not None:
        back, until = timedelta(days=asked.shift), min(period.end, now)
        # A day that is not over stands beside the same hours
        rows = _sum_campaigns(asked, period.start - back, until - back)
        before = {one.campaign_id: one for one in rows}
    names = name_campaigns(asked, now)
    return [
        PromotionLine(
            campaign_id=one.campaign_id,
            name=names.get(one.campaign_id, f"#{one.campaign_id}"),
            orders=show_count(one.orders),
            cost=show_minor(one.discount_minor),
            sales=show_minor(one.sales_minor),
            share=show_percent(one.discount_minor / (one.sales_minor + one.discount_minor))
            if one.sales_minor + one.discount_minor > 0
            else EMPTY,
            **_describe_before(before.get(one.campaign_id), asked),
        )
        for one in found
    ]


def _sum_campaigns(asked: InsightsQuery, since: datetime, until: datetime) -> list[CampaignSum]:
    return remember(
        (
            "campaign sums",
            since,
            until.replace(second=0, microsecond=0),
            (asked.currency, asked.channel),
        ),
        SECONDS,
        lambda: sum_campaigns(
            since=since, until=until, currency=asked.currency, channel=asked.channel
        ),
    )


def _describe_before(one: CampaignSum | None, asked: InsightsQuery) -> dict[str, str]:
    if asked.shift is None:
        return {}
    cost, sales = (0, 0) if one is None else (one.discount_minor, one.sales_minor)
    return {"cost_before": show_minor(cost), "sales_before": show_minor(sales)}


def name_campaigns(asked: InsightsQuery, now: datetime) -> Mapping[int, str]:
    """Return the names of the campaigns that ran in the period. One query."""
    rows = list_campaigns_between(asked.period.start, asked.period.end, now=now)
    return {row.campaign_id: row.name for row in rows}


def tabulate_promotions(lines: list[PromotionLine]) -> Chart:
    """Return the table of promotions for a file."""
    return Chart(
        title=_("Promotions"),
        svg=SafeString(""),
        headers=(_("Campaign"), _("Orders"), _("Discount cost"), _("Sales"), _("Share")),
        rows=tuple((one.name, one.orders, one.cost, one.sales, one.share) for one in lines),
    )


@dataclass(frozen=True, slots=True)
class SatisfactionLine:
    """Answers of one group of orders, with their intervals."""

    name: str
    answers: str
    mean: str
    share: str


def read_satisfaction(asked: InsightsQuery, now: datetime) -> dict[str, Any]:
    """Return how satisfied buyers were in the period. Four queries, three of them remembered."""
    period = asked.period
    report = remember(
        ("satisfaction", period, asked.channel),
        SECONDS,
        lambda: report_satisfaction(
            since=period.dates[0], until=period.last + timedelta(days=1), channel=asked.channel
        ),
    )
    names = name_campaigns(asked, now)
    groups = [
        (_("With personal prices"), report.personal),
        (_("Public prices only"), report.public),
    ]
    by_campaign = [
        (names.get(one.campaign_id, f"#{one.campaign_id}"), one.found) for one in report.campaigns
    ]
    return {
        "all": _describe(_("All orders"), report.all),
        "answers": show_count(report.all.answers),
        "delivered": show_count(report.delivered),
        "groups": [_describe(*one) for one in groups],
        "campaigns": [_describe(*one) for one in by_campaign],
        "compared": _draw_groups([*groups, *by_campaign]),
        "days": _draw_days(asked, report),
    }


def _describe(name: str, found: Satisfaction) -> SatisfactionLine:
    return SatisfactionLine(
        name=name,
        answers=show_count(found.answers),
        mean=_show(found.mean, found.mean_low, found.mean_high, percent=False),
        share=_show(found.share, found.share_low, found.share_high, percent=True),
    )


def _show(value: float | None, low: float | None, high: float | None, *, percent: bool) -> str:
    if value is None or low is None or high is None:
        return EMPTY
    said = [show_percent(one) if percent else show_number(one, 1) for one in (value, low, high)]
    return f"{said[0]} ({said[1]} – {said[2]})"


def _draw_groups(groups: list[tuple[str, Satisfaction]]) -> Chart:
    return IntervalChart(
        title=_("Satisfaction by kind of price and campaign"),
        name_title=_("Orders"),
        value_title=_("Mean, 1 to 5"),
        show=lambda number: show_number(number, 1),
        rows=tuple(
            Interval(name=name, low=found.mean_low, middle=found.mean, high=found.mean_high)
            for name, found in groups
            if found.mean is not None and found.mean_low is not None and found.mean_high is not None
        ),
        note=_(
            "95 % intervals. Chance does not decide who gets which price here: the groups may "
            "differ in other ways, too."
        ),
    ).draw()


def _draw_days(asked: InsightsQuery, report: SatisfactionReport) -> Chart:
    means = {one.day: one.found.mean for one in report.days}
    return DayChart(
        title=_("Mean satisfaction by day"),
        labels=tuple(show_day(day) for day in asked.period.dates),
        show=lambda number: show_number(number, 1),
        lines=(
            Series(_("mean of the answers"), tuple(means.get(day) for day in asked.period.dates)),
        ),
        ceiling=5.0,
        label_title=_("Day"),
        width=WIDE,
        so_far=asked.period.so_far,
    ).draw()
