"""Imports as staff see them."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db.models import Case, When

from pricing.api import home_place
from shop.doors.product_lists.core.cells import Value, write_cell
from shop.doors.product_lists.core.columns import BY_NAME, PRODUCTS, Kind, ListKind, market_of
from shop.doors.product_lists.core.doubts import STALE, count_doubtful
from shop.doors.product_lists.core.kept import read_kept, walk_rows
from shop.doors.product_lists.core.many import ManyChange, restore_change
from shop.doors.product_lists.core.problems import BadList, Problem
from shop.doors.product_lists.core.rows import (
    Currencies,
    ListedProduct,
    ListRow,
    group_rows,
    read_rows,
)
from shop.doors.product_lists.core.text import Sheet
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.sentences import say_marks, say_problem, say_reason, say_stale
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.selectors.stored import map_skus
from shop.ground.staff.columns import show_money

# The rows of an import's file, as often as they are needed: the file is kept, not its rows.


@dataclass(frozen=True, slots=True)
class ReadList:
    """A list read whole: its rows in the order of the file, and what they are about.

    A group is the rows of one product, or the one row of a customer. Rows of no group are loose:
    what is wrong with them leaves none to name.
    """

    rows: Sequence[ListRow]
    groups: Sequence[ListedProduct]
    loose: Sequence[ListRow] = ()
    home: str = ""
    currency: str = ""


def find_file(name: str) -> Path:
    """Return the path of a kept file. Nobody is ever served from this folder.

    It lies in the media folder, which web servers and workers share.
    """
    return Path(settings.MEDIA_ROOT) / "imports" / name


def open_pictures(item: ProductImport) -> IO[bytes] | None:
    """Open the zip of pictures that came with a list; None where none came."""
    return find_file(f"{item.upload}.zip").open("rb") if item.pictures_name else None


def open_sheet(item: ProductImport) -> Sheet:
    """Return the cells of an import's file. Raises BadList."""
    with find_file(item.upload).open("rb") as file:
        try:
            return read_kept(item.file_name, file)
        except ValueError as error:  # kept by an older release, as it was uploaded
            raise BadList("lost") from error


def read_list(item: ProductImport) -> ReadList:
    """Return the rows and products of an import's file. Two queries. Raises BadList.

    A price is the home market's where the import names no other. A row without a product's
    reference is of the product that has its SKU.
    """
    home = home_place()[0]
    sheet = open_sheet(item)
    fields = [_place_price(name, item.market_id, home) for name in item.fields]
    currencies = Currencies(home, list_currencies())
    rows = read_rows(sheet, fields, currencies)
    loose = [row for row in rows if row.sku and not row.values.get("handle")]
    known = map_skus([row.sku for row in loose])
    for row in loose:
        if row.sku in known:
            row.values["handle"] = known[row.sku]
    return ReadList(
        rows,
        group_rows(rows),
        [row for row in rows if not row.handle],
        home,
        get_market(home).currency,
    )


def _place_price(name: str, market: str, home: str) -> str:
    """Return the column with its market: one without is the import's, and home has none."""
    if market != home and name == "price":
        return f"price[{market}]"
    return "price" if name == f"price[{home}]" else name


SHOWN_ROWS, SHOWN_PROBLEMS = 20, 200


