"""Limits at full size: 10,000 redemptions at once against a budget of 1,000.00; 1 M codes.

Works on rows of its own and takes them away again.
"""

from __future__ import annotations

import time

from django.db import connection

from promotions.coupons.selectors.coupons import find_coupons, stream_codes
from promotions.coupons.services.codes import make_codes
from promotions.models import Campaign, CodeBatch, Coupon, LimitCounter, Redemption, UseLimit
from tests.benchmarks.measure import Figures, percentiles, time_calls
from tests.factories.promotions import NOON, make_campaign
from tests.factories.races import applied_by, hold_and_release, race, try_hold

ATTEMPTS, TRIES_OF_ONE_CODE = 10_000, 1_000
BUDGET = 100_000
AMOUNTS = (199, 349, 500, 777, 801)
NAMES = ("bench-budget", "bench-code", "bench-limit", "bench-undo", "bench-batch")
TARGETS: dict[str, tuple[str, float]] = {
    "budget_overspent_minor": ("<=", 0),
    "budget_wasted_minor": ("<=", min(AMOUNTS) - 1),
    "code_winners": ("<=", 1),
    "limit_overrun_uses": ("<=", 0),
    "undo_left_over": ("<=", 0),
    "million_codes_seconds": ("<=", 60),
}


def measure() -> Figures:
    """Return what was overspent, wasted and left over, and redemptions a second."""
    _clean()
    try:
        return (
            _race_for_budget()
            | _race_for_code()
            | _race_for_limit()
            | _race_with_undo()
            | _make_million()
        )
    finally:
        _clean()


def _race_for_budget() -> Figures:
    campaign = make_campaign("bench-budget", amount_minor=500, budget_minor=BUDGET)
    wishes = [applied_by(campaign, amount) for amount in AMOUNTS]
    started = time.perf_counter()
    race(lambda n: try_hold(wishes[n % len(wishes)], f"bench-b{n}"), ATTEMPTS)
    seconds = time.perf_counter() - started
    spent = Campaign.objects.get(pk=campaign.pk).spent_minor
    return {
        "budget_overspent_minor": max(0, spent - BUDGET),
        "budget_wasted_minor": max(0, BUDGET - spent),
        "attempts_per_second": round(ATTEMPTS / seconds),
    }


def _race_for_code() -> Figures:
    campaign = make_campaign("bench-code", amount_minor=500, code="BENCH-CODE", uses=1)
    wish = applied_by(campaign, 500)
    won = race(lambda n: try_hold(wish, f"bench-c{n}"), TRIES_OF_ONE_CODE)
    return {"code_winners": won.count(True)}


def _race_for_limit() -> Figures:
    campaign = make_campaign("bench-limit", amount_minor=500)
    UseLimit.objects.create(campaign=campaign, period="day", max_uses=500)
    wish = applied_by(campaign, 500)
    started = time.perf_counter()
    won = race(lambda n: try_hold(wish, f"bench-l{n}"), ATTEMPTS // 2)
    return {
        "limit_overrun_uses": abs(won.count(True) - 500),
        "limit_attempts_per_second": round(ATTEMPTS / 2 / (time.perf_counter() - started)),
    }


def _race_with_undo() -> Figures:
    campaign = make_campaign(
        "bench-undo", amount_minor=500, code="BENCH-UNDO", uses=5, budget_minor=BUDGET
    )
    UseLimit.objects.create(campaign=campaign, max_uses=4, max_minor=1_700)
    wish = applied_by(campaign, 500)
    race(lambda n: hold_and_release(wish, f"bench-u{n}"), TRIES_OF_ONE_CODE)
    counter = LimitCounter.objects.get(limit__campaign=campaign)
    left = Coupon.objects.get(offer__campaign=campaign).redeemed + counter.uses
    left += Campaign.objects.get(pk=campaign.pk).spent_minor + counter.spent_minor
    return {"undo_left_over": left}


def _make_million() -> Figures:
    offer = make_campaign("bench-batch", amount_minor=500, code="BENCH-SINGLE").offers.get()
    batch = CodeBatch.objects.create(
        offer=offer, name="bench", pattern="BENCH-####-####-##", amount=1_000_000
    )
    started = time.perf_counter()
    made = make_codes(batch_id=batch.pk, now=NOON)
    seconds = time.perf_counter() - started
    code = Coupon.objects.filter(batch=batch).values_list("code", flat=True)[500_000]
    asked = {"codes": [code], "variant_ids": [1], "shopper_id": 1, "now": NOON}
    reads = time_calls(lambda: find_coupons(**asked), calls=200)
    started = time.perf_counter()
    lines = sum(1 for _ in stream_codes(batch_id=batch.pk))
    return {
        "codes_made": made,
        "million_codes_seconds": round(seconds, 1),
        "find_code_p95_ms": percentiles(reads)[1],
        "export_lines": lines,
        "export_seconds": round(time.perf_counter() - started, 1),
    }


def _clean() -> None:
    Redemption.objects.filter(campaign__code__in=NAMES).delete()
    with connection.cursor() as cursor:
        # A million rows: Django would load them all to look for what points at them.
        cursor.execute("DELETE FROM promotions_coupon WHERE code LIKE 'BENCH-%'")
    CodeBatch.objects.filter(name="bench").delete()
    Coupon.objects.filter(offer__campaign__code__in=NAMES).delete()
    Campaign.objects.filter(code__in=NAMES).delete()
