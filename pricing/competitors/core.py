"""Prices of others: read from a feed, matched to products, screened, and the band they make."""

from __future__ import annotations

import csv
import io
import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation

import numpy as np
from numpy.typing import NDArray

from pricing.base.core.price_points import share_down
from pricing.base.core.values import FloatArray, IntArray, Policy
from shop.ground.catalog.core.values import VariantIdentity
from shop.ground.kernel.barcodes import bar_code
from shop.ground.kernel.translation import gettext_noop

NO_LIMIT = 1_000_000_000


def competitor_ceiling(
    current_minor: IntArray, competitor_minor: FloatArray | None, policy: Policy
) -> IntArray:
    """Return how high prices (m,) may rise beside the lowest competitor, in minor units.

    `competitor_above` over it, but never less than the price now: a competitor's cut lowers no
    price of ours. NaN, no array, or a policy that does not keep to competitors: no limit.

    >>> rival, policy = np.array([300.0, 390.0, np.nan]), Policy(keeps_to_competitors=True)
    >>> competitor_ceiling(np.array([400, 400, 400]), rival, policy).tolist()
    [400, 429, 1000000000]
    """
    highest = np.full(len(current_minor), NO_LIMIT)
    if competitor_minor is None or not policy.keeps_to_competitors:
        return highest
    is_known = np.isfinite(competitor_minor) & (competitor_minor > 0.0)
    price = np.where(is_known, competitor_minor, 1.0)
    above = np.maximum(share_down(price, 1.0 + policy.competitor_above), current_minor)
    return np.where(is_known, above, highest)


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
    without a price column or any column to find products by, and for more than MOST_ROWS lines.

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


# Size words and what they are in the unit we keep: grams, millilitres, pieces.
UNITS = {
    "g": ("g", 1.0),
    "gr": ("g", 1.0),
    "gram": ("g", 1.0),
    "grams": ("g", 1.0),
    "kg": ("g", 1000.0),
    "oz": ("g", 28.349523125),
    "lb": ("g", 453.59237),
    "lbs": ("g", 453.59237),
    "ml": ("ml", 1.0),
    "cl": ("ml", 10.0),
    "l": ("ml", 1000.0),
    "liter": ("ml", 1000.0),
    "litre": ("ml", 1000.0),
    "ct": ("ct", 1.0),
    "pcs": ("ct", 1.0),
    "pack": ("ct", 1.0),
    "count": ("ct", 1.0),
}
_SIZE = re.compile(r"(\d+(?:[.,]\d+)?)\s*([a-z]+)\b")
_WORD = re.compile(r"\w+")
UNKNOWN, AMBIGUOUS = 0, -1


def name_key(text: str) -> str:
    """Return a name without what people write differently: case, accents, order, spelled sizes.

    >>> name_key("Crème Brûlée, 0.2 kg") == name_key("200g creme brulee")
    True
    """
    plain = unicodedata.normalize("NFKD", text)
    plain = "".join(one for one in plain if not unicodedata.combining(one)).casefold()
    sizes: list[str] = []

    def take_size(found: re.Match[str]) -> str:
        unit = UNITS.get(found[2])
        if unit is None:
            return found[0]
        sizes.append(_size_word(float(found[1].replace(",", ".")) * unit[1], unit[0]))
        return " "

    words = _WORD.findall(_SIZE.sub(take_size, plain))
    return " ".join(sorted([*words, *sizes]))


def _size_word(amount: float, unit: str) -> str:
    return f"{round(amount)}{unit}"


