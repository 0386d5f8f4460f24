"""Plots of a campaign's results: sales by day, the budget, the lift; the forecast as a ghost."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from functools import partial
from itertools import accumulate
from math import isnan
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from promotions.campaigns.api import CampaignView
from promotions.planning.api import HoldoutLift
from shop.doors.backoffice.campaigns.results import Results
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Series, Spread
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.ground.catalog.selectors import find_place
from shop.ground.kernel.money import exponent
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units

MOST_DAYS = 92
GHOST = 6
# What is foreseen by day, as `list_bands` names it
FORESEEN: dict[str, Promise] = {
    "uses": gettext_lazy("Carts that get it, by day"),
    "given_minor": gettext_lazy("Given away so far, and the budget"),
    "margin_minor": gettext_lazy("Margin of the day's carts"),
}


def draw_results(
    campaign: CampaignView,
    found: Results,
    ghost: Sequence[dict[str, Any]],
    *,
    now: datetime,
    with_cost: bool,
) -> list[Chart]:
    """Return the plots, each with its table, that of the budget only `with_cost`. `ghost` are the
    days a rehearsal foresaw."""
    days = _list_days(campaign, now)
    if not days:
        return []
    charts: list[DayChart | IntervalChart] = [_draw_sales(campaign, found, ghost, days)]
    if with_cost:
        charts.append(_draw_budget(campaign, found, ghost, days))
    if found.lift is not None and not isnan(found.lift.low):
        charts.append(_draw_lift(campaign, found.lift))
    return [one.draw() for one in charts]


def draw_forecast(
    campaign: CampaignView, bands: Sequence[dict[str, Any]], *, with_cost: bool
) -> list[Chart]:
    """Return the plots of a forecast by day, each with its 80 % interval, those of money only
    `with_cost`; `bands` are those of `list_bands`."""
    kinds = [kind for kind in FORESEEN if with_cost or not kind.endswith("_minor")]
    return [_draw_band(campaign, kind, bands).draw() for kind in kinds if bands]


def _draw_band(campaign: CampaignView, kind: str, bands: Sequence[dict[str, Any]]) -> DayChart:
    is_money = kind.endswith("_minor")
    low, middle, high = (
        tuple(_major(campaign, one[kind][at]) if is_money else one[kind][at] for one in bands)
        for at in range(3)
    )
    lines = [Series(_("Forecast"), middle, GHOST)]
    if kind == "given_minor" and campaign.budget_minor is not None:
        budget = _major(campaign, campaign.budget_minor)
        lines.append(Series(_("Budget"), (budget,) * len(bands), 2))
    return DayChart(
        title=str(FORESEEN[kind]),
        labels=tuple(str(one["day"]) for one in bands),
        show=partial(_money, campaign) if is_money else show_units,
        lines=tuple(lines),
        label_title=_("Day"),
        band=Spread(_("80 % interval"), low, high),
    )


def _list_days(campaign: CampaignView, now: datetime) -> list[date]:
    """Return the days from its begin to today or its end, the newest three months."""
    zone = ZoneInfo(find_place(campaign.market_code).time_zone)
    first = campaign.starts_at.astimezone(zone).date()
    last = (min(campaign.ends_at - timedelta(seconds=1), now)).astimezone(zone).date()
    every = [first + timedelta(days=at) for at in range((last - first).days + 1)]
    return every[-MOST_DAYS:]


def _money(campaign: CampaignView, number: float) -> str:
    currency = find_place(campaign.market_code).currency
    return show_money(round(number * 10 ** exponent(currency)), currency)


def _major(campaign: CampaignView, minor: float) -> float:
    return minor / 10 ** exponent(find_place(campaign.market_code).currency)


def _draw_sales(
    campaign: CampaignView, found: Results, ghost: Sequence[dict[str, Any]], days: list[date]
) -> DayChart:
    sold = [one.line for one in found.lines if one.line.is_sold]
    by_day = [sum(line.sales_minor for line in sold if line.day == day) for day in days]
    foreseen = {one["day"]: one["sales_minor"] for one in ghost}
    ghosts = [foreseen.get(day.isoformat()) for day in days]
    return DayChart(
        title=_("Sales by day"),
        labels=tuple(day.isoformat() for day in days),
        show=partial(_money, campaign),
        bars=(Series(_("Sales"), tuple(_major(campaign, one) for one in by_day), 1),),
        lines=_list_ghosts(campaign, ghosts),
        label_title=_("Day"),
        note=_("Of the products it lowered, after discounts; refunds are taken off."),
    )


def _list_ghosts(campaign: CampaignView, minor: Sequence[int | None]) -> tuple[Series, ...]:
    if not any(minor):
        return ()
    numbers = tuple(None if one is None else _major(campaign, one) for one in minor)
    return (Series(_("Forecast"), numbers, GHOST),)


def _draw_budget(
    campaign: CampaignView, found: Results, ghost: Sequence[dict[str, Any]], days: list[date]
) -> DayChart:
    given = dict.fromkeys(days, 0)
    cuts = [(one.line.day, one.line.discount_minor) for one in found.lines if one.line.is_sold]
    cuts += [(one.day, one.discount_minor) for one in found.deliveries if one.is_sold]
    for day, minor in cuts:
        if day in given:
            given[day] += minor
    spent = [_major(campaign, one) for one in accumulate(given.values())]
    foreseen = {one["day"]: one["given_minor"] for one in ghost}
    lines = [Series(_("Given so far"), tuple(spent), 4)]
    if foreseen:
        steps = accumulate(foreseen.get(day.isoformat(), 0) for day in days)
        ghosts = tuple(_major(campaign, one) for one in steps)
        lines.append(Series(_("Forecast"), ghosts, GHOST))
    if campaign.budget_minor is not None:
        budget = _major(campaign, campaign.budget_minor)
        lines.append(Series(_("Budget"), (budget,) * len(days), 2))
    return DayChart(
        title=_("Given away, and the budget"),
        labels=tuple(day.isoformat() for day in days),
        show=partial(_money, campaign),
        lines=tuple(lines),
        label_title=_("Day"),
        note=_("On paid orders. Held orders count in the budget bar beside."),
    )


def _draw_lift(campaign: CampaignView, lift: HoldoutLift) -> IntervalChart:
    middle, low, high = (_major(campaign, one) for one in (lift.difference, lift.low, lift.high))
    return IntervalChart(
        title=_("Lift: what a shopper bought more than one held out"),
        name_title=_("Figure"),
        value_title=_("Difference a shopper"),
        show=partial(_money, campaign),
        rows=(Interval(_("Sales"), low, middle, high, 1),),
        reference=0.0,
        note=_("95 % interval."),
    )
