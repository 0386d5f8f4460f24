"""Exact money: nothing is lost, nothing is invented."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shop.ground.kernel.money import Money, exponent, format_money, prorate, share_minor, to_minor


@given(
    total=st.integers(-(10**9), 10**9),
    weights=st.lists(st.integers(0, 10**6), min_size=1, max_size=40),
)
def test_prorate_loses_no_cent(total: int, weights: list[int]) -> None:
    assert sum(prorate(total, weights)) == total


@given(
    total=st.integers(0, 10**9),
    weights=st.lists(st.integers(1, 10**6), min_size=1, max_size=40),
)
def test_prorate_is_within_one_unit_of_the_exact_share(total: int, weights: list[int]) -> None:
    for part, weight in zip(prorate(total, weights), weights, strict=True):
        assert abs(part - Decimal(total) * weight / sum(weights)) < 1


@pytest.mark.parametrize(
    ("_case", "total", "weights", "parts"),
    [
        ("even", 90, [1, 1, 1], [30, 30, 30]),
        ("first takes the odd cent", 100, [1, 1, 1], [34, 33, 33]),
        ("largest remainder wins", 10, [1, 2, 3], [2, 3, 5]),
        ("ties go to the first", 10, [1, 4, 1], [2, 7, 1]),
        ("a discount", -100, [1, 1, 1], [-34, -33, -33]),
        ("weightless", 5, [0, 0], [5, 0]),
        ("nothing over nobody", 0, [], []),
    ],
)
def test_prorate_examples(_case: str, total: int, weights: list[int], parts: list[int]) -> None:
    assert prorate(total, weights) == parts


@pytest.mark.parametrize(("total", "weights"), [(5, []), (5, [1, -1])])
def test_prorate_refuses_what_it_cannot_split(total: int, weights: list[int]) -> None:
    with pytest.raises(ValueError, match=r"split|negative"):
        prorate(total, weights)


def test_money_of_two_currencies_does_not_add() -> None:
    with pytest.raises(ValueError, match="cannot combine USD with EUR"):
        Money(1, "USD") + Money(1, "EUR")


@pytest.mark.parametrize(
    ("_case", "percent", "amount", "share"),
    [
        ("half rounds up", 50, 1, 1),
        ("exact", 10, 1000, 100),
        ("a third of a cent down", "33.3", 1, 0),
    ],
)
def test_share_rounds_half_up(_case: str, percent: int | str, amount: int, share: int) -> None:
    assert share_minor(amount, percent) == share


def test_currencies_keep_their_own_exponent() -> None:
    assert [exponent(code) for code in ("USD", "JPY", "KWD")] == [2, 0, 3]
    assert [to_minor("1.005", code) for code in ("USD", "JPY", "KWD")] == [101, 1, 1005]


def test_format_money_follows_the_reader() -> None:
    assert format_money(123456, "USD", "en_US") == "$1,234.56"
    assert format_money(123456, "USD", "zh_Hans_CN") == "US$1,234.56"
    assert format_money(500, "JPY", "en_US") == "¥500"
