"""Let arms of experiments set public prices for a turn, for everybody, downwards, on record."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.experiments.core.arm_prices import Arms, multiply_prices
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.selectors.arm_prices import RunningArm, load_running_arms
from pricing.learning.selectors.publishing import Shelf
from pricing.publishing.services.publish_context import PublishContext
from profiles.experiments.api import PublicArm, find_public_arms

_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class ArmRecord:
    """What experiments want of public prices now, and which spells are on record, by variant."""

    wanted: Mapping[int, PublicArm]
    running: Mapping[int, RunningArm]


def read_arms(*, shelf: Shelf, context: PublishContext) -> tuple[Arms, ArmRecord]:
    """Return the arms of a shelf once the context's book is in force. Two queries, four while an
    experiment with public prices runs.

    What somebody else set a price to meanwhile is the new base.
    """
    place, ids, current = context.place, shelf.variants.variant_id, shelf.public_minor
    wanted = find_public_arms(now=context.effective_at, market=place[0], channel=place[1])
    running = load_running_arms(place=place)
    count, base = len(shelf), current.copy()
    factor, is_tested, is_intact = np.ones(count), *(np.zeros(count, np.bool_) for _ in range(2))
    concerned = np.isin(ids, [*wanted, *running])
    for at in np.flatnonzero(concerned).tolist():
        arm, spell = wanted.get(int(ids[at])), running.get(int(ids[at]))
        if arm is not None:
            is_tested[at], factor[at] = True, arm.price_factor
        if spell is not None and spell.shown_minor == current[at]:
            is_intact[at], base[at] = True, spell.base_minor
    is_closed = shelf.variants.never_personal | shelf.is_new
    arms = Arms(base, factor, is_tested, is_closed, is_intact)
    return arms, ArmRecord(wanted, running)


@dataclass(frozen=True, slots=True)
class PricePeriods:
    """What a book makes of arms, arrays (m,): the price asked of the gate, and the one shown.

    `is_staff` is where staff set the price; no arm goes below `floor_minor`.
    """

    arms: Arms
    record: ArmRecord
    variant_id: IntArray
    asked_minor: IntArray
    shown_minor: IntArray
    floor_minor: IntArray
    is_staff: BoolArray

    def find_other(self, row: int, factor: float) -> int:
        """Return what an arm of that factor would have asked for; 0 where arms set no price."""
        if not self.arms.sets[row] or self.is_staff[row]:
            return 0
        at = slice(row, row + 1)
        base, floor = self.arms.base_minor[at], self.floor_minor[at]
        return int(multiply_prices(base, np.array([factor]), floor)[0])

    def name_obstacle(self, row: int) -> str:
        """Return why a variant does not show its arm's price; empty where it does."""
        if self.arms.factor[row] < 1.0 and self.is_staff[row]:
            return "staff"
        if self.arms.factor[row] < 1.0 and self.arms.is_closed[row]:
            return "closed"
        return "" if self.asked_minor[row] == self.shown_minor[row] else "gate"


def store_arms(*, spells: PricePeriods, context: PublishContext, book_version: int) -> int:
    """Begin the spells that a book brings and end those before; return how many begin.

    In the caller's transaction. What is as it was goes on; a price that may not yet go back after
    its experiment stays on record, so that the price to go back to is not lost.
    """
    arms, at = spells.record, context.effective_at
    fresh, over, tried, ids = list[ArmPrice](), list[int](), list[int](), spells.variant_id
    for row in np.flatnonzero(np.isin(ids, [*arms.wanted, *arms.running])).tolist():
        variant = int(ids[row])
        spell, before = _describe(spells, row), arms.running.get(variant)
        if spell is None:
            (tried if _is_on_its_way(spells, row) else over).append(variant)
        elif before == spell:
            tried.append(variant)
        else:
            over.append(variant)
            fresh.append(_write_down(spell, arms.wanted[variant], variant, context, book_version))
    running = ArmPrice.objects.filter(
        market_id=context.place[0], channel=context.place[1], ended_at=None
    )
    running.filter(variant_id__in=over).update(ended_at=at, ended_version=book_version)
    running.filter(variant_id__in=tried).update(tried_at=context.now)
    ArmPrice.objects.bulk_create(fresh, batch_size=_CHUNK)
    return len(fresh)


def _describe(spells: PricePeriods, row: int) -> RunningArm | None:
    """Return the spell of a variant under experiment, None for one that is no longer."""
    arm = spells.record.wanted.get(int(spells.variant_id[row]))
    if arm is None:
        return None
    asked = int(spells.asked_minor[row])
    is_arms = bool(spells.arms.sets[row] and not spells.is_staff[row])
    return RunningArm(
        experiment_id=arm.experiment_id,
        arm=arm.arm,
        turn=arm.turn,
        base_minor=int(spells.arms.base_minor[row]) if is_arms else asked,
        arm_minor=asked,
        shown_minor=int(spells.shown_minor[row]),
        obstacle=spells.name_obstacle(row),
        other_minor=spells.find_other(row, arm.other_factor),
    )


def _is_on_its_way(spells: PricePeriods, row: int) -> bool:
    """Return whether a price still is what the last arm made of it, though it asked to go back."""
    before = spells.record.running[int(spells.variant_id[row])]
    shown, asked = int(spells.shown_minor[row]), int(spells.asked_minor[row])
    return before.shown_minor == shown != asked == before.base_minor


def _write_down(
    spell: RunningArm, arm: PublicArm, variant: int, context: PublishContext, book_version: int
) -> ArmPrice:
    return ArmPrice(
        variant_id=variant,
        market_id=context.place[0],
        channel=context.place[1],
        experiment_id=spell.experiment_id,
        arm=spell.arm,
        turn=spell.turn,
        price_factor=arm.price_factor,
        base_minor=spell.base_minor,
        arm_minor=spell.arm_minor,
        shown_minor=spell.shown_minor,
        other_minor=spell.other_minor,
        cluster=arm.cluster,
        obstacle=spell.obstacle,
        book_version=book_version,
        began_at=context.effective_at,
        tried_at=context.now,
    )