@dataclass(frozen=True, slots=True)
class Change:
    """One row that changes something: of each column the value before and after, as text.

    `marks` say which of its prices are doubtful, `refused_because` why nothing is changed.
    """

    line: int
    name: str  # the SKU, the product or the e-mail address it is about
    outcome: str
    columns: list[tuple[str, str, str]]
    state: str
    kept_because: str = ""
    marks: Sequence[str] = ()
    refused_because: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import: what it is, how far it is, who asked for it."""

    id: int
    kind: str
    file_name: str
    pictures_name: str
    market: str
    encoding: str
    state: str
    header: list[str]
    fields: list[str]
    sample: list[list[str]]
    is_whole: bool
    is_forgotten: bool
    done: int
    total: int
    counts: Mapping[str, int]
    change: ManyChange | None
    problem: str
    created_by: str
    created_at: datetime
    applied_at: datetime | None
    undone_at: datetime | None
    undone_by: str
    reason: str

    @property
    def is_waiting(self) -> bool:
        """Whether a worker is at it."""
        return self.state in ("checking", "applying", "undoing")

    @property
    def stale_because(self) -> str:
        """Why it has to be checked again before it is taken over; "" where it has not."""
        return say_stale() if self.state == "checked" and self.counts.get(STALE) else ""

    @property
    def doubtful(self) -> int:
        """How many of its new prices are probably not meant."""
        return count_doubtful(self.counts)

    @property
    def percent(self) -> int:
        """How far the worker is."""
        return min(100, 100 * self.done // self.total) if self.total else 0


def find_import(import_id: int, *, kind: ListKind = PRODUCTS) -> ImportView | None:
    """Return an import of a kind. One query."""
    items = ProductImport.objects.select_related("created_by", "undone_by")
    items = items.filter(pk=import_id, kind=kind.code)
    return next((_view(one) for one in items), None)


def list_imports(*, kind: ListKind = PRODUCTS, limit: int = 50) -> list[ImportView]:
    """Return the newest imports of a kind. One query."""
    rows = ProductImport.objects.select_related("created_by", "undone_by")
    rows = rows.filter(kind=kind.code).order_by("-id")
    return [_view(one) for one in rows[:limit]]


def _view(item: ProductImport) -> ImportView:
    problem = Problem(**item.problem) if item.problem else None
    return ImportView(
        id=item.pk,
        kind=item.kind,
        file_name=item.file_name,
        pictures_name=item.pictures_name,
        market=item.market_id,
        encoding=item.encoding,
        state=item.state,
        header=item.header,
        fields=item.fields,
        sample=item.sample,
        is_whole=item.is_whole,
        is_forgotten=item.is_forgotten,
        done=item.done,
        total=item.total,
        counts={name: one for name, one in item.counts.items() if isinstance(one, int)},
        change=restore_change(item.change) if item.change else None,
        problem=say_problem(problem, item.file_name) if problem else "",
        created_by=_name(item.created_by),
        created_at=item.created_at,
        applied_at=item.applied_at,
        undone_at=item.undone_at,
        undone_by=_name(item.undone_by),
        reason=item.reason,
    )


def _name(account: Any) -> str:
    return str(account) if account is not None else ""


def list_changes(
    import_id: int,
    *,
    currency: str = "",
    currencies: Mapping[str, str] | None = None,
    kind: ListKind = PRODUCTS,
    limit: int = SHOWN_ROWS,
) -> list[Change]:
    """Return the first rows of an import that change something, those with something to say before
    the others. One query.
    """
    rows = ProductImportRow.objects.filter(product_import_id=import_id)
    rows = rows.filter(outcome__in=["new", "changed", "added"])
    rows = rows.order_by(Case(When(problems=[], then=1), default=0), "line")
    return [_change(row, currency, currencies or {}, kind) for row in rows[:limit]]


def list_refused(import_id: int, *, limit: int = SHOWN_PROBLEMS) -> list[Change]:
    """Return the refused rows of an import, each with its reasons. One query."""
    rows = ProductImportRow.objects.filter(product_import_id=import_id, outcome="refused")
    return [_change(row, "", {}, PRODUCTS) for row in rows.order_by("line")[:limit]]


def list_kept(
    import_id: int,
    *,
    currency: str = "",
    currencies: Mapping[str, str] | None = None,
    kind: ListKind = PRODUCTS,
    limit: int = SHOWN_PROBLEMS,
) -> list[Change]:
    """Return rows that could not be taken back, each with its reason. One query."""
    rows = ProductImportRow.objects.filter(product_import_id=import_id, state="kept")
    rows = rows.order_by("line")[:limit]
    return [_change(row, currency, currencies or {}, kind) for row in rows]


def _change(
    row: ProductImportRow, currency: str, currencies: Mapping[str, str], kind: ListKind
) -> Change:
    order = {column.name: at for at, column in enumerate(kind.columns)}
    names = sorted(row.after, key=lambda name: order.get(name, len(order)))
    problems = [Problem(**one) for one in row.problems]
    return Change(
        line=row.line,
        name=row.sku or row.handle or row.email,
        outcome=row.outcome,
        columns=[
            (
                name,
                _show_value(name, row.before.get(name), currency, currencies, kind),
                _show_value(name, row.after[name], currency, currencies, kind),
            )
            for name in names
        ],
        state=row.state,
        kept_because=say_reason(Problem(**row.kept_because)) if row.kept_because else "",
        marks=say_marks(problems),
        refused_because=[say_reason(one) for one in problems] if row.outcome == "refused" else (),
    )


def _show_value(
    name: str, value: Value, currency: str, currencies: Mapping[str, str], kind: ListKind
) -> str:
    """Return a value as a list writes it, money with its currency."""
    column = kind.find(name)
    if column is not None and column.kind in (Kind.PRICE, Kind.AMOUNT) and isinstance(value, int):
        return show_money(value, currencies.get(market_of(name), currency))
    return say_value(name, value, currency, currencies, kind)


def say_value(
    name: str,
    value: Value,
    currency: str,
    currencies: Mapping[str, str],
    kind: ListKind = PRODUCTS,
) -> str:
    """Return a value as a list writes it."""
    market = market_of(name)
    column = kind.find(name) or BY_NAME["attributes"]
    return write_cell(value, column, currencies.get(market, currency))


def list_problems(import_id: int, *, limit: int = SHOWN_PROBLEMS) -> list[tuple[Problem, bool]]:
    """Return what is wrong, in the file's order, as (problem, whether the row is refused).

    One query.
    """
    rows = ProductImportRow.objects.filter(product_import_id=import_id).exclude(problems=[])
    return [
        (Problem(**one), row.outcome == "refused")
        for row in rows.order_by("line")[:limit]
        for one in row.problems
    ]


def list_sentences(import_id: int, *, limit: int = SHOWN_PROBLEMS) -> list[tuple[str, bool]]:
    """Return what is wrong as sentences. Two queries."""
    name = ProductImport.objects.values_list("file_name", flat=True).get(pk=import_id)
    found = list_problems(import_id, limit=limit)
    return [(say_problem(problem, name), is_refused) for problem, is_refused in found]


def list_refused_rows(import_id: int) -> Iterator[list[str]]:
    """Yield the refused rows as they were in the file, with what is wrong in a last column: to be
    mended and uploaded again. Raises BadList."""
    item = ProductImport.objects.get(pk=import_id)
    reasons = {
        row.line: " ".join(say_problem(Problem(**one), item.file_name) for one in row.problems)
        for row in item.rows.filter(outcome="refused")
    }
    yield [*item.header, "error"]
    for line, cells in list_cells(item, reasons):
        yield [*cells, reasons[line]]


def list_cells(item: ProductImport, lines: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    """Yield (line, cells) of some rows of a file, as wide as its header. Raises BadList."""
    width = len(item.header)
    with find_file(item.upload).open("rb") as file:
        file.readline()
        for line, cells in walk_rows(file):
            if line in lines:
                yield line, [*cells, *([""] * width)][:width]
