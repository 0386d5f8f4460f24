"""Tax: the rate of a market and part of the catalogue, exact to the cent, rounded at the line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal

DELIVERY_PATH = "@delivery"


@dataclass(frozen=True, slots=True)
class Rate:
    """`percent` of the net price; `is_included`: shown prices contain it.

    With a `tax_class` it is for products of that class only, whatever category they are in.
    """

    category_path: str
    percent: Decimal
    is_included: bool
    tax_class: str = ""


@dataclass(frozen=True, slots=True)
class TaxParts:
    """All tax on an amount, and the part of it that comes on top."""

    tax_minor: int
    added_minor: int


NO_TAX = Rate("", Decimal(0), is_included=True)


@dataclass(frozen=True, slots=True)
class TaxTable:
    """The rates of one market on one day."""

    rates: tuple[Rate, ...]

    def rate_for(self, category_path: str, tax_class: str = "") -> Rate:
        """Return the rate whose path is the longest that `category_path` lies in.

        Rates of the product's own class beat all others; a class without a rate that fits is none.

        >>> food, rest = Rate("food", Decimal(2), True), Rate("", Decimal(8), True)
        >>> TaxTable((food, rest)).rate_for("food/cheese").percent
        Decimal('2')
        >>> TaxTable((food, rest)).rate_for("foodprocessors").percent
        Decimal('8')
        >>> reduced = Rate("", Decimal(5), True, tax_class="reduced")
        >>> TaxTable((food, rest, reduced)).rate_for("food/cheese", "reduced").percent
        Decimal('5')
        """
        fit = (
            rate
            for rate in self.rates
            if rate.tax_class in ("", tax_class) and _lies_in(category_path, rate.category_path)
        )
        return max(
            fit, key=lambda rate: (bool(rate.tax_class), len(rate.category_path)), default=NO_TAX
        )


def tax_on(amount_minor: int, rate: Rate) -> TaxParts:
    """Return the tax on `amount_minor` (as shown), half up.

    Included: amount * percent / (100 + percent); on top: amount * percent / 100.

    >>> tax_on(10_700, Rate("", Decimal(7), True))
    TaxParts(tax_minor=700, added_minor=0)
    >>> tax_on(999, Rate("", Decimal("7.25"), False))
    TaxParts(tax_minor=72, added_minor=72)
    """
    thousandths = int(rate.percent * 1_000)
    if rate.is_included:
        whole = 100_000 + thousandths
        return TaxParts((2 * amount_minor * thousandths + whole) // (2 * whole), 0)
    tax = (2 * amount_minor * thousandths + 100_000) // 200_000
    return TaxParts(tax, tax)


def sum_taxes(parts: Iterable[TaxParts]) -> TaxParts:
    """Return the sum of taxes that were rounded line by line."""
    tax = added = 0
    for part in parts:
        tax += part.tax_minor
        added += part.added_minor
    return TaxParts(tax, added)


def _lies_in(path: str, prefix: str) -> bool:
    return not prefix or path == prefix or path.startswith(f"{prefix}/")
