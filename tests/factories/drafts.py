"""Drafts of campaigns to rehearse, and what makes them live."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, Offer
from tests.factories.orders import NOON


def make_draft(code: str = "draft", **fields: Any) -> Campaign:
    """Return a draft that began yesterday, with one offer: 25 % off unless told otherwise."""
    of_campaign = ("audience", "budget_minor")
    campaign_fields = {name: fields.pop(name) for name in of_campaign if name in fields}
    campaign = Campaign.objects.create(
        code=code,
        name=code,
        kind="price_cut",
        market_code="us",
        starts_at=fields.pop("starts_at", NOON - timedelta(days=1)),
        ends_at=fields.pop("ends_at", NOON + timedelta(days=6)),
        **campaign_fields,
    )
    known: dict[str, Any] = {"benefit_kind": "percentage", "target": "line", "percent": 25}
    if "benefit_kind" in fields:
        known = {}
    offer = Offer(campaign=campaign, code=code, name=code, **(known | fields))
    offer.full_clean()
    offer.save()
    return campaign


def go_live(*campaigns: Campaign) -> None:
    Campaign.objects.filter(pk__in=[one.pk for one in campaigns]).update(status="live")
    forget_offer_book()
