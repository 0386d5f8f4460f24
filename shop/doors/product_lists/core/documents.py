"""A product as one document: the same columns and checks as a list, by field instead of by line."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shop.doors.product_lists.core.cells import Value, read_cell, write_cell
from shop.doors.product_lists.core.columns import BY_NAME, FIRST_NEEDED, OPTIONS
from shop.doors.product_lists.core.problems import BadCell
from shop.doors.product_lists.core.rows import (
    SHARED,
    Currencies,
    ListedProduct,
    ListRow,
    group_rows,
)

FIELDS = tuple(name for name in SHARED if name != "handle" and not name.startswith("option"))
# What a variant calls our columns.
OWN_FIELDS: Mapping[str, str] = {
    "sku": "sku",
    "barcode": "barcode",
    "price_minor": "price",
    "cost_minor": "cost",
    "opening_stock": "stock",
    "size": "size",
    "archived": "archived",
}


@dataclass(frozen=True, slots=True)
class ProductDocument:
    """A document as rows of a list, row 1 for its first variant.

    `cleared` are columns that it says are empty, by row; the first row's are also the product's.
    """

    product: ListedProduct
    cleared: Mapping[int, frozenset[str]]


def read_document(
    handle: str, said: Mapping[str, Any], currencies: Currencies, option_names: Sequence[str]
) -> ProductDocument:
    """Return a document's rows with what is wrong with them. What it leaves out it does not say.

    `option_names` are those of the product as it is; new ones come behind them.
    """
    variants: list[Mapping[str, Any]] = list(said.get("variants") or [{}])
    names = list(option_names)
    names += [one for each in variants for one in each.get("options", {}) if one not in names]
    names = list(dict.fromkeys(names))
    rows, cleared = [], {}
    for line, variant in enumerate(variants, start=1):
        row = ListRow(line, values={"handle": handle})
        given = {column: variant[name] for name, column in OWN_FIELDS.items() if name in variant}
        if line == 1:
            given |= {name: said[name] for name in FIELDS if name in said}
        home = currencies.by_market[currencies.home]
        cleared[line] = frozenset(_take(row, name, one, home) for name, one in given.items())
        _take_options(row, variant.get("options", {}), names, home)
        _take_prices(row, variant.get("prices", {}), currencies)
        rows.append(row)
    [product] = group_rows(rows)
    return ProductDocument(product, {line: one - {""} for line, one in cleared.items()})


def _take(row: ListRow, name: str, given: Any, currency: str) -> str:
    """Read a field as a list reads its cell; return its column where it is empty, else ""."""
    try:
        value = read_cell(write_cell(given, BY_NAME[name], currency), BY_NAME[name], currency)
    except BadCell as bad:
        row.note(bad.code, name, str(given), **bad.detail)
        return ""
    if value is not None:
        row.values[name] = value
        return ""
    if name in FIRST_NEEDED:
        row.note("missing", name)
    return name


def _take_options(
    row: ListRow, options: Mapping[str, str], names: Collection[str], currency: str
) -> None:
    if len(names) > OPTIONS:
        row.note("many", "option1_name", ", ".join(names), most=OPTIONS)
        return
    for number, name in enumerate(names, start=1):
        _take(row, f"option{number}_name", name, currency)
        if name in options:
            _take(row, f"option{number}_value", options[name], currency)


def _take_prices(row: ListRow, prices: Mapping[str, int], currencies: Currencies) -> None:
    for market, amount in prices.items():
        currency = currencies.by_market.get(market)
        if currency is None or market == currencies.home:
            known = sorted(set(currencies.by_market) - {currencies.home})
            row.note("market", "prices", market, market=market, known=", ".join(known))
            continue
        try:
            written = write_cell(amount, BY_NAME["price"], currency)
            row.prices[market] = int(str(read_cell(written, BY_NAME["price"], currency)))
        except BadCell as bad:
            row.note(bad.code, "prices", str(amount), **bad.detail)


def list_cleared(
    cleared: Collection[str], *having: Mapping[str, Value]
) -> tuple[dict[str, Value], dict[str, Value]]:
    """Return what is taken away: of each cleared column that has a value it, and nothing.

    >>> list_cleared({"brand", "cost"}, {"brand": "Ridge"}, {"cost": None})
    ({'brand': 'Ridge'}, {'brand': None})
    """
    has = {name: one for each in having for name, one in each.items()}
    before = {name: has[name] for name in sorted(cleared) if has.get(name) is not None}
    return before, dict.fromkeys(before)