class NameIndex:
    """Our products by every name they may be called; a name that two of them share finds neither.

    >>> index = NameIndex([VariantIdentity(7, "BRIE-1", "", "Brie", "Meadow", 200, "g")])
    >>> index.find(FeedRow(2, name="Meadow Brie 0.2 kg"))
    (7, 'name')
    >>> index.find(FeedRow(3, sku="BRIE-1")), index.find(FeedRow(4, name="Gouda"))
    ((7, 'sku'), (0, ''))
    """

    def __init__(self, goods: Iterable[VariantIdentity]) -> None:
        self._by_sku: dict[str, int] = {}
        self._by_gtin: dict[str, int] = {}
        self._by_name: dict[str, int] = {}
        for one in goods:
            self._by_sku[one.sku.casefold()] = one.variant_id
            code = bar_code(one.gtin)
            if code:
                self._by_gtin[code] = one.variant_id
            for name in _names_of(one):
                known = self._by_name.setdefault(name, one.variant_id)
                if known != one.variant_id:
                    self._by_name[name] = AMBIGUOUS

    def find(self, row: FeedRow) -> tuple[int, str]:
        """Return the variant a row means and by what it was found.

        (UNKNOWN, "") where nothing fits, (AMBIGUOUS, "") where several products do.
        """
        found = self._by_sku.get(row.sku.casefold()) if row.sku else None
        if found is not None:
            return found, "sku"
        found = self._by_gtin.get(bar_code(row.gtin)) if row.gtin else None
        if found is not None:
            return found, "gtin"
        found = self._by_name.get(name_key(f"{row.name} {row.size}")) if row.name else None
        if found is None:
            return UNKNOWN, ""
        return (found, "name") if found > 0 else (AMBIGUOUS, "")


def _names_of(one: VariantIdentity) -> set[str]:
    """Return the keys of a good: with its size where that is known, with and without its brand."""
    size = f"{one.measure:g} {one.unit}" if one.measure > 0 else ""
    return {name_key(f"{one.name} {size}"), name_key(f"{one.brand} {one.name} {size}")}


# Further than this factor from our list price is a mistake: another pack, cents for dollars.
ABSURD_FACTOR = 5.0
# A source whose own price moved by more than this since its last fresh word is not believed.
JUMP_FACTOR = 3.0
# A feed whose typical price is this far from ours is in another unit or currency.
FEED_FACTOR = 3.0
LEAST_FOR_FEED = 10
# Iglewicz and Hoaglin 1993: modified z-scores above 3.5 are outliers; here 6, of a log ratio.
OUTLIER_SCORE = 6.0
MAD_TO_SD = 1.4826
LEAST_OUTLIER = 2.5


@dataclass(frozen=True, slots=True)
class Screened:
    """What is wrong with each of n prices: a code, "" where it is believed."""

    problem: NDArray[np.str_]


def screen_prices(price: FloatArray, ours: FloatArray, before: FloatArray) -> Screened:
    """Return which of n prices to believe, beside our list prices and the source's last ones.

    All (n,) in one unit; `before` is NaN where the source said nothing fresh. A price is "scale"
    where it is ABSURD_FACTOR times off ours; "feed_scale" is everything in a feed whose median
    ratio is FEED_FACTOR off; "jump" is JUMP_FACTOR off the source's last word; "outlier" lies
    OUTLIER_SCORE robust deviations and LEAST_OUTLIER times off the feed's median ratio.

    >>> price = np.array([4.1, 4.0e6, 5.0, np.nan])
    >>> screen_prices(price, np.full(4, 4.0), np.array([np.nan, np.nan, 1.0, np.nan])).problem
    array(['', 'scale', 'jump', 'no_price'], dtype='<U10')
    """
    with np.errstate(all="ignore"):
        ratio = np.log(price / ours)
        jump = np.abs(np.log(price / before))
    is_price = np.isfinite(ratio)
    problem = np.full(len(price), "", dtype="<U10")
    problem[~is_price] = "no_price"
    typical = float(np.median(ratio[is_price])) if is_price.any() else 0.0
    if is_price.sum() >= LEAST_FOR_FEED and abs(typical) > np.log(FEED_FACTOR):
        problem[is_price] = "feed_scale"
        return Screened(problem)
    away = np.abs(ratio - typical)
    spread = MAD_TO_SD * float(np.median(away[is_price])) if is_price.any() else 0.0
    limit = max(OUTLIER_SCORE * spread, float(np.log(LEAST_OUTLIER)))
    # The gravest is written last.
    if is_price.sum() >= LEAST_FOR_FEED:
        problem[is_price & (away > limit)] = "outlier"
    problem[is_price & (jump > np.log(JUMP_FACTOR))] = "jump"
    problem[is_price & (np.abs(ratio) > np.log(ABSURD_FACTOR))] = "scale"
    return Screened(problem)
