"""Numbers below bar codes (GTIN-8, -12, -13, -14)."""

from __future__ import annotations

from stdnum import ean


def bar_code(text: str) -> str:
    """Return a GTIN in its 14 digits, so that UPC and EAN of one good are the same; "" if none.

    The last digit is a check sum (GS1 General Specifications 7.9); a wrong one is no GTIN.

    >>> bar_code("4006381333931"), bar_code("4006381333932")
    ('04006381333931', '')
    """
    digits = text.strip()
    padded = digits.zfill(14)
    is_number = digits.isascii() and digits.isdigit() and len(digits) >= 8
    return padded if is_number and ean.is_valid(padded) else ""
