"""Read a competitor's price list: a table in CSV with columns of the usual names."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

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
