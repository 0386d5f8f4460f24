"""The page of sales: figures with their change, the funnel, personal prices and cohorts."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from django.utils.functional import Promise
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.reports.api import DaySales, list_cohorts, list_day_sales, sum_between
from profiles.events.api import DayFunnel, list_day_funnels
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import WIDE, Chart, Series
from shop.doors.backoffice.formats import show_day, show_month, show_short_money
from shop.doors.backoffice.home.sales import ONLINE, Card, Sales, describe_sales, draw_personal
from shop.doors.backoffice.insights.ranges import CHANNELS, InsightsQuery
from shop.doors.backoffice.memory import remember
from shop.ground.staff.columns import show_minor
from shop.ground.staff.numbers import EMPTY, show_count, show_percent
from shop.ground.staff.phrases import join_names

SALES_SECONDS, FUNNEL_SECONDS, COHORT_SECONDS = 30.0, 60.0, 900.0
COHORTS = 12
NO_LINE = SafeString("")
_BEFORE: Mapping[str, str | Promise] = {
    "previous": gettext_lazy("Sales of the period before"),
    "year": gettext_lazy("Sales of last year"),
}


@dataclass(frozen=True, slots=True)
class FunnelStep:
    """A step of the funnel: visits that got there, of all and of the step before."""

    name: str
    visits: str
    of_all: str
    of_before: str
    share: int


@dataclass(frozen=True, slots=True)
class TodayChange:
    """The change of figures from the same hours before; `note` names channels without data."""

    changes: Mapping[str, float | None] = field(default_factory=dict)
    note: str = ""


@dataclass(frozen=True, slots=True)
class CohortLine:
    """Shoppers who first ordered in a month, and the share that ordered in each later one."""

    month: str
    shoppers: str
    cells: tuple[tuple[str, int], ...]


def read_asked_sales(asked: InsightsQuery) -> Sales:
    """Return the sales asked for and those they are compared with. Three queries, six where the
    two lie apart; remembered for a while."""
    first, shift = asked.period.dates[0], asked.shift
    return Sales(
        asked.period,
        _list_sales(asked, first, asked.period.last),
        ()
        if shift is None
        else _list_sales(
            asked, first - timedelta(days=shift), asked.period.last - timedelta(days=shift)
        ),
        shift,
    )


def _list_sales(asked: InsightsQuery, first: date, last: date) -> tuple[DaySales, ...]:
    rows = remember(
        ("asked sales", first, asked.currency, asked.market),
        SALES_SECONDS,
        lambda: list_day_sales(
            since=first,
            today=asked.period.today,
            currency=asked.currency,
            market=asked.market,
        ),
    )
    return tuple(row for row in rows if row.day <= last and asked.channel in ("", row.channel))


def build_asked_cards(
    asked: InsightsQuery, sales: Sales, now: datetime, *, with_prices: bool, with_margin: bool
) -> list[Card]:
    """Return the figures of the period, each with its change like with like."""
    today = _compare_today(asked, now) if asked.preset == "today" else TodayChange()
    orders, sold = (
        sum(getattr(row, one) for row in sales.now) for one in ("orders", "sales_minor")
    )
    cards = [
        _card(_("Sales"), sales, "sales_minor", show_minor, today),
        _card(_("Orders"), sales, "orders", show_count, today),
        Card(_("Average order"), show_minor(sold / orders) if orders else EMPTY, None, NO_LINE),
        *([_card(_("Margin"), sales, "margin_minor", show_minor, today)] if with_margin else []),
        _conversion_card(read_funnels(asked)),
    ]
    online = [row for row in sales.now if row.channel == ONLINE]
    return [*cards, _personal_card(online)] if with_prices else cards


def _card(
    title: str,
    sales: Sales,
    name: str,
    show: Callable[[float], str],
    today: TodayChange,
) -> Card:
    def figure(row: DaySales) -> float:
        return float(getattr(row, name))

    total = sum(figure(row) for row in sales.now)
    change = None if sales.shift is None else sales.compare(figure)
    notes = (describe_sales() if name == "sales_minor" else "", today.note)
    note = " · ".join(filter(None, notes))
    return Card(title, show(total), today.changes.get(name, change), NO_LINE, note)


def _compare_today(asked: InsightsQuery, now: datetime) -> TodayChange:
    """Return the change of orders and sales up to this hour from the same hours of the day compared
    with. Two queries."""
    if asked.shift is None:
        return TodayChange()
    back = timedelta(days=asked.shift)
    found, earlier = (
        sum_between(since=since, until=until, currency=asked.currency, market=asked.market)
        for since, until in ((asked.period.start, now), (asked.period.start - back, now - back))
    )
    return compare_channels(
        *(
            {name: sums for name, sums in one.items() if asked.channel in ("", name)}
            for one in (found, earlier)
        )
    )


def compare_channels(
    found: Mapping[str, tuple[int, int]], earlier: Mapping[str, tuple[int, int]]
) -> TodayChange:
    """Return the change of orders and sales by channel, over the channels that have both.

    The sales of a channel may arrive later, as an import does: one without an order today is no
    fall by 100 %, and is named.

    >>> compare_channels({"online": (3, 90)}, {"online": (2, 60)}).changes
    {'orders': 0.5, 'sales_minor': 0.5}
    """
    both = [name for name in found if name in earlier]
    changes: dict[str, float | None] = dict.fromkeys(("orders", "sales_minor"))
    for at, name in enumerate(changes):
        before = sum(earlier[one][at] for one in both)
        if before > 0:
            changes[name] = sum(found[one][at] for one in both) / before - 1.0
    missing = [str(CHANNELS.get(name, name)) for name in sorted(earlier) if name not in found]
    if not missing:
        return TodayChange(changes)
    said = _("no data yet: %(channels)s") % {"channels": join_names(missing)}
    return TodayChange(changes, said)


def _conversion_card(funnels: Sequence[DayFunnel]) -> Card:
    visits, paid = (sum(getattr(one, name) for one in funnels) for name in ("visits", "paid"))
    note = _("%(paid)s of %(visits)s visits ended in a paid order")
    words = {"paid": show_count(paid), "visits": show_count(visits)}
    figure = show_percent(paid / visits) if visits else EMPTY
    return Card(_("Conversion online"), figure, None, NO_LINE, note % words)


def _personal_card(online: Sequence[DaySales]) -> Card:
    names = ("personal_lines", "lines", "personal_discount_minor", "personal_public_minor")
    personal, lines, saved, public = (sum(getattr(row, one) for row in online) for one in names)
    note = _("share of lines sold online")
    if public:
        below = show_percent(saved / public)
        note = _("of lines; on average %(share)s below the public price") % {"share": below}
    figure = show_percent(personal / lines) if lines else EMPTY
    return Card(_("Personal prices online"), figure, None, NO_LINE, note)


def read_funnels(asked: InsightsQuery) -> list[DayFunnel]:
    """Return the online funnel of the period by day. One query, remembered for a minute."""
    period = asked.period
    return remember(
        ("funnel", period),
        FUNNEL_SECONDS,
        lambda: list_day_funnels(since=period.start, until=period.end, zone=period.zone),
    )


def draw_asked_sales(asked: InsightsQuery, sales: Sales, *, with_margin: bool) -> Chart:
    """Return sales by day by channel, with what they are compared with as a line."""
    period, shift = asked.period, sales.shift or 0
    before = dict.fromkeys(period.dates, 0.0)
    for row in sales.before:
        day = row.day + timedelta(days=shift)
        before[day] = before.get(day, 0.0) + row.sales_minor
    # A whole day stands beside no day that is not over.
    compared = tuple(
        None if at == period.so_far else before[day] or None for at, day in enumerate(period.dates)
    )
    margin = Series(_("Margin"), sales.by_day(lambda row: row.margin_minor), 3)
    lines = [margin] if with_margin else []
    if sales.before:
        lines.append(Series(str(_BEFORE[asked.compare]), compared, 6))
    return DayChart(
        title=_("Sales by day"),
        labels=tuple(show_day(day) for day in period.dates),
        show=show_short_money,
        bars=(
            Series(_("Store"), sales.by_day(lambda row: row.sales_minor, "store"), 2),
            Series(_("Online"), sales.by_day(lambda row: row.sales_minor, ONLINE), 1),
        ),
        lines=tuple(lines),
        note=_("Refunds are taken off. Margin: net of tax and cost, where the cost is known.")
        if with_margin
        else _("Refunds are taken off."),
        label_title=_("Day"),
        width=WIDE,
        so_far=period.so_far,
    ).draw()


def list_steps(funnels: Sequence[DayFunnel]) -> list[FunnelStep]:
    """Return the steps of the funnel of a period, [] without a visit."""
    names = (
        (_("Visits"), "visits"),
        (_("Put something into the cart"), "added"),
        (_("Began the checkout"), "begun"),
        (_("Paid"), "paid"),
    )
    sums = [sum(getattr(one, field) for one in funnels) for _name, field in names]
    if not sums[0]:
        return []
    return [
        FunnelStep(
            name=name,
            visits=show_count(count),
            of_all=show_percent(count / sums[0]),
            of_before=show_percent(count / before) if before else EMPTY,
            share=round(100 * count / sums[0]),
        )
        for (name, _field), count, before in zip(names, sums, [sums[0], *sums], strict=False)
    ]


def list_cohort_lines(asked: InsightsQuery) -> list[CohortLine]:
    """Return the cohorts of the last year, oldest first. One query, remembered for minutes."""
    first = (asked.period.today.replace(day=1) - timedelta(days=31 * (COHORTS - 1))).replace(day=1)
    rows = remember(
        ("cohorts", first, asked.currency, asked.market),
        COHORT_SECONDS,
        lambda: list_cohorts(since=first, currency=asked.currency, market=asked.market),
    )
    sizes = {row.first: row.shoppers for row in rows if row.later == 0}
    found: dict[date, dict[int, int]] = {}
    for row in rows:
        found.setdefault(row.first, {})[row.later] = row.shoppers
    return [
        CohortLine(
            month=show_month(month),
            shoppers=show_count(sizes[month]),
            cells=tuple(_cell(laters, later, sizes[month]) for later in range(1, max(laters) + 1)),
        )
        for month, laters in found.items()
    ]


def _cell(laters: Mapping[int, int], later: int, size: int) -> tuple[str, int]:
    """Return the share that ordered in a later month, and its shade from 0 to 5."""
    share = laters.get(later, 0) / size
    return show_percent(share), min(5, round(5 * share))


def list_sheets(
    asked: InsightsQuery, sales: Sales, *, with_prices: bool, with_margin: bool
) -> list[Chart]:
    """Return the tables of the page for a file."""
    steps = list_steps(read_funnels(asked))
    return [
        draw_asked_sales(asked, sales, with_margin=with_margin),
        *([draw_personal(sales)] if with_prices else ()),
        Chart(
            title=_("From visit to order"),
            svg=NO_LINE,
            headers=(_("Step"), _("Visits"), _("Of all"), _("Of the step before")),
            rows=tuple((one.name, one.visits, one.of_all, one.of_before) for one in steps),
        ),
        Chart(
            title=_("Shoppers by the month of their first order"),
            svg=NO_LINE,
            headers=(_("First order"), _("Shoppers"), *map(str, range(1, COHORTS))),
            rows=tuple(
                (one.month, one.shoppers, *(said for said, _shade in one.cells))
                for one in list_cohort_lines(asked)
            ),
        ),
    ]
