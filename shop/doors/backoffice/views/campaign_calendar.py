"""The campaign calendar: a month as a grid or a list, with what runs at the same time."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.http import HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from promotions.campaigns.api import CampaignView, list_campaigns_between
from promotions.planning.api import PHASES, Run, find_overlaps, month_days, runs_on, step_month
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.labels import name_choice
from shop.doors.backoffice.views.campaigns import CAN_SEE
from shop.ground.catalog.selectors import list_markets
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.region import staff_zone

MOST_A_DAY = 6
# Beyond them days before and after a month would be no dates any more.
YEARS = range(1900, 2101)


@needs(CAN_SEE)
def show_calendar(request: HttpRequest) -> HttpResponse:
    """Show the campaigns of a month, `?month=2026-12`, as a grid or, `?view=list`, one by one."""
    now = utc_now()
    zone = ZoneInfo(staff_zone())
    today = now.astimezone(zone).date()
    month = read_month(request.GET.get("month", ""), today)
    weeks = month_days(month)
    is_list = request.GET.get("view") == "list"
    first, last = (weeks[0][0], weeks[-1][-1]) if not is_list else (month, _month_end(month))
    since, until = (_midnight(day, zone) for day in (first, date.fromordinal(last.toordinal() + 1)))
    rows = list_campaigns_between(since, until, now=now)
    entries = _describe(rows)
    context = {
        "month": month,
        "former": step_month(month, -1),
        "next": step_month(month, 1),
        "today": today,
        "is_list": is_list,
        "entries": entries,
        "weeks": _fill(weeks, entries, month, zone),
        "zone": staff_zone(),
    }
    return render_page(request, "admin/campaign_calendar.html", _("Campaign calendar"), context)


def read_month(text: str, today: date) -> date:
    """Return the first day of the month asked for, this month for anything that is none.

    >>> read_month("2026-02", date(2026, 11, 30)), read_month("9999-12", date(2026, 11, 30))
    (datetime.date(2026, 2, 1), datetime.date(2026, 11, 1))
    """
    try:
        asked = date.fromisoformat(f"{text}-01")
    except ValueError:
        asked = today
    return (asked if asked.year in YEARS else today).replace(day=1)


def _month_end(month: date) -> date:
    return date.fromordinal(step_month(month, 1).toordinal() - 1)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone)


def _describe(rows: list[CampaignView]) -> list[dict[str, Any]]:
    runs = {row.campaign_id: _run(row) for row in rows}
    overlaps = find_overlaps(list(runs.values()))
    names = {row.campaign_id: row.name for row in rows}
    markets = {one.code: one.name for one in list_markets()}
    return [
        {
            "row": row,
            "run": runs[row.campaign_id],
            "audience": name_choice("promotions.campaign.audience", row.audience),
            "market": markets.get(row.market_code, row.market_code) or _("every market"),
            "phase": PHASES[row.phase][0],
            "tone": PHASES[row.phase][1],
            "with": [names[key] for key in overlaps[row.campaign_id]],
        }
        for row in rows
    ]


def _run(row: CampaignView) -> Run:
    return Run(row.campaign_id, row.starts_at, row.ends_at, row.market_code)


def _fill(
    weeks: list[list[date]], entries: list[dict[str, Any]], month: date, zone: ZoneInfo
) -> list[list[dict[str, Any]]]:
    filled = []
    for week in weeks:
        cells = []
        for day in week:
            found = [one for one in entries if runs_on(one["run"], day, zone)]
            cells.append(
                {
                    "day": day,
                    "is_outside": day.month != month.month,
                    "entries": found[:MOST_A_DAY],
                    "more": max(0, len(found) - MOST_A_DAY),
                    "count": len(found),
                }
            )
        filled.append(cells)
    return filled
