"""Delivery: disclosed prices, free from a disclosed amount on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from orders.core.tax import DELIVERY_PATH, TaxTable, tax_on
from orders.core.values import DeliveryOption
from promotions.core.values import DeliveryCut


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
    """Return all `methods` priced for goods that cost everybody `goods_minor`.

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
    """Return the option `code`, or without one the cheapest that brings the goods home.

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
