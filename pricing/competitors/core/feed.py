"""Read a competitor's price list: a table in CSV with columns of the usual names."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

from shop.ground.kernel.translation import gettext_noop

# What a column may be called, in lower case. The first that is there counts.
COLUMNS = {
    "sku": ("sku", "item", "id"),
    "gtin": ("gtin", "ean", "upc", "barcode"),
    "name": ("name", "title", "product"),
    "size": ("size", "pack", "measure"),
    "price": ("price", "price_with_currency", "amount"),
    "currency": ("currency", "currency_code"),
    "observed_at": ("observed_at", "date", "seen_at", "updated_at"),
}
DELIMITERS = ",;\t|"
MOST_ROWS = 200_000
MOST_CHARACTERS = 2_000


class FeedUnreadable(ValueError):
    """The text is no table of prices at all; the sentence says why."""


@dataclass(frozen=True, slots=True)
class FeedRow:
    """One line of a feed as it stands there: text, nothing judged. `number` is its line, from 1.

    `problem` is "broken" where the line has another number of fields than the header.
    """

    number: int
    sku: str = ""
    gtin: str = ""
    name: str = ""
    size: str = ""
    price: str = ""
    currency: str = ""
    observed_at: str = ""
    problem: str = ""


def read_feed(text: str) -> list[FeedRow]:
    """Return every line of a CSV text below its header, blank ones left out.

    The delimiter is the one of DELIMITERS that the header holds most of. Raises FeedUnreadable
    without a price column or any column to find goods by, and for more than MOST_ROWS lines.

    >>> read_feed("sku;price\\nA1;3,99\\n")
    [FeedRow(number=2, sku='A1', gtin='', name='', size='', price='3,99', currency='', \
observed_at='', problem='')]
    """
    # A zero character is in no name and cannot be stored.
    plain = text.removeprefix("\ufeff").replace("\0", "").lstrip()
    delimiter = max(DELIMITERS, key=plain.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(plain, newline=""), delimiter=delimiter)
    rows: list[FeedRow] = []
    places: dict[str, int] | None = None
    width = 0
    try:
        for fields in reader:
            if not any(one.strip() for one in fields):
                continue
            if places is None:
                places, width = _place_columns(fields), len(fields)
                continue
            rows.append(_read_row(reader.line_num, fields, places, width))
            if len(rows) > MOST_ROWS:
                raise FeedUnreadable(f"More than {MOST_ROWS:,} lines.")
    except csv.Error as error:
        raise FeedUnreadable(f"No CSV: {error}.") from error
    if places is None:
        raise FeedUnreadable(gettext_noop("The file is empty."))
    return rows


def _place_columns(header: Sequence[str]) -> dict[str, int]:
    names = [one.strip().lower().replace(" ", "_") for one in header]
    places = {
        column: names.index(found)
        for column, called in COLUMNS.items()
        if (found := next((one for one in called if one in names), None)) is not None
    }
    if "price" not in places:
        raise FeedUnreadable("There is no column price.")
    if not places.keys() & {"sku", "gtin", "name"}:
        raise FeedUnreadable("There is no column sku, gtin or name.")
    return places


def _read_row(number: int, fields: Sequence[str], places: dict[str, int], width: int) -> FeedRow:
    if len(fields) != width or sum(map(len, fields)) > MOST_CHARACTERS:
        return FeedRow(number, name=" ".join(fields)[:200], problem="broken")
    return FeedRow(number, **{name: fields[at].strip()[:200] for name, at in places.items()})


def read_moment(text: str) -> datetime | None:
    """Return an ISO 8601 day or moment in UTC (a day begins at midnight there); None if it is none.

    A moment that lies outside the calendar once it is told in UTC is none either.

    >>> read_moment("2026-11-25"), read_moment("yesterday")
    (datetime.datetime(2026, 11, 25, 0, 0, tzinfo=datetime.timezone.utc), None)
    """
    try:
        found = datetime.fromisoformat(text)
        return found.replace(tzinfo=UTC) if found.tzinfo is None else found.astimezone(UTC)
    except (ValueError, OverflowError):
        return None


# Signs that mean one currency; "$" and "¥" mean several and say nothing.
SIGNS = {"€": "EUR", "£": "GBP", "₹": "INR", "₩": "KRW", "₽": "RUB", "₺": "TRY", "₴": "UAH"}
_AMOUNT = re.compile(
    r"(?P<sign>[^\d.,\s-]{0,4})\s*(?P<number>\d[\d.,\s']*)\s*(?P<code>[^\d]{0,4})", re.ASCII
)
_DECIMALS = re.compile(r"[.,](\d+)$")
MOST_AMOUNT = Decimal(10) ** 15


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
    return (amount if 0 < amount < MOST_AMOUNT else None), currency


def _is_thousands(number: str, last: str) -> bool:
    """Whether the last separator groups thousands: "1,299", "1.234.567", not "0.125"."""
    if len(last) != 3:
        return False
    separators = [one for one in number if one in ".,"]
    return len(set(separators)) == 1 and (len(separators) > 1 or separators[0] == ",")
