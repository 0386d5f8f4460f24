"""Let chance move a few public prices by one rung for a week, inside every bound, on record."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db.models import Q
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.book import TESTS
from pricing.core.guardrails import PublicBounds
from pricing.core.looks import WeekDraw
from pricing.core.optimum import Limits
from pricing.core.publish import NO_LIMIT
from pricing.core.quote import VariantTerms
from pricing.core.shocks import find_ways, plan_shocks, shock_rungs
from pricing.core.values import Policy
from pricing.models import PriceShock, ShockDraw
from pricing.selectors.publishing import Shelf, category_paths
from pricing.selectors.rules import list_kill_switches
from pricing.selectors.shocks import load_running_shocks, shock_week
from pricing.services.occasions import Occasion
from shop.kernel.arrays import hash_arrays, pack_arrays

SHOCK = "shock"
_CHUNK = 1_000


@dataclass(frozen=True, slots=True)
class Shocks:
    """Shocks of m variants, arrays (m,). `base_minor` is the price without them.

    `running_minor` is what a shock of before set the price to (0: none); `is_intact` says that it
    still does, `holds` that it goes on; `is_stopped` where a kill switch lets chance move nothing.
    `direction` is what was drawn for the week that begins (0: nothing), with which `probability`;
    `chances` (m, 2) are those of a rung down and up, of goods that nothing was drawn for too.
    """

    base_minor: IntArray
    running_minor: IntArray
    is_intact: BoolArray
    holds: BoolArray
    is_stopped: BoolArray
    direction: IntArray
    probability: FloatArray
    chances: FloatArray
    place: tuple[str, str]
    now: datetime

    @property
    def returns(self) -> BoolArray:
        """Where a price goes back to what it was, (m,)."""
        return self.is_intact & ~self.holds


def read_shocks(*, shelf: Shelf, occasion: Occasion, is_tested: BoolArray) -> Shocks:
    """Return the running shocks of a shelf and which of them are over. Two queries.

    A shock is over with its week, when the policy no longer wants any, under a kill switch, on
    goods that may have no personal price any more or that an experiment tests, and when the price
    is no longer the one it set: then what holds now is the base.
    """
    place, now = occasion.place, occasion.now
    running = load_running_shocks(place=place)
    count, current, week = len(shelf), shelf.public_minor, shock_week(now)
    base, set_to = current.copy(), np.zeros(count, dtype=np.int64)
    is_due = np.zeros(count, dtype=np.bool_)
    for at, variant in enumerate(shelf.variants.variant_id.tolist() if running else ()):
        shock = running.get(variant)
        if shock is not None:
            set_to[at], is_due[at] = shock.shocked_minor, shock.week != week
            base[at] = shock.base_minor
    is_intact = (set_to > 0) & (set_to == current)
    is_stopped = find_stopped(shelf, occasion)
    may_go_on = ~is_stopped & ~shelf.variants.never_personal & ~is_tested
    may_go_on &= occasion.policy.shock_share > 0.0
    return Shocks(
        base_minor=np.where(is_intact, base, current),
        running_minor=set_to,
        is_intact=is_intact,
        holds=is_intact & ~is_due & may_go_on,
        is_stopped=is_stopped,
        direction=np.zeros(count, dtype=np.int64),
        probability=np.zeros(count),
        chances=np.zeros((count, 2)),
        place=place,
        now=now,
    )


def find_stopped(shelf: Shelf, occasion: Occasion) -> BoolArray:
    """Return which variants of a shelf a kill switch keeps from tests, (m,): one of the model in
    use stops all. One query."""
    model = "" if occasion.model is None else str(occasion.model[0].id)
    market = occasion.place[0]
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


def draw_shocks(
    shocks: Shocks,
    *,
    shelf: Shelf,
    terms: VariantTerms,
    limits: Limits,
    bounds: PublicBounds,
    excluded: BoolArray,
    policy: Policy,
) -> Shocks:
    """Return `shocks` with those drawn for the week that begins.

    Never concerned: goods without personal prices (restricted, sensitive, child-directed), without
    a price so far, switched off, in an emergency, at rest, at the end of their changes for the
    day, `excluded` (staff have spoken). A rung outside floor, ceiling, step cap or the
    competitors' band is none.
    """
    base = shocks.base_minor
    may_move = (
        terms.is_open
        & ~shelf.is_new
        & ~limits.is_cooling
        & (bounds.emergency_minor >= NO_LIMIT)
        & ~shocks.is_stopped
        & ~shocks.holds
        & ~excluded
    )
    may_fall, may_rise = find_ways(base, limits, may_move, terms.exponent)
    plan = plan_shocks(
        variant_id=shelf.variants.variant_id,
        category_id=shelf.variants.category_id,
        may_fall=may_fall,
        may_rise=may_rise,
        share=policy.shock_share,
        seed=seed_of(shocks.place),
        week=shock_week(shocks.now),
    )
    return replace(
        shocks,
        direction=plan.direction,
        probability=plan.probability,
        chances=plan.chances,
    )


def seed_of(place: tuple[str, str]) -> str:
    """Return the seed of the draws of a market and channel."""
    return "/".join(place)


def target_prices(shocks: Shocks, exponent: int) -> IntArray:
    """Return the prices chance asks for, (m,): 0 where it asks for none."""
    below, above = shock_rungs(shocks.base_minor, exponent)
    drawn = np.where(shocks.direction < 0, below, above)
    held = np.where(shocks.holds, shocks.running_minor, 0)
    return np.where(shocks.direction != 0, drawn, held)


def ask_for(
    shocks: Shocks,
    asked_minor: IntArray,
    cause: NDArray[np.str_],
    *,
    is_staff: BoolArray,
    may_move: bool,
    exponent: int,
) -> tuple[IntArray, NDArray[np.str_]]:
    """Return the prices asked for and who asks, with those of chance; staff's word comes first.

    A price that goes back to what it was goes back by chance too, unless somebody wants another;
    a model that may not move prices is nobody.
    """
    target = target_prices(shocks, exponent)
    is_shock = (target > 0) & ~is_staff
    is_return = shocks.returns & ~is_shock & ~is_staff
    is_return &= (asked_minor == shocks.base_minor) | (not may_move)
    asked = np.where(is_shock, target, np.where(is_return, shocks.base_minor, asked_minor))
    return asked, np.where(is_shock | is_return, SHOCK, cause)


def store_shocks(
    *,
    shocks: Shocks,
    variant_id: IntArray,
    public_minor: IntArray,
    policy: Policy,
    exponent: int,
    book_version: int,
) -> int:
    """Write what was drawn and end what is over; return how many shocks now begin to hold.

    In the caller's transaction; they hold from the book of `book_version` on. `public_minor` (m,)
    are the prices after the gate. A drawn price that it changed is kept as not applied; a shock
    whose way back it blocked goes on, so that the price to go back to is not lost.
    """
    target, now, place = target_prices(shocks, exponent), shocks.now, shocks.place
    _store_draw(shocks, variant_id, policy, exponent, book_version)
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
            week=shock_week(now),
            direction=int(shocks.direction[at]),
            probability=float(shocks.probability[at]),
            base_minor=int(shocks.base_minor[at]),
            shocked_minor=int(target[at]),
            is_applied=bool(begins[at]),
            seed=seed_of(place),
            policy_version=policy.version,
            started_at=now,
            ended_at=None if begins[at] else now,
        )
        for at in drawn.tolist()
    ]
    # A week is drawn once; a second run over it must not double what is there.
    PriceShock.objects.bulk_create(rows, batch_size=_CHUNK, ignore_conflicts=True)
    return int(begins.sum())


def _store_draw(
    shocks: Shocks, variant_id: IntArray, policy: Policy, exponent: int, book_version: int
) -> None:
    """Write the whole draw, what it left alone included: a week is drawn once."""
    at = np.flatnonzero(shocks.chances.sum(axis=1) > 0.0)
    if not len(at):
        return
    below, above = shock_rungs(shocks.base_minor[at], exponent)
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
        market_id=shocks.place[0],
        channel=shocks.place[1],
        week=shock_week(shocks.now),
        defaults={
            "drawn_at": shocks.now,
            "book_version": book_version,
            "policy_version": policy.version,
            "arrays": pack_arrays(arrays),
            "sha256": hash_arrays(arrays),
        },
    )
