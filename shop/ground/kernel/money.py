"""Exact money: integer minor units and an ISO 4217 currency. Floats never enter here."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import lru_cache

from babel import Locale
from babel.numbers import format_currency, get_currency_precision


def exponent(currency: str) -> int:
    """Return how many decimals `currency` has (CLDR): 2 for USD, 0 for JPY, 3 for KWD.

    >>> exponent("USD"), exponent("JPY"), exponent("KWD")
    (2, 0, 3)
    """
    return int(get_currency_precision(currency))


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount: `minor` units (cents) of `currency` (ISO 4217 code).

    >>> Money(1234, "USD") + Money(66, "USD")
    Money(minor=1300, currency='USD')
    """

    minor: int
    currency: str

    def __add__(self, other: Money) -> Money:
        return Money(self.minor + self._same_currency(other), self.currency)

    def __sub__(self, other: Money) -> Money:
        return Money(self.minor - self._same_currency(other), self.currency)

    def times(self, quantity: int) -> Money:
        """Return the amount of `quantity` pieces.

        >>> Money(250, "USD").times(3).minor
        750
        """
        return Money(self.minor * quantity, self.currency)

    def decimal(self) -> Decimal:
        """Return the amount in major units, exactly.

        >>> Money(1234, "USD").decimal()
        Decimal('12.34')
        """
        return Decimal(self.minor).scaleb(-exponent(self.currency))

    def _same_currency(self, other: Money) -> int:
        if other.currency != self.currency:
            raise ValueError(f"cannot combine {self.currency} with {other.currency}")
        return other.minor


def to_minor(amount: Decimal | str | int, currency: str) -> int:
    """Return a major-unit amount in minor units, rounded half up.

    >>> to_minor("12.345", "USD"), to_minor("7", "JPY")
    (1235, 7)
    """
    scaled = Decimal(amount).scaleb(exponent(currency))
    return int(scaled.quantize(Decimal(1), rounding=ROUND_HALF_UP))


class BadAmount(ValueError):
    """Text that is no amount of a currency; `code` says why: number, comma or decimals."""

    def __init__(self, code: str) -> None:
        self.code = code
        super().__init__(code)


_AMOUNT = re.compile(r"[+-]?(\d+)(?:\.(\d+))?", re.ASCII)


def read_amount(text: str, currency: str, *, finer: int = 0) -> Decimal:
    """Return an amount as staff type it, such as "600.00", in minor units; nothing is rounded.

    The point stands before the decimals. A comma is refused: it means thousands to some and
    decimals to others. `finer` allows so many decimals below the minor unit. Raises BadAmount.

    >>> read_amount("600.50", "USD"), read_amount("7", "JPY")
    (Decimal('60050'), Decimal('7'))
    """
    text = text.strip()
    if "," in text or "\uff0c" in text:
        raise BadAmount("comma")
    found = _AMOUNT.fullmatch(text)
    if found is None:
        raise BadAmount("number")
    places = exponent(currency)
    if len((found[2] or "").rstrip("0")) > places + finer:
        raise BadAmount("decimals")
    minor = Decimal(text).scaleb(places)
    return minor.quantize(Decimal(1).scaleb(-finer)) if finer else minor.quantize(Decimal(1))


def write_amount(minor: Decimal | int, currency: str, *, finer: int = 0) -> str:
    """Return minor units as `read_amount` takes them, with the currency's decimals.

    >>> write_amount(60000, "USD"), write_amount(7, "JPY")
    ('600.00', '7')
    >>> write_amount(Decimal("0.5"), "USD", finer=4)
    '0.005'
    """
    places = exponent(currency)
    text = f"{Decimal(minor).scaleb(-places):.{places + finer}f}"
    if finer:
        whole, _point, decimals = text.partition(".")
        kept = decimals.rstrip("0").ljust(places, "0")
        return f"{whole}.{kept}" if kept else whole
    return text


def share_minor(amount_minor: int, percent: Decimal | str | int) -> int:
    """Return `percent` of a non-negative amount in minor units, rounded half up.

    >>> share_minor(999, 10), share_minor(5, "10")
    (100, 1)
    """
    share = Decimal(amount_minor) * Decimal(percent) / 100
    return int(share.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def prorate(total_minor: int, weights: Sequence[int]) -> list[int]:
    """Split `total_minor` over `weights` so that the parts sum to it exactly.

    Largest remainder (Hamilton): floors first, then one unit each to the largest remainders,
    ties by position. `weights` are non-negative; if all are zero the first part takes everything.
    A negative total (a discount) is split by magnitude. An empty `weights` needs a zero total.

    >>> prorate(100, [1, 1, 1])
    [34, 33, 33]
    >>> prorate(-100, [1, 2])
    [-33, -67]
    """
    if not weights:
        if total_minor:
            raise ValueError("cannot split a non-zero amount over no parts")
        return []
    if min(weights) < 0:
        raise ValueError("weights must not be negative")
    sign, size, whole = (-1 if total_minor < 0 else 1), abs(total_minor), sum(weights)
    if whole == 0:
        return [total_minor, *([0] * (len(weights) - 1))]
    parts = [size * weight // whole for weight in weights]
    remainders = [size * weight % whole for weight in weights]
    by_remainder = sorted(range(len(weights)), key=lambda i: (-remainders[i], i))
    for i in by_remainder[: size - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]


@lru_cache(maxsize=65_536)
def format_money(minor: int, currency: str, locale: str) -> str:
    """Return the amount as a reader of `locale` (such as "en_US", "zh_Hans_CN") writes it.

    CLDR patterns through Babel; cached, because a listing formats the same few thousand prices
    again and again.

    >>> format_money(123456, "USD", "en_US")
    '$1,234.56'
    """
    amount = Decimal(minor).scaleb(-exponent(currency))
    return str(format_currency(amount, currency, locale=Locale.parse(locale)))
