"""From cells to rows: cells read, rows of one product brought together, contradictions found."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from shop.doors.product_lists.core.cells import Value, read_cell
from shop.doors.product_lists.core.columns import (
    COLUMNS,
    OPTIONS,
    PRODUCTS,
    Column,
    ListKind,
    market_of,
)
from shop.doors.product_lists.core.problems import BadCell, Problem
from shop.doors.product_lists.core.text import Sheet

SHARED = tuple(column.name for column in COLUMNS if column.is_shared)
# What makes a row one of a variant; a row of none of them adds to its product (its pictures).
OF_VARIANT = ("sku", "barcode", "price", "cost", "stock", "size", "archived")
DEFAULT_OPTION = ("Title", "Default Title")  # what Shopify writes for a product without options


@dataclass(slots=True)
class ListRow:
    """A row of a list: the line it begins on, what its cells say, what is wrong with it.

    `headers` are what the file calls our columns. `values` hold only columns that the row fills
    in. `prices` are its prices of other markets.
    """

    line: int
    headers: Mapping[str, str] = field(default_factory=dict)
    values: dict[str, Value] = field(default_factory=dict)
    prices: dict[str, int] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)
    warnings: list[Problem] = field(default_factory=list)

    def warn(self, code: str, name: str, value: str, **detail: Any) -> None:
        """Note what staff should know of a row that is taken all the same."""
        column = self.headers.get(name, name)
        self.warnings.append(Problem(self.line, code, column, value, detail))

    def note(self, code: str, name: str = "", value: str = "", **detail: Any) -> None:
        """Note a problem of the row, or of its column `name`."""
        column = self.headers.get(name, name)
        self.problems.append(Problem(self.line, code, column, value, detail))

    @property
    def sku(self) -> str:
        """Its SKU, "" where there is none."""
        return str(self.values.get("sku") or "")

    @property
    def handle(self) -> str:
        """What groups it: the product's reference, else its own SKU."""
        return str(self.values.get("handle") or self.sku)

    @property
    def is_variant(self) -> bool:
        """Whether it is about a variant, and not only adds to its product."""
        is_filled = any(self.values.get(name) is not None for name in OF_VARIANT)
        return is_filled or bool(self.options)

    @property
    def options(self) -> dict[str, str]:
        """Its options by name."""
        named: dict[str, str] = {}
        for number in range(1, OPTIONS + 1):
            name = self.values.get(f"option{number}_name")
            value = self.values.get(f"option{number}_value")
            if name and value and (name, value) != DEFAULT_OPTION:
                named[str(name)] = str(value)
        return named


@dataclass(slots=True)
class ListedProduct:
    """The rows of one product; `values` are what they share, from the first row that says it."""

    handle: str
    rows: list[ListRow]
    values: dict[str, Value] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Currencies:
    """The currencies of the shop's markets by code; prices without a market are in `home`'s."""

    home: str
    by_market: Mapping[str, str]


def read_rows(
    sheet: Sheet, fields: Sequence[str], currencies: Currencies, kind: ListKind = PRODUCTS
) -> list[ListRow]:
    """Return every row of a sheet with its problems. `fields` say what each column of it is."""
    headers = {name: header for header, name in zip(sheet.header, fields, strict=True) if name}
    rows = [ListRow(line, headers) for line, _cells in sheet.rows]
    columns = [kind.find(name) for name in fields]
    for row, (_line, cells) in zip(rows, sheet.rows, strict=True):
        _read_row(row, sheet, list(zip(fields, columns, strict=True)), cells, currencies)
        if kind is PRODUCTS and not row.handle and not row.problems:
            row.note("no_sku")
    return rows


