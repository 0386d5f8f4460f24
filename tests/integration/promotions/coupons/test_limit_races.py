"""Limits under simultaneous arrival, redeem and undo alike, with a positive control.

The full size (10,000 redemptions against each kind of limit) is measured by `./dev bench limits`.
"""

from __future__ import annotations

import pytest
from django.db import connection

from promotions.coupons.services import limits as under_test
from promotions.coupons.services.limits import Demand
from promotions.models import Campaign, LimitCounter, Redemption, UseLimit
from tests.factories.promotions import make_campaign
from tests.factories.races import Spent, applied_by, hold_and_release, race, read_spent, try_hold

pytestmark = pytest.mark.django_db(transaction=True)
AMOUNTS = (199, 349, 500, 777, 801)


def test_a_budget_is_never_overspent_and_nearly_used_up() -> None:
    campaign = make_campaign("hello", amount_minor=500, budget_minor=20_000)
    wishes = [applied_by(campaign, amount) for amount in AMOUNTS]
    won = race(lambda n: try_hold(wishes[n % 5], f"FT-{n}"), 1_000)
    spent = read_spent().spent_minor
    assert 20_000 - min(AMOUNTS) < spent <= 20_000
    assert spent == sum(AMOUNTS[n % 5] for n, is_won in enumerate(won) if is_won)
    assert sum(Redemption.objects.values_list("amount_minor", flat=True)) == spent


def test_a_single_use_code_has_one_winner_of_a_thousand() -> None:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", uses=1)
    wish = applied_by(campaign, 500)
    won = race(lambda n: try_hold(wish, f"FT-{n}"), 1_000)
    assert won.count(True) == 1
    assert (read_spent().redeemed, Redemption.objects.count()) == (1, 1)


def _limited(**fields: int) -> Campaign:
    campaign = make_campaign("hello", amount_minor=500, code="HELLO", budget_minor=100_000)
    UseLimit.objects.create(campaign=campaign, period="day", **fields)
    return campaign


def test_a_daily_limit_of_uses_and_money_is_met_exactly() -> None:
    """The first insert of a counter races as well as every later update."""
    wish = applied_by(_limited(max_uses=60, max_minor=25_400), 500)
    won = race(lambda n: try_hold(wish, f"FT-{n}"), 300)
    assert won.count(True) == 50
    assert read_spent() == Spent(50, 25_000, 50, 25_000)


def test_holding_and_releasing_in_parallel_leaves_every_counter_at_nothing() -> None:
    wish = applied_by(_limited(max_uses=4, max_minor=2_300), 500)
    won = race(lambda n: hold_and_release(wish, f"FT-{n}"), 200)
    assert any(won)
    assert read_spent() == Spent(0, 0, 0, 0)
    assert set(Redemption.objects.values_list("state", flat=True)) == {"released"}


def test_positive_control_a_counter_read_and_then_written_is_overrun(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The race is real on this machine: reading the limit first lets several through."""

    def read_then_write(demand: Demand) -> int | None:
        named = {"limit_id": demand.limit.limit_id, "key": demand.key, "period": demand.period}
        counter = LimitCounter.objects.get(**named)
        with connection.cursor() as cursor:
            cursor.execute("SELECT pg_sleep(0.005)")
        if counter.uses + demand.uses > (demand.limit.max_uses or 0):
            return None
        LimitCounter.objects.filter(pk=counter.pk).update(uses=counter.uses + demand.uses)
        return counter.pk

    campaign = make_campaign("hello", amount_minor=500)
    limit = UseLimit.objects.create(campaign=campaign, max_uses=1)
    LimitCounter.objects.create(limit=limit)
    wish = applied_by(campaign, 500)
    monkeypatch.setattr(under_test, "take_limit", read_then_write)
    assert race(lambda n: try_hold(wish, f"FT-{n}"), 40).count(True) > 1
