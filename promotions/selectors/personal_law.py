"""What the law of a shopper's place asks of personal offers: whether there are any, and the label.

The rows are those of personal prices: an offer for one shopper lowers a price for one shopper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from pricing.core.values import JurisdictionRule
from pricing.selectors import resolve_jurisdiction
from promotions.core.values import Evaluation, OfferValue
from shop.catalog.selectors import get_market


def find_personal_rule(*, region: str, market_code: str, now: datetime) -> JurisdictionRule:
    """Return the row of prices that holds in `region`, or, where nobody said where, in the market.

    A place without a row gets the strictest: no personal offers. No query while rules are fresh.
    """
    place = region or get_market(market_code).jurisdiction_code
    return resolve_jurisdiction(code=place, now=now)


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
