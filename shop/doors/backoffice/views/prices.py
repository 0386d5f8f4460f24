"""Prices of today, product by product."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils.http import urlencode
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.prices.today import PAGE, find_variants, list_price_lines
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.keys import read_number
from shop.ground.staff.numbers import show_count
from shop.ground.staff.roles import may_see_cost

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
