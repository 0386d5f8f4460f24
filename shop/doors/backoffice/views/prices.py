"""Prices of today, product by product, and the price history of one variant."""

from __future__ import annotations

from datetime import timedelta

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from pricing.api import list_overrides, list_price_history, list_price_impressions, list_proposals
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.live_since import tell_prices
from shop.doors.backoffice.prices.changes import STATES, describe_override, describe_proposal
from shop.doors.backoffice.prices.ledgers import describe_impressions, draw_history, list_lines
from shop.doors.backoffice.prices.today import PAGE, find_variants, list_price_lines
from shop.ground.catalog.selectors import list_cards
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.keys import LARGEST_KEY, read_number
from shop.ground.staff.numbers import show_count
from shop.ground.staff.roles import may_see_cost

# How far looks and purchases are added up.
LOOKED_BACK = timedelta(days=28)
MOST_LINES = 200
MOST_CHANGES = 20


@needs("pricing.view_priceledgerentry")
def show_price_story(request: HttpRequest, variant_id: int) -> HttpResponse:
    """Show the ledger of a variant, what its prices sold, its price changes and what staff set.
    Twelve queries."""
    now, language = utc_now(), get_language() or "en"
    cards = list_cards([variant_id], language) if variant_id <= LARGEST_KEY else ()
    if not cards:
        raise Http404(_("No variant has this number."))
    points = list_price_history(variant_id=variant_id)
    lines = list_lines(points)
    may_see_changes = request.user.has_perm("pricing.view_priceproposal")
    may_see_overrides = request.user.has_perm("pricing.view_priceoverride")
    changes = (
        list_proposals(
            now=now,
            states=tuple(STATES),
            variant_ids=[variant_id],
            language=language,
            limit=MOST_CHANGES,
        )
        if may_see_changes
        else []
    )
    overrides = (
        list_overrides(now=now, variant_ids=[variant_id], only_in_force=False, limit=MOST_CHANGES)
        if may_see_overrides
        else []
    )
    impressions = list_price_impressions(variant_id=variant_id, since=now - LOOKED_BACK, now=now)
    context = {
        "card": cards[0],
        "live": tell_prices([variant_id], now).get(variant_id),
        "history": draw_history(points, now.date()),
        "lines": lines[:MOST_LINES],
        "looks": describe_impressions(impressions),
        "older": max(0, len(lines) - MOST_LINES),
        "changes": [describe_proposal(one, request.user.pk) for one in changes],
        "overrides": [describe_override(one) for one in overrides],
        "may_see_curve": request.user.has_perm("pricing.view_demandmodelversion"),
        "may_set_price": request.user.has_perm("pricing.add_priceoverride"),
    }
    return render_page(request, "admin/price_story.html", _("Price ledger"), context)


CAN_SEE = "pricing.view_publicprice"
LONGEST = 100


@needs(CAN_SEE)
def show_prices(request: HttpRequest) -> HttpResponse:
    """Show a page of prices with their bounds and next changes; rows unfold to the curve. About
    nine queries."""
    language = get_language() or "en"
    asked = request.GET.get("q", "").strip()[:LONGEST]
    ids = find_variants(asked, language)
    page = max(1, read_number(request.GET.get("page", "")) or 1)
    shown = ids[(page - 1) * PAGE : page * PAGE]
    context = {
        "asked": asked,
        "count": show_count(len(ids)),
        "lines": list_price_lines(
            shown,
            now=utc_now(),
            language=language,
            with_changes=request.user.has_perm("pricing.view_priceproposal"),
        ),
        "earlier": _address(asked, page - 1) if page > 1 else "",
        "later": _address(asked, page + 1) if page * PAGE < len(ids) else "",
        "may_see_curve": request.user.has_perm("pricing.view_demandmodelversion"),
        "may_see_cost": may_see_cost(request.user),
        "may_see_ledger": request.user.has_perm("pricing.view_priceledgerentry"),
    }
    return render_page(request, "admin/prices_today.html", _("Prices today"), context)


def _address(asked: str, page: int) -> str:
    known = {"q": asked} if asked else {}
    return "?" + urlencode({**known, "page": str(page)})
