"""Take a merchant's past orders in: what customers bought before the shop was here."""

from __future__ import annotations

import tempfile
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterable, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pyarrow as pa
from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from pyarrow import parquet
from rich.console import Console

from orders.reports.api import list_taken_lines
from profiles.accounts.api import name_households
from shop.doors.intake.run import ImportOptions, import_history
from shop.doors.intake.source import BadSource
from shop.doors.product_lists.api import (
    BadList,
    Column,
    Currencies,
    Kind,
    ListKind,
    ListRow,
    guess_fields,
    read_rows,
    read_sheet,
    say_problem,
)
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.stored import map_skus
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.money import write_amount


def _column(name: str, kind: Kind, most: int, *also: str) -> Column:
    return Column(name, kind, is_shared=False, most=most, also=also)


COLUMNS = (
    _column("order_number", Kind.TEXT, 40, "order", "name", "order id", "订单号", "订单编号"),
    _column("date", Kind.DAY, 0, "created at", "ordered at", "日期", "下单日期"),
    _column("email", Kind.EMAIL, 254, "e-mail", "customer", "邮箱", "电子邮箱"),
    _column("sku", Kind.TEXT, 40, "lineitem sku", "article number", "商品编码", "货号"),
    _column("quantity", Kind.WHOLE, 10_000, "lineitem quantity", "qty", "pieces", "数量"),
    _column("paid", Kind.AMOUNT, 2**31 - 1, "price paid", "line total", "amount", "实付金额"),
)
PAST_ORDERS = ListKind("past orders", COLUMNS, needed="order_number")
STORE = "online before"
PRODUCTS = (
    *("product_id", "manufacturer_id", "department", "brand", "product_category"),
    *("product_type", "package_size"),
)
TRANSACTIONS = (
    *("household_id", "store_id", "basket_id", "product_id", "quantity", "sales_value"),
    *("retail_disc", "coupon_disc", "coupon_match_disc", "transaction_timestamp"),
)


