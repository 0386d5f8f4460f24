"""Let the allocator give out a campaign's offers, or take that back."""

from __future__ import annotations

import secrets

from django.db import transaction

from promotions.core.arms import LEAST_CONTROL, LEAST_DEPTH, share_arms
from promotions.models import AllocationPlan, Campaign
from promotions.selectors.allocations import list_allocatable
from shop.kernel.errors import FairtagError


class AllocationRefused(FairtagError):
    """A campaign the allocator cannot give out."""

    code = "campaign_refused"


@transaction.atomic
def set_allocation(*, campaign_id: int, is_on: bool) -> None:
    """Switch the allocator on or off for a personal campaign; what was given stays given.

    Raises AllocationRefused where there are no depths to choose from, or too many to leave
    anybody for whom the best could be chosen.
    """
    campaign = Campaign.objects.select_for_update().get(pk=campaign_id)
    if is_on:
        _check(campaign)
    plan, _is_new = AllocationPlan.objects.get_or_create(
        campaign=campaign, defaults={"salt": secrets.token_hex(16)}
    )
    if plan.is_on != is_on:
        plan.is_on = is_on
        plan.save(update_fields=["is_on"])


def _check(campaign: Campaign) -> None:
    if campaign.audience != Campaign.Audience.PERSONAL:
        raise AllocationRefused("Only a campaign for chosen shoppers can be given out.")
    depths = list_allocatable([campaign.pk]).count()
    if not depths:
        raise AllocationRefused("It needs an offer of a percentage that applies by itself.")
    try:
        share_arms(LEAST_CONTROL, LEAST_DEPTH, depths)
    except ValueError as error:
        raise AllocationRefused("It has too many depths: nobody would be left.") from error
