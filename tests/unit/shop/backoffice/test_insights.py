"""Days that insights show and compare: like with like, and what is not over."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from orders.reports.selectors.statistics import DaySales
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Series
from shop.doors.backoffice.home.sales import Period, Sales
from shop.doors.backoffice.insights import ranges
from shop.doors.backoffice.insights.ranges import read_asked
from shop.doors.backoffice.insights.sales import compare_channels
from shop.ground.catalog.core.values import MarketValue
from shop.ground.staff.numbers import show_count

NOW = datetime(2026, 11, 30, 17, tzinfo=UTC)
TODAY = date(2026, 11, 30)


def _sold(day: int, channel: str, *, month: int = 11) -> DaySales:
    return DaySales(date(2026, month, day), channel, "USD", 1, 1, 100, 50, 90, 0, 0, 0)


def test_days_that_a_channel_misses_are_not_compared() -> None:
    period = Period(7, TODAY, "UTC")  # from the 24th
    now = [_sold(day, "online") for day in range(24, 31)]
    now += [_sold(day, "store") for day in (24, 25)]
    before = [_sold(day, channel) for day in range(17, 24) for channel in ("online", "store")]
    sales = Sales(period, tuple(now), tuple(before), 7)
    assert sales.data_to == date(2026, 11, 25)
    assert sales.compare(lambda row: row.sales_minor) == 0.0


def test_a_channel_that_rarely_sells_holds_nothing_up() -> None:
    rare = [_sold(24, "store"), _sold(27, "store")]
    daily = [_sold(day, "online") for day in range(24, 30)]
    sales = Sales(Period(7, TODAY, "UTC"), (*rare, *daily), ())
    assert sales.data_to == date(2026, 11, 29)


def test_a_channel_without_data_today_is_named_not_compared() -> None:
    earlier = {"online": (2, 60), "store": (8, 900)}
    today = compare_channels({"online": (3, 90)}, earlier)
    assert today.changes == {"orders": 0.5, "sales_minor": 0.5}
    assert today.note == "no data yet: store"
    nothing = compare_channels({}, earlier)
    assert set(nothing.changes.values()) == {None}
    assert nothing.note == "no data yet: online, store"


def test_markets_are_chosen_by_name_also_within_a_currency(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    markets = [
        MarketValue(code, code.upper(), currency, "", "", "en")
        for code, currency in (("us", "USD"), ("de", "EUR"), ("fr", "EUR"))
    ]
    monkeypatch.setattr(ranges, "list_markets", lambda: markets)
    named = ["US (USD)", "DE, FR (EUR)", "DE (EUR)", "FR (EUR)"]
    assert [one.name for one in ranges.list_choices()] == named
    asked = read_asked({"market": "fr"}, NOW)
    assert (asked.currency, asked.market, asked.fields["market"]) == ("EUR", "fr", "fr")
    assert "market=fr" in asked.orders_query
    both = read_asked({"market": "EUR"}, NOW)
    assert (both.currency, both.market) == ("EUR", "")
    assert "market" not in read_asked({"market": "us"}, NOW).fields


@pytest.mark.usefixtures("_one_market")
@pytest.mark.parametrize(
    ("fields", "days", "last", "shift"),
    [
        ({}, 28, TODAY, 28),
        ({"days": "today", "compare": "year"}, 1, TODAY, 364),
        ({"days": "7", "compare": "none"}, 7, TODAY, None),
        ({"days": "custom", "from": "2026-11-01", "to": "2026-11-10"}, 10, date(2026, 11, 10), 10),
        ({"days": "custom", "from": "2026-11-29", "to": "2027-01-01"}, 2, TODAY, 2),
        ({"days": "custom", "from": "2026-11-10", "to": "soon"}, 28, TODAY, 28),
        ({"days": "custom", "from": "2026-11-10", "to": "2026-11-01"}, 10, date(2026, 11, 10), 10),
    ],
)
def test_days_are_read_from_the_address(
    fields: dict[str, str], days: int, last: date, shift: int | None
) -> None:
    asked = read_asked(fields, NOW)
    assert (asked.period.days, asked.period.last, asked.shift) == (days, last, shift)


@pytest.fixture(name="_one_market")
def _markets(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("shop.doors.backoffice.insights.ranges.list_markets", list)


def test_a_day_that_is_not_over_is_dotted_and_said() -> None:
    chart = DayChart(
        title="Sales",
        labels=("Nov 29", "Nov 30"),
        show=show_count,
        bars=(Series("store", (5.0, 2.0)),),
        lines=(Series("margin", (3.0, 1.0), 3),),
        so_far=1,
    ).draw()
    assert chart.svg.count("ft-so-far") == 2
    assert [row[0] for row in chart.rows] == ["Nov 29", "Nov 30 so far"]
    whole = DayChart(title="", labels=("a", "b"), show=show_count, bars=(Series("", (1.0, 2.0)),))
    assert "ft-so-far" not in whole.draw().svg
