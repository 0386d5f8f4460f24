"""Read public prices under experiment: those that hold, and those whose turn is over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Max, Q, QuerySet

from pricing.experiments.models.arms import ArmPrice
from pricing.policy.models.policy import KillSwitch
from profiles.experiments.api import PublicArm, find_public_arms
from shop.ground.catalog.selectors import load_variant_arrays

# What a guardrail held back is tried again after so long; what staff hold, or a switch, later.
RETRY = timedelta(minutes=10)
RETRY_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RunningArm:
    """What holds for a variant: the arm's experiment and turn, and the prices of `ArmPrice`."""

    experiment_id: int
    arm: str
    turn: int
    base_minor: int
    arm_minor: int
    shown_minor: int
    obstacle: str
    other_minor: int

    def is_of(self, arm: PublicArm) -> bool:
        """Return whether this is the turn of that experiment."""
        return (self.experiment_id, self.turn) == (arm.experiment_id, arm.turn)


def load_running_arms(*, place: tuple[str, str]) -> Mapping[int, RunningArm]:
    """Return the spells that hold, by variant. One query."""
    rows = _running(place).values_list(
        *("variant_id", "experiment_id", "arm", "turn", "base_minor", "arm_minor"),
        *("shown_minor", "obstacle", "other_minor"),
    )
    return {row[0]: RunningArm(*row[1:]) for row in rows}


def list_turned(*, place: tuple[str, str], at: datetime) -> set[int]:
    """Return variants whose arm at a moment is another than the one on record, those included whose
    experiment has ended, and those to be tried again: after a guardrail held them back, or since a
    kill switch was flipped. Four queries, six while any runs."""
    wanted = find_public_arms(now=at, market=place[0], channel=place[1])
    running = load_running_arms(place=place)
    turned = {
        one for one, arm in wanted.items() if one not in running or not running[one].is_of(arm)
    }
    # A changed price holds for an hour: one whose experiment has ended may have to wait.
    over = ~Q(variant_id__in=list(wanted)) | Q(obstacle="gate")
    others = Q(obstacle__in=["staff", "closed"], tried_at__lte=at - RETRY_LATER)
    flipped = KillSwitch.objects.aggregate(newest=Max("at"))["newest"]
    switched = Q(tried_at__lt=flipped) if flipped is not None else Q(pk__in=[])
    again = _running(place).filter(over & Q(tried_at__lte=at - RETRY) | others | switched)
    turned |= set(again.values_list("variant_id", flat=True))
    # What is not sold has no price to set.
    return turned.intersection(load_variant_arrays().variant_id.tolist()) if turned else turned


def _running(place: tuple[str, str]) -> QuerySet[ArmPrice]:
    return ArmPrice.objects.filter(market_id=place[0], channel=place[1], ended_at=None).order_by()
