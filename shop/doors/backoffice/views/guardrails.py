"""Page of guardrail hits: quotes by day, public prices by rule, sealed records."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from pricing.api import (
    GuardrailCounts,
    SealFigures,
    count_bound_rules,
    count_guardrail_hits,
    list_guarded_quotes,
    read_seals,
)
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.formats import is_older, show_age, show_day
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.home.sales import PERIODS, Period
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.prices.decisions import GUARDS
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_count
from shop.ground.staff.phrases import join_names

# Every sealed day is compared twice a day: after this long the job does not keep up.
LATE_AFTER = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class SealLine:
    """A sentence about sealed days, and a color that says whether to worry."""

    tone: str
    text: str


def say_seals(now: datetime) -> SealLine:
    """Return how the sealed days stand. Four queries."""
    found = read_seals()
    if found.broken:
        days = join_names(show_day(day) for day in found.broken_days)
        told = ngettext(
            "%(count)s sealed day is not what was sealed: %(days)s.",
            "%(count)s sealed days are not what was sealed; the newest: %(days)s.",
            found.broken,
        )
        return SealLine("red", told % {"count": show_count(found.broken), "days": days})
    if not found.days:
        return SealLine("gray", _("No day is sealed yet: a day is, a day after its end."))
    return _say_whole(found, now)


def _say_whole(found: SealFigures, now: datetime) -> SealLine:
    checked = found.days - found.unchecked
    if found.oldest_check is None:
        told = _("%(days)s sealed days wait for their first comparison, within half an hour.")
        return SealLine("amber", told % {"days": show_count(found.days)})
    is_late = is_older(found.oldest_check, now, LATE_AFTER)
    told = _(
        "%(checked)s of %(days)s sealed days were compared with their seals, the first of them"
        " %(age)s ago; all are as they were sealed."
    )
    figures = {
        "checked": show_count(checked),
        "days": show_count(found.days),
        "age": show_age(found.oldest_check, now),
    }
    return SealLine("amber" if is_late or found.unchecked else "green", told % figures)


DEFAULT_PERIOD = 7
KEPT_SECONDS = 60
# More than this many codes are no drawing any more; the rest stands in the list.
MOST_SERIES = 3


@needs("pricing.view_quote")
def show_guardrails(request: HttpRequest) -> HttpResponse:
    """Show hits by code and day, the rules that bound public prices, newest quotes of one code.

    At most nine queries of our own.
    """
    language = get_language() or "en"
    text = request.GET.get("days", "")
    days = int(text) if text.isdecimal() and int(text) in PERIODS else DEFAULT_PERIOD
    now = utc_now()
    period = Period.ending(now, days)
    since = period.start
    found = remember(
        ("guardrails", days),
        KEPT_SECONDS,
        lambda: count_guardrail_hits(since=since, until=now, zone=period.zone),
    )
    hits = found.by_code()
    code = request.GET.get("code", "")
    code = code if code in hits else ""
    context = {
        "days": days,
        "periods": [(choice, choice == days) for choice in PERIODS],
        "hits": [(name, GUARDS.get(name, name), show_count(n)) for name, n in hits.items()],
        "chart": _draw(found, list(period.dates), days),
        "code": code,
        "code_text": GUARDS.get(code, code),
        "quotes": _list_quotes(code, since, now, language) if code else [],
        "may_see_switch": request.user.has_perm("pricing.view_killswitch"),
        "may_see_breakers": request.user.has_perm("pricing.view_breakertrip"),
        "seals": say_seals(now),
        "rules": count_bound_rules(since=since, until=now, language=language),
    }
    return render_page(request, "admin/guardrails.html", _("Guardrail hits"), context)


def _draw(found: GuardrailCounts, days: list[date], count: int) -> Chart:
    codes = list(found.by_code())[:MOST_SERIES]
    return DayChart(
        title=_("Quotes a guardrail moved, by day"),
        labels=tuple(show_day(day) for day in days),
        show=show_count,
        bars=tuple(
            Series(
                str(GUARDS.get(code, code)),
                tuple(float(found.hits.get((day, code), 0)) for day in days),
                tone,
            )
            for tone, code in enumerate(codes, start=1)
        ),
        note=_("Estimated from a sample of the quotes.") if found.is_sampled else "",
        label_title=_("Day"),
        width=WIDE,
    ).draw()


def _list_quotes(
    code: str, since: datetime, until: datetime, language: str
) -> list[dict[str, Any]]:
    rows = list_guarded_quotes(code=code, since=since, until=until)
    names = name_cards([row.variant_id for row in rows], language)
    return [
        {
            "row": row,
            "card": names.get(row.variant_id),
            "public": show_money(row.public_minor, row.currency),
            "quoted": show_money(row.quoted_minor, row.currency),
        }
        for row in rows
    ]
