"""Tax rates and delivery methods: the same for everybody, kept in memory for a few seconds."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Q

from orders.terms.core.tax import (
    DELIVERY_PATH,
    Method,
    Rate,
    TaxTable,
    price_options,
    without_same_day,
)
from orders.terms.models import DeliveryMethod, TaxRate
from orders.values import DeliveryOption
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import get_market

FRESH_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Terms:
    """What a market adds to prices on one day, and its money and clock."""

    market: MarketValue
    taxes: TaxTable
    methods: tuple[Method, ...]


_kept: dict[tuple[str, date], tuple[float, Terms]] = {}


def load_terms(
    *, market_code: str, day: date, clock: Callable[[], float] = time.monotonic
) -> Terms:
    """Return tax rates and delivery methods of a market on `day`. No query while fresh, else two.

    A change by staff is seen everywhere within FRESH_SECONDS; a total that rose because of it is
    caught when the order is placed.
    """
    known = _kept.get((market_code, day))
    if known is not None and clock() - known[0] < FRESH_SECONDS:
        return known[1]
    terms = Terms(
        market=get_market(market_code),
        taxes=TaxTable(_read_rates(market_code, day)),
        methods=_read_methods(market_code),
    )
    _kept[(market_code, day)] = (clock(), terms)
    return terms


def list_delivery_options(
    *, market_code: str, day: date, goods_minor: int, language: str, is_restricted: bool
) -> tuple[DeliveryOption, ...]:
    """Return the ways to deliver products that cost everybody `goods_minor`, priced; what asks for
    an age (`is_restricted`) does not travel on the same day. No query while fresh."""
    terms = load_terms(market_code=market_code, day=day)
    methods = without_same_day(terms.methods) if is_restricted else terms.methods
    return price_options(methods, goods_minor, terms.taxes, language)


def find_method(*, market_code: str, code: str, day: date) -> Method | None:
    """Return a way of delivery of a market; None without it. No query while fresh."""
    methods = load_terms(market_code=market_code, day=day).methods
    return next((method for method in methods if method.code == code), None)


def find_delivery_rates(market_codes: Collection[str]) -> Callable[[str, date], Rate]:
    """Return what gives the rate of tax on delivery by market and day. One query."""
    rows = list(TaxRate.objects.filter(market_code__in=market_codes).order_by("valid_from"))

    def rate_on(market_code: str, day: date) -> Rate:
        mine = [row for row in rows if row.market_code == market_code]
        return TaxTable(_rates_on(mine, day)).rate_for(DELIVERY_PATH)

    return rate_on


def list_tax_classes() -> list[str]:
    """Return the tax classes that rates were ever given for. One query."""
    rows = TaxRate.objects.exclude(tax_class="").order_by("tax_class")
    return list(rows.values_list("tax_class", flat=True).distinct())


def list_delivery_methods(market_code: str) -> list[DeliveryMethod]:
    """Return a market's ways of delivery, those that are switched off too. One query."""
    rows = DeliveryMethod.objects.filter(market_code=market_code)
    return list(rows.order_by("position", "id"))


def forget_terms() -> None:
    """Read the tables again the next time (tests, and after a change in this process)."""
    _kept.clear()


def _read_rates(market_code: str, day: date) -> tuple[Rate, ...]:
    valid = Q(valid_from__lte=day) & (Q(valid_to__isnull=True) | Q(valid_to__gt=day))
    return _rates_on(TaxRate.objects.filter(valid, market_code=market_code), day)


def _rates_on(rows: Iterable[TaxRate], day: date) -> tuple[Rate, ...]:
    """Return the rates in force on `day`. Of overlapping rows the one that began last holds."""
    newest = {
        (row.category_path, row.tax_class): row
        for row in sorted(rows, key=lambda row: row.valid_from)
        if row.valid_from <= day and (row.valid_to is None or row.valid_to > day)
    }
    return tuple(
        Rate(row.category_path, row.percent, row.is_included, row.tax_class)
        for row in newest.values()
    )


def _read_methods(market_code: str) -> tuple[Method, ...]:
    rows = DeliveryMethod.objects.filter(market_code=market_code, is_active=True)
    return tuple(
        Method(
            code=row.code,
            name=row.name,
            name_zh=row.name_zh,
            price_minor=row.price_minor,
            free_from_minor=row.free_from_minor,
            min_days=row.min_days,
            max_days=row.max_days,
            needs_address=row.needs_address,
            countries=tuple(row.countries),
        )
        for row in rows.order_by("position", "id")
    )
