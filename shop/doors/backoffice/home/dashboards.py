"""The staff's first page: how sales go, what personal prices do, whether the machine is well."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest
from django.utils.timezone import localtime
from django.utils.translation import get_language

from pricing.api import TripRow, count_second_yes, list_kill_switches, list_open_trips
from promotions.coupons.api import BudgetRow, list_budget_alerts
from shop.doors.backoffice.home.health import list_freshness, list_gauges, list_jobs
from shop.doors.backoffice.home.sales import (
    PERIODS,
    Period,
    build_cards,
    draw_personal,
    draw_rungs,
    draw_sales,
    read_sales,
)
from shop.doors.backoffice.prices.scopes import describe_switches, name_scope
from shop.ground.approvals.selectors import list_waiting
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money

DEFAULT_PERIOD = 28
MOST_APPROVALS = 5


def build_dashboard(request: HttpRequest) -> dict[str, Any]:
    """Return what the reader's roles may see; about ten queries when nothing is remembered."""
    now = utc_now()
    days = read_period(request.GET.get("days", ""))
    period = Period.ending(now, days)
    waiting = list_waiting(request.user, now=now, only_mine=True, limit=MOST_APPROVALS + 1)
    return {
        "approvals": waiting[:MOST_APPROVALS],
        "has_more_approvals": len(waiting) > MOST_APPROVALS,
        "price_changes": count_price_changes(request, now),
        "periods": [(choice, choice == days) for choice in PERIODS],
        **_show_sales(request.user, period),
        **_show_machine(request.user, now),
        **_show_switches(request.user),
        "trips": _list_trips(request),
        "budgets": _list_budgets(request, now, ZoneInfo(period.zone)),
        "may_undo": request.user.has_perm("pricing.change_breakertrip"),
        "may_flip": request.user.has_perm("pricing.add_killswitch"),
        "zone": period.zone,
    }


def _show_sales(account: Any, period: Period) -> dict[str, Any]:
    """Return sales, margin and what personal prices did, for who may see orders and quotes."""
    if not account.has_perms(("orders.view_order", "pricing.view_quote")):
        return {}
    sales = read_sales(period)
    charts = [draw_sales(sales), draw_personal(sales), draw_rungs(period)]
    return {"cards": build_cards(sales), "charts": charts}


def _show_machine(account: Any, now: datetime) -> dict[str, Any]:
    """Return jobs, queues and ages, for who may open them."""
    if not account.has_perm("shop.view_jobrun"):
        return {}
    return {"freshness": list_freshness(now), "gauges": list_gauges(now), "jobs": list_jobs(now)}


def _show_switches(account: Any) -> dict[str, Any]:
    """Return which prices are switched off, for who explains prices to shoppers."""
    if not account.has_perm("pricing.view_quote"):
        return {}
    switches = list_kill_switches()
    is_everything_off = any(switch.scope == "global" for switch in switches)
    return {"switches": describe_switches(switches), "is_everything_off": is_everything_off}


def count_price_changes(request: HttpRequest, now: datetime) -> int:
    """Return how many price changes wait for the reader's yes after another person's."""
    if request.user.pk is None or not request.user.has_perm("pricing.change_priceproposal"):
        return 0
    return count_second_yes(by_id=request.user.pk, now=now)


def _list_trips(request: HttpRequest) -> list[tuple[TripRow, str]]:
    """Return the open breakers, each with what it acted on; nothing for who may not see them."""
    if not request.user.has_perm("pricing.view_breakertrip"):
        return []
    return [(trip, name_scope(trip.scope, trip.key)) for trip in list_open_trips()]


def _list_budgets(request: HttpRequest, now: datetime, zone: ZoneInfo) -> list[dict[str, Any]]:
    """Return the budgets that are running out, in words; nothing for who may not see campaigns."""
    if not request.user.has_perm("promotions.view_campaign"):
        return []
    return [_tell_budget(row, zone) for row in list_budget_alerts(now=now)]


def _tell_budget(row: BudgetRow, zone: ZoneInfo) -> dict[str, Any]:
    is_chinese = (get_language() or "").startswith("zh")
    return {
        "id": row.campaign_id,
        "name": (is_chinese and row.name_zh) or row.name,
        "is_spent": row.is_spent,
        "spent": show_money(row.spent_minor),
        "whole": show_money(row.budget_minor),
        "share": 100 * row.spent_minor // max(row.budget_minor, 1),
        "percent": row.percent,
        "at": f"{localtime(row.reached_at, zone):%Y-%m-%d %H:%M}",
    }


def read_period(text: str) -> int:
    """Return the period asked for, in days; the usual one for anything else."""
    return int(text) if text.isdigit() and int(text) in PERIODS else DEFAULT_PERIOD
