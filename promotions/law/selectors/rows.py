"""The rows of the law of promotions, and what they ask of personal offers: label and cap.

The rows are those of personal prices: an offer for one shopper lowers a price for one shopper.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime
from functools import lru_cache

from pricing.api import resolve_jurisdiction
from pricing.base.core.values import JurisdictionRule, candidate_codes
from promotions.campaigns.api import load_offer_book
from promotions.engine.api import Evaluation, OfferValue
from promotions.law.core.jurisdictions import LawRow, find_law
from promotions.law.models import PromotionLaw
from shop.ground.catalog.selectors import get_market


def load_laws() -> tuple[LawRow, ...]:
    """Return every row of every place, newest first. One query."""
    return tuple(
        LawRow(
            code=row.code,
            pause_days=row.pause_days,
            raise_days=row.raise_days,
            percent_is_claim=row.percent_is_claim,
            members_count=row.members_count,
            personal_cap=row.personal_cap,
            below_cost_allowed=row.below_cost_allowed,
            gift_kinds=frozenset(row.gift_kinds),
            banned_kinds=frozenset(row.banned_kinds),
            minimum_prices=tuple(sorted(row.minimum_prices.items())),
            stock_days=row.stock_days,
            up_to_share=row.up_to_share,
            points_notice_days=row.points_notice_days,
            terms_language=row.terms_language,
            groups_allowed=frozenset(row.groups_allowed),
            source=row.source,
            valid_from=row.valid_from,
            valid_to=row.valid_to,
        )
        for row in PromotionLaw.objects.order_by("code", "-valid_from")
    )


def recall_laws() -> tuple[LawRow, ...]:
    """Return the rows as of the offer book in memory: a change of law is a change of the book.

    One query when the book changed.
    """
    return _laws_of(load_offer_book().version)


@lru_cache(maxsize=1)
def _laws_of(book_version: int) -> tuple[LawRow, ...]:
    """Return the rows; the version keys the memory."""
    return load_laws()


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
    law = find_law(recall_laws(), candidate_codes(place), now.date())
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
