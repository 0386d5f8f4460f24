"""One cell: from text to the value its column holds, and back to the text that gives it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal

from shop.doors.product_lists.core.columns import MOST_WHOLE, Column, Kind
from shop.doors.product_lists.core.problems import BadCell
from shop.ground.kernel.barcodes import bar_code
from shop.ground.kernel.measures import parse_size
from shop.ground.kernel.money import BadAmount, exponent, read_amount, write_amount

# JSON keeps each of these as it is. None stands for a cell that says nothing.
type Value = str | int | bool | list[str] | dict[str, str] | None

YES = {"true", "yes", "y", "1", "x", "是", "真", "有"}
NO = {"false", "no", "n", "0", "否", "假", "无"}
PATH_SIGN, LIST_SIGN, PAIR_SIGN = ">", ";", ":"
MOST_LEVELS, MOST_PICTURES, MOST_PAIRS, MOST_PAIR = 3, 20, 40, 400
_EXACT_SIZE = re.compile(r"(\d{1,9}(?:\.\d{1,3})?) (g|ml|ct)")
_WITH_COMMA = re.compile(r"\d+,\d{1,2}|\d{1,3}(?:\.\d{3})+,\d{1,2}")
_THOUSANDS = re.compile(r"\d{1,3}(?:,\d{3})+(?:\.\d+)?")
_ROUNDED = re.compile(r"\d(?:\.\d+)?e\+\d+", re.IGNORECASE)
_EMAIL = re.compile(
    r"[^\s@<>,;:\"()\[\]\\]{1,64}@[^\s@<>,;:\"()\[\]\\.]+(?:\.[^\s@<>,;:\"()\[\]\\.]+)+"
)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")


def read_cell(text: str, column: Column, currency: str) -> Value:
    """Return what a cell says, None where it is empty. Raises BadCell."""
    text = _CONTROL.sub("", text).replace("\xa0", " ").strip()
    if not text:
        return None
    readers: Mapping[Kind, Callable[[str, Column], Value]] = {
        Kind.TEXT: _read_text,
        Kind.LINES: _read_lines,
        Kind.PATH: _read_path,
        Kind.WHOLE: _read_whole,
        Kind.FLAG: _read_flag,
        Kind.BARCODE: _read_barcode,
        Kind.SIZE: _read_size,
        Kind.NAMES: _read_names,
        Kind.PAIRS: _read_pairs,
        Kind.EMAIL: _read_email,
        Kind.DAY: _read_day,
        Kind.CHOICE: _read_choice,
    }
    if column.kind in (Kind.PRICE, Kind.AMOUNT):
        return _read_amount(text, currency, least=int(column.kind is Kind.PRICE))
    return readers[column.kind](text, column)


def write_cell(value: Value, column: Column, currency: str) -> str:
    """Return the text that `read_cell` reads as the value."""
    if value is None:
        return ""
    if column.kind in (Kind.PRICE, Kind.AMOUNT) and isinstance(value, int):
        return write_amount(value, currency)
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        sign = PATH_SIGN if column.kind is Kind.PATH else LIST_SIGN
        space = " " if sign == PATH_SIGN else ""
        return f"{space}{sign} ".join(_escape(one, sign) for one in value)
    if isinstance(value, dict):
        return f"{LIST_SIGN} ".join(
            f"{_escape(name, PAIR_SIGN + LIST_SIGN)}{PAIR_SIGN} {_escape(text, LIST_SIGN)}"
            for name, text in value.items()
        )
    return str(value)


def settle(value: Value, column: Column, currency: str) -> Value:
    """Return a value of the shop as a list would say it, so that both can be compared.

    >>> settle("Two  blanks", Column("title", Kind.TEXT, is_shared=True, most=200), "USD")
    'Two blanks'
    """
    try:
        return read_cell(write_cell(value, column, currency), column, currency)
    except BadCell:
        return value


def _escape(text: str, signs: str) -> str:
    """Write a sign that would split the text behind a backslash."""
    wide = {PATH_SIGN: "＞", LIST_SIGN: "；", PAIR_SIGN: "："}
    kept = {"\\", *signs, *(wide[sign] for sign in signs)}
    return "".join(f"\\{one}" if one in kept else one for one in text)


def _split(text: str, sign: str, *, most: int = 0) -> list[str]:
    """Split at a sign, in its full-width form too; not behind a backslash, which stays.

    >>> _split("a; b\\\\; c；d", ";")
    ['a', 'b\\\\; c', 'd']
    """
    wide = {PATH_SIGN: "＞", LIST_SIGN: "；", PAIR_SIGN: "："}[sign]
    found, rest = [""], iter(text)
    for one in rest:
        if one == "\\":
            found[-1] += one + next(rest, "")
        elif one in (sign, wide) and not (most and len(found) > most):
            found.append("")
        else:
            found[-1] += one
    return [part.strip() for part in found]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text, flags=re.DOTALL)


def write_size(amount: Decimal, unit: str) -> str:
    """Return a measure as a list writes it: grams, millilitres or pieces.

    >>> write_size(Decimal("500.000"), "g")
    '500 g'
    """
    return f"{amount.normalize():f} {unit}"


def split_size(text: str) -> tuple[Decimal, str]:
    """Return the measure that `write_size` wrote."""
    amount, unit = text.split(" ")
    return Decimal(amount), unit


def _read_text(text: str, column: Column) -> str:
    text = " ".join(text.split())
    if len(text) > column.most:
        raise BadCell("long", most=column.most, length=len(text))
    return text


def _read_lines(text: str, column: Column) -> str:
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    if len(text) > column.most:
        raise BadCell("long", most=column.most, length=len(text))
    return text


def _read_path(text: str, column: Column) -> list[str]:
    names = [" ".join(_unescape(name).split()) for name in _split(text, PATH_SIGN)]
    if not all(names):
        raise BadCell("path_gap")
    if len(names) > MOST_LEVELS:
        raise BadCell("path_deep", most=MOST_LEVELS)
    _check_lengths(names, column.most)
    return names


def _check_lengths(texts: list[str], most: int) -> None:
    longest = max(map(len, texts), default=0)
    if longest > most:
        raise BadCell("long", most=most, length=longest)


def _read_amount(text: str, currency: str, *, least: int) -> int:
    text = unicodedata.normalize("NFKC", text)
    try:
        minor = int(read_amount(text, currency))
    except BadAmount as error:
        if error.code == "comma":
            raise BadCell("comma", instead=_without_comma(text)) from error
        if error.code == "decimals":
            raise BadCell("decimals", places=exponent(currency), currency=currency) from error
        raise BadCell("amount") from error
    if minor < least:
        raise BadCell("not_above_zero" if least else "below_zero")
    if minor > MOST_WHOLE:
        raise BadCell("large")
    return minor


def _without_comma(text: str) -> str:
    """Return what was probably meant, "" where it may mean two things.

    >>> _without_comma("50,37"), _without_comma("1.234,50"), _without_comma("1,234.50")
    ('50.37', '1234.50', '1234.50')
    >>> _without_comma("1,234")
    ''
    """
    if _WITH_COMMA.fullmatch(text):
        return text.replace(".", "").replace(",", ".")
    if _THOUSANDS.fullmatch(text) and "." in text:
        return text.replace(",", "")
    return ""


def _read_whole(text: str, column: Column) -> int:
    text = unicodedata.normalize("NFKC", text)
    if not re.fullmatch(r"[+-]?\d+(\.0+)?", text, re.ASCII):
        raise BadCell("whole")
    number = int(text.partition(".")[0])
    if number < 0:
        raise BadCell("below_zero")
    if number > column.most:
        raise BadCell("most", most=column.most)
    return number


def _read_flag(text: str, column: Column) -> bool:
    word = unicodedata.normalize("NFKC", text).casefold()
    if word not in YES | NO:
        raise BadCell("flag")
    return word in YES


def _read_email(text: str, column: Column) -> str:
    address = unicodedata.normalize("NFKC", text).lower()
    if not _EMAIL.fullmatch(address) or len(address) > column.most:
        raise BadCell("email")
    return address


def _read_day(text: str, column: Column) -> str:
    try:
        # A spreadsheet adds a time to a day; a time of its own is no part of the day.
        return date.fromisoformat(unicodedata.normalize("NFKC", text)[:10]).isoformat()
    except ValueError as error:
        raise BadCell("day") from error


def _read_choice(text: str, column: Column) -> str:
    word = unicodedata.normalize("NFKC", text).casefold()
    if word not in column.choices:
        raise BadCell("choice", known=", ".join(column.choices))
    return word


def _read_barcode(text: str, column: Column) -> str:
    text = unicodedata.normalize("NFKC", text)
    if _ROUNDED.fullmatch(text):
        raise BadCell("rounded")
    digits = text.lstrip("'").replace(" ", "").replace("-", "")
    if not bar_code(digits):
        is_number = digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 14
        raise BadCell("check_digit" if is_number else "barcode")
    return digits


def _read_size(text: str, column: Column) -> str:
    exact = _EXACT_SIZE.fullmatch(text)
    if exact and Decimal(exact[1]) > 0:
        return write_size(Decimal(exact[1]), exact[2])
    size = parse_size(text)
    if size.amount is None or size.amount >= 10**9:
        raise BadCell("size")
    return write_size(size.amount, size.unit)


def _read_names(text: str, column: Column) -> list[str]:
    names = [_unescape(name).strip() for name in _split(text, LIST_SIGN)]
    names = list(dict.fromkeys(name for name in names if name))
    if len(names) > MOST_PICTURES:
        raise BadCell("many", most=MOST_PICTURES)
    _check_lengths(names, column.most)
    return names


def _read_pairs(text: str, column: Column) -> dict[str, str]:
    pairs: dict[str, str] = {}
    for part in filter(None, _split(text, LIST_SIGN)):
        said = [" ".join(_unescape(one).split()) for one in _split(part, PAIR_SIGN, most=1)]
        if len(said) != 2 or not all(said):
            raise BadCell("pair")
        _check_lengths(said[:1], column.most)
        _check_lengths(said[1:], MOST_PAIR)
        pairs[said[0]] = said[1]
    if len(pairs) > MOST_PAIRS:
        raise BadCell("many", most=MOST_PAIRS)
    return pairs
