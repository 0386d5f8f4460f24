"""The price block in all its states, for whoever builds the demo; no other shop has this page."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_safe

from pricing.api import resolve_jurisdiction
from pricing.ledger.core.record import label_text
from shop.doors.storefront.price_states import list_states
from shop.doors.storefront.visitors import get_visit
from shop.ground.catalog.selectors import list_cards, load_variant_arrays

MOST_LOOKED_AT = 200


@require_safe
def price_states(request: HttpRequest) -> HttpResponse:
    """Show every state on the most popular product sold by volume; New York's in a list of their
    own. Without one, on the most popular product."""
    visit = get_visit(request)
    ctx = visit.ctx
    arrays = load_variant_arrays(ctx.market)
    if not visit.sees_mails or not len(arrays.variant_id):
        raise Http404
    popular = arrays.variant_id[(-arrays.popularity).argsort(kind="stable")[:MOST_LOOKED_AT]]
    cards = list_cards(popular.tolist(), ctx.language)
    card = next((one for one in cards if one.measure_unit == "ml"), cards[0])

    def label_of(place: str, code: str) -> str:
        rule = resolve_jurisdiction(code=place, now=ctx.now)
        return label_text(rule, code or rule.label_code, ctx.language)

    states = list_states(card, ctx.language, label_of)
    new_york = [one for one in states if one.item.price.label_code == "us-ny"]
    others = [one for one in states if one not in new_york]
    return render(request, "storefront/price_states.html", {"lists": (others, new_york)})
