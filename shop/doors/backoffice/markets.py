"""Set-up steps of a market, and those still missing before anybody can buy there."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from orders.terms.api import (
    DELIVERY_PATH,
    Rate,
    list_delivery_methods,
    list_tax_classes,
    load_terms,
)
from pricing.api import has_price_book, resolve_jurisdiction
from pricing.base.core.values import STRICTEST
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.catalog.selectors.staff import list_used_tax_classes
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import show_units

type Text = str | Promise

# Each step of opening a market: its name, and what is said while it is not done.
STEPS: Mapping[str, tuple[Text, Text]] = {
    "active": (
        gettext_lazy("Market, currency and time zone"),
        gettext_lazy("This market is not active: jobs leave it out."),
    ),
    "prices": (
        gettext_lazy("List prices"),
        gettext_lazy("No product has a list price here, so nothing is sold here."),
    ),
    "tax": (
        gettext_lazy("Tax"),
        gettext_lazy("This market has no tax rate: orders would be free of tax."),
    ),
    "delivery": (
        gettext_lazy("Delivery"),
        gettext_lazy("This market has no way of delivery: nobody can check out."),
    ),
    "jurisdiction": (
        gettext_lazy("Price law"),
        gettext_lazy(
            "No rule is known for this jurisdiction: personal prices stay off, as the strictest"
            " asks."
        ),
    ),
    "book": (
        gettext_lazy("Price book"),
        gettext_lazy(
            "No price book is published here yet. A job publishes one within fifteen minutes; until"
            " then list prices hold."
        ),
    ),
}
# Where staff put it right, and the right to do it; a book needs nobody.
PLACES = {
    "active": ("admin:shop_market_change", "shop.change_market"),
    "prices": ("admin:product_lists", "shop.add_productimport"),
    "tax": ("admin:orders_taxrate_add", "orders.add_taxrate"),
    "delivery": ("admin:orders_deliverymethod_add", "orders.add_deliverymethod"),
    "jurisdiction": ("admin:pricing_jurisdictionrow_changelist", "pricing.add_jurisdictionrow"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of opening a market: what it is about, whether it is done, what is said while it is
    not, and the page that does it ("" if nobody need, or the reader may not)."""

    code: str
    name: Text
    is_done: bool
    said: Text
    address: str


def list_steps(market: MarketValue, now: datetime, account: Any) -> list[Step]:
    """Return what a market needs in the order in which to do it, with the pages on which the
    account may do it. Two queries at most."""
    terms = load_terms(market_code=market.code, day=now.date())
    sold = len(load_variant_arrays(market.code).variant_id)
    is_done = {
        "active": market.is_active,
        "prices": bool(sold),
        "tax": bool(terms.taxes.rates),
        "delivery": bool(terms.methods),
        "jurisdiction": resolve_jurisdiction(code=market.jurisdiction_code, now=now) != STRICTEST,
        "book": has_price_book(now=now, market=market.code),
    }
    return [
        Step(code, name, is_done[code], _say(code, said, market), _find_page(code, market, account))
        for code, (name, said) in STEPS.items()
    ]


def _say(code: str, said: Text, market: MarketValue) -> Text:
    if code != "prices" or market.is_home:
        return said
    column = _("Import a list of products with a column %(column)s.")
    return f"{said} {column % {'column': f'price[{market.code}]'}}"


def _find_page(code: str, market: MarketValue, account: Any) -> str:
    name, right = PLACES.get(code, ("", ""))
    if not name or not account.has_perm(right):
        return ""
    if name.endswith("_change"):
        return reverse(name, args=[market.code])
    asked = "?" + urlencode({"market_code": market.code}) if name.endswith("_add") else ""
    return reverse(name) + asked


@dataclass(frozen=True, slots=True)
class TaxLine:
    """The rates of a tax class in a market in words, what is charged without one, and the page that
    adds one."""

    name: str
    rates: tuple[str, ...]
    said: str
    address: str


def list_taxes(market: MarketValue, day: date) -> list[TaxLine]:
    """Return the taxes of a market: in general, of each class that products or rates name, and of
    the delivery. Four queries at most."""
    rates = load_terms(market_code=market.code, day=day).taxes.rates
    general = [one for one in rates if not one.tax_class and one.category_path != DELIVERY_PATH]
    base = next((_show_rate(one.percent) for one in general if not one.category_path), "0 %")
    used = list_used_tax_classes()
    classes = sorted({*used, *list_tax_classes(), *(one.tax_class for one in rates)} - {""})
    missing = _("No tax rate for class %(name)s: %(percent)s is charged.")
    lines = [
        TaxLine(
            _("All products"),
            _say_rates(general),
            "" if general else _("No tax rate: 0 % is charged."),
            _add_rate(market.code),
        )
    ]
    for name in classes:
        own = [one for one in rates if one.tax_class == name]
        said = "" if own else missing % {"name": name, "percent": base}
        lines.append(TaxLine(name, _say_rates(own), said, _add_rate(market.code, tax_class=name)))
    own = [one for one in rates if one.category_path == DELIVERY_PATH]
    said = "" if own else _("No rate of its own: %(percent)s is charged.") % {"percent": base}
    address = _add_rate(market.code, category_path=DELIVERY_PATH)
    return [*lines, TaxLine(_("Delivery"), _say_rates(own), said, address)]


def _show_rate(percent: Decimal) -> str:
    return f"{show_units(float(percent))} %"


def _say_rates(rates: Sequence[Rate]) -> tuple[str, ...]:
    return tuple(
        " ".join(
            filter(
                None,
                (
                    "" if one.category_path in ("", DELIVERY_PATH) else f"{one.category_path}:",
                    _show_rate(one.percent),
                    _("in the price") if one.is_included else _("added to the price"),
                ),
            )
        )
        for one in sorted(rates, key=lambda one: one.category_path)
    )


def _add_rate(market: str, **given: str) -> str:
    return reverse("admin:orders_taxrate_add") + "?" + urlencode({"market_code": market, **given})


@dataclass(frozen=True, slots=True)
class DeliveryLine:
    """A way of delivery as staff see it, with its own page."""

    name: str
    price: str
    free_from: str
    countries: str
    is_active: bool
    address: str


def list_deliveries(market: MarketValue) -> list[DeliveryLine]:
    """Return the ways of delivery of a market, those that are switched off too. One query."""
    return [
        DeliveryLine(
            row.name,
            show_money(row.price_minor, market.currency),
            "" if row.free_from_minor is None else show_money(row.free_from_minor, market.currency),
            ", ".join(row.countries) or market.country,
            row.is_active,
            reverse("admin:orders_deliverymethod_change", args=[row.pk]),
        )
        for row in list_delivery_methods(market.code)
    ]
