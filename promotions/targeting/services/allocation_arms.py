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

from profiles.experiments.api import ArmChoice, ArmPlan, choose_arms, list_running
from profiles.lots import Purpose, draw_lot
from profiles.values import ShopperValue
from promotions.campaigns.api import CampaignRefused
from promotions.targeting.core.allocation import NULL_OFFER
from promotions.targeting.core.arms import CHOSEN, CONTROL, share_arms
from promotions.targeting.models import AllocationPlan
from promotions.targeting.selectors.allocations import Plan

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
