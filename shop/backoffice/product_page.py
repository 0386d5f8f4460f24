"""What stands beside the form of a product: what a guest sees, prices, demand, stock, reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.translation import get_language

from pricing.selectors import floor_minor
from pricing.selectors.listed import (
    list_references,
    list_set_prices,
    tell_demand_basis,
)
from profiles.selectors.reviews import summarize_ratings
from shop.backoffice.priors import say_basis
from shop.catalog.core.values import MarketValue
from shop.catalog.selectors import ProductNotFound, get_market, home_market
from shop.catalog.selectors.editing import EditedProduct, EditedVariant
from shop.inventory.selectors import list_stock
from shop.pages.context import PageContext
from shop.pages.product import product as product_page
from shop.pages.values import ProductPage
from shop.staff.columns import show_money
from shop.staff.numbers import EMPTY, show_count
from shop.staff.place import staff_locale


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One variant's prices, each as text; `demand` says what the model knows of it."""

    variant_id: int
    sku: str
    name: str
    listed: str
    public: str
    cost: str
    floor: str
    low: str
    demand: str
    curve_url: str
    ledger_url: str


def describe_product(known: EditedProduct, now: datetime, account: Any) -> dict[str, Any]:
    """Return what the page of a product shows beside its form."""
    market = get_market(home_market())
    guest = _see_as_guest(known, market, now)
    return {
        "known": known,
        "guest": None if guest is None else _guest_block(guest, market),
        "offers": [] if guest is None else _list_offers(guest),
        "prices": _list_prices(known, market, now, account),
        "stock": _list_stock(known),
        "reviews": summarize_ratings(product_id=known.product_id),
        "address": reverse("product", args=[known.slug]),
    }


def _see_as_guest(known: EditedProduct, market: MarketValue, now: datetime) -> ProductPage | None:
    """Return the page that a visitor gets whom nobody knows; None where it is not sold."""
    context = PageContext(
        shopper_pseudonym=None,
        account_id=None,
        language=get_language() or "en",
        locale=staff_locale(),
        market=market.code,
        currency=market.currency,
        jurisdiction_code=market.jurisdiction_code,
        channel="online",
        gpc=False,
        now=now,
        is_counted=False,
    )
    try:
        page = product_page(context, known.slug)
    except ProductNotFound:
        return None
    return page if page.detail.is_active else None


def _guest_block(page: ProductPage, market: MarketValue) -> dict[str, Any]:
    view, offer = page.price, page.offer
    was = view.reference_minor
    return {
        "name": page.detail.card.title,
        "price": show_money(view.quoted_minor, market.currency),
        "was": "" if was is None else show_money(was, market.currency),
        "unit": ""
        if view.unit_minor is None
        else f"{show_money(view.unit_minor, market.currency)} {view.unit_label}",
        "in_cart": show_money(offer.adjusted_minor, market.currency)
        if offer is not None and offer.adjusted_minor != offer.quoted_minor
        else "",
        "available": page.detail.card.available,
    }


def _list_offers(page: ProductPage) -> list[str]:
    """Return the names of offers that lower the price of a variant for a guest, each once."""
    labels = (label for view in page.previews.mine.values() for label in view.labels)
    return list(dict.fromkeys(labels))


def _list_prices(
    known: EditedProduct, market: MarketValue, now: datetime, account: Any
) -> list[PriceRow]:
    ids = [one.variant_id for one in known.variants]
    prices = list_set_prices(variant_ids=ids, market=market.code)
    floors = floor_minor(variant_ids=ids, now=now, market=market.code)
    listed = {pk: one[0] for pk, one in prices.items()}
    lows = list_references(listed=listed, now=now, market=market.code) if listed else {}
    bases = tell_demand_basis(variant_ids=ids, category_id=known.category_id, market=market.code)
    return [
        PriceRow(
            variant_id=one.variant_id,
            sku=one.sku,
            name=one.name,
            listed=show_money(one.list_minor, market.currency),
            public=_money(prices.get(one.variant_id, (0, one.list_minor))[1], market.currency),
            cost=_money(one.cost_minor, market.currency),
            floor=_money(floors.get(one.variant_id), market.currency),
            low=_money(lows.get(one.variant_id), market.currency),
            demand=say_basis(basis),
            curve_url=_link(account, "pricing.view_demandmodelversion", "demand_curve", one),
            ledger_url=_link(account, "pricing.view_priceledgerentry", "price_story", one),
        )
        for one, basis in zip(known.variants, bases, strict=True)
    ]


def _link(account: Any, permission: str, name: str, variant: EditedVariant) -> str:
    """Return the address of a variant's page, "" where the reader may not open it."""
    return (
        reverse(f"admin:{name}", args=[variant.variant_id]) if account.has_perm(permission) else ""
    )


def _list_stock(known: EditedProduct) -> list[dict[str, Any]]:
    lies = list_stock(variant_ids=[one.variant_id for one in known.variants])
    rows = []
    for one in known.variants:
        on_hand, held = lies.get(one.variant_id, (0, 0))
        rows.append(
            {
                "variant_id": one.variant_id,
                "sku": one.sku,
                "free": show_count(on_hand - held),
                "held": show_count(held),
            }
        )
    return rows


def _money(amount: int | None, currency: str) -> str:
    return EMPTY if amount is None else show_money(amount, currency)
