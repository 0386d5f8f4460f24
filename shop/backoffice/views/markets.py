"""A market at a glance: what it is, what it sells, what it lacks."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.utils.translation import gettext as _

from orders.selectors.terms import forget_terms, load_terms
from shop.backoffice.frame import needs, render_page
from shop.backoffice.markets import list_missing
from shop.catalog.selectors import MarketNotFound, get_market, load_variant_arrays
from shop.kernel.clock import utc_now
from shop.staff.numbers import show_count


@needs("shop.view_market")
def show_market(request: HttpRequest, code: str) -> HttpResponse:
    """Show what is set up for a market, and what is missing, with the page that mends it."""
    try:
        market = get_market(code)
    except MarketNotFound as error:
        raise Http404(str(error)) from error
    now = utc_now()
    forget_terms()  # who has just added a rate must not be told that it is missing
    terms = load_terms(market_code=code, day=now.date())
    everywhere = len(load_variant_arrays().variant_id)
    context = {
        "market": market,
        "missing": list_missing(market, now),
        "sold": show_count(len(load_variant_arrays(code).variant_id)),
        "everywhere": show_count(everywhere),
        "rates": terms.taxes.rates,
        "methods": terms.methods,
    }
    return render_page(request, "admin/market.html", _("Market %(code)s") % {"code": code}, context)
