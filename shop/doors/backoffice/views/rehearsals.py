"""A basket tried with a campaign, and why offers applied to an order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from orders.cart.api import rehearse_units
from orders.reports.api import RecordedOrder, find_recorded_order
from pricing.api import quote_variants
from promotions.campaigns.api import (
    CampaignView,
    CompiledBook,
    cover_variants,
    rehearse,
)
from promotions.engine.api import OfferValue
from promotions.law.api import list_reached_places
from promotions.planning.api import Restored
from shop.doors.backoffice.campaigns.checks import market_of
from shop.doors.backoffice.campaigns.sentences import MOMENT
from shop.doors.backoffice.frame import needs, render_page
from shop.doors.backoffice.names import name_cards
from shop.doors.backoffice.rehearsals.previews import (
    PreviewForm,
    context_of_form,
    fold_verdicts,
    try_basket,
)
from shop.doors.backoffice.rehearsals.replays import replay_order
from shop.doors.pages.cards import join_cards
from shop.doors.pages.values import ProductCard
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import get_market, list_cards_in, load_variant_arrays
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.columns import show_money
from shop.ground.staff.phrases import join_names

MOST_CARDS = 2


@dataclass(frozen=True, slots=True)
class ShownCards:
    """A page of cards as a document of its own, in one language."""

    language: str
    document: str


def draw_cards(
    said: Mapping[str, Any],
    *,
    campaign: CampaignView,
    offers: Sequence[OfferValue],
    market_code: str,
    now: datetime,
) -> list[ShownCards]:
    """Return the cards of the basket's first products, or of the campaign's most popular one.

    As if the campaign were live, for the shopper, place and moment of the form. About twenty
    queries for each language; quotes of the purpose "preview".
    """
    book = rehearse(
        [campaign.campaign_id],
        with_codes=bool(said.get("with_code")),
        offers=offers,
        budgeted=[] if campaign.budget_minor is None else [campaign.campaign_id],
    )
    ids = list(said.get("basket") or find_popular(offers, market_code))[:MOST_CARDS]
    if not ids:
        return []
    cards = list_cards_in(ids, (language for language, _name in settings.LANGUAGES))
    return [
        _draw(shown, said, market_code=market_code, language=language, book=book, now=now)
        for language, shown in cards.items()
    ]


def find_popular(offers: Sequence[OfferValue], market_code: str) -> list[int]:
    """Return the most popular product that offers lower, if they lower any. No query while
    fresh."""
    arrays = load_variant_arrays(market_code)
    covered = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in offers:
        for scope in offer.scopes:
            covered |= cover_variants(scope, arrays)
    if not covered.any():
        return []
    best = int(np.argmax(np.where(covered, arrays.popularity, -1.0)))
    return [int(arrays.variant_id[best])]


def _draw(
    shown: Sequence[CatalogCard],
    said: Mapping[str, Any],
    *,
    market_code: str,
    language: str,
    book: CompiledBook,
    now: datetime,
) -> ShownCards:
    context = context_of_form(said, market_code=market_code, language=language, now=now)
    ids = [one.variant_id for one in shown]
    prices = quote_variants(context=context, variant_ids=ids).prices
    shopper = said.get("shopper")
    previews = rehearse_units(
        basket=dict.fromkeys(ids, 1), shopper=shopper, context=context, book=book
    )
    cards: list[ProductCard] = [
        replace(
            item,
            offer=previews.mine.get(item.card.variant_id),
            members_minor=previews.members.get(item.card.variant_id),
        )
        for item in join_cards(shown, prices)
    ]
    with override(language):
        frame = {
            "language": language,
            "product_root": reverse("product_root"),
            "currency": get_market(context.market).currency,
        }
        html = render_to_string("admin/campaign/cards.html", {"cards": cards, "shop": frame})
    return ShownCards(language, html)


def describe_preview(
    request: HttpRequest, campaign: CampaignView, offers: Sequence[OfferValue]
) -> dict[str, Any]:
    """Return the form of a basket and, where one is asked for, what it comes to. Nothing is
    stored."""
    language, market = get_language() or "en", market_of(campaign)
    asked = request.GET if "basket" in request.GET else None
    begins = max(campaign.starts_at, utc_now())
    at = begins.astimezone(ZoneInfo(get_market(market).time_zone))
    initial = {"channel": "online", "at": f"{at:{MOMENT}}", "with_code": True}
    places = list_reached_places(campaign.market_code)
    form = PreviewForm(asked, initial=initial, places=places)
    draw = partial(draw_cards, campaign=campaign, offers=offers, market_code=market, now=utc_now())
    if asked is None or not form.is_valid():
        said = {"at": begins} if asked is None else {}
        return {"form": form, "cards": draw(said)}
    found = try_basket(
        form,
        campaign_id=campaign.campaign_id,
        market_code=market,
        language=language,
        now=utc_now(),
    )
    cards = name_cards(form.cleaned_data["basket"], language)
    said = form.cleaned_data
    return {
        "form": form,
        "cards": draw(said),
        "preview": found,
        "verdicts": fold_verdicts(found.verdicts),
        "lines": [(cards.get(int(key)), *rest) for key, *rest in found.lines],
    }


@needs("orders.view_order")
def explain_order(request: HttpRequest, order_id: int) -> HttpResponse:
    """Show why offers applied to an order or did not. About twenty-five queries."""
    order = find_recorded_order(order_id)
    if order is None:
        raise Http404(_("No order has this number."))
    found = replay_order(order, language=get_language() or "en")
    title = _("Offers of order %(number)s") % {"number": order.number}
    campaigns = [
        {"campaign": one, "how": say_how(one), "left": _show_left(one, order)}
        for one in found.campaigns
    ]
    context = {
        "order": order,
        "replay": found,
        "verdicts": fold_verdicts(found.verdicts),
        "campaigns": campaigns,
    }
    return render_page(request, "admin/order_offers.html", title, context)


def say_how(one: Restored) -> str:
    """Return how a campaign of then is known, and what of it could not be brought back."""
    said = {
        "version": _("as its versions say"),
        "first": _("as first recorded, which was after this order"),
        "today": _("as it is today: nobody recorded it before"),
    }[one.how]
    if not one.lost:
        return said
    lost = _("not restored: %(codes)s") % {"codes": join_names(one.lost)}
    return f"{said}; {lost}"


def _show_left(one: Restored, order: RecordedOrder) -> str:
    return "–" if one.left_minor is None else show_money(one.left_minor, order.currency)
