"""Sales on the dashboard: cards with the change to the period before, and charts by day."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from orders.reports.api import DaySales, list_day_sales
from pricing.api import count_quotes_by_source
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Chart, Series, draw_spark
from shop.doors.backoffice.formats import show_day, show_short_money
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import MOST_CHANGE, show_change, show_count, show_percent
from shop.ground.staff.region import staff_currency

ONLINE = "online"
PERIODS = (7, 28, 91, 364)
KEEP_SECONDS = {7: 30, 14: 5, 28: 60, 91: 300, 364: 900}
# Periods whose days with sales differ by more than this share are not compared.
LEAST_ALIKE = 0.8
RUNGS = ("personal", "book", "public")


@dataclass(frozen=True, slots=True)
class Card:
    """A figure with its change to the period before (share; None if there was none)."""

    title: str
    figure: str
    change: float | None
    spark: SafeString
    note: str = ""

    @property
    def change_text(self) -> str:
        """The change with its sign."""
        return "" if self.change is None else show_change(self.change)

    @property
    def tone(self) -> str:
        """The color of the change."""
        if self.change is None or not 0.0005 <= abs(self.change) <= MOST_CHANGE:
            return "gray"
        return "green" if self.change > 0 else "red"


def describe_sales() -> str:
    """Say what every figure of sales counts (`DaySales.sales_minor`)."""
    return _("products after discounts, before delivery, refunds taken off")


@dataclass(frozen=True, slots=True)
class Period:
    """`days` whole days of the shop's own time zone; `end_day` is the last, today where None."""

    days: int
    today: date
    zone: str
    end_day: date | None = None

    @classmethod
    def ending(cls, now: datetime, days: int) -> Period:
        """Return the period of `days` that ends with today."""
        zone = settings.BUSINESS_TIME_ZONE
        return cls(days, now.astimezone(ZoneInfo(zone)).date(), zone)

    @property
    def last(self) -> date:
        """Return the last day."""
        return self.today if self.end_day is None else self.end_day

    @property
    def dates(self) -> tuple[date, ...]:
        """Return the days, oldest first."""
        return tuple(self.last - timedelta(days=ago) for ago in reversed(range(self.days)))

    @property
    def so_far(self) -> int | None:
        """Return the place of today among the days, None if the period ended before."""
        return self.days - 1 if self.last == self.today else None

    @property
    def start(self) -> datetime:
        """Return the first moment of the period."""
        return datetime.combine(self.dates[0], time.min, ZoneInfo(self.zone))

    @property
    def end(self) -> datetime:
        """Return the first moment after the period."""
        return datetime.combine(self.last + timedelta(days=1), time.min, ZoneInfo(self.zone))


@dataclass(frozen=True, slots=True)
class Sales:
    """Sales of a period and of one `shift` days before it; None is the period right before."""

    period: Period
    now: tuple[DaySales, ...]
    before: tuple[DaySales, ...]
    shift: int | None = None

    def by_day(
        self, figure: Callable[[DaySales], float], channel: str | None = None
    ) -> tuple[float, ...]:
        """Return the sum of `figure` for each day, of one channel or of all."""
        sums = dict.fromkeys(self.period.dates, 0.0)
        for row in self.now:
            if row.day in sums and channel in (None, row.channel):
                sums[row.day] += figure(row)
        return tuple(sums.values())

    @property
    def data_to(self) -> date | None:
        """The last whole day that every channel has sales of, as far as it sells daily.

        Today is not over, and the import of a channel may end before it: a sum over a day that one
        of them misses is no sum to compare.
        """
        days: dict[str, set[date]] = {}
        for row in self.now:
            if row.day < self.period.today:
                days.setdefault(row.channel, set()).add(row.day)
        if not days:
            return None
        daily = [sold for sold in days.values() if len(sold) >= LEAST_ALIKE * _span(sold)]
        return min(map(max, daily or days.values()))

    def compare(self, figure: Callable[[DaySales], float]) -> float | None:
        """Return the change of the sum of `figure` up to `data_to` from the same days before.

        None where nothing was sold then, or where sales are known of much fewer days of one side.
        """
        last = self.data_to
        if last is None:
            return None
        now = [row for row in self.now if row.day <= last]
        until = last - timedelta(days=self.shift or self.period.days)
        before = [row for row in self.before if row.day <= until]
        fewer, more = sorted(len({row.day for row in rows}) for rows in (now, before))
        base = sum(figure(row) for row in before)
        if fewer < LEAST_ALIKE * more or base <= 0:
            return None
        return sum(figure(row) for row in now) / base - 1.0


def _span(days: set[date]) -> int:
    """Return how many days lie from the first to the last of some."""
    return (max(days) - min(days)).days + 1


def read_sales(period: Period) -> Sales:
    """Return the sales of `period` and the one before, in the page's currency.

    Three queries, remembered for a while.
    """
    first, currency = period.dates[0], staff_currency()
    rows = remember(
        ("sales", period, currency),
        KEEP_SECONDS.get(period.days, 60),
        lambda: list_day_sales(
            since=first - timedelta(days=period.days), today=period.today, currency=currency
        ),
    )
    return Sales(
        period,
        tuple(row for row in rows if row.day >= first),
        tuple(row for row in rows if row.day < first),
    )


