"""Randomize a few public prices by one price point for a week, within every bound."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from django.db.models import Q

from pricing.base.core.impressions import WeekDraw
from pricing.base.core.values import BoolArray, IntArray
from pricing.experiments.core import (
    Arms,
    PriceTests,
    multiply_prices,
    shock_price_points,
    target_prices,
)
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.experiments.selectors import (
    RunningArm,
    load_running_arms,
    load_running_price_tests,
    shock_week,
)
from pricing.learning.selectors.publishing import Shelf, category_paths
from pricing.ledger.models.impressions import ShockDraw
from pricing.optimum.core.batch import TESTS
from pricing.policy.selectors import list_kill_switches
from pricing.publishing.services.publish_context import PublishContext
from profiles.experiments.api import PublicArm, find_public_arms
from shop.ground.kernel.arrays import hash_arrays, pack_arrays

_CHUNK = 1_000


def read_shocks(*, shelf: Shelf, context: PublishContext, is_tested: BoolArray) -> PriceTests:
    """Return the running shocks of a shelf and which of them are over. Two queries.

    A shock is over with its week, when the policy no longer wants any, under a kill switch, on
    products that may have no personal price any more or that an experiment tests, and when the
    price is no longer the one it set: then what holds now is the base.
    """
    place, now = context.place, context.now
    running = load_running_price_tests(place=place)
    count, current, week = len(shelf), shelf.public_minor, shock_week(now)
    base, set_to = current.copy(), np.zeros(count, dtype=np.int64)
    is_due = np.zeros(count, dtype=np.bool_)
    for at, variant in enumerate(shelf.variants.variant_id.tolist() if running else ()):
        shock = running.get(variant)
        if shock is not None:
            set_to[at], is_due[at] = shock.shocked_minor, shock.week != week
            base[at] = shock.base_minor
    is_intact = (set_to > 0) & (set_to == current)
    is_stopped = find_stopped(shelf, context)
    may_go_on = ~is_stopped & ~shelf.variants.never_personal & ~is_tested
    may_go_on &= context.policy.shock_share > 0.0
    return PriceTests.running(
        np.where(is_intact, base, current),
        set_to,
        is_intact=is_intact,
        holds=is_intact & ~is_due & may_go_on,
        is_stopped=is_stopped,
        seed=seed_of(place),
        week=week,
    )


def find_stopped(shelf: Shelf, context: PublishContext) -> BoolArray:
    """Return which variants of a shelf a kill switch keeps from tests, (m,): one of the model in
    use stops all. One query."""
    model = "" if context.model is None else str(context.model[0].id)
    market = context.place[0]
    for_all = {("global", ""), ("market", market), (TESTS, market), ("model", model)}
    _, paths = category_paths(shelf.tree)
    stopped = np.zeros(len(shelf), dtype=np.bool_)
    for switch in list_kill_switches():
        if (switch.scope, switch.key) in for_all:
            stopped[:] = True
        elif switch.scope == "sku":
            stopped |= shelf.variants.sku == switch.key
        elif switch.scope == "category":
            below = [one for one, path in paths.items() if f"{path}/".startswith(f"{switch.key}/")]
            stopped |= np.isin(shelf.variants.category_id, below)
    return stopped


def seed_of(place: tuple[str, str]) -> str:
    """Return the seed of the draws of a market and channel."""
    return "/".join(place)


def store_price_tests(
    *,
    shocks: PriceTests,
    variant_id: IntArray,
    public_minor: IntArray,
    context: PublishContext,
    book_version: int,
) -> int:
    """Write what was drawn and end what is over; return how many shocks now begin to hold.

    In the caller's transaction; they hold from the book of `book_version` on. `public_minor` (m,)
    are the prices after the gate. A drawn price that it changed is kept as not applied; a shock
    whose way back it blocked goes on, so that the price to go back to is not lost.
    """
    target, now, place = target_prices(shocks, context.exponent), context.now, context.place
    _store_draw(shocks, variant_id, context, book_version)
    drawn = np.flatnonzero(shocks.direction)
    begins = (shocks.direction != 0) & (public_minor == target)
    over = ~shocks.is_intact | (public_minor != shocks.running_minor) | begins
    gone = variant_id[(shocks.running_minor > 0) & over].tolist()
    if gone:
        PriceShock.objects.filter(
            Q(variant_id__in=gone), market_id=place[0], channel=place[1], ended_at__isnull=True
        ).update(ended_at=now)
    rows = [
        PriceShock(
            variant_id=int(variant_id[at]),
            market_id=place[0],
            channel=place[1],
            week=shocks.week,
            direction=int(shocks.direction[at]),
            probability=float(shocks.probability[at]),
            base_minor=int(shocks.base_minor[at]),
            shocked_minor=int(target[at]),
            is_applied=bool(begins[at]),
            seed=shocks.seed,
            policy_version=context.policy.version,
            started_at=now,
            ended_at=None if begins[at] else now,
        )
        for at in drawn.tolist()
    ]
    # A week is drawn once; a second run over it must not double what is there.
    PriceShock.objects.bulk_create(rows, batch_size=_CHUNK, ignore_conflicts=True)
    return int(begins.sum())


def _store_draw(
    shocks: PriceTests, variant_id: IntArray, context: PublishContext, book_version: int
) -> None:
    """Write the whole draw, what it left alone included: a week is drawn once."""
    at = np.flatnonzero(shocks.chances.sum(axis=1) > 0.0)
    if not len(at):
        return
    below, above = shock_price_points(shocks.base_minor[at], context.exponent)
    draw = WeekDraw(
        variant_id=variant_id[at],
        base_minor=shocks.base_minor[at],
        below_minor=below,
        above_minor=above,
        chance=shocks.chances[at],
        direction=shocks.direction[at],
        book_version=book_version,
    )
    arrays = draw.arrays()
    ShockDraw.objects.get_or_create(
        market_id=context.place[0],
        channel=context.place[1],
        week=shocks.week,
        defaults={
            "drawn_at": context.now,
            "book_version": book_version,
            "policy_version": context.policy.version,
            "arrays": pack_arrays(arrays),
            "sha256": hash_arrays(arrays),
        },
    )


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
