"""Numbers below bar codes (GTIN-8, -12, -13, -14)."""

from __future__ import annotations


def bar_code(text: str) -> str:
    """Return a GTIN in its 14 digits, so that UPC and EAN of one good are the same; "" if none.

    The last digit is a check sum (GS1 General Specifications 7.9); a wrong one is no GTIN.

    >>> bar_code("4006381333931"), bar_code("4006381333932")
    ('04006381333931', '')
    """
    digits = text.strip()
    if not (digits.isascii() and digits.isdigit() and 8 <= len(digits) <= 14):
        return ""
    padded = digits.zfill(14)
    total = sum(int(one) * (3 if place % 2 == 0 else 1) for place, one in enumerate(padded[:13]))
    return padded if (10 - total % 10) % 10 == int(padded[13]) else ""
