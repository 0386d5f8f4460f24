"""Campaigns as the evaluator would take them if they were live now: for previews and rehearsals."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import replace

from promotions.core.conditions import needed_facts
from promotions.core.values import CouponValue, OfferValue
from promotions.models import Offer, OfferVariant
from promotions.selectors.book import CompiledBook, compile_or_skip, load_offer_book

PRETENDED = "(code)"


def compile_campaign(campaign_id: int) -> tuple[OfferValue, ...]:
    """Return a campaign's active offers, those with a code too, in order of their ids.

    What was saved past every check is left out. Two queries and those of a book.
    """
    return compile_campaigns([campaign_id])


def compile_campaigns(campaign_ids: Collection[int]) -> tuple[OfferValue, ...]:
    """Return the active offers of several campaigns, in order of their ids. Two queries."""
    rows = list(
        Offer.objects.filter(campaign_id__in=campaign_ids, is_active=True)
        .select_related("campaign", "category")
        .order_by("pk")
    )
    listed: dict[int, list[int]] = defaultdict(list)
    variants = OfferVariant.objects.filter(offer_id__in=[row.pk for row in rows])
    for offer_id, variant_id in variants.values_list("offer_id", "variant_id"):
        listed[offer_id].append(variant_id)
    groups = load_offer_book().groups
    compiled = (compile_or_skip(row, groups, variant_ids=listed.get(row.pk)) for row in rows)
    return tuple(offer for offer in compiled if offer is not None)


def rehearse(campaign_ids: Collection[int], *, with_codes: bool = False) -> CompiledBook:
    """Return the live book with the campaigns as if released; `with_codes`: as if entered, too.

    A campaign that is live already is taken as its rows say now. Two queries.
    """
    book = load_offer_book()
    offers = [replace(offer, status="live") for offer in compile_campaigns(campaign_ids)]
    automatic = [offer for offer in offers if not offer.requires_coupon]
    kept = [offer for offer in book.offers if offer.campaign_id not in campaign_ids]
    unlocked = [
        CouponValue(f"{PRETENDED} {offer.offer_id}", offer)
        for offer in offers
        if with_codes and offer.requires_coupon
    ]
    budgeted = Offer.objects.filter(campaign_id__in=campaign_ids, campaign__budget_minor__gte=0)
    together = (*kept, *automatic)
    return replace(
        book,
        offers=together,
        facts=frozenset().union(*(needed_facts(offer.condition) for offer in together)),
        budgeted=book.budgeted | set(budgeted.values_list("campaign_id", flat=True)),
        personal=frozenset(o.campaign_id for o in together if o.audience == "personal"),
        as_live=frozenset(campaign_ids),
        unlocked=tuple(unlocked),
    )
