"""Limits and budgets: exact, symmetric, and proven against parallel redemptions."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from profiles.models import Shopper
from promotions.coupons.services import redemptions as under_test
from promotions.coupons.services.limits import UseRefused
from promotions.coupons.services.redemptions import (
    commit_redemptions,
    hold_redemptions,
    release_redemptions,
)
from promotions.engine.core.limits import Buyer
from promotions.engine.core.values import Evaluation
from promotions.models import Campaign, Coupon, Redemption
from tests.factories.promotions import NOON, make_campaign
from tests.factories.races import applied_by

WORKERS = 8


def _shopper() -> int:
    return Shopper.objects.create(created_at=NOON, last_seen_at=NOON).pk


def _buyer(shopper_id: int | None = None) -> Buyer:
    return Buyer(shopper_id, "online", "UTC", NOON)


def _hold(campaign: Campaign, ref: str, shopper_id: int | None, amount: int = 500) -> None:
    evaluation = applied_by(campaign, amount)
    hold_redemptions(order_ref=ref, evaluation=evaluation, buyer=_buyer(shopper_id))


def _counters() -> tuple[int, int]:
    return (
        sum(Coupon.objects.values_list("redeemed", flat=True)),
        sum(Campaign.objects.values_list("spent_minor", flat=True)),
    )


@pytest.mark.django_db
def test_hold_commit_and_release_move_both_counters_by_the_same() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", budget_minor=1_000, uses=2)
    _hold(campaign, "FT-1", None)
    assert _counters() == (1, 500)
    assert [commit_redemptions(order_ref="FT-1", now=NOON) for _ in range(2)] == [1, 0]
    assert _counters() == (1, 500)
    assert [release_redemptions(order_ref="FT-1", now=NOON) for _ in range(2)] == [1, 0]
    assert _counters() == (0, 0)
    assert Redemption.objects.get().state == "released"


@pytest.mark.django_db
def test_a_budget_set_later_is_not_credited_with_earlier_uses() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO")
    _hold(campaign, "FT-1", None)
    Campaign.objects.update(budget_minor=700)
    _hold(campaign, "FT-2", None)
    release_redemptions(order_ref="FT-1", now=NOON)
    assert Campaign.objects.get().spent_minor == 500


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("limits", "reason"),
    [
        ({"uses": 1}, "code_used_up"),
        ({"per_shopper": 1}, "code_used_by_you"),
        ({"budget_minor": 999}, "budget_spent"),
    ],
)
def test_the_second_use_is_refused_and_leaves_no_trace(limits: dict[str, int], reason: str) -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", **limits)  # type: ignore[arg-type]  # a table of keywords
    alice = _shopper()
    _hold(campaign, "FT-1", alice)
    before = _counters()
    with pytest.raises(UseRefused) as refusal, transaction.atomic():
        _hold(campaign, "FT-2", alice)
    assert refusal.value.code == reason
    assert _counters() == before
    assert Redemption.objects.count() == 1


@pytest.mark.django_db
def test_a_limit_per_shopper_is_per_shopper() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", per_shopper=1)
    for n in range(3):
        _hold(campaign, f"FT-{n}", _shopper())
    assert _counters()[0] == 3


@pytest.mark.django_db
def test_a_withdrawn_code_is_refused_as_such() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO")
    Coupon.objects.update(is_active=False)
    with pytest.raises(UseRefused) as refusal, transaction.atomic():
        _hold(campaign, "FT-1", None)
    assert refusal.value.code == "code_disabled"


@pytest.mark.django_db
def test_a_released_use_may_be_used_again() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", uses=1, per_shopper=1)
    alice = _shopper()
    _hold(campaign, "FT-1", alice)
    release_redemptions(order_ref="FT-1", now=NOON)
    _hold(campaign, "FT-2", alice)
    assert _counters()[0] == 1


@pytest.mark.django_db
def test_automatic_offers_are_counted_once_per_order() -> None:
    campaign = make_campaign("tenth", percent="10")
    _hold(campaign, "FT-1", None, 40)
    with pytest.raises(Exception, match="redemption_offer_order"), transaction.atomic():
        _hold(campaign, "FT-1", None, 40)


def _in_parallel(jobs: list[Callable[[], bool]]) -> list[bool]:
    """Run `jobs` on real connections of their own, all at once; True means redeemed."""

    def run(job: Callable[[], bool]) -> bool:
        try:
            return job()
        finally:
            connection.close()

    with ThreadPoolExecutor(WORKERS) as pool:
        return list(pool.map(run, jobs))


def _attempt(campaign: Campaign, ref: str, shopper_id: int | None) -> Callable[[], bool]:
    evaluation = applied_by(campaign, 500)

    def run() -> bool:
        try:
            hold_redemptions(order_ref=ref, evaluation=evaluation, buyer=_buyer(shopper_id))
        except UseRefused:
            return False
        return True

    return run


@pytest.mark.django_db(transaction=True)
def test_a_one_use_code_has_exactly_one_winner() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", uses=1)
    won = _in_parallel([_attempt(campaign, f"FT-{n}", None) for n in range(200)])
    assert won.count(True) == 1
    assert _counters()[0] == 1


@pytest.mark.django_db(transaction=True)
def test_a_budget_is_never_overspent_and_almost_used() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", budget_minor=10_400)
    won = _in_parallel([_attempt(campaign, f"FT-{n}", None) for n in range(200)])
    assert won.count(True) == 20
    assert _counters() == (20, 10_000)


@pytest.mark.django_db(transaction=True)
def test_one_shopper_in_many_tabs_uses_a_code_once() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", per_shopper=1)
    alice = _shopper()
    won = _in_parallel([_attempt(campaign, f"FT-{n}", alice) for n in range(60)])
    assert won.count(True) == 1


@pytest.mark.django_db(transaction=True)
def test_parallel_uses_and_releases_end_at_zero_without_deadlock() -> None:
    one = make_campaign("one", amount_minor=500, code="ONE", budget_minor=10**6)
    two = make_campaign("two", amount_minor=500, code="TWO", budget_minor=10**6)
    both = Evaluation(
        (), (*applied_by(two, 500).applied, *applied_by(one, 500).applied), (), (), {}
    )

    def use_and_release(ref: str) -> bool:
        hold_redemptions(order_ref=ref, evaluation=both, buyer=_buyer())
        return release_redemptions(order_ref=ref, now=NOON) == 2

    jobs = [lambda n=n: use_and_release(f"FT-{n}") for n in range(80)]
    assert all(_in_parallel(jobs))
    assert _counters() == (0, 0)


@pytest.mark.django_db(transaction=True)
def test_positive_control_check_then_act_overspends(monkeypatch: pytest.MonkeyPatch) -> None:
    """The race is real on this machine: reading the limit first lets several through."""

    def read_then_write(coupon_id: int, code: str, shopper_id: int | None) -> None:
        coupon = Coupon.objects.get(pk=coupon_id)
        if coupon.max_redemptions is not None and coupon.redeemed >= coupon.max_redemptions:
            raise UseRefused("gone")
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.005)")
        Coupon.objects.filter(pk=coupon_id).update(redeemed=coupon.redeemed + 1)

    campaign = make_campaign("hello", amount_minor=500, code="HELLO", uses=1)
    monkeypatch.setattr(under_test, "take_coupon", read_then_write)
    won = _in_parallel([_attempt(campaign, f"FT-{n}", None) for n in range(40)])
    assert won.count(True) > 1
