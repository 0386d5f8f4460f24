"""Data beside the product form: guest price, prices, demand, stock and reviews."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.reports.api import list_week_sales
from pricing.api import tell_demand_basis
from profiles.reviews.api import list_questions, summarize_ratings
from profiles.values import ShopperValue
from promotions.campaigns.api import CampaignStatus
from promotions.planning.api import PHASES, list_product_offers
from shop.doors.backoffice.charts.days import DayChart
from shop.doors.backoffice.charts.drawing import Series
from shop.doors.backoffice.formats import show_day
from shop.doors.backoffice.learning.priors import say_basis
from shop.doors.backoffice.live_since import LiveSince, tell_prices, tell_product, tell_stock
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.prices.today import PriceLine, list_price_lines
from shop.doors.backoffice.products.product_forms import list_markets_abroad
from shop.doors.pages.cards import page_block
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
from shop.ground.staff.roles import may_see_cost

WEEKS = 12
SALES_SECONDS = 600.0
PICTURE = 320
MOST_QUESTIONS = 3


@dataclass(frozen=True, slots=True)
class PriceRow:
    """One variant's prices of today; `demand` says what the model knows of it."""

    variant_id: int
    sku: str
    name: str
    today: PriceLine
    cost: str
    demand: str
    live: LiveSince | None
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


def describe_product(
    known: EditedProduct, now: datetime, account: Any, seen_by: ShopperValue | None = None
) -> dict[str, Any]:
    """Return what the page of a product shows beside its form; the price block as a guest sees it,
    or as `seen_by` does, whose consent decides.
    """
    market = get_market(home_market())
    guest = _see_as(seen_by, known, market, now)
    address = reverse("product", args=[known.slug])
    offers = _list_offers(known, now, account)
    return {
        "known": known,
        "live": tell_product(known),
        "guest": None if guest is None else _guest_block(guest, address),
        "sales": _describe_sales(known, market, now, with_margin=may_see_cost(account)),
        "may_see_cost": may_see_cost(account),
        "questions": list_questions(
            product_id=known.product_id, shopper_id=None, may_answer=True, limit=MOST_QUESTIONS
        ),
        "markets": [market.name, *(one.name for one in list_markets_abroad())],
        "running": [one for one in offers if one.is_running],
        "planned": [one for one in offers if not one.is_running],
        "prices": _list_prices(known, market, now, account),
        "stock": _list_stock(known),
        "stock_key": uuid7(),
        "reviews": summarize_ratings(product_id=known.product_id),
        "address": address,
    }


def _see_as(
    shopper: ShopperValue | None, known: EditedProduct, market: MarketValue, now: datetime
) -> ProductPage | None:
    """Return the page that a shopper gets, or a visitor whom nobody knows; None where it is not
    sold.
    """
    context = PageContext(
        shopper_pseudonym=None if shopper is None else shopper.pseudonym,
        account_id=None if shopper is None else shopper.account_id,
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


def _guest_block(page: ProductPage, address: str) -> dict[str, Any]:
    """Return the fields of the shop's own price block, and the picture."""
    block = page_block(page, get_language() or "en")
    compared = block.comparison
    picture = page.detail.card.picture
    return {
        "name": page.detail.card.title,
        "picture": "" if picture is None else picture.at_least(PICTURE),
        "ribbon": block.ribbon,
        "is_sold": page.detail.card.available > 0,
        "price": {
            "variant": block.variant_id,
            "spoken": block.spoken,
            "now": block.now,
            "cut": block.cut,
            "unit": block.unit,
            "compared": "" if compared is None else compared.kind,
            "is_reference": compared is not None and compared.kind == "reference",
            "before": "" if compared is None else compared.before,
            "amount": "" if compared is None else compared.amount,
            "after": "" if compared is None else compared.after,
            "tag": block.tag,
            "tag_url": address,
            "about": page.detail.card.title,
        },
    }


def _describe_sales(
    known: EditedProduct, market: MarketValue, now: datetime, *, with_margin: bool
) -> dict[str, Any]:
    """Return the last twelve weeks as a chart and in sum. One query, kept for ten minutes."""
    ids = [one.variant_id for one in known.variants]
    since = now - timedelta(weeks=WEEKS)
    weeks = remember(
        ("week sales", tuple(ids), market.code),
        SALES_SECONDS,
        lambda: list_week_sales(variant_ids=ids, since=since, market_code=market.code),
    )
    public = tuple(float(one.units - one.personal_units) for one in weeks)
    personal = tuple(float(one.personal_units) for one in weeks)
    chart = DayChart(
        title=_("Pieces sold by week"),
        label_title=_("Week from"),
        labels=tuple(show_day(one.week) for one in weeks),
        show=show_count,
        bars=(
            Series(_("At the public price"), public, 1),
            Series(_("Below it: personal"), personal, 2),
        ),
        note=_("The week that runs is not over."),
    )
    units = sum(one.units for one in weeks)
    sales = sum(one.sales_minor for one in weeks)
    margin = sum(one.margin_minor for one in weeks)
    return {
        "chart": chart.draw(),
        "figures": [
            (_("Pieces"), show_count(units)),
            (_("Sales"), show_money(sales, market.currency)),
            *([(_("Margin"), show_money(margin, market.currency))] if with_margin else []),
        ],
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
    may_plan = account.has_perm("pricing.view_priceproposal")
    lines = list_price_lines(ids, now=now, language=get_language() or "en", with_changes=may_plan)
    live = tell_prices(ids, now)
    bases = tell_demand_basis(variant_ids=ids, category_id=known.category_id, market=market.code)
    return [
        PriceRow(
            variant_id=one.variant_id,
            sku=one.sku,
            name=one.name,
            today=line,
            cost=_money(one.cost_minor, market.currency),
            demand=say_basis(basis),
            live=live.get(one.variant_id),
            curve_url=_link(account, "pricing.view_demandmodelversion", "demand_curve", one),
            ledger_url=_link(account, "pricing.view_priceledgerentry", "price_story", one),
        )
        for one, line, basis in zip(known.variants, lines, bases, strict=True)
    ]


def _link(account: Any, permission: str, name: str, variant: EditedVariant) -> str:
    """Return the address of a variant's page, "" where the reader may not open it."""
    return (
        reverse(f"admin:{name}", args=[variant.variant_id]) if account.has_perm(permission) else ""
    )


def _list_stock(known: EditedProduct) -> list[dict[str, Any]]:
    ids = [one.variant_id for one in known.variants]
    lies, live = list_stock(variant_ids=ids), tell_stock(known)
    rows = []
    for one in known.variants:
        on_hand, held = lies.get(one.variant_id, (0, 0))
        rows.append(
            {
                "variant_id": one.variant_id,
                "sku": one.sku,
                "free": show_count(on_hand - held),
                "held": show_count(held),
                "live": live[one.variant_id],
            }
        )
    return rows


def _money(amount: int | None, currency: str) -> str:
    return EMPTY if amount is None else show_money(amount, currency)
