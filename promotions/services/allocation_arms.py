"""The arm of each shopper in each campaign of the allocator: by the experiment, or the plan's own.

Where an experiment with the subject "allocator" names a campaign, its arms come first: the setting
`give` is the code of an offer, or "none"; without it the allocator decides as always. Who takes no
part in it gets the plan's own randomised arm.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from profiles.core.experiments import ArmPlan, pick_arm
from profiles.core.values import ShopperValue
from profiles.selectors import ArmChoice, choose_arms, list_running
from profiles.services.experiment_checks import Design
from promotions.core.allocation import NULL_OFFER
from promotions.core.arms import share_arms
from promotions.models import AllocationPlan
from promotions.selectors.allocations import Plan
from promotions.services.campaign_rows import CampaignRefused

CONTROL, CHOSEN, NOTHING = "control", "chosen", "none"


@dataclass(frozen=True, slots=True)
class DrawnArm:
    """The sticky arm of a shopper in a campaign: its kind, the place of a depth given by chance
    (else NULL_OFFER), its probability, and the arm of an experiment it comes from, if any."""

    kind: str
    place: int
    propensity: float
    choice: ArmChoice | None = None


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
                _apply(plan, ladder, found.arms, mine, choice)
                for mine, choice in zip(own, choices, strict=True)
            ]
        columns.append(own)
    return [list(row) for row in zip(*columns, strict=True)] if columns else [[] for _ in shoppers]


def _ladder(plan: Plan) -> tuple[ArmPlan, ...]:
    control, each, rest = share_arms(plan.control_share, plan.depth_share, len(plan.depths))
    arms = [ArmPlan(CONTROL, control, is_control=True)]
    arms += [ArmPlan(str(place), share) for place, share in enumerate(each)]
    return (*arms, ArmPlan(CHOSEN, rest))


def _draw(ladder: Sequence[ArmPlan], salt: str, unit: str) -> DrawnArm:
    arm = pick_arm(ladder, salt, unit)
    return DrawnArm(arm.code, _place_of(arm.code), arm.share)


def _apply(
    plan: Plan,
    ladder: Sequence[ArmPlan],
    arms: Sequence[ArmPlan],
    own: DrawnArm,
    choice: ArmChoice | None,
) -> DrawnArm:
    """Return the arm an experiment gives a shopper; the plan's own for who takes no part.

    The probability of a kind is that over all arms of the experiment: what is learned from a
    decision weighs it by how likely it was.
    """
    if choice is None or not choice.is_measured:
        return own
    kind = _kind_of(plan, choice.settings) or own.kind
    shares = {one.code: one.share for one in ladder}
    chance = 0.0
    for arm in arms:
        fixed = _kind_of(plan, arm.settings)
        chance += arm.share * (shares[kind] if fixed is None else float(fixed == kind))
    return DrawnArm(kind, _place_of(kind), min(chance, 1.0), choice)


def _kind_of(plan: Plan, settings: Mapping[str, Any]) -> str | None:
    """Return what an arm fixes: nothing given, or a depth by its place; None if nothing."""
    give = settings.get("give")
    if give == NOTHING:
        return CONTROL
    return str(plan.offer_codes.index(give)) if give in plan.offer_codes else None


def _place_of(kind: str) -> int:
    return int(kind) if kind.isdigit() else NULL_OFFER


def refuse_unallocated(design: Design) -> None:
    """Raise CampaignRefused for an experiment with a campaign that the allocator does not give
    out. One query."""
    plans = AllocationPlan.objects.filter(campaign__code=design.subject_ref, is_on=True)
    if not plans.exists():
        raise CampaignRefused(
            _("The allocator gives out no campaign with the code “%(code)s”.")
            % {"code": design.subject_ref}
        )
