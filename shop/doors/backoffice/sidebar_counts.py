"""Counts beside sidebar pages: tasks that wait for somebody."""

from __future__ import annotations

from typing import Any

from orders.returns.api import list_overdue
from pricing.api import list_kill_switches, list_open_trips
from profiles.experiments.api import count_unanswered
from shop.ground.jobs.selectors import count_red_runs
from shop.ground.kernel.clock import utc_now


def read_sidebar_counts(account: Any) -> dict[str, str]:
    """Return the badge of each page that has one, by the name of its address. Five queries."""
    badges = {}
    if account.has_perm("pricing.view_killswitch") and list_kill_switches():
        badges["admin:kill_switch"] = "!"
    if account.has_perm("pricing.view_breakertrip"):
        trips = len(list_open_trips())
        if trips:
            badges["admin:pricing_breakertrip_changelist"] = str(trips)
    if account.has_perm("profiles.view_experiment"):
        unanswered = count_unanswered()
        if unanswered:
            badges["admin:experiments"] = str(unanswered)
    if account.has_perm("orders.view_return"):
        overdue = list_overdue(utc_now()).count()
        if overdue:
            badges["admin:orders_return_changelist"] = str(overdue)
    if account.has_perm("shop.view_jobrun"):
        red = count_red_runs(now=utc_now())
        if red:
            badges["admin:workers"] = str(red)
    return badges
