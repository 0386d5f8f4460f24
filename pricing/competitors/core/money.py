"""Amounts as people write them, with the currency they name."""

from __future__ import annotations

import re
from decimal import Decimal, InvalidOperation

# Signs that mean one currency; "$" and "¥" mean several and say nothing.
SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH"}
_AMOUNT = re.compile(
    r"(?P<sign>[^\d.,\s-]{0,4})\s*(?P<number>\d[\d.,\s']*)\s*(?P<code>[^\d]{0,4})", re.ASCII
)
_DECIMALS = re.compile(r"[.,](\d+)$")
MOST = Decimal(10) ** 15


def read_amount(text: str) -> tuple[Decimal | None, str]:
    """Return the amount in a text and the currency it names ("" if none).

    The last point or comma separates decimals, unless three digits follow it and it is a comma or
    others like it stand before: then it groups thousands. What is no positive amount is None.

    >>> read_amount("3.99"), read_amount("1.234,50 €"), read_amount("$1,299"), read_amount("-1")
    ((Decimal('3.99'), ''), (Decimal('1234.50'), 'EUR'), (Decimal('1299'), ''), (None, ''))
    """
    found = _AMOUNT.fullmatch(text.strip())
    if found is None:
        return None, ""
    named = (found["sign"] + found["code"]).strip()
    currency = SIGNS.get(named, named.upper() if re.fullmatch(r"[A-Za-z]{3}", named) else "")
    number = re.sub(r"[\s']", "", found["number"])
    decimals = _DECIMALS.search(number)
    cents = ""
    if decimals is not None and not _is_thousands(number, decimals[1]):
        number, cents = number[: decimals.start()], f".{decimals[1]}"
    try:
        amount = Decimal(re.sub(r"[.,]", "", number) + cents)
    except InvalidOperation:
        return None, currency
    return (amount if 0 < amount < MOST else None), currency


def _is_thousands(number: str, last: str) -> bool:
    """Whether the last separator groups thousands: "1,299", "1.234.567", not "0.125"."""
    if len(last) != 3:
        return False
    separators = [one for one in number if one in ".,"]
    return len(set(separators)) == 1 and (len(separators) > 1 or separators[0] == ",")
