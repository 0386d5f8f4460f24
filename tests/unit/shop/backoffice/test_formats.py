"""One number format for staff: grouped, never with an exponent, no percentage of a tiny base."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.utils.translation import override

from orders.reports.selectors.statistics import DaySales
from shop.doors.backoffice.home.sales import Card, Period, Sales
from shop.ground.staff.numbers import show_change, show_count, show_percent, show_units

TODAY = date(2026, 11, 29)
WEEK = Period(7, TODAY, "America/New_York")


@pytest.mark.parametrize(
    ("number", "said"),
    [
        (5770.0, "5,770"),
        (16_488.8, "16,489"),
        (99.96, "100"),
        (0.000_051, "0.000051"),
        (-0.25, "-0.25"),
        (0.0, "0"),
    ],
)
def test_quantities_have_no_exponent(number: float, said: str) -> None:
    assert show_units(number) == said


def test_large_numbers_are_grouped_everywhere() -> None:
    assert (show_count(1_234_567.4), show_percent(50.131)) == ("1,234,567", "5,013 %")


def test_a_change_from_a_tiny_base_is_no_comparison() -> None:
    assert [show_change(one) for one in (50.131, 10.0, -0.031, 0.0)] == [
        "no comparison",
        "+1,000 %",
        "-3.1 %",
        "0 %",
    ]
    with override("zh-hans"):
        assert show_change(50.131) == "无法比较"
    card = Card("Sales", "$1", 50.131, "")  # type: ignore[arg-type]  # no chart is looked at
    assert (card.change_text, card.tone) == ("no comparison", "gray")


def test_no_staff_module_has_its_own_number_format() -> None:
    found = [told for path in _staff_modules() for told in _list_number_formats(path)]
    assert found == []


def test_no_staff_module_shows_another_clock_than_the_markets() -> None:
    found = [told for path in _staff_modules() for told in _list_bare_moments(path)]
    assert found == []


def _list_bare_moments(path: Path) -> Iterator[str]:
    """Yield the f-strings that show a moment as it is stored: in UTC, not by `localtime`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            is_moment = ast.unparse(node.format_spec)[2:].startswith("%")
            if is_moment and not isinstance(node.value, ast.Call):
                yield f"{path.name}:{node.lineno}"


def _staff_modules() -> Iterator[Path]:
    root = Path(__file__).parents[4]
    for pattern in (
        "shop/doors/backoffice/**/*.py",
        "shop/ground/staff/*.py",
        "*/admin/*.py",
        "shop/*/admin.py",
    ):
        yield from root.glob(pattern)


def _list_number_formats(path: Path) -> Iterator[str]:
    """Yield the f-strings that format a number, such as `{share:.1%}` and `{count:,}`."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FormattedValue) and node.format_spec is not None:
            spec = ast.unparse(node.format_spec)[2:-1]
            if re.search(r"^[+,]*(\.\d+)?[,feEgG%]$", spec):
                yield f"{path.name}:{node.lineno} {spec}"


def _sold(orders: dict[int, int]) -> tuple[DaySales, ...]:
    """Return one row for each {days ago: orders}."""
    return tuple(
        DaySales(TODAY - timedelta(days=ago), "online", "USD", number, *[0] * 7)
        for ago, number in orders.items()
    )


def _count(row: DaySales) -> float:
    return row.orders


def test_a_day_that_is_not_over_is_compared_with_nothing() -> None:
    now = _sold({0: 1} | dict.fromkeys(range(1, 7), 10))
    before = _sold(dict.fromkeys(range(7, 14), 10))
    sales = Sales(WEEK, now, before)
    assert (sales.data_to, sales.compare(_count)) == (TODAY - timedelta(days=1), 0.0)


def test_incomplete_data_are_compared_with_the_same_earlier_days() -> None:
    now, before = _sold({6: 12, 5: 12}), _sold(dict.fromkeys(range(7, 14), 10))
    sales = Sales(WEEK, now, before)
    assert sales.data_to == TODAY - timedelta(days=5)
    assert sales.compare(_count) == pytest.approx(0.2)


@pytest.mark.parametrize("before", [{}, {9: 10}, dict.fromkeys(range(8, 14), 0)])
def test_sales_with_hardly_any_before_are_not_compared(before: dict[int, int]) -> None:
    sales = Sales(WEEK, _sold(dict.fromkeys(range(1, 7), 10)), _sold(before))
    assert sales.compare(_count) is None
