"""Satisfaction of any days beside that of the days compared with, in words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from math import hypot
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.satisfaction.api import Satisfaction, SatisfactionReport, report_satisfaction
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.charts.intervals import Interval, IntervalChart
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.insights.promotions import name_campaigns
from shop.doors.backoffice.insights.ranges import InsightsQuery
from shop.doors.backoffice.memory import remember
from shop.ground.staff.numbers import (
    EMPTY,
    show_change,
    show_count,
    show_number,
    show_percent,
    show_signed,
)

SECONDS = 60.0
_BEFORE: Mapping[str, str | Promise] = {
    "previous": gettext_lazy("mean of the period before"),
    "year": gettext_lazy("mean of last year"),
}


@dataclass(frozen=True, slots=True)
class SatisfactionLine:
    """Answers of one group of orders, with their intervals; `before`: the mean of the days compared
    with, "" without comparison."""

    name: str
    answers: str
    mean: str
    share: str
    before: str = ""


@dataclass(frozen=True, slots=True)
class SatisfactionCard:
    """A figure with its change and what it was before."""

    title: str
    figure: str
    change: str = ""
    tone: str = "gray"
    note: str = ""
    is_link: bool = False


def read_satisfaction(asked: InsightsQuery, now: datetime) -> dict[str, Any]:
    """Return how satisfied buyers were in the period. Four queries, seven with a comparison; all
    but one are remembered."""
    report = _report(asked, now, timedelta())
    before = None if asked.shift is None else _report(asked, now, timedelta(days=asked.shift))
    names = name_campaigns(asked, now)
    groups = [
        (_("With personal prices"), report.personal, None if before is None else before.personal),
        (_("Public prices only"), report.public, None if before is None else before.public),
    ]
    earlier = {one.campaign_id: one.found for one in (() if before is None else before.campaigns)}
    by_campaign = [
        (
            names.get(one.campaign_id, f"#{one.campaign_id}"),
            one.found,
            earlier.get(one.campaign_id),
        )
        for one in report.campaigns
    ]
    return {
        "cards": _list_cards(report, before),
        "has_answers": bool(report.all.answers),
        "is_compared": before is not None,
        "groups": [_describe(*one) for one in groups],
        "campaigns": [_describe(*one) for one in by_campaign],
        "compared": _draw_groups([one[:2] for one in (*groups, *by_campaign)]),
        "days": _draw_days(asked, report, before),
    }


def _report(asked: InsightsQuery, now: datetime, back: timedelta) -> SatisfactionReport:
    """Return the answers of the period `back` before it: of a day that is not over the same hours.

    Three queries, remembered for a minute.
    """
    period = asked.period
    return remember(
        ("satisfaction", period, asked.sold_in, asked.channel, back),
        SECONDS,
        lambda: report_satisfaction(
            since=period.dates[0] - back,
            until=period.last + timedelta(days=1) - back,
            ends_at=now - back,
            currency=asked.currency,
            market=asked.market,
            channel=asked.channel,
        ),
    )


def _list_cards(
    report: SatisfactionReport, before: SatisfactionReport | None
) -> list[SatisfactionCard]:
    now, then = report.all, None if before is None else before.all
    delivered = _("%(delivered)s orders arrived in these days") % {
        "delivered": show_count(report.delivered)
    }
    has_both = then is not None and then.answers and now.answers
    change = show_change(now.answers / then.answers - 1) if then and has_both else ""
    return [
        SatisfactionCard(_("Mean, 1 to 5"), _say_mean(now), *_compare_means(now, then)),
        SatisfactionCard(_("Satisfied (4 or 5)"), _say_share(now), *_compare_shares(now, then)),
        SatisfactionCard(
            _("Answers"), show_count(now.answers), change, note=delivered, is_link=True
        ),
    ]


def _compare_means(now: Satisfaction, then: Satisfaction | None) -> tuple[str, str, str]:
    """Return the change of the mean, its tone, and what it was."""
    if then is None or now.mean is None or then.mean is None:
        return "", "gray", _say_before(then, _say_mean)
    step = now.mean - then.mean
    room = hypot(_half(now.mean_low, now.mean_high), _half(then.mean_low, then.mean_high))
    return show_signed(step, _show_digit), tone_of(step, room), _say_before(then, _say_mean)


def _compare_shares(now: Satisfaction, then: Satisfaction | None) -> tuple[str, str, str]:
    """Return the change of the share in percentage points, its tone, and what it was."""
    if then is None or now.share is None or then.share is None:
        return "", "gray", _say_before(then, _say_share)
    step = now.share - then.share
    room = hypot(_half(now.share_low, now.share_high), _half(then.share_low, then.share_high))
    said = _("%(points)s points") % {"points": show_signed(100 * step, _show_digit)}
    return said, tone_of(step, room), _say_before(then, _say_share)


def tone_of(step: float, room: float) -> str:
    """Return the color of a change; gray if it lies within what chance does (95 %).

    >>> tone_of(0.3, 0.2), tone_of(-0.3, 0.2), tone_of(0.1, 0.2)
    ('green', 'red', 'gray')
    """
    if abs(step) <= room:
        return "gray"
    return "green" if step > 0 else "red"


def _show_digit(number: float) -> str:
    return show_number(number, 1)


def _half(low: float | None, high: float | None) -> float:
    return 0.0 if low is None or high is None else (high - low) / 2


def _say_before(then: Satisfaction | None, say: Callable[[Satisfaction], str]) -> str:
    if then is None:
        return ""
    return (
        _("before: %(figure)s") % {"figure": say(then)} if then.answers else _("no answer before")
    )


def _describe(name: str, found: Satisfaction, before: Satisfaction | None) -> SatisfactionLine:
    return SatisfactionLine(
        name=name,
        answers=show_count(found.answers),
        mean=_say_mean(found),
        share=_say_share(found),
        before=EMPTY if before is None else _say_mean(before),
    )


def _say_mean(found: Satisfaction) -> str:
    return _show(found.mean, found.mean_low, found.mean_high, percent=False)


def _say_share(found: Satisfaction) -> str:
    return _show(found.share, found.share_low, found.share_high, percent=True)


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


def _draw_days(
    asked: InsightsQuery, report: SatisfactionReport, before: SatisfactionReport | None
) -> Chart:
    means = {one.day: one.found.mean for one in report.days}
    lines = [
        Series(_("mean of the answers"), tuple(means.get(day) for day in asked.period.dates)),
    ]
    if before is not None and before.days:
        back = timedelta(days=asked.shift or 0)
        then = {one.day + back: one.found.mean for one in before.days}
        compared = tuple(then.get(day) for day in asked.period.dates)
        lines.append(Series(str(_BEFORE[asked.compare]), compared, 6))
    return DayChart(
        title=_("Mean satisfaction by day"),
        labels=tuple(show_day(day) for day in asked.period.dates),
        show=lambda number: show_number(number, 1),
        lines=tuple(lines),
        ceiling=5.0,
        label_title=_("Day"),
        width=WIDE,
        so_far=asked.period.so_far,
    ).draw()
