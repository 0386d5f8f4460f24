"""Files of codes as partners send them: which columns they have, and what is wrong with a row.

Commas, semicolons, tabs or bars between columns, as spreadsheets of different countries write
them; names of columns in any case; or a bare list without a header.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain

from promotions.engine.api import MAX_CODE_LENGTH, normalize_code
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop

COLUMNS = ("code", "max_redemptions", "per_shopper_limit")
NAMES = {
    "code": "code codes coupon couponcode vouchercode voucher promocode promotioncode discountcode"
    " 优惠码 优惠券码 券码 兑换码 代码",
    "max_redemptions": "maxredemptions maxuses uses usagelimit uselimit 使用次数 可用次数",
    "per_shopper_limit": "pershopperlimit percustomer usespercustomer pershopper perperson"
    " 每人次数 每人限用",
}
DELIMITERS = ",;\t|"
SHORTEST = 4
MAX_ROWS = 1_000_000
SAMPLE = re.compile(r"[\w#-]+", re.ASCII)
# A number so long that a spreadsheet rounded it: the code itself is gone
ROUNDED = re.compile(r"\d([.,]\d+)?E\+?\d+", re.IGNORECASE)
AS_TEXT = re.compile(r'="?(.*?)"?$')


class BadCodeFile(FairtagError):
    """The file cannot be read as codes at all: `detail["reason"]` says why."""

    code = "bad_code_file"


@dataclass(frozen=True, slots=True)
class Layout:
    """How a file is written: what stands between columns, and what each column is ("": nothing).

    `names` are the names of the columns nobody reads; without a header there are none.
    """

    delimiter: str
    columns: tuple[str, ...]
    has_header: bool = True
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CodeRow:
    """A row as read: `reason` is empty for a good one. `uses` None: as often as one likes."""

    line: int
    text: str
    code: str = ""
    uses: int | None = None
    per_shopper: int | None = None
    reason: str = ""


def read_code_rows(lines: Iterable[str], *, uses: int | None = None) -> Iterator[CodeRow]:
    """Yield the rows of a file; blank lines are passed over, numbers are those of the file.

    `uses` is how often a code may be used where the file does not say. Raises BadCodeFile.

    >>> for row in read_code_rows(["\\ufeffCode;Notes", "acme-0001;x", "", " ;y"], uses=1):
    ...     print(row.line, repr(row.code), row.uses, repr(row.reason))
    2 'ACME-0001' 1 ''
    4 '' None 'no_code'
    """
    rest, layout, first = _open(lines)
    reader = csv.reader(rest, delimiter=layout.delimiter)
    try:
        for count, values in enumerate(reader):
            if count >= MAX_ROWS:
                told = f"A file has at most {MAX_ROWS:,} codes."
                raise BadCodeFile(told, reason="too_many", most=f"{MAX_ROWS:,}")
            if any(value.strip() for value in values):
                fields = dict(zip(layout.columns, values, strict=False))
                yield _read_row(first + reader.line_num - 1, ",".join(values), fields, uses)
    except csv.Error as problem:
        line = first + reader.line_num - 1
        told = f"Line {line} cannot be read: is this a CSV file?"
        raise BadCodeFile(told, reason="bad_line", line=line) from problem


def find_layout(lines: Iterable[str]) -> Layout:
    """Return how the file is written, from its first lines. Raises BadCodeFile.

    >>> found = find_layout(["Voucher Code;Value;Uses"])
    >>> found.delimiter, found.columns, found.names
    (';', ('code', '', 'max_redemptions'), ('Value',))
    """
    return _open(lines)[1]


def _open(lines: Iterable[str]) -> tuple[Iterable[str], Layout, int]:
    """Return the rows after the header, the layout, and the number of the first of them."""
    told = ""
    found = iter(lines)
    for number, line in enumerate(found, start=1):
        text = line.lstrip("\ufeff").strip("\r\n")
        if text.lower().startswith("sep=") and len(text) == 5:  # how Excel says its delimiter
            told = text[4]
        elif text.strip():
            layout = _lay_out(text, told)
            rest = found if layout.has_header else chain([text], found)
            return rest, layout, number + layout.has_header
    raise BadCodeFile(gettext_noop("The file is empty."), reason="empty")


def _lay_out(text: str, told: str) -> Layout:
    for delimiter in told or DELIMITERS:
        names = next(csv.reader([text], delimiter=delimiter))
        columns = tuple(map(_column_of, names))
        if columns.count("code") == 1:
            unread = [name.strip() for name, known in zip(names, columns, strict=True) if not known]
            return Layout(delimiter, columns, names=tuple(filter(None, unread)))
    bare = text.strip().strip('"')
    # A bare list begins with a code: letters with digits; a lone word would be an unknown header
    if SAMPLE.fullmatch(bare) and len(bare) >= SHORTEST and re.search(r"\d", bare):
        return Layout(told or ",", ("code",), has_header=False)
    raise BadCodeFile(
        f"No column is named “code”: the first line must name the columns {', '.join(COLUMNS)}"
        " (the first is enough), or be a code itself.",
        reason="no_column",
        columns=", ".join(COLUMNS),
    )


def _column_of(name: str) -> str:
    plain = re.sub(r"[\W_]+", "", name.lower())
    return next((column for column, known in NAMES.items() if plain in known.split()), "")


def _read_row(line: int, text: str, fields: dict[str, str], uses: int | None) -> CodeRow:
    typed = fields.get("code", "").strip()
    if typed.startswith("="):  # how a spreadsheet is told to keep zeros in front
        typed = AS_TEXT.sub(r"\1", typed)
    typed = "".join(typed.split())
    if not typed:
        return CodeRow(line, text, reason="no_code")
    if reason := _why_no_code(typed):
        return CodeRow(line, text, reason=reason)
    numbers = [fields.get(name, "").strip() for name in COLUMNS[1:]]
    if not all(number == "" or (number.isascii() and number.isdigit()) for number in numbers):
        return CodeRow(line, text, reason="bad_number")
    most, per_shopper = (int(number) if number else None for number in numbers)
    if 0 in (most, per_shopper) or (most or 0) >= 2**31 or (per_shopper or 0) >= 2**15:
        return CodeRow(line, text, reason="bad_number")
    most = uses if most is None else most
    return CodeRow(line, text, normalize_code(typed), most, per_shopper)


def _why_no_code(typed: str) -> str:
    if len(typed) > MAX_CODE_LENGTH:
        return "code_too_long"
    if len(typed) < SHORTEST:
        return "code_too_short"
    if ROUNDED.fullmatch(typed):
        return "code_rounded"
    return "unreadable" if "\ufffd" in typed or not typed.isprintable() else ""
