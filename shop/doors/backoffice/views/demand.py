"""The demand curve of a product: what was seen, what the model makes of it, what a price does."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import (
    DemandBasis,
    demand_curve,
    floor_minor,
    list_price_history,
    tell_demand_basis,
)
from pricing.base.core.values import DemandCurve
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.learning.priors import say_basis
from shop.doors.backoffice.memory import remember
from shop.doors.backoffice.prices.curves import (
    compare_prices,
    draw_demand,
    draw_profit,
    make_slider,
    read_price,
    show_interval,
)
from shop.doors.backoffice.prices.ledgers import draw_history
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import home_market, list_cards
from shop.ground.kernel.clock import utc_now
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.columns import show_money

# A slider asks many times within seconds; the model changes once a night.
CURVE_SECONDS = 20


@needs("pricing.view_demandmodelversion")
def show_demand_curve(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Show a variant's demand, profit and price history; `?price=` asks what a price would do.

    With `part` only the answer, for the slider. About ten queries, one for most moves of it.
    """
    now = utc_now()
    asked = read_price(request.GET.get("price", ""))
    if request.headers.get("HX-Request") == "true" and "part" in request.GET:
        return _answer(request, variant_id, asked, now)
    cards = list_cards([variant_id], get_language() or "en")
    if not cards:
        raise Http404(_("No variant has this number."))
    try:
        curve = demand_curve(variant_id=variant_id)
    except FairtagError as refusal:
        curve, refused = None, str(refusal)
    else:
        refused = ""
    context: dict[str, Any] = {
        "card": cards[0],
        "refused": refused,
        "basis": say_basis(_find_basis(cards[0])),
        "curve": curve,
        "history": draw_history(list_price_history(variant_id=variant_id), now.date()),
        "may_see_product": request.user.has_perm("shop.view_variant"),
        "may_see_ledger": request.user.has_perm("pricing.view_priceledgerentry"),
        "may_set_price": request.user.has_perm("pricing.add_priceoverride"),
    }
    if curve is not None:
        floor = floor_minor(variant_ids=[variant_id], now=now).get(variant_id)
        context |= {
            "floor": show_money(floor),
            "current": show_money(curve.current_minor),
            "suggested": show_money(curve.suggested_minor),
            "interval": show_interval(curve),
            "slider": make_slider(curve, asked),
            "weeks_seen": len(curve.seen_units),
            **_weigh(curve, floor, asked),
        }
    return render_page(request, "admin/demand_curve.html", _("Demand curve"), context)


def _find_basis(card: CatalogCard) -> DemandBasis:
    (basis,) = tell_demand_basis(
        variant_ids=[card.variant_id], category_id=card.category_id, market=home_market()
    )
    return basis


def _answer(
    request: HttpRequest, variant_id: int, asked: int | None, now: datetime
) -> HttpResponse:
    try:
        curve = remember(
            ("curve", variant_id), CURVE_SECONDS, lambda: demand_curve(variant_id=variant_id)
        )
    except FairtagError as refusal:
        raise Http404(str(refusal)) from refusal
    floor = floor_minor(variant_ids=[variant_id], now=now).get(variant_id)
    return TemplateResponse(request, "admin/parts/what_if.html", _weigh(curve, floor, asked))


def _weigh(curve: DemandCurve, floor: int | None, asked: int | None) -> dict[str, Any]:
    return {
        "outcomes": compare_prices(curve, asked),
        "demand": draw_demand(curve, floor, asked),
        "profit": draw_profit(curve, floor, asked),
    }