def _read_row(
    row: ListRow,
    sheet: Sheet,
    fields: Sequence[tuple[str, Column | None]],
    cells: list[str],
    currencies: Currencies,
) -> None:
    extra = [cell for cell in cells[len(sheet.header) :] if cell.strip()]
    if extra:
        row.note("extra_cells", "", extra[0], cells=len(cells), columns=len(sheet.header))
    for at, (name, column) in enumerate(fields):
        text = cells[at] if at < len(cells) else ""
        if column is None:
            continue
        if (row.line, at) in sheet.formulas:
            row.note("formula", name)
            continue
        try:
            _take_cell(row, name, text, column, currencies)
        except BadCell as bad:
            row.note(bad.code, name, text.strip(), **bad.detail)


def _take_cell(row: ListRow, name: str, text: str, column: Column, currencies: Currencies) -> None:
    other = market_of(name)
    known = currencies.by_market
    if other and other not in known:
        if text.strip():
            raise BadCell("market", market=other, known=", ".join(sorted(known)))
        return
    value = read_cell(text, column, known[other or currencies.home])
    if value is None:
        return
    if other:
        row.prices[other] = int(str(value))
    else:
        row.values[name] = value


def group_rows(rows: Collection[ListRow]) -> list[ListedProduct]:
    """Bring the rows of each product together, and note where they contradict each other.

    A row repeats what its product's earlier rows said or leaves it empty. A SKU, a bar code and a
    choice of options stand once.
    """
    _note_twice(rows)
    groups: dict[str, ListedProduct] = {}
    for row in rows:
        if row.handle:
            groups.setdefault(row.handle, ListedProduct(row.handle, [])).rows.append(row)
    for product in groups.values():
        _share_values(product)
        _check_options(product)
    return list(groups.values())


def _note_twice(rows: Collection[ListRow]) -> None:
    for name in ("sku", "barcode"):
        first: dict[Value, int] = {}
        for row in rows:
            value = row.values.get(name)
            if not isinstance(value, str):
                continue
            key = value.zfill(14) if name == "barcode" else value
            other = first.setdefault(key, row.line)
            if other != row.line:
                row.note("twice", name, value, other=other)


def _share_values(product: ListedProduct) -> None:
    said_on: dict[str, int] = {}
    for row in product.rows:
        for name in SHARED:
            value = row.values.get(name)
            if name == "handle" or value is None:
                continue
            if name not in said_on:
                said_on[name], product.values[name] = row.line, value
            elif value != product.values[name]:
                said = _shorten(product.values[name])
                row.note("contradicts", name, _shorten(value), other=said_on[name], said=said)
    for row in product.rows:
        for number in range(1, OPTIONS + 1):
            name = f"option{number}_name"
            if name in product.values:
                row.values.setdefault(name, product.values[name])


def _shorten(value: Value) -> str:
    text = " > ".join(value) if isinstance(value, list) else str(value)
    return text if len(text) <= 60 else f"{text[:59]}…"


def _check_options(product: ListedProduct) -> None:
    """Variants of one product differ in what is chosen."""
    variants = [row for row in product.rows if row.is_variant]
    first: dict[tuple[tuple[str, str], ...], int] = {}
    for row in variants:
        unnamed = _note_unnamed(row)
        if unnamed or len(variants) < 2:
            continue
        chosen = tuple(sorted(row.options.items()))
        if not chosen:
            continue
        other = first.setdefault(chosen, row.line)
        if other != row.line:
            row.note("options_twice", "", say_options(row.options), other=other)


def _note_unnamed(row: ListRow) -> bool:
    """Note options that have a value and no name; return whether there are some."""
    before = len(row.problems)
    for number in range(1, OPTIONS + 1):
        value, name = row.values.get(f"option{number}_value"), f"option{number}_name"
        if value and not row.values.get(name):
            row.note("option_unnamed", f"option{number}_value", str(value), named=name)
    return len(row.problems) > before


def say_options(options: Mapping[str, str]) -> str:
    """Return what is chosen, in words.

    >>> say_options({"Size": "M", "Colour": "red"})
    'Size M, Colour red'
    """
    return ", ".join(f"{name} {value}" for name, value in options.items())
