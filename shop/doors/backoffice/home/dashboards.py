"""The staff's first page: what waits for the reader first, then how the shop goes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.contrib.admin.models import LogEntry
from django.http import HttpRequest
from django.urls import reverse
from django.utils.timezone import localtime

from pricing.api import (
    TripRow,
    WaitingChanges,
    count_waiting_changes,
    list_kill_switches,
    list_open_trips,
)
from profiles.experiments.api import list_experiments
from promotions.coupons.api import BudgetRow, list_budget_alerts
from promotions.release.api import list_live_verdicts
from shop.doors.backoffice.experiments.experiments import judge, name_of
from shop.doors.backoffice.home.health import count_jobs
from shop.doors.backoffice.home.queue import offer_decisions
from shop.doors.backoffice.home.sales import Period, build_cards, draw_sales, read_sales
from shop.doors.backoffice.home.today import read_today
from shop.doors.backoffice.home.todos import Known, list_todos
from shop.doors.backoffice.navigation import BREAKERS, Menu
from shop.doors.backoffice.prices.scopes import describe_switches, name_scope
from shop.ground.approvals.selectors import list_waiting
from shop.ground.database.naming import name_for_reader
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import may_see_cost

MOST = 6


@dataclass(frozen=True, slots=True)
class Verdict:
    """An experiment with what it says now."""

    name: str
    link: str
    words: str
    tone: str


def list_verdicts(now: datetime) -> list[Verdict]:
    """Return the newest experiments that were read, each with its verdict. Three queries."""
    read = [row for row in list_experiments() if row.newest is not None][:MOST]
    return [
        Verdict(name_of(row), reverse("admin:experiment", args=[row.id]), *judge(row, now))
        for row in read
    ]


@dataclass(frozen=True, slots=True)
class Act:
    """What a member of staff did."""

    at: datetime
    by: str
    what: str
    said: str


def list_acts() -> list[Act]:
    """Return what staff did last. One query."""
    entries: Any = LogEntry.objects.select_related("user", "content_type").order_by("-pk")[:MOST]
    return [Act(one.action_time, str(one.user), one.object_repr, say_entry(one)) for one in entries]


STRIP_DAYS = 14
MOST_APPROVALS = 5
MOST_CARDS = 4


def build_home(request: HttpRequest, menu: Menu) -> dict[str, Any]:
    """Return what the reader's roles act on and may see; some thirty queries when nothing is
    remembered.
    """
    now, account = utc_now(), request.user
    waiting = list_waiting(account, now=now, only_mine=True, limit=MOST_APPROVALS + 1)
    period = Period.ending(now, STRIP_DAYS)
    may_see_campaigns = account.has_perm("promotions.view_campaign")
    budgets = list_budget_alerts(now=now) if may_see_campaigns else []
    live = list_live_verdicts(now=now) if may_see_campaigns else []
    changes = count_price_changes(request, now)
    today = read_today(account, now)
    todos = list_todos(account, now, Known(menu.badges, live, budgets, changes.pending))
    return {
        "now": now,
        "todos": [*(one.alarm for one in today if one.alarm is not None), *todos],
        "gauges": [one.gauge for one in today],
        "decisions": offer_decisions(waiting[:MOST_APPROVALS]),
        "has_more_approvals": len(waiting) > MOST_APPROVALS,
        "price_changes": changes.second_yes,
        "may_search": account.has_perms(("orders.change_order", "profiles.view_personal")),
        "verdicts": list_verdicts(now) if _plans_experiments(account) else (),
        "acts": list_acts() if _reads_only(account) else (),
        **show_strip(account, now),
        "is_paused": request.GET.get("pause") == "1",
        **_show_switches(menu),
        "fine_jobs": count_jobs(now).fine if account.has_perm("shop.change_jobrun") else None,
        "trips": _list_trips(menu, account),
        "may_see_cost": may_see_cost(account),
        "budgets": [_tell_budget(row, ZoneInfo(period.zone)) for row in budgets],
        "asks_factor": settings.STAFF_MFA_REQUIRED,
        "may_undo": account.has_perm("pricing.change_breakertrip"),
        "zone": period.zone,
    }


def show_strip(account: Any, now: datetime) -> dict[str, Any]:
    """Return four numbers and the strip of two weeks, for who may see orders and quotes. Two
    queries, remembered for some seconds.
    """
    if not account.has_perms(("orders.view_order", "pricing.view_quote")):
        return {}
    sales = read_sales(Period.ending(now, STRIP_DAYS))
    with_margin = may_see_cost(account)
    return {
        "cards": build_cards(sales, with_margin=with_margin)[:MOST_CARDS],
        "chart": draw_sales(sales, with_margin=with_margin),
    }


def _plans_experiments(account: Any) -> bool:
    """Whether experiments are the account's work; a superuser's are failures."""
    return not account.is_superuser and bool(account.has_perm("profiles.add_experiment"))


def _reads_only(account: Any) -> bool:
    """Whether the account reads what others do, and does nothing for shoppers itself."""
    may_read = bool(account.has_perm("admin.view_logentry"))
    return may_read and not account.has_perm("orders.change_order")


def _show_switches(menu: Menu) -> dict[str, Any]:
    """Return which prices are switched off; nothing is asked while they are on."""
    if menu.switch in ("", "on"):
        return {}
    switches = list_kill_switches()
    is_everything_off = any(switch.scope == "global" for switch in switches)
    return {"switches": describe_switches(switches), "is_everything_off": is_everything_off}


def count_price_changes(request: HttpRequest, now: datetime) -> WaitingChanges:
    """Return how many price changes wait for the reader, and how many after another's yes."""
    if request.user.pk is None or not request.user.has_perm("pricing.change_priceproposal"):
        return WaitingChanges()
    return count_waiting_changes(by_id=request.user.pk, now=now)


def _list_trips(menu: Menu, account: Any) -> list[tuple[TripRow, str]]:
    """Return the open breakers, each with what it acted on; nothing for who may not see them."""
    if not menu.badges.get("admin:safety") or not account.has_perm(BREAKERS):
        return []
    return [(trip, name_scope(trip.scope, trip.key)) for trip in list_open_trips()]


def _tell_budget(row: BudgetRow, zone: ZoneInfo) -> dict[str, Any]:
    return {
        "id": row.campaign_id,
        "name": name_for_reader(row.name, row.name_zh),
        "is_spent": row.is_spent,
        "spent": show_money(row.spent_minor),
        "whole": show_money(row.budget_minor),
        "share": 100 * row.spent_minor // max(row.budget_minor, 1),
        "percent": row.percent,
        "at": f"{localtime(row.reached_at, zone):%Y-%m-%d %H:%M}",
    }
