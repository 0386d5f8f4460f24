"""Keep budgets of allocated campaigns on their way to last: lambda moves with what was spent."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import transaction

from promotions.core.pacing import BREAK_EVEN, GAIN, LEAST_GAIN, SETTLING, steer_price
from promotions.models import AllocationPlan, Campaign

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
    gain = max(GAIN / (1.0 + plan.blocks / SETTLING) ** 0.5, LEAST_GAIN)
    price = steer_price(plan.price, max(spent, 0), left * share, gain=gain)
    plan.price = max(price, BREAK_EVEN)
    plan.paced_at, plan.spent_at_pace = now, campaign.spent_minor
    plan.blocks += 1
    plan.save(update_fields=["price", "paced_at", "spent_at_pace", "blocks"])
    return True
