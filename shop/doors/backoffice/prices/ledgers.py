"""The price history of one variant: the chart, and the ledger's lines in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from pricing.api import PriceImpressions
from pricing.base.core.values import PricePoint
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.formats import show_day
from shop.ground.staff.columns import show_minor, show_money
from shop.ground.staff.numbers import show_change, show_count, show_percent
from shop.ground.staff.region import staff_zone

HISTORY_DAYS = 182

type Text = str | Promise

KINDS: dict[str, Text] = {
    "list": gettext_lazy("list price"),
    "public": gettext_lazy("public price"),
}
SOURCES: dict[str, tuple[Text, str]] = {
    "import": (gettext_lazy("imported history"), "gray"),
    "merchant": (gettext_lazy("set by the merchant"), "blue"),
    "model": (gettext_lazy("set by the demand model"), "green"),
    "staff": (gettext_lazy("set by staff"), "amber"),
    "gate": (gettext_lazy("moved by a guardrail"), "red"),
    "shock": (gettext_lazy("weekly price test, or back from it"), "blue"),
    "experiment": (gettext_lazy("an arm of an experiment, or back"), "blue"),
}


@dataclass(frozen=True, slots=True)
class ImpressionsLine:
    """A public price in the last weeks: how often looked at, how often bought, by chance or not."""

    amount: str
    looks: str
    purchases: str
    share: str
    is_shocked: bool


def describe_impressions(rows: Sequence[PriceImpressions]) -> list[ImpressionsLine]:
    """Return what became of each public price, in words."""
    return [
        ImpressionsLine(
            amount=show_money(row.public_minor),
            looks=show_count(row.looks),
            purchases=show_count(row.purchases),
            share=show_percent(row.purchases / row.looks),
            is_shocked=row.is_shocked,
        )
        for row in rows
    ]


@dataclass(frozen=True, slots=True)
class LedgerLine:
    """One price that began: which, how much, how far from the last one, who set it, until when."""

    kind: Text
    is_list: bool
    amount: str
    change: str
    tone: str
    since: datetime
    until: datetime | None
    source: Text
    source_tone: str


def list_lines(points: Sequence[PricePoint]) -> list[LedgerLine]:
    """Return the lines of a history (oldest first), newest first."""
    before: dict[str, PricePoint] = {}
    ends: dict[tuple[str, datetime], datetime] = {}
    changes: list[tuple[PricePoint, float | None]] = []
    for point in points:
        last = before.get(point.kind)
        if last is not None:
            ends[last.kind, last.valid_from] = point.valid_from
        share = None if last is None else point.amount_minor / last.amount_minor - 1.0
        changes.append((point, share))
        before[point.kind] = point
    return [
        _line(point, share, ends.get((point.kind, point.valid_from)))
        for point, share in sorted(changes, key=_rank, reverse=True)
    ]


def _rank(change: tuple[PricePoint, float | None]) -> tuple[datetime, str]:
    return change[0].valid_from, change[0].kind


def _line(point: PricePoint, share: float | None, until: datetime | None) -> LedgerLine:
    source, tone = SOURCES.get(point.source, (point.source, "gray"))
    return LedgerLine(
        kind=KINDS.get(point.kind, point.kind),
        is_list=point.kind == "list",
        amount=show_money(point.amount_minor),
        change=show_change(share),
        tone="green" if share is not None and share < 0 else "gray",
        since=point.valid_from,
        until=until,
        source=source,
        source_tone=tone,
    )


def draw_history(points: Sequence[PricePoint], today: date) -> Chart:
    """Return list and public price on each of the last `HISTORY_DAYS` days (the day's last)."""
    days = [today - timedelta(days=ago) for ago in reversed(range(HISTORY_DAYS))]
    return DayChart(
        title=_("Price history"),
        labels=tuple(show_day(day) for day in days),
        show=show_minor,
        lines=(
            Series(_("list price"), _daily(points, "list", days), 2),
            Series(_("public price"), _daily(points, "public", days), 1),
        ),
        note=_("From the append-only ledger; days in %(zone)s.") % {"zone": staff_zone()},
        label_title=_("Day"),
        width=WIDE,
        has_steps=True,
    ).draw()


def _daily(points: Sequence[PricePoint], kind: str, days: list[date]) -> tuple[float | None, ...]:
    """The price that held at the end of each day; None before the first."""
    zone = ZoneInfo(staff_zone())
    series = [point for point in points if point.kind == kind]
    daily: list[float | None] = []
    held: float | None = None
    at = 0
    for day in days:
        while at < len(series) and series[at].valid_from.astimezone(zone).date() <= day:
            held = series[at].amount_minor
            at += 1
        daily.append(held)
    return tuple(daily)
