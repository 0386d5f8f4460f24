"""Randomize a few public prices by one price point for a week, within every bound."""

from __future__ import annotations

import numpy as np
from django.db.models import Q

from pricing.base.core.arrays import BoolArray, IntArray
from pricing.base.core.impressions import WeekDraw
from pricing.experiments.core.price_tests import PriceTests, shock_rungs, target_prices
from pricing.experiments.models.price_tests import PriceShock
from pricing.experiments.selectors.price_tests import load_running_price_tests, shock_week
from pricing.learning.selectors.publishing import Shelf, category_paths
from pricing.ledger.models.impressions import ShockDraw
from pricing.optimum.core.book import TESTS
from pricing.policy.selectors.rules import list_kill_switches
from pricing.publishing.services.publish_context import PublishContext
from shop.ground.kernel.arrays import hash_arrays, pack_arrays

_CHUNK = 1_000


def read_shocks(*, shelf: Shelf, context: PublishContext, is_tested: BoolArray) -> PriceTests:
    """Return the running shocks of a shelf and which of them are over. Two queries.

    A shock is over with its week, when the policy no longer wants any, under a kill switch, on
    goods that may have no personal price any more or that an experiment tests, and when the price
    is no longer the one it set: then what holds now is the base.
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
    below, above = shock_rungs(shocks.base_minor[at], context.exponent)
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
