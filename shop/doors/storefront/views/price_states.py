"""The price block in all its states, for whoever builds the demo; no other shop has this page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pricing.api import resolve_jurisdiction
from pricing.ledger.core.labels import label_text
from shop.doors.storefront.price_states import list_states
from shop.doors.storefront.visitors import get_visit
from shop.ground.catalog.selectors import list_cards, load_variant_arrays


@require_safe
def price_states(request: HttpRequest) -> HttpResponse:
    """Show every state on the market's most popular product; New York's in a list of their own."""
    visit = get_visit(request)
    ctx = visit.ctx
    arrays = load_variant_arrays(ctx.market)
    if not visit.sees_mails or not len(arrays.variant_id):
        raise Http404
    popular = int(arrays.variant_id[arrays.popularity.argmax()])

    def label_of(place: str, code: str) -> str:
        rule = resolve_jurisdiction(code=place, now=ctx.now)
        return label_text(rule, code or rule.label_code, ctx.language)

    states = list_states(list_cards([popular], ctx.language)[0], ctx.language, label_of)
    new_york = [one for one in states if one.item.price.label_code == "us-ny"]
    others = [one for one in states if one not in new_york]
    return render(request, "storefront/price_states.html", {"lists": (others, new_york)})
