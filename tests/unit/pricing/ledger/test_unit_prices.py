"""Unit prices in the units of a market."""

from __future__ import annotations

import pytest

from pricing.ledger.core.unit_prices import GRAMS, MILLILITERS, PIECES, choose_unit, price_per_unit


@pytest.mark.parametrize(
    ("content", "country", "minor", "expected"),
    [
        ((226.796, GRAMS, True), "US", 249, (498, "lb", "磅")),
        ((56.699, GRAMS, False), "US", 198, (99, "oz", "盎司")),
        ((3785.412, MILLILITERS, True), "US", 279, (70, "qt", "夸脱")),
        ((354.882, MILLILITERS, False), "US", 120, (10, "fl oz", "液盎司")),
        ((2129.294, MILLILITERS, False), "US", 20, (9, "qt", "夸脱")),
        ((500.0, GRAMS, False), "DE", 249, (498, "1 kg", "1公斤")),
        ((3785.412, MILLILITERS, True), "DE", 259, (68, "1 l", "1升")),
        ((500.0, GRAMS, True), "FR", 249, (498, "kg", "公斤")),
        ((250.0, GRAMS, False), "CN", 590, (1180, "500 g", "500克")),
        ((950.0, MILLILITERS, True), "CN", 1250, (1316, "l", "升")),
        ((300.0, GRAMS, True), "JP", 298, (99, "100 g", "100克")),
        ((900.0, MILLILITERS, True), "JP", 198, (22, "100 ml", "100毫升")),
        ((250.0, MILLILITERS, True), "GB", 100, (400, "l", "升")),
        ((12.0, PIECES, False), "US", 399, (33, "item", "件")),
    ],
)
def test_prices_are_per_unit_of_the_market(
    content: tuple[float, int, bool], country: str, minor: int, expected: tuple[int, str, str]
) -> None:
    amount, measure, is_bulk = content
    unit = choose_unit(amount, measure, minor=minor, country=country, is_bulk=is_bulk)
    assert unit is not None
    per_unit = price_per_unit(minor, amount, unit)
    assert (per_unit, unit.label("en"), unit.label("zh-hans")) == expected


@pytest.mark.parametrize(("amount", "measure"), [(1.0, PIECES), (0.0, GRAMS), (0.0, 0), (7.0, 0)])
def test_one_piece_and_an_unknown_size_have_no_unit_price(amount: float, measure: int) -> None:
    assert choose_unit(amount, measure, minor=399, country="US", is_bulk=False) is None


def test_germany_exempts_what_holds_less_than_ten_grams() -> None:
    assert choose_unit(9.9, GRAMS, minor=399, country="DE", is_bulk=False) is None
    assert choose_unit(10.0, GRAMS, minor=399, country="DE", is_bulk=False) is not None
    assert choose_unit(9.9, GRAMS, minor=399, country="GB", is_bulk=False) is not None


@pytest.mark.parametrize(
    ("amount", "measure", "country"),
    [(5000.0, MILLILITERS, "US"), (5000.0, GRAMS, "JP"), (12.0, PIECES, "US")],
)
def test_a_unit_price_that_rounds_to_nothing_is_left_out(
    amount: float, measure: int, country: str
) -> None:
    assert choose_unit(amount, measure, minor=1, country=country, is_bulk=False) is None
