"""Taxes and delivery: what a place adds to a price, and what bringing it costs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from orders.values import DeliveryOption
from promotions.engine.api import DeliveryCut

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


@dataclass(frozen=True, slots=True)
class Method:
    """A way of delivery of a market, names by language. No `countries`: the market's own."""

    code: str
    name: str
    name_zh: str
    price_minor: int
    free_from_minor: int | None
    min_days: int
    max_days: int
    needs_address: bool
    countries: tuple[str, ...] = ()


def without_same_day(methods: Sequence[Method]) -> tuple[Method, ...]:
    """Return `methods` without deliveries on the day of the order; a pick-up stays.

    >>> courier = Method("courier", "Courier", "", 900, None, 0, 0, True)
    >>> pickup = Method("pickup", "Pick-up", "", 0, None, 0, 0, False)
    >>> [method.code for method in without_same_day([courier, pickup])]
    ['pickup']
    """
    return tuple(m for m in methods if m.min_days > 0 or not m.needs_address)


def price_options(
    methods: Sequence[Method],
    goods_minor: int,
    taxes: TaxTable,
    language: str,
    *,
    cuts: Sequence[DeliveryCut] = (),
) -> tuple[DeliveryOption, ...]:
    """Return all `methods` priced for products that cost everybody `goods_minor`.

    `cuts` are what offers take off the ways they name; tax is on what is left.

    >>> slow = Method("standard", "Standard", "标准", 499, 3_500, 1, 3, True)
    >>> price_options([slow], 3_499, TaxTable(()), "en")[0].price_minor
    499
    >>> price_options([slow], 3_500, TaxTable(()), "en")[0].price_minor
    0
    """
    return tuple(
        _price_option(
            method,
            goods_minor,
            taxes,
            language,
            tuple(cut for cut in cuts if cut.method_code == method.code),
        )
        for method in methods
    )


def choose_option(options: Sequence[DeliveryOption], code: str | None) -> DeliveryOption | None:
    """Return the option `code`, or without one the cheapest that brings the products home.

    What a cart shows before the choice must not be undercut by surprise costs later: a way that
    needs no address (a pick-up) is shown only if there is no other.
    """
    if code is not None:
        return next((option for option in options if option.code == code), None)
    to_the_door = [option for option in options if option.needs_address] or list(options)
    return min(to_the_door, key=lambda option: option.price_minor, default=None)


def _price_option(
    method: Method,
    goods_minor: int,
    taxes: TaxTable,
    language: str,
    cuts: tuple[DeliveryCut, ...],
) -> DeliveryOption:
    free_from = method.free_from_minor
    is_free = free_from is not None and goods_minor >= free_from
    before = 0 if is_free else method.price_minor
    price = before + sum(cut.amount_minor for cut in cuts)
    tax = tax_on(price, taxes.rate_for(DELIVERY_PATH))
    return DeliveryOption(
        code=method.code,
        name=(method.name_zh or method.name) if language.startswith("zh") else method.name,
        price_minor=price,
        regular_minor=method.price_minor,
        free_from_minor=free_from,
        missing_minor=0 if free_from is None or not price else max(0, free_from - goods_minor),
        min_days=method.min_days,
        max_days=method.max_days,
        needs_address=method.needs_address,
        tax_minor=tax.tax_minor,
        tax_added_minor=tax.added_minor,
        before_minor=before,
        cuts=cuts,
    )
