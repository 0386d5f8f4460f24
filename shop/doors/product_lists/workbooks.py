"""Spreadsheets (.xlsx): read as text cells, written as text cells."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Iterable, Iterator
from datetime import date, datetime, time
from decimal import Decimal
from typing import IO, Any

from shop.doors.product_lists.archives import CHUNK, open_archive
from shop.doors.product_lists.core.problems import BadList
from shop.doors.product_lists.core.text import MOST_CELL, MOST_COLUMNS, MOST_ROWS, Sheet, read_text
from shop.ground.kernel.sheets import neutralize, restore

MOST_UNPACKED = 300 * 2**20
# A declaration of entities, in the encodings that XML may have: no spreadsheet program writes one.
DECLARATIONS = tuple(
    "<!DOCTYPE".encode(encoding) for encoding in ("utf-8", "utf-16-le", "utf-16-be")
)
FORMULAS = (b"<f>", b"<f ")
# The column of a cell that holds something
CELL = re.compile(rb"""<c [^>]*?r=["']([A-Z]{1,3})[0-9]+["'][^>]*(?<!/)>""")
OVERLAP = 256
# What broken files raise, the last what broken XML does.
BROKEN = (zipfile.BadZipFile, KeyError, ValueError, TypeError, SyntaxError)


def read_sheet(name: str, content: bytes) -> Sheet:
    """Return the rows of a list, a text file or a spreadsheet. Raises BadList."""
    if content[:8] == b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1":
        raise BadList("old_excel")
    is_zip = content[:4] == b"PK\x03\x04"
    sheet = (read_workbook if is_zip else read_text)(name, content)
    if not sheet.rows:
        raise BadList("no_rows")
    return sheet


def read_workbook(name: str, content: bytes) -> Sheet:
    """Return the rows of a spreadsheet. Raises BadList."""
    has_formulas = _check_parts(content)
    rows = _read_cells(content, with_results=True)
    header = next(rows, None)
    if header is None:
        raise BadList("empty")
    names = [text.strip() for text in header[1]]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise BadList("columns", most=MOST_COLUMNS)
    kept = list(rows)
    unsaved = _find_unsaved(content, dict(kept)) if has_formulas else frozenset()
    return Sheet(name, names, kept, formulas=unsaved)


def _check_parts(content: bytes) -> bool:
    """Refuse bombs and entities; return whether a sheet holds formulas. In one pass."""
    has_formulas = False
    with open_archive(io.BytesIO(content), most_unpacked=MOST_UNPACKED) as archive:
        if not any(part.startswith("xl/") for part in archive.namelist()):
            raise BadList("zip_as_list")
        for part in archive.namelist():
            if not part.endswith((".xml", ".rels")):
                continue
            try:
                with archive.open(part) as stream:
                    end = b""
                    while chunk := stream.read(CHUNK):
                        seen = end + chunk
                        if any(one in seen for one in DECLARATIONS):
                            raise BadList("entities")
                        has_formulas = has_formulas or any(one in seen for one in FORMULAS)
                        _require_columns(seen)
                        end = chunk[-OVERLAP:]
            except (zipfile.BadZipFile, EOFError, NotImplementedError) as error:
                raise BadList("not_workbook") from error
    return has_formulas


def _require_columns(seen: bytes) -> None:
    """Refuse cells that are further to the right than any list has columns: a row is as wide in
    memory as its last cell is far."""
    for letters in set(CELL.findall(seen)):
        number = 0
        for letter in letters:
            number = 26 * number + letter - 64
        if number > MOST_COLUMNS:
            raise BadList("columns", most=MOST_COLUMNS)


def _read_cells(content: bytes, *, with_results: bool) -> Iterator[tuple[int, list[str]]]:
    """Yield (row number, cells) of the first sheet that is shown, empty rows left out."""
    from openpyxl import load_workbook  # noqa: PLC0415  # only who reads or writes a spreadsheet loads it
    from openpyxl.utils.exceptions import InvalidFileException  # noqa: PLC0415  # only who reads or writes a spreadsheet loads it

    try:
        book = load_workbook(
            io.BytesIO(content), read_only=True, data_only=with_results, keep_links=False
        )
        shown = [one for one in book.worksheets if one.sheet_state == "visible"]
        if not shown:
            raise BadList("empty")
        sheet = shown[0]
        sheet.reset_dimensions()
        count = 0
        wide = sheet.iter_rows(values_only=True, max_col=MOST_COLUMNS + 1)
        for line, values in enumerate(wide, start=1):
            cells = [_write_value(one) for one in values]
            while cells and not cells[-1].strip():
                cells.pop()
            if not cells:
                continue
            count += 1
            if count > MOST_ROWS + 1:
                raise BadList("rows", most=MOST_ROWS)
            if any(len(cell) > MOST_CELL for cell in cells):
                raise BadList("cell", line=line, most=MOST_CELL)
            yield line, [restore(cell) for cell in cells]
    except (*BROKEN, InvalidFileException) as error:
        raise BadList("not_workbook") from error


def _find_unsaved(content: bytes, saved: dict[int, list[str]]) -> frozenset[tuple[int, int]]:
    """Return the cells that hold a formula whose result the file does not."""
    found = set()
    for line, cells in _read_cells(content, with_results=False):
        results = saved.get(line, [])
        for at, text in enumerate(cells):
            if text.startswith("=") and not (at < len(results) and results[at]):
                found.add((line, at))
    return frozenset(found)


def _write_value(value: Any) -> str:
    """Return a cell as somebody would type it."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        # A number is kept in binary: 50.37 must not become 50.369999999999997.
        text = f"{Decimal(repr(value)):f}"
        return text.rstrip("0").rstrip(".") if "." in text else text
    if isinstance(value, datetime):
        midnight = value.time() == time(0)
        return value.date().isoformat() if midnight else value.isoformat(sep=" ")
    if isinstance(value, date | time):
        return value.isoformat()
    return str(value)


def write_workbook(rows: Iterable[Iterable[object]], file: IO[bytes]) -> None:
    """Write rows of text into one sheet; no cell is a formula, and codes keep their zeros."""
    from openpyxl import Workbook  # noqa: PLC0415  # only who reads or writes a spreadsheet loads it
    from openpyxl.cell import WriteOnlyCell  # noqa: PLC0415  # only who reads or writes a spreadsheet loads it

    book = Workbook(write_only=True)
    sheet = book.create_sheet("products")
    for row in rows:
        cells = []
        for one in row:
            cell = WriteOnlyCell(sheet, value=str(neutralize(one)))
            cell.data_type, cell.number_format = "s", "@"
            cells.append(cell)
        sheet.append(cells)
    book.save(file)
