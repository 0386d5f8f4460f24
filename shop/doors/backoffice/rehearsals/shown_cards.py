"""What a shopper sees of a campaign: the storefront's own card, in each language."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import override

from orders.cart.api import rehearse_units
from pricing.api import quote_variants
from promotions.campaigns.api import (
    CampaignView,
    CompiledBook,
    cover_variants,
    rehearse,
)
from promotions.engine.api import OfferValue
from shop.doors.backoffice.rehearsals.previews import context_of_form
from shop.doors.pages.cards import join_cards
from shop.doors.pages.values import ProductCard
from shop.ground.catalog.core.values import CatalogCard
from shop.ground.catalog.selectors import get_market, list_cards_in, load_variant_arrays

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
