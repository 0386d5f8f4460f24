"""Let the allocator give out a campaign's offers, or take that back."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from profiles.experiments.api import ArmChoice, ArmPlan, choose_arms, list_running
from profiles.lots import Purpose, draw_lot
from profiles.values import ShopperValue
from promotions.campaigns.api import CampaignRefused, Note, lock_campaign, note_step
from promotions.campaigns.models import Campaign
from promotions.targeting.core.allocation import NULL_OFFER
from promotions.targeting.core.arms import CHOSEN, CONTROL, LEAST_CONTROL, LEAST_DEPTH, share_arms
from promotions.targeting.core.exploration import BREAK_EVEN, MOST_EXPLORING, steer_price
from promotions.targeting.models import AllocationPlan
from promotions.targeting.selectors.allocations import Plan, list_allocatable
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


# Where an experiment with the subject "allocator" names a campaign, its arms come first: the
# setting `give` is the code of an offer, or "none"; without it the allocator decides as always.
# Who takes no part in it gets the plan's own randomised arm.

NOTHING = "none"


@dataclass(frozen=True, slots=True)
class DrawnArm:
    """The sticky arm of a shopper in a campaign: its kind, the chance of every kind, and the arm of
    an experiment it comes from, if any. The kind of a depth given by chance is its place."""

    kind: str
    chances: Mapping[str, float]
    choice: ArmChoice | None = None

    @property
    def place(self) -> int:
        """The place of a depth given by chance, else NULL_OFFER."""
        return int(self.kind) if self.kind.isdigit() else NULL_OFFER


def draw_arms(plans: Sequence[Plan], shoppers: Sequence[ShopperValue]) -> list[list[DrawnArm]]:
    """Return the arm of each shopper in each plan. No query, one per campaign under experiment."""
    tested = {one.subject_ref: one.plan for one in list_running("allocator")}
    columns = []
    for plan in plans:
        ladder = _ladder(plan)
        own = [_draw(ladder, plan.salt, one.pseudonym) for one in shoppers]
        found = tested.get(plan.code)
        if found is not None:
            choices = choose_arms(found.code, shoppers)
            own = [
                _apply(plan, found.arms, mine, choice)
                for mine, choice in zip(own, choices, strict=True)
            ]
        columns.append(own)
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in shoppers]


def _ladder(plan: Plan) -> dict[str, float]:
    """Return the chance of each kind in a plan's own randomised arm."""
    control, each, rest = share_arms(plan.control_share, plan.depth_share, len(plan.depths))
    return {CONTROL: control, **{str(at): one for at, one in enumerate(each)}, CHOSEN: rest}


def _draw(ladder: Mapping[str, float], salt: str, unit: str) -> DrawnArm:
    lot = draw_lot([*ladder.values()], unit, Purpose.ARM, salt)
    return DrawnArm([*ladder][lot.place], dict(zip(ladder, lot.chances, strict=True)))


def _apply(
    plan: Plan, arms: Sequence[ArmPlan], own: DrawnArm, choice: ArmChoice | None
) -> DrawnArm:
    """Return the arm an experiment gives a shopper; the plan's own for who takes no part.

    The chance of a kind is that over all arms of the experiment: what is learned from a decision
    weighs it by how likely it was.
    """
    if choice is None or not choice.is_measured:
        return own
    chances = dict.fromkeys(own.chances, 0.0)
    for arm in arms:
        fixed = _kind_of(plan, arm.settings)
        for kind, chance in own.chances.items():
            chances[kind] += arm.share * (chance if fixed is None else float(fixed == kind))
    return DrawnArm(
        _kind_of(plan, choice.settings) or own.kind,
        {kind: min(chance, 1.0) for kind, chance in chances.items()},
        choice,
    )


def _kind_of(plan: Plan, settings: Mapping[str, Any]) -> str | None:
    """Return what an arm fixes: nothing given, or a depth by its place; None if nothing."""
    give = settings.get("give")
    if give == NOTHING:
        return CONTROL
    return str(plan.offer_codes.index(give)) if give in plan.offer_codes else None


def refuse_unallocated(campaign_code: str) -> None:
    """Raise CampaignRefused for an experiment with a campaign that the allocator does not give
    out. One query."""
    plans = AllocationPlan.objects.filter(campaign__code=campaign_code, is_on=True)
    if not plans.exists():
        raise CampaignRefused(
            _("The allocator gives out no campaign with the code “%(code)s”.")
            % {"code": campaign_code}
        )
