"""What the law of a shopper's place asks of personal offers: whether any, the label, the cap.

The rows are those of personal prices: an offer for one shopper lowers a price for one shopper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pricing.core.jurisdictions import candidate_codes
from pricing.core.values import JurisdictionRule
from pricing.selectors import resolve_jurisdiction
from promotions.core.law.places import find_law
from promotions.core.values import Evaluation, OfferValue
from promotions.selectors.book import load_offer_book
from shop.catalog.selectors import get_market


def find_personal_rule(*, region: str, market_code: str, now: datetime) -> JurisdictionRule:
    """Return the row of prices that holds in `region`, or, where nobody said where, in the market.

    A place without a row gets the strictest: no personal offers. No query while rules are fresh.
    """
    place = region or get_market(market_code).jurisdiction_code
    return resolve_jurisdiction(code=place, now=now)


def find_personal_cap(*, region: str, market_code: str, now: datetime) -> int:
    """Return how far below the price for everybody one shopper may get there on that day.

    In hundredths of a percent: what the law of promotions says in `region`, or, where nobody said
    where, in the market. No query while the offer book is fresh.
    """
    place = region or get_market(market_code).jurisdiction_code
    law = find_law(load_offer_book().laws, candidate_codes(place), now.date())
    return round(law.personal_cap * 100)


def label_personal(found: Evaluation, offers: Iterable[OfferValue], label: str) -> Evaluation:
    """Return the evaluation with `label` on everything an offer for chosen shoppers gave.

    Also on what a randomised arm gave: it is part of an automatic choice. What is for everybody or
    for all members carries none.
    """
    ids = {offer.offer_id for offer in offers if offer.audience == "personal"}
    if not ids:
        return found
    return replace(
        found,
        adjustments=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.adjustments
        ),
        applied=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.applied
        ),
        gifts=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each for each in found.gifts
        ),
        deliveries=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each
            for each in found.deliveries
        ),
        hints=tuple(
            replace(each, law_label=label) if each.offer_id in ids else each for each in found.hints
        ),
    )
