"""Data beside the product form: guest price, prices, demand, stock and reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language

from pricing.api import floor_minor, list_references, list_set_prices, tell_demand_basis
from profiles.reviews.api import summarize_ratings
from promotions.campaigns.api import CampaignStatus
from promotions.planning.api import PHASES, list_product_offers
from shop.doors.backoffice.learning.priors import say_basis
from shop.doors.pages.context import PageContext
from shop.doors.pages.product import product as product_page
from shop.doors.pages.values import ProductPage
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import ProductNotFound, get_market, home_market
from shop.ground.catalog.selectors.editing import EditedProduct, EditedVariant
from shop.ground.inventory.selectors import list_stock
from shop.ground.kernel.ids import uuid7
from shop.ground.kernel.translation import is_chinese
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.region import staff_locale


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


@dataclass(frozen=True, slots=True)
class OfferRow:
    """An offer on the product; `address` is "" where the reader may not open it."""

    name: str
    address: str
    is_running: bool
    phase: str | Promise
    tone: str
    starts_at: datetime
    ends_at: datetime
    needs_code: bool
    is_personal: bool
    is_for_members: bool
    market_code: str


def describe_product(known: EditedProduct, now: datetime, account: Any) -> dict[str, Any]:
    """Return what the page of a product shows beside its form."""
    market = get_market(home_market())
    guest = _see_as_guest(known, market, now)
    offers = _list_offers(known, now, account)
    return {
        "known": known,
        "guest": None if guest is None else _guest_block(guest, market),
        "running": [one for one in offers if one.is_running],
        "planned": [one for one in offers if not one.is_running],
        "prices": _list_prices(known, market, now, account),
        "stock": _list_stock(known),
        "stock_key": uuid7(),
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
        else f"{show_money(view.unit_minor, market.currency)} / {view.unit_label}",
        "in_cart": show_money(offer.adjusted_minor, market.currency)
        if offer is not None and offer.adjusted_minor != offer.quoted_minor
        else "",
        "available": page.detail.card.available,
    }


def _list_offers(known: EditedProduct, now: datetime, account: Any) -> list[OfferRow]:
    """Return the offers on the product that run or are planned, as they begin."""
    ids = [one.variant_id for one in known.variants]
    in_chinese = is_chinese(get_language() or "en")
    may_open = account.has_perm("promotions.view_offer")
    return [
        OfferRow(
            name=(one.name_zh if in_chinese else "") or one.name,
            address=reverse("admin:promotions_offer_change", args=[one.offer_id])
            if may_open
            else "",
            is_running=one.campaign.phase is CampaignStatus.LIVE,
            phase=PHASES[one.campaign.phase][0],
            tone=PHASES[one.campaign.phase][1],
            starts_at=one.campaign.starts_at,
            ends_at=one.campaign.ends_at,
            needs_code=one.requires_coupon,
            is_personal=one.campaign.audience == "personal",
            is_for_members=one.campaign.audience == "members",
            market_code=one.campaign.market_code,
        )
        for one in list_product_offers(variant_ids=ids, now=now)
    ]


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
