"""How today goes against the seven days before: figures, and those that somebody must look at."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.translation import gettext as _

from orders.payments.api import count_attempts
from orders.reports.api import list_sales_so_far
from pricing.api import count_guardrail_hits, current_public_prices, floor_minor, home_place
from profiles.events.api import DayFunnel, list_day_funnels
from shop.doors.backoffice.home.health import Gauge
from shop.doors.backoffice.home.sales import Period, describe_sales
from shop.doors.backoffice.home.todos import Todo
from shop.doors.backoffice.insights.ranges import CHANNELS
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.navigation import find_link
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_percent
from shop.ground.staff.region import staff_currency

# Days that today is compared with, and of how many of them a channel must have sales by then.
BEFORE, MOST_DAYS = 7, 5
KEEP_SECONDS, KEEP_LONG_SECONDS = 60.0, 900.0
# A figure is an alarm below this share of the lowest of the days before, or of the usual rate.
FAR = 0.5
# A rate is read once as many paid orders, or refusals, are expected.
LEAST_ORDERS, LEAST_REFUSED = 20, 5


@dataclass(frozen=True, slots=True)
class Reading:
    """A figure of today with what was usual, and what is to be done where it is far from that."""

    gauge: Gauge
    alarm: Todo | None = None


type Maker = Callable[[datetime], Iterator[Reading]]


def read_today(account: Any, now: datetime) -> list[Reading]:
    """Return how today goes, of what the account may act on. Six queries, remembered for a minute
    or more."""
    return [one for permission, make in MAKERS if account.has_perm(permission) for one in make(now)]


def _sales(now: datetime) -> Iterator[Reading]:
    """Sales of each channel that sold by this time on most of the days before, and on this day of
    the week; the import of one may come later, which looks the same and needs the same look."""
    currency = staff_currency()
    found = remember(
        ("sold so far", currency),
        KEEP_SECONDS,
        lambda: list_sales_so_far(now=now, days=BEFORE, currency=currency),
    )
    for channel, (*before, today) in sorted(found.items()):
        sold = [minor for minor in before if minor > 0]
        if len(sold) < MOST_DAYS or before[0] <= 0:
            continue
        least, most = min(sold), max(sold)
        words = {
            "channel": CHANNELS.get(channel, channel),
            "least": show_minor(least),
            "most": show_minor(most),
            "days": len(sold),
        }
        note = _("by this time on %(days)s of the 7 days before: %(least)s to %(most)s") % words
        note = f"{describe_sales()} · {note}"
        title = _("Sales: %(channel)s") % words
        tone = "green" if today >= least else "amber"
        alarm = None
        if today < FAR * least:
            tone = "red"
            said = _(
                "sold today so far (%(channel)s); on %(days)s of the 7 days before at least "
                "%(least)s by this time"
            )
            link = find_link("admin:insights") + "?days=today"
            alarm = Todo(show_minor(today), said % words, link, _("See sales"), is_failure=True)
        yield Reading(Gauge(title, show_minor(today), tone, note), alarm)


def _conversion(now: datetime) -> Iterator[Reading]:
    usual = remember(("funnel before", now.date()), KEEP_LONG_SECONDS, lambda: _funnel(now, BEFORE))
    today = remember("funnel today", KEEP_SECONDS, lambda: _funnel(now, 0))
    visits, paid = _sum(today)
    all_visits, all_paid = _sum(usual)
    if not visits or not all_visits:
        return
    rate, expected = all_paid / all_visits, visits * all_paid / all_visits
    note = _("%(paid)s of %(visits)s visits; on the 7 days before %(usual)s") % {
        "paid": show_count(paid),
        "visits": show_count(visits),
        "usual": show_percent(rate),
    }
    figure, tone, alarm = show_percent(paid / visits), "green", None
    if expected < LEAST_ORDERS:
        tone, note = "gray", f"{note} · {_('too early to read')}"
    elif paid < FAR * expected:
        tone = "red"
        said = _("of visits online ended in a paid order today; usual is %(usual)s")
        link = find_link("admin:insights") + "?days=today"
        words = {"usual": show_percent(rate)}
        alarm = Todo(figure, said % words, link, _("See the funnel"), is_failure=True)
    yield Reading(Gauge(_("Conversion online"), figure, tone, note), alarm)


def _funnel(now: datetime, days: int) -> list[DayFunnel]:
    """Return the funnel of today, or of the days before."""
    period = Period.ending(now, days + 1)
    until = now if not days else Period.ending(now, 1).start
    return list_day_funnels(since=period.start, until=until, zone=period.zone)


def _sum(funnels: list[DayFunnel]) -> tuple[int, int]:
    return sum(one.visits for one in funnels), sum(one.paid for one in funnels)


def _refusals(now: datetime) -> Iterator[Reading]:
    def read() -> tuple[tuple[int, int], tuple[int, int]]:
        start = Period.ending(now, 1).start
        before = count_attempts(since=start - timedelta(days=BEFORE), until=start)
        return count_attempts(since=start, until=now), before

    (refused, tried), (usual, all_tried) = remember("refused payments", KEEP_SECONDS, read)
    if not tried:
        return
    rate = usual / all_tried if all_tried else 0.0
    note = _("%(refused)s of %(tried)s attempts; on the 7 days before %(usual)s") % {
        "refused": show_count(refused),
        "tried": show_count(tried),
        "usual": show_percent(rate) if all_tried else EMPTY,
    }
    figure, tone, alarm = show_percent(refused / tried), "green", None
    if refused >= LEAST_REFUSED and refused / tried * FAR > rate:
        tone = "red"
        said = _("of the attempts to pay were refused today; usual is %(usual)s")
        link = (
            find_link("admin:orders_payment_changelist")
            + "?state__exact=declined&state__exact=failed"
        )
        words = {"usual": show_percent(rate)}
        alarm = Todo(figure, said % words, link, _("Open payments"), is_failure=True)
    yield Reading(Gauge(_("Payments refused"), figure, tone, note), alarm)


def _bounds(now: datetime) -> Iterator[Reading]:
    """Public prices that stand at their floor, and personal ones that the cap or a floor held."""
    market, channel = home_place()

    def count_floors() -> tuple[int, int]:
        ids = load_variant_arrays(market).variant_id.tolist()
        asked: dict[str, Any] = {"now": now, "market": market, "channel": channel}
        floors = floor_minor(variant_ids=ids, **asked)
        prices = current_public_prices(variant_ids=ids, **asked)
        pairs = zip(prices.variant_id.tolist(), prices.public_minor.tolist(), strict=True)
        low = sum(price <= floors.get(one, 0) for one, price in pairs)
        return low, len(prices.variant_id)

    low, listed = remember(("at floor", market, channel), KEEP_LONG_SECONDS, count_floors)
    period = Period.ending(now, 1)
    hits = remember(
        ("held today", period),
        KEEP_LONG_SECONDS,
        lambda: count_guardrail_hits(since=period.start, until=now, zone=period.zone),
    ).by_code()
    share = show_percent(low / listed) if listed else EMPTY
    note = _("%(share)s of %(count)s") % {"share": share, "count": show_count(listed)}
    yield Reading(Gauge(_("Public prices at their floor"), show_count(low), "gray", note))
    note = _("%(count)s more at their floor") % {"count": show_count(hits.get("below_floor", 0))}
    capped = show_count(hits.get("below_cap", 0))
    yield Reading(Gauge(_("Personal prices held at the cap"), capped, "gray", note))


# The right to act on it -> what reads it.
MAKERS: tuple[tuple[str, Maker], ...] = (
    ("pricing.add_killswitch", _sales),
    ("pricing.add_killswitch", _conversion),
    ("orders.change_order", _refusals),
    ("pricing.change_priceproposal", _bounds),
)