class Command(BaseCommand):
    """`manage.py import_past_orders`. Exit status 1 where a row was refused.

    It goes the way of `import_journey --keep-products`: products and customers have to be in the
    shop already, and the same file again does nothing. An order comes in whole or not at all, and
    one that is in is not changed: what is counted as taken stands in the shop.
    """

    help = "Take past orders in, CSV or Excel, one row for each line (docs/import.md)."

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add the options."""
        parser.add_argument("file", type=Path, help="the list, .csv or .xlsx")

    def handle(self, *args: Any, **options: Any) -> None:
        """Run: what is refused goes to standard error, a sentence for each row."""
        path: Path = options["file"]
        currency = get_market(settings.MARKET_CODE).currency
        now = utc_now()
        try:
            rows = _read(path, currency, now)
            differing = _note_not_in(_list_kept(rows), only_known=True)
            kept = [row for row in _list_kept(rows) if _number(row) not in differing]
            if kept:
                _load(kept, currency, now)
                _note_not_in(kept, only_known=False)
        except OSError as error:
            raise CommandError(f"{path} cannot be read: {error.strerror}.") from error
        except BadList as bad:
            raise CommandError(say_problem(bad.problem, path.name)) from bad
        except BadSource as error:
            raise CommandError(str(error)) from error
        for row in rows:
            for problem in row.problems:
                self.stderr.write(say_problem(problem, path.name))
        taken = len(_list_kept(rows))
        self.stdout.write(f"{len(rows)} rows read: {taken} taken, {len(rows) - taken} not.")
        if taken < len(rows):
            raise SystemExit(1)


def _list_kept(rows: Sequence[ListRow]) -> list[ListRow]:
    return [row for row in rows if not row.problems]


def _read(path: Path, currency: str, now: datetime) -> list[ListRow]:
    sheet = read_sheet(path.name, path.read_bytes())
    fields = guess_fields(sheet.header, PAST_ORDERS)
    missing = [column.name for column in COLUMNS if column.name not in fields]
    if missing:
        raise BadList("no_column", names=", ".join(missing))
    rows = read_rows(sheet, fields, Currencies("home", {"home": currency}), PAST_ORDERS)
    for row in rows:
        for column in COLUMNS:
            if row.values.get(column.name) is None and not row.problems:
                row.note("missing_cell", column.name)
    _note_unknown(rows)
    today = now.astimezone(ZoneInfo(settings.BUSINESS_TIME_ZONE)).date().isoformat()
    for row in rows:
        day = str(row.values.get("date") or "")
        if day >= today:
            row.note("day_not_over", "date", day)
    _note_broken_orders(rows)
    return rows


def _number(row: ListRow) -> str:
    return str(row.values.get("order_number") or "")


def _note_broken_orders(rows: Sequence[ListRow]) -> None:
    """Leave an order out whole where one of its rows is refused: mended, it comes in as it was."""
    broken: dict[str, int] = {}
    for row in rows:
        if row.problems:
            broken.setdefault(_number(row), row.line)
    for row in _list_kept(rows):
        if _number(row) in broken:
            row.note("order_broken", "", _number(row), other=broken[_number(row)])


def _note_not_in(rows: Sequence[ListRow], *, only_known: bool) -> set[str]:
    """Note rows that do not stand in the shop, with `only_known` those of orders that are in.

    Return the orders that stand there with other lines.
    """
    taken = list_taken_lines({_number(row) for row in rows})
    left = {number: Counter(lines) for number, lines in taken.items()}
    differing = set()
    for row in rows:
        number = _number(row)
        if only_known and number not in left:
            continue
        values = row.values
        line = (row.sku, int(str(values["quantity"])), int(str(values["paid"])))
        if left.get(number, Counter())[line]:
            left[number][line] -= 1
        else:
            row.note("order_without", "", number)
            differing.add(number)
    return differing | {number for number, lines in left.items() if lines.total()}


def _note_unknown(rows: Sequence[ListRow]) -> None:
    """Note products and customers that the shop has not: nobody is made by what they bought."""
    skus = map_skus([row.sku for row in rows if row.sku])
    households = name_households({str(row.values.get("email") or "") for row in rows})
    for row in rows:
        if row.sku and row.sku not in skus:
            row.note("sku_unknown", "sku", row.sku)
        email = str(row.values.get("email") or "")
        if email and email not in households:
            row.note("customer_unknown", "email", email)
        if not row.values.get("quantity") and not row.problems:
            row.note("not_above_zero", "quantity", "0")
        row.values["household"] = households.get(email)


def _load(rows: Sequence[ListRow], currency: str, now: datetime) -> None:
    with tempfile.TemporaryDirectory() as folder:
        _write(Path(folder, "products.parquet"), PRODUCTS, _list_products(rows))
        _write(Path(folder, "transactions.parquet"), TRANSACTIONS, _list_lines(rows, currency))
        import_history(
            ImportOptions(
                folder=Path(folder),
                keep_dates=True,
                keep_products=True,
                market_code=settings.MARKET_CODE,
            ),
            now=now,
            console=Console(),
            reports=Path(settings.STATE_FOLDER) / "reports",
        )


def _list_products(rows: Sequence[ListRow]) -> list[list[str]]:
    skus = sorted({row.sku for row in rows})
    return [[sku, "", "", "National", "", "", ""] for sku in skus]


def _list_lines(rows: Sequence[ListRow], currency: str) -> list[list[str]]:
    return [
        [
            str(row.values["household"]),
            STORE,
            str(row.values["order_number"]),
            row.sku,
            str(row.values["quantity"]),
            write_amount(int(str(row.values["paid"])), currency),
            *("0", "0", "0"),
            f"{row.values['date']} 12:00:00",
        ]
        for row in rows
    ]


def _write(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    columns = zip(*rows, strict=True)
    parquet.write_table(
        pa.table(
            {
                name: pa.array([cell or None for cell in column], pa.string())
                for name, column in zip(header, columns, strict=True)
            }
        ),
        path,
    )
