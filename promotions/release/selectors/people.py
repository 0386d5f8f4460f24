"""Whom a campaign addresses, and which campaigns run beside it."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.coupons.models import GroupClaim

Status = Campaign.Status


def list_addressed(campaign_id: int) -> list[int]:
    """Return the ids of the shoppers a personal campaign addresses. One query."""
    rows = CampaignShopper.objects.filter(campaign_id=campaign_id)
    return list(rows.values_list("shopper_id", flat=True))


def list_proven(groups: Collection[str], *, now: datetime) -> dict[str, list[int]]:
    """Return, by group, the shoppers who have proven to belong to it. One query, none for none."""
    found: dict[str, list[int]] = {group: [] for group in groups}
    if found:
        claims = GroupClaim.objects.filter(
            state=GroupClaim.State.ACCEPTED,
            valid_until__gt=now,
            group__is_active=True,
            group__code__in=list(groups),
        )
        for code, shopper_id in claims.values_list("group__code", "shopper_id"):
            found[code].append(shopper_id)
    return found


def name_campaigns(campaign_ids: Collection[int]) -> list[str]:
    """Return the names of campaigns, oldest first. One query."""
    rows = Campaign.objects.filter(pk__in=campaign_ids).order_by("pk")
    return list(rows.values_list("name", flat=True))


def list_neighbours(*, market_code: str, since: datetime, until: datetime) -> dict[int, str]:
    """Return campaigns, drafts too, that run in `[since, until)` in the market, with their names.

    One query.
    """
    rows = Campaign.objects.filter(starts_at__lt=until, ends_at__gt=since)
    rows = rows.filter(market_code__in=("", market_code)).exclude(status=Status.ENDED)
    return dict(rows.values_list("pk", "name"))
