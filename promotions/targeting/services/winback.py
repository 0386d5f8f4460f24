"""Win-back campaigns, addressed to members who agreed to letters and have not bought lately."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import islice

from django.db.models import Max, Q

from promotions.campaigns.models import Campaign, CampaignShopper
from promotions.law.api import find_personal_rule
from promotions.loyalty.models import PointsAccount
from promotions.metrics import winback_total

QUIET = timedelta(days=90)


def address_lapsed_members(*, now: datetime, limit: int = 500) -> int:
    """Address every live win-back campaign to members it fits; return how many were addressed.

    Fits who agreed to offers by e-mail and to personal prices, bought before, not for 90 days, and
    was not addressed by a win-back campaign in the last 90 days, where the law of their place (of
    the market, where nobody knows it) allows personal offers. The weekly letter tells them.
    """
    live = Campaign.objects.filter(
        kind=Campaign.Kind.WIN_BACK,
        audience=Campaign.Audience.PERSONAL,
        status=Campaign.Status.LIVE,
        starts_at__lte=now,
        ends_at__gt=now,
    )
    addressed = 0
    for campaign in live.order_by("pk"):
        rows = [
            CampaignShopper(campaign=campaign, shopper_id=shopper_id, reason="away")
            for shopper_id in _list_lapsed_members(campaign, now, limit - addressed)
        ]
        CampaignShopper.objects.bulk_create(rows, ignore_conflicts=True)
        addressed += len(rows)
    winback_total.inc(addressed)
    return addressed


def _list_lapsed_members(campaign: Campaign, now: datetime, limit: int) -> list[int]:
    """Return shoppers the campaign may address, longest away first. One query."""
    recent = CampaignShopper.objects.filter(
        campaign__kind=Campaign.Kind.WIN_BACK, campaign__starts_at__gt=now - QUIET
    )
    members = PointsAccount.objects.filter(
        Q(market_code=campaign.market_code) if campaign.market_code else Q(),
        shopper__consent_marketing=True,
        shopper__consent_price=True,
        shopper__is_minor=False,
        shopper__account__is_active=True,
        shopper__erased_at__isnull=True,
    ).exclude(
        Q(shopper__account__email="")
        | Q(shopper__in=recent.values("shopper"))
        | Q(shopper__in=CampaignShopper.objects.filter(campaign=campaign).values("shopper"))
    )
    bought = members.annotate(last=Max("orders__paid_at")).filter(last__lte=now - QUIET)
    found = bought.order_by("last").values_list("shopper_id", "market_code", "shopper__place_code")
    allowed = (
        shopper_id
        for shopper_id, market_code, place_code in found.iterator()
        if shopper_id
        and find_personal_rule(
            region=place_code, market_code=campaign.market_code or market_code, now=now
        ).personal_allowed
    )
    return list(islice(allowed, limit))  # those whom the law refuses hold nobody behind them up
