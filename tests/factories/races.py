"""Redemptions that arrive at once, on real connections of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Barrier

from django.db import connection

from promotions.coupons.services.limits import UseRefused
from promotions.coupons.services.redemptions import hold_redemptions, release_redemptions
from promotions.engine.core.limits import Buyer
from promotions.engine.core.values import AppliedOffer, Evaluation
from promotions.models import Campaign, Coupon, LimitCounter
from shop.ground.jobs.tasks import exclusive_key
from tests.factories.promotions import NOON

BUYER = Buyer(None, "online", "UTC", NOON)


@dataclass(frozen=True, slots=True)
class Spent:
    """What the three kinds of counters say together."""

    redeemed: int
    spent_minor: int
    limit_uses: int
    limit_minor: int


def read_spent() -> Spent:
    """Return the sums of all counters of coupons, campaigns and limits."""
    counters = list(LimitCounter.objects.values_list("uses", "spent_minor"))
    return Spent(
        redeemed=sum(Coupon.objects.values_list("redeemed", flat=True)),
        spent_minor=sum(Campaign.objects.values_list("spent_minor", flat=True)),
        limit_uses=sum(uses for uses, _ in counters),
        limit_minor=sum(minor for _, minor in counters),
    )


def applied_by(campaign: Campaign, amount_minor: int) -> Evaluation:
    """Return what evaluating a cart with the campaign's one offer (and code, if any) gave."""
    offer = campaign.offers.get()
    coupon = Coupon.objects.filter(offer=offer).first()
    applied = AppliedOffer(
        offer_id=offer.pk,
        campaign_id=campaign.pk,
        amount_minor=amount_minor,
        label=offer.name,
        coupon_code=None if coupon is None else coupon.code,
        coupon_id=None if coupon is None else coupon.pk,
    )
    return Evaluation((), (applied,), (), (), {})


def try_hold(evaluation: Evaluation, ref: str) -> bool:
    """Hold, and return whether it was won."""
    try:
        hold_redemptions(order_ref=ref, evaluation=evaluation, buyer=BUYER)
    except UseRefused:
        return False
    return True


def hold_and_release(evaluation: Evaluation, ref: str) -> bool:
    """Hold, and if it was won give it back; return whether both ways went."""
    return try_hold(evaluation, ref) and release_redemptions(order_ref=ref, now=NOON) == 1


def race[T](act: Callable[[int], T], attempts: int, workers: int = 7) -> Sequence[T]:
    """Return what `act(n)` gave for every n below `attempts`; all workers start together.

    With the connection of the caller 7 workers fill the pool of one process (DATABASE_POOL).
    """
    start = Barrier(workers)

    def run(worker: int) -> list[tuple[int, T]]:
        start.wait()
        try:
            return [(n, act(n)) for n in range(worker, attempts, workers)]
        finally:
            connection.close()

    with ThreadPoolExecutor(workers) as pool:
        found = [pair for part in pool.map(run, range(workers)) for pair in part]
    return [won for _, won in sorted(found, key=lambda pair: pair[0])]


@contextmanager
def hold_elsewhere(lock: str) -> Iterator[bool]:
    """Hold an advisory lock on another connection for the body, if it is free; say whether."""
    other = connection.copy()
    try:
        with other.cursor() as cursor:
            cursor.execute("SELECT pg_try_advisory_lock(%s, %s)", exclusive_key(lock))
            yield cursor.fetchone()[0]
            cursor.execute("SELECT pg_advisory_unlock_all()")  # the pool keeps the connection
    finally:
        other.close()
