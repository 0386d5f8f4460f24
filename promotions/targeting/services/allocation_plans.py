"""Let the allocator give out a campaign's offers, or take that back."""

from __future__ import annotations

import secrets
from datetime import datetime, timedelta

from django.db import transaction

from promotions.campaigns.api import Note, lock_campaign, note_step
from promotions.campaigns.models import Campaign
from promotions.targeting.core.arms import LEAST_CONTROL, LEAST_DEPTH, share_arms
from promotions.targeting.core.exploration import MOST_EXPLORING
from promotions.targeting.core.pacing import BREAK_EVEN, steer_price
from promotions.targeting.models import AllocationPlan
from promotions.targeting.selectors.allocations import list_allocatable
from shop.ground.kernel.errors import FairtagError


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


@transaction.atomic
def set_exploration(*, campaign_id: int, share: float, by_id: int | None, now: datetime) -> None:
    """Set on which share of the shoppers new offers of a campaign are tried; it holds from the next
    decision on, and what was decided keeps the share it was decided with. On the campaign's trail.

    One person may: budgets, masks and the randomised arm hold whatever the share. Raises
    AllocationRefused where the allocator gives nothing out, and beyond the bounds.
    """
    campaign = lock_campaign(campaign_id)
    plan = AllocationPlan.objects.select_for_update().filter(campaign=campaign).first()
    if plan is None or campaign.status == Campaign.Status.ENDED:
        raise AllocationRefused("The allocator does not give this campaign out.")
    if not 0.0 <= share <= MOST_EXPLORING:
        raise AllocationRefused("New offers may be tried on none up to half of the shoppers.")
    if plan.exploration_share == share:
        return
    said = f"{100.0 * plan.exploration_share:g} % -> {100.0 * share:g} %"
    note_step(campaign, step=Note.EXPLORE, was=campaign.status, reason=said, by_id=by_id, now=now)
    plan.exploration_share = share
    plan.save(update_fields=["exploration_share"])


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


BLOCK = timedelta(minutes=15)


def pace_allocations(*, now: datetime) -> int:
    """Move lambda of every allocated campaign whose block is over; return how many.

    What was spent in the block is compared with its part of what was left when it began, spread
    over the time to the campaign's end. However little is spent, lambda never falls below what an
    offer must earn to pay for itself: money left over is no reason to lose some. The stop is not
    here: a redemption takes its amount from the budget in one conditional update, whatever lambda
    says.
    """
    plans = AllocationPlan.objects.filter(
        is_on=True,
        campaign__status=Campaign.Status.LIVE,
        campaign__budget_minor__isnull=False,
        campaign__starts_at__lte=now,
        campaign__ends_at__gt=now,
    )
    return sum(_pace(pk, now) for pk in plans.order_by("pk").values_list("pk", flat=True))


@transaction.atomic
def _pace(pk: int, now: datetime) -> bool:
    plan = AllocationPlan.objects.select_for_update().select_related(None).get(pk=pk)
    campaign = Campaign.objects.get(pk=plan.campaign_id)
    began = plan.paced_at or campaign.starts_at
    if now - began < BLOCK:
        return False
    left = (campaign.budget_minor or 0) - plan.spent_at_pace
    share = (now - began) / max(campaign.ends_at - began, BLOCK)
    spent = campaign.spent_minor - plan.spent_at_pace
    price = steer_price(plan.price, max(spent, 0), left * share, blocks=plan.blocks)
    plan.price = max(price, BREAK_EVEN)
    plan.paced_at, plan.spent_at_pace = now, campaign.spent_minor
    plan.blocks += 1
    plan.save(update_fields=["price", "paced_at", "spent_at_pace", "blocks"])
    return True
