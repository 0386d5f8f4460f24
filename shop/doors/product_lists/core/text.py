"""Text files of rows: which encoding, which separator, and on which line each row begins."""

from __future__ import annotations

import csv
import io
from codecs import BOM_UTF8, BOM_UTF16_BE, BOM_UTF16_LE
from collections.abc import Iterator
from dataclasses import dataclass

from shop.doors.product_lists.core.problems import BadList
from shop.ground.kernel.sheets import restore

SEPARATORS = (",", ";", "\t", "|")
MOST_ROWS, MOST_COLUMNS, MOST_CELL = 100_000, 200, 40_000
# Of Chinese text in GB 2312 at least so many characters are its 3,755 common ones or punctuation.
COMMON_SHARE = 0.7


@dataclass(frozen=True, slots=True)
class Sheet:
    """The rows of one file: `rows` are (line, cells), the header's line is not among them.

    `cells` are text; a spreadsheet's numbers and dates are written as they were typed. `encoding`
    and `separator` are "" for a spreadsheet.
    """

    name: str
    header: list[str]
    rows: list[tuple[int, list[str]]]
    encoding: str = ""
    separator: str = ""
    formulas: frozenset[tuple[int, int]] = frozenset()  # (line, column) without a saved result


def decode_text(content: bytes) -> tuple[str, str]:
    """Return the text of a file and the name of its encoding. Raises BadList.

    UTF-8 and UTF-16 are known by their marks or by reading without a fault. Else the file is of
    an older Excel: Chinese (GBK) where what it would say is mostly common Chinese characters,
    otherwise Western (Windows-1252).

    >>> decode_text("价格,尺码".encode("gbk")), decode_text("Größe,Café".encode("cp1252"))
    (('价格,尺码', 'GBK'), ('Größe,Café', 'Windows-1252'))
    """
    if content.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return _decode(content, "utf-16"), "UTF-16"
    if b"\0" in content:
        raise BadList("not_text")
    try:
        mark = content.startswith(BOM_UTF8)
        return content.decode("utf-8-sig"), "UTF-8 with BOM" if mark else "UTF-8"
    except UnicodeDecodeError:
        pass
    if _is_chinese(content):
        return content.decode("gb18030"), "GBK"
    return _decode(content, "cp1252"), "Windows-1252"


def _decode(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        raise BadList("encoding", line=line) from error


def _is_chinese(content: bytes) -> bool:
    try:
        text = content.decode("gb18030")
    except UnicodeDecodeError:
        return False
    others = [one for one in text if ord(one) > 127]
    return bool(others) and sum(map(_is_common, others)) >= COMMON_SHARE * len(others)


def _is_common(one: str) -> bool:
    try:
        first = one.encode("gb2312")[0]
    except UnicodeEncodeError:
        return False
    return first in (0xA1, 0xA3) or 0xB0 <= first <= 0xD7


def read_text(name: str, content: bytes) -> Sheet:
    """Return the rows of a text file with the line each one begins on. Raises BadList.

    >>> sheet = read_text("a.csv", b'sku;title\\nA;"two\\nlines"\\nB;one\\n')
    >>> sheet.header, sheet.rows
    (['sku', 'title'], [(2, ['A', 'two\\nlines']), (4, ['B', 'one'])])
    """
    text, encoding = decode_text(content)
    lines, first = io.StringIO(text, newline=""), 0
    separator = _named_separator(lines.readline())
    if separator:
        first = 1
    else:
        lines.seek(0)
        separator = _guess_separator(text)
    rows = _read_rows(lines, separator, first)
    header = next(rows, None)
    if header is None:
        raise BadList("empty")
    names = [cell.strip() for cell in header[1]]
    while names and not names[-1]:
        names.pop()
    if len(names) > MOST_COLUMNS:
        raise BadList("columns", most=MOST_COLUMNS)
    return Sheet(name, names, list(rows), encoding, separator)


def _named_separator(line: str) -> str:
    """Return what Excel's own first line "sep=;" names."""
    text = line.strip()
    return text[4:] if text[:4].casefold() == "sep=" and len(text) == 5 else ""


def _guess_separator(text: str) -> str:
    """Return what splits the first row into the most columns; a comma where nothing does."""
    head = next((line for line in io.StringIO(text, newline="") if line.strip()), "")
    return max(SEPARATORS, key=lambda one: len(next(csv.reader([head], delimiter=one), [])))


def _read_rows(lines: io.StringIO, separator: str, before: int) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(lines, delimiter=separator, strict=True)
    count = 0
    while True:
        line = before + reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise BadList("quotes", line=line) from error
        if not any(cell.strip() for cell in cells):
            continue
        count += 1
        if count > MOST_ROWS + 1:
            raise BadList("rows", most=MOST_ROWS)
        if any(len(cell) > MOST_CELL for cell in cells):
            raise BadList("cell", line=line, most=MOST_CELL)
        yield line, [restore(cell) for cell in cells]
