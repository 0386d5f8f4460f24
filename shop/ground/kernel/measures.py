"""Package sizes as people type them ("4/12 OZ", "1/2 GAL", "40 CT/19.8 Z") to one measure.

A measure is grams, millilitres or pieces. US ounces are ambiguous: of weight for solid products,
of volume for liquid ones, so the caller says which kind of products it is.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import lru_cache

SOLID, LIQUID, COUNTED = "g", "ml", "ct"

# NIST Handbook 44, appendix C: US customary units.
GRAMS = {"oz": Decimal("28.349523125"), "lb": Decimal("453.59237"), "g": Decimal(1)}
GRAMS["kg"] = Decimal(1000)
MILLILITRES = {
    "fl oz": Decimal("29.5735295625"),
    "pt": Decimal("473.176473"),
    "qt": Decimal("946.352946"),
    "gal": Decimal("3785.411784"),
    "ml": Decimal(1),
    "L": Decimal(1000),
}
PIECES = {"ct", "dozen", "pk", "pc", "stems", "loads", "rolls", "uses", "sheets", "pair", "kit"}
LENGTHS = {"in", "ft", "yd", "sq ft", "cm", "mm", "cup"}

UNITS = {
    "OZ": "oz",
    "OZS": "oz",
    "Z": "oz",
    "0Z": "oz",
    "FL OZ": "fl oz",
    "REC OZ": "fl oz",
    "LB": "lb",
    "LBS": "lb",
    "G": "g",
    "GM": "g",
    "GS": "g",
    "GR": "g",
    "KG": "kg",
    "ML": "ml",
    "L": "L",
    "LT": "L",
    "LTR": "L",
    "LRT": "L",
    "PT": "pt",
    "PTS": "pt",
    "QT": "qt",
    "GA": "gal",
    "GAL": "gal",
    "CT": "ct",
    "C": "ct",
    "EA": "ct",
    "DZ": "dozen",
    "DZN": "dozen",
    "DOZ": "dozen",
    "PK": "pk",
    "P": "pk",
    "PKS": "pk",
    "PC": "pc",
    "PCS": "pc",
    "STEM": "stems",
    "STEMS": "stems",
    "LOAD": "loads",
    "LOADS": "loads",
    "LD": "loads",
    "LDS": "loads",
    "ROLL": "rolls",
    "ROLLS": "rolls",
    "USE": "uses",
    "USES": "uses",
    "DOSE": "uses",
    "DOSES": "uses",
    "SHEET": "sheets",
    "SHEETS": "sheets",
    "PADS": "ct",
    "STICK": "ct",
    "PAIR": "pair",
    "KIT": "kit",
    "IN": "in",
    "FT": "ft",
    "YD": "yd",
    "SQ FT": "sq ft",
    "CM": "cm",
    "MM": "mm",
    "CUP": "cup",
    "CP": "cup",
}
WORDS = {
    "SMALL": "Small",
    "SML": "Small",
    "MED": "Medium",
    "MEDIUM": "Medium",
    "LARGE": "Large",
    "X-LARGE": "Extra large",
    "XLRG": "Extra large",
    "X-LG": "Extra large",
    "XLG": "Extra large",
    "MED.": "Medium",
    "TWIN PK": "Twin pack",
    "MINI": "Mini",
    "KING": "King size",
    "QUEEN": "Queen size",
    "ONE SIZE": "One size",
    "ONESIZE": "One size",
    "TALL": "Tall",
    "PCK": "Pack",
    "CTN": "Carton",
    "CELL PK": "Cell pack",
}

_NUMBER = r"(?:\d+[ -]\d+/\d+|\d+/\d+|\d*\.\d+|\d+\.?)"
_UNIT = "|".join(sorted(map(re.escape, UNITS), key=len, reverse=True))
_SIZE = rf"({_NUMBER}) ?({_UNIT})\b"
_ONE = re.compile(rf"^{_SIZE}")
_SUM = re.compile(rf"^({_NUMBER}) ?LB ({_NUMBER}) ?OZ\b")
_PACK_OF = re.compile(rf"^(\d+) ?(CT|PKS?|P|PCS?|C) ?[/ -] ?{_SIZE}")
_OF_PACK = re.compile(rf"^{_SIZE} ?[/ ] ?(\d+) ?(CT|PK|P|C)\b")
_TIMES = re.compile(rf"^(\d+) ?([/-]) ?{_SIZE}")
_CODE = re.compile(r"^(?:(?:[A-Z]{1,4} {1,6})+(?=[\d.])|\(\w+\) |\d{5,6} {1,3}(?=[\dPC]))")
_FACES = re.compile(rf"^({_NUMBER}) ?X ?({_NUMBER}) ?(IN|FT|YD|CM)\b")
_DENOMINATORS = {2, 3, 4, 8, 16}
WRITTEN_IN_PARTS = {"gal", "lb", "pt", "qt", "dozen"}


@dataclass(frozen=True, slots=True)
class Size:
    """What a package holds: `amount` of `unit` ("g", "ml", "ct"; None and "" when unknown)."""

    amount: Decimal | None
    unit: str
    label: str


UNKNOWN = Size(None, "", "")
MOST = 10_000


@lru_cache(maxsize=16_384)
def parse_size(text: str | None, goods: str = SOLID) -> Size:
    """Return the measure and a readable label of a package size.

    `goods` is "g" for solids (OZ is weight), "ml" for liquids (OZ is volume), "ct" for products
    that are counted (volumes and lengths then describe the thing, not how much of it there is).

    >>> parse_size("4/12 OZ", "ml").label, parse_size("1/2 GAL", "ml").amount
    ('4 × 12 fl oz', Decimal('1892.706'))
    >>> parse_size("40 CT/19.8 Z").label
    '40 ct, 19.8 oz'
    """
    cleaned = _clean(text or "")
    if cleaned in WORDS:
        return Size(None, "", WORDS[cleaned])
    for read in (_read_faces, _read_pack, _read_times, _read_sum, _read_one):
        size = read(cleaned, goods)
        if size is not None:
            return size
    return UNKNOWN


def _clean(text: str) -> str:
    cleaned = _CODE.sub("", text.upper().strip())
    cleaned = re.sub(r"[*()\[\]]", " ", cleaned).strip()
    cleaned = re.sub(r"\bHALF GAL(LON)?\b", "1/2 GAL", cleaned)
    cleaned = re.sub(r"-(?=(?:LB|OZ|CT|PK)\b)", " ", cleaned)
    cleaned = re.sub(r"\s+", " ", cleaned)
    # A bare unit is one of it: "LB", "PT", "DZ". "PK" alone says nothing.
    if cleaned in {"LB", "PT", "QT", "GAL", "L", "DZ", "DOZ", "PAIR", "KIT"}:
        return f"1 {cleaned}"
    return cleaned


def _read_faces(text: str, goods: str) -> Size | None:
    found = _FACES.match(text)
    if not found:
        return None
    one, two, unit = found.groups()
    return Size(None, "", f"{_text(one)} × {_text(two)} {_unit(unit, goods)}")


def _read_pack(text: str, goods: str) -> Size | None:
    """Read "6 PK/12 OZ", "12 OZ/6 PK" and "40 CT/19.8 OZ"."""
    found = _PACK_OF.match(text)
    if found:
        count, kind, number, unit = found.groups()
    else:
        found = _OF_PACK.match(text)
        if not found:
            return None
        number, unit, count, kind = found.groups()
    each = _number(number)
    pieces, name = int(count), _unit(unit, goods)
    if goods == COUNTED:
        return _sized(Decimal(pieces), "ct", f"{pieces} ct, {_text(number)} {name}", goods)
    if name in PIECES or name in LENGTHS or not each:
        return None
    # "6 PK/12 OZ" are six of 12 oz; "40 CT/19.8 OZ" weigh 19.8 oz together. A "pack" of 24 oz
    # or more per piece is a total too ("8 PK/24.8 OZ"); a count of drinks is of bottles or cans.
    is_bottles = goods == LIQUID and pieces <= 24 and 6 <= each < 24
    is_each = is_bottles or (UNITS[kind] == "pk" and each < 24)
    if is_each:
        return _sized(each * pieces, name, f"{pieces} × {_text(number)} {name}", goods)
    return _sized(each, name, f"{pieces} ct, {_text(number)} {name}", goods)


def _read_times(text: str, goods: str) -> Size | None:
    """Read "4/12 OZ" and "10-6.75 OZ" as packs, "1/2 OZ" as a half, "18-22 LB" as a range."""
    found = _TIMES.match(text)
    if not found:
        return None
    count, mark, number, unit = found.groups()
    pieces, each, name = int(count), _number(number), _unit(unit, goods)
    if not each or not pieces:
        return None
    if mark == "/" and _is_fraction(pieces, number):
        return None
    if name in PIECES or name == "lb":
        if mark == "-":
            return _sized(Decimal(pieces), name, f"{pieces}–{_text(number)} {name}", goods)
        return None
    if name in LENGTHS:
        return None
    return _sized(each * pieces, name, f"{pieces} × {_text(number)} {name}", goods)


def _read_sum(text: str, goods: str) -> Size | None:
    found = _SUM.match(text)
    if not found:
        return None
    pounds, ounces = map(_number, found.groups())
    label = f"{_text(found.group(1))} lb {_text(found.group(2))} oz"
    return _sized(pounds * 16 + ounces, "oz", label, SOLID if goods == LIQUID else goods)


def _read_one(text: str, goods: str) -> Size | None:
    found = _ONE.match(text)
    if not found:
        return None
    number, unit = found.groups()
    name, amount = _unit(unit, goods), _number(number)
    if not amount:
        return None
    shown = "ct" if name == "pc" else name
    return _sized(amount, name, f"{_plain(number, name)} {shown}", goods)


def _unit(text: str, goods: str) -> str:
    name = UNITS[text]
    return "fl oz" if name == "oz" and goods == LIQUID else name


def _sized(amount: Decimal, name: str, label: str, goods: str) -> Size:
    # No package holds ten thousand of anything: an article number got into the field.
    if amount > MOST:
        return UNKNOWN
    if name in PIECES:
        return Size(_round(amount * (12 if name == "dozen" else 1)), COUNTED, label)
    if goods == COUNTED or name in LENGTHS:
        return Size(None, "", label)
    if name in GRAMS:
        return Size(_round(amount * GRAMS[name]), SOLID, label)
    return Size(_round(amount * MILLILITRES[name]), LIQUID, label)


def _round(amount: Decimal) -> Decimal:
    return amount.quantize(Decimal("0.001"), rounding=ROUND_HALF_UP)


def _is_fraction(numerator: int, number: str) -> bool:
    return (
        number.isdigit()
        and int(number) in _DENOMINATORS
        and numerator < int(number)
        and math.gcd(numerator, int(number)) == 1
    )


def _number(text: str) -> Decimal:
    whole, _, rest = text.replace("-", " ").rpartition(" ")
    value = Fraction(rest.rstrip(".") or "0") + Fraction(whole or "0")
    return Decimal(value.numerator) / Decimal(value.denominator)


def _plain(number: str, unit: str) -> str:
    """Return the number as shelves write it: one size has one label ("0.5 gal" is "1/2 gal")."""
    whole, part = divmod(Fraction(_number(number)), 1)
    if unit not in WRITTEN_IN_PARTS or part.denominator not in (2, 4):
        return _text(number)
    return f"{whole} {part}" if whole else str(part)


def _text(number: str) -> str:
    if "/" in number:
        return number.replace("-", " ")
    return f"{Decimal(number.rstrip('.')).normalize():f}"
