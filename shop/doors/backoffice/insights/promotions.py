"""Promotions of any days, in words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.reports.api import CampaignSum, sum_campaigns
from promotions.campaigns.api import list_campaigns_between
from shop.doors.backoffice.charts.drawing import Chart
from shop.doors.backoffice.insights.ranges import InsightsQuery
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_percent

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
            (asked.currency, asked.market, asked.channel),
        ),
        SECONDS,
        lambda: sum_campaigns(
            since=since,
            until=until,
            currency=asked.currency,
            market=asked.market,
            channel=asked.channel,
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


def tabulate_promotions(lines: list[PromotionLine], *, with_cost: bool) -> Chart:
    """Return the table of promotions for a file; cost, and the share it can be read from, only
    `with_cost`."""
    headers = (_("Campaign"), _("Orders"), _("Sales"), _("Discount cost"), _("Share"))
    shown = len(headers) if with_cost else headers.index(_("Discount cost"))
    rows = ((one.name, one.orders, one.sales, one.cost, one.share) for one in lines)
    return Chart(
        title=_("Promotions"),
        svg=SafeString(""),
        headers=headers[:shown],
        rows=tuple(row[:shown] for row in rows),
    )