def build_cards(sales: Sales, *, with_margin: bool) -> list[Card]:
    """Return the figures at the top of the dashboard."""
    margin = _sum_card(_("Margin"), sales, lambda row: row.margin_minor, show_minor)
    return [
        _sum_card(
            _("Sales"), sales, lambda row: row.sales_minor, show_minor, note=describe_sales()
        ),
        _sum_card(_("Orders"), sales, lambda row: row.orders, show_count),
        *([margin] if with_margin else []),
        _share_card(
            _("Personal prices online"),
            sales,
            lambda rows: _ratio(
                sum(row.personal_lines for row in rows if row.channel == ONLINE),
                sum(row.lines for row in rows if row.channel == ONLINE),
            ),
            _("share of lines sold online"),
        ),
        _share_card(
            _("Average personal discount"),
            sales,
            lambda rows: _ratio(
                sum(row.personal_discount_minor for row in rows),
                sum(row.personal_public_minor for row in rows),
            ),
            _("of the public price"),
        ),
    ]


def _sum_card(
    title: str,
    sales: Sales,
    figure: Callable[[DaySales], float],
    show: Callable[[float], str],
    note: str = "",
) -> Card:
    total = sum(figure(row) for row in sales.now)
    last = sales.data_to
    data_to = "" if last is None else _("data to %(day)s") % {"day": show_day(last)}
    change = sales.compare(figure)
    note = " · ".join(filter(None, (note, data_to)))
    return Card(title, show(total), change, draw_spark(sales.by_day(figure), title), note)


def _share_card(
    title: str, sales: Sales, share: Callable[[Sequence[DaySales]], float | None], note: str
) -> Card:
    now = share(sales.now)
    by_day = [share([row for row in sales.now if row.day == day]) for day in sales.period.dates]
    known = [one for one in by_day if one is not None]
    figure = "–" if now is None else show_percent(now)
    return Card(title, figure, None, draw_spark(known, title), note)


def _ratio(part: float, whole: float) -> float | None:
    return part / whole if whole else None


def draw_sales(sales: Sales, *, with_margin: bool) -> Chart:
    """Return sales by day, online on top of store, with the margin as a line if asked."""
    margin = Series(_("Margin"), sales.by_day(lambda row: row.margin_minor), 3)
    return DayChart(
        title=_("Sales and margin by day") if with_margin else _("Sales by day"),
        labels=_labels(sales.period),
        show=show_short_money,
        bars=(
            Series(_("Store"), sales.by_day(lambda row: row.sales_minor, "store"), 2),
            Series(_("Online"), sales.by_day(lambda row: row.sales_minor, ONLINE), 1),
        ),
        lines=(margin,) if with_margin else (),
        note=_("Refunds are taken off. Margin: net of tax and cost, where the cost is known.")
        if with_margin
        else _("Refunds are taken off."),
        label_title=_("Day"),
        so_far=sales.period.so_far,
    ).draw()


def draw_personal(sales: Sales) -> Chart:
    """Return the share of personal prices online and the average personal discount by day."""
    share: list[float | None] = []
    discount: list[float | None] = []
    for day in sales.period.dates:
        rows = [row for row in sales.now if row.day == day and row.channel == ONLINE]
        share.append(_ratio(sum(r.personal_lines for r in rows), sum(r.lines for r in rows)))
        discount.append(
            _ratio(
                sum(r.personal_discount_minor for r in rows),
                sum(r.personal_public_minor for r in rows),
            )
        )
    return DayChart(
        title=_("Personal prices online"),
        labels=_labels(sales.period),
        show=show_percent,
        lines=(
            Series(_("Share of lines sold at a personal price"), tuple(share), 1),
            Series(_("Average personal discount"), tuple(discount), 4),
        ),
        note=_("Counted from the orders that shoppers place online."),
        label_title=_("Day"),
        so_far=sales.period.so_far,
    ).draw()


def draw_price_points(period: Period) -> Chart:
    """Return quotes by price source and day. Remembered for a minute."""
    found = remember(
        ("rungs", period),
        KEEP_SECONDS.get(period.days, 60),
        lambda: count_quotes_by_source(since=period.start, until=period.end, zone=period.zone),
    )
    names = (_("personal quote"), _("price book"), _("public price"))
    return DayChart(
        title=_("Quotes by source (personal, price book, public)"),
        labels=_labels(period),
        show=show_count,
        bars=tuple(
            Series(
                name,
                tuple(float(found.counts.get((day, price_point), 0)) for day in period.dates),
                tone,
            )
            for tone, (price_point, name) in enumerate(zip(RUNGS, names, strict=True), start=1)
        ),
        note=_("Estimated from a sample: there are very many quotes.")
        if found.is_sampled
        else _("Counted from the quotes of shoppers who agreed to personal prices."),
        label_title=_("Day"),
        so_far=period.so_far,
    ).draw()


def _labels(period: Period) -> tuple[str, ...]:
    return tuple(show_day(day) for day in period.dates)
