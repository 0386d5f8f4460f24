"""What is kept and what is quarantined, on a handful of rows."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import duckdb
import pytest

from shop.doors.intake.cleaning import clean_tables, count_table
from shop.doors.intake.layout import TABLES
from shop.doors.intake.prices import build_prices
from shop.doors.intake.source import BadSource, find_files, open_source

PRODUCTS = """product_id,manufacturer_id,department,brand,product_category,product_type,package_size
bread,1,PASTRY,Private,BREAD,BREAD:ITALIAN/FRENCH,1 LB
bread,1,PASTRY,Private,BREAD,BREAD:ITALIAN/FRENCH,1 LB
,1,PASTRY,Private,BREAD,BREAD:ITALIAN/FRENCH,1 LB
fuel,2,FUEL,National,FUEL,GASOLINE,
"""
LINE_COLUMNS = (
    "household_id,store_id,basket_id,product_id,quantity,sales_value,retail_disc,coupon_disc,"
    "coupon_match_disc,transaction_timestamp"
)
DAY = "2017-03-06 12:00:00"


def _write(folder: Path, lines: list[str], products: str = PRODUCTS) -> Path:
    (folder / "products.csv").write_text(products)
    (folder / "transactions.csv").write_text("\n".join([LINE_COLUMNS, *lines]) + "\n")
    return folder


@pytest.fixture
def lines() -> list[str]:
    """Alice's six breads, then everything that goes wrong at tills."""
    good = [f"alice,s1,b{n},bread,1,2.00,0.50,0,0,{DAY}" for n in range(6)]
    return [
        *good,
        good[0],
        f"alice,s1,b7,cake,1,2.00,0,0,0,{DAY}",
        f"alice,s1,b8,bread,1,-2.00,0,0,0,{DAY}",
        f"alice,s1,b9,bread,0,0,0,1.00,0,{DAY}",
        f"alice,s1,b10,bread,1,0,0,0,0,{DAY}",
        f"alice,s1,b11,bread,1,40.00,0,0,0,{DAY}",
        f",s1,b12,bread,1,2.00,0,0,0,{DAY}",
        f"bob,s1,b13,fuel,10600,25.00,0,0,0,{DAY}",
    ]


def _open(folder: Path, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    return open_source(find_files(folder), scratch=tmp_path)


@pytest.fixture
def cleaned(tmp_path: Path, lines: list[str]) -> Iterator[duckdb.DuckDBPyConnection]:
    with _open(_write(tmp_path, lines), tmp_path) as connection:
        clean_tables(connection)
        yield connection


def test_every_bad_line_has_its_reason(cleaned: duckdb.DuckDBPyConnection) -> None:
    reasons = cleaned.execute(
        "SELECT row_number, reason FROM refused_transactions ORDER BY row_number"
    ).fetchall()
    assert reasons == [
        (7, "duplicate"),
        (8, "unknown_product"),
        (9, "negative_amount"),
        (10, "zero_quantity"),
        (11, "zero_price"),
        (12, "price_outlier"),
        (13, "missing_value"),
    ]


def test_read_is_kept_plus_quarantined_in_every_table(cleaned: duckdb.DuckDBPyConnection) -> None:
    counts = {name: count_table(cleaned, name) for name in TABLES}
    assert all(count.is_balanced for count in counts.values())
    assert (counts["transactions"].read, counts["transactions"].kept) == (14, 7)
    assert counts["products"].refused == {"duplicate": 1, "missing_value": 1}


def test_thousandths_of_a_gallon_are_one_fill_up(cleaned: duckdb.DuckDBPyConnection) -> None:
    fuel = "SELECT quantity, unit_price FROM transactions WHERE product_id = 'fuel'"
    assert cleaned.execute(fuel).fetchall() == [(1, 25.0)]


def test_prices_are_medians_and_only_changes_are_rows(
    tmp_path: Path, cleaned: duckdb.DuckDBPyConnection
) -> None:
    build_prices(cleaned, minor_units=100)
    changes = "SELECT week, kind, amount_minor FROM price_changes WHERE product_id = 'bread'"
    assert sorted(cleaned.execute(changes).fetchall()) == [(1, "list", 250), (1, "public", 200)]


def test_same_households_on_every_machine(tmp_path: Path, lines: list[str]) -> None:
    with _open(_write(tmp_path, lines), tmp_path) as connection:
        clean_tables(connection, households=1)
        kept = "SELECT DISTINCT household_id FROM transactions"
        assert connection.execute(kept).fetchall() == [("alice",)]


@pytest.mark.parametrize(
    ("_case", "change", "sentence"),
    [
        (
            "wrong number",
            lambda text: text.replace(",1,2.00,0.50", ",two,2.00,0.50", 1),
            "transactions.csv, row 1, column \"quantity\": 'two' is not a whole number.",
        ),
        (
            "fraction of a piece",
            lambda text: text.replace(",1,2.00,0.50", ",1.5,2.00,0.50", 1),
            "transactions.csv, row 1, column \"quantity\": '1.5' is not a whole number.",
        ),
        (
            "wrong date in a late row",
            lambda text: text.replace(f"bread,1,40.00,0,0,0,{DAY}", "bread,1,40.00,0,0,0,Monday"),
            (
                "transactions.csv, row 12, column \"transaction_timestamp\": 'Monday' is not a"
                " date or moment such as 2026-11-25 or 2026-11-25 18:30:00."
            ),
        ),
        (
            "column missing",
            lambda text: text.replace("quantity", "pieces"),
            (
                'transactions.csv has no column "quantity"; it has household_id, store_id,'
                " basket_id, product_id, pieces, sales_value, retail_disc, coupon_disc,"
                " coupon_match_disc, transaction_timestamp."
            ),
        ),
    ],
)
def test_fault_of_a_file_is_one_sentence(
    tmp_path: Path, lines: list[str], _case: str, change: object, sentence: str
) -> None:
    folder = _write(tmp_path, lines)
    path = folder / "transactions.csv"
    path.write_text(change(path.read_text()))  # type: ignore[operator]  # a table of lambdas
    with pytest.raises(BadSource) as caught:
        _open(folder, tmp_path)
    assert str(caught.value) == sentence


def test_missing_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "products.csv").write_text(PRODUCTS)
    with pytest.raises(BadSource, match=r"neither transactions.parquet nor transactions.csv"):
        find_files(tmp_path)


def test_parquet_reads_like_csv(tmp_path: Path, lines: list[str]) -> None:
    folder = _write(tmp_path, lines)
    csv = folder / "transactions.csv"
    duckdb.sql(f"COPY (FROM read_csv('{csv}')) TO '{folder}/transactions.parquet'")
    csv.unlink()
    with _open(folder, tmp_path) as connection:
        clean_tables(connection)
        assert count_table(connection, "transactions").kept == 7
