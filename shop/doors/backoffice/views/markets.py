"""A market at a glance: what it still lacks, what it is, its taxes and ways of delivery."""

from __future__ import annotations

from urllib.parse import urlencode

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from orders.terms.api import forget_terms
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.markets import list_deliveries, list_steps, list_taxes
from shop.doors.pages.regions import list_regions
from shop.ground.catalog.core.values import MarketValue
from shop.ground.catalog.selectors import (
    MarketNotFound,
    get_market,
    load_variant_arrays,
    refresh_catalog,
)
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.numbers import show_count


@needs("shop.view_market")
def show_market(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is set up for a market, and what is missing, with the page that mends it."""
    refresh_catalog()  # who has just added the market must find it, whichever process answers
    try:
        market = get_market(code)
    except MarketNotFound as error:
        raise Http404(str(error)) from error
    now = utc_now()
    forget_terms()  # who has just added a rate must not be told that it is missing
    steps = list_steps(market, now, request.user)
    language = get_language() or settings.LANGUAGE_CODE
    context = {
        "market": market,
        "steps": steps,
        "missing": [one for one in steps if not one.is_done],
        "sold": show_count(len(load_variant_arrays(code).variant_id)),
        "everywhere": show_count(len(load_variant_arrays().variant_id)),
        "languages": _name_languages(market),
        "regions": [name for _code, name in list_regions(market, language)],
        "taxes": list_taxes(market, now.date()),
        "deliveries": list_deliveries(market),
        "asked": urlencode({"market_code__exact": code}),
        "new": urlencode({"market_code": code}),
        "may_edit": request.user.has_perm("shop.change_market"),
        "may_tax": request.user.has_perm("orders.add_taxrate"),
        "may_deliver": request.user.has_perm("orders.add_deliverymethod"),
        "is_served": code == settings.MARKET_CODE,
    }
    return render_page(request, "admin/market.html", _("Market %(code)s") % {"code": code}, context)


def _name_languages(market: MarketValue) -> list[str]:
    """Return the names of the languages of its storefront, the first one first."""
    names = {code: str(name) for code, name in settings.LANGUAGES}
    offered = [code for code in names if code in market.languages] or list(names)
    return [names[code] for code in sorted(offered, key=lambda one: one != market.language)]
