"""What a market still lacks before anybody can buy there."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from orders.selectors.terms import load_terms
from pricing.core.values import STRICTEST
from pricing.selectors import has_price_book, resolve_jurisdiction
from shop.catalog.core.values import MarketValue
from shop.catalog.selectors import load_variant_arrays

type Text = str | Promise

SENTENCES: Mapping[str, Text] = {
    "active": _("This market is not active: jobs leave it out."),
    "prices": _("No product has a list price here, so nothing is sold here."),
    "tax": _("This market has no tax rate: orders would be free of tax."),
    "delivery": _("This market has no way of delivery: nobody can check out."),
    "jurisdiction": _(
        "No rule is known for this jurisdiction: personal prices stay off, as the strictest asks."
    ),
    "book": _(
        "No price book is published here yet. A job publishes one within fifteen minutes; until"
        " then list prices hold."
    ),
}
# Where staff put it right; a book needs nobody.
PLACES = {
    "active": "admin:shop_market_change",
    "prices": "admin:shop_product_changelist",
    "tax": "admin:orders_taxrate_add",
    "delivery": "admin:orders_deliverymethod_add",
    "jurisdiction": "admin:pricing_jurisdictionrow_changelist",
}


@dataclass(frozen=True, slots=True)
class Missing:
    """Something a market lacks, as a sentence, and the page that mends it ("" if nobody need)."""

    code: str
    said: Text
    address: str


def list_missing(market: MarketValue, now: datetime) -> list[Missing]:
    """Return what a market lacks, the first thing to do first. Two queries at most."""
    terms = load_terms(market_code=market.code, day=now.date())
    sold = len(load_variant_arrays(market.code).variant_id)
    is_there = {
        "active": market.is_active,
        "prices": bool(sold),
        "tax": bool(terms.taxes.rates),
        "delivery": bool(terms.methods),
        "jurisdiction": resolve_jurisdiction(code=market.jurisdiction_code, now=now) != STRICTEST,
        "book": has_price_book(now=now, market=market.code),
    }
    return [
        Missing(code, SENTENCES[code], _find_page(code, market.code))
        for code, is_given in is_there.items()
        if not is_given
    ]


def _find_page(code: str, market: str) -> str:
    name = PLACES.get(code, "")
    if not name:
        return ""
    if name.endswith("_change"):
        return reverse(name, args=[market])
    asked = "?" + urlencode({"market_code": market}) if name.endswith("_add") else ""
    return reverse(name) + asked
