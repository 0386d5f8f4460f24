"""Breakers act by themselves, say why, and one click undoes what they did."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from threading import Barrier

import numpy as np
import pytest
from django.contrib.auth import get_user_model
from django.db import connection

from pricing.api import drain_quotes, list_kill_switches, quote_variants, set_kill_switch
from pricing.policy.models.breakers import BreakerTrip, FeedPulse, PricedVisit
from pricing.policy.models.policy import KillSwitch, PricingPolicy
from pricing.publishing.services.breakers import (
    QUIET,
    Action,
    TripNotOpen,
    close_trip,
    trip_breaker,
)
from pricing.publishing.services.feeds import is_held, record_pulse, watch_feeds
from pricing.quoting.services.deciding import is_held_out
from pricing.rollout.selectors.lift import list_lift, read_impact, read_lift
from pricing.rollout.services.replay import count_visits
from pricing.rollout.services.rollback import watch_prices, watch_profit
from profiles.values import ShopperValue
from shop.ground.outbox.models import Fact
from tests.factories.pricing import NOON, Dairy, committed, make_shopper, open_dairy, visit
from tests.factories.pricing_visits import ask_cheeses, buy_at, make_visits

EVENING = NOON + timedelta(hours=6)
HOUR = timedelta(hours=1)


def trip(now: datetime = NOON, **changes: object) -> bool:
    given = {
        "kind": "profit",
        "scope": "market",
        "key": "us",
        "action": Action.SWITCHED_OFF,
        "evidence": {"difference": -3.0},
        "now": now,
    }
    return trip_breaker(**(given | changes))


def switched_off() -> list[tuple[str, str]]:
    return [(one.scope, one.key) for one in list_kill_switches()]


def undo(staff_id: int, now: datetime = NOON) -> BreakerTrip:
    newest = BreakerTrip.objects.latest("id")
    return close_trip(trip_id=newest.pk, reason="looked at it", by_id=staff_id, now=now)


def draw_arms(size: int) -> tuple[list[ShopperValue], list[ShopperValue]]:
    """Return as many shoppers in each arm of a holdout of one half."""
    arms: tuple[list[ShopperValue], list[ShopperValue]] = ([], [])
    while min(len(arm) for arm in arms) < size:
        shopper = make_shopper()
        arm = arms[is_held_out(shopper.pseudonym, 0.5)]
        if len(arm) < size:
            arm.append(shopper)
    return arms


@pytest.fixture
def bob(db: None) -> int:
    """Bob of staff."""
    return int(get_user_model().objects.create(email="bob@example.com").pk)


@pytest.mark.django_db
def test_a_breaker_switches_prices_off_and_one_click_back_on(dairy: Dairy, bob: int) -> None:
    open_dairy()
    PricingPolicy.objects.filter(is_active=True).update(holdout_share=0.5)
    treated, holdout = draw_arms(102)
    for number, shopper in enumerate(treated + holdout):
        brie = ask_cheeses(dairy, shopper)[dairy.brie]
        # Who pays the public price buys; personal prices drive people away.
        if shopper in holdout and number % 10:
            buy_at(shopper, brie)
    drain_quotes()
    assert count_visits(now=EVENING) == 204
    lift = read_lift(level=0.99)
    assert lift.treated == 0.0
    assert 150.0 < lift.holdout < 210.0
    alice = treated[0]

    def lowered() -> int:
        views = quote_variants(context=visit(alice, NOON + HOUR), variant_ids=dairy.cheeses).prices
        return sum(view.is_personal for view in views.values())

    assert lowered() == 4
    with committed():
        assert watch_prices(now=EVENING) == 1
    assert (lowered(), switched_off()) == (0, [("market", "us")])
    assert watch_prices(now=EVENING + HOUR) == 0
    with committed():
        row = undo(bob, EVENING + HOUR)
    assert (lowered(), switched_off()) == (4, [])
    assert row.evidence["holdout_shoppers"] == lift.holdout_shoppers
    # The sequence begins anew: what was overruled does not trip again.
    assert watch_prices(now=EVENING + 2 * HOUR + QUIET) == 0
    kinds = Fact.objects.filter(kind__startswith="Breaker").order_by("id").values_list("kind")
    assert [one for (one,) in kinds] == ["BreakerTripped", "BreakerUndone"]


@pytest.mark.django_db
def test_visits_are_counted_once_however_often(dairy: Dairy) -> None:
    open_dairy()
    alice = make_shopper()
    while is_held_out(alice.pseudonym, 0.05):
        alice = make_shopper()
    brie = ask_cheeses(dairy, alice)[dairy.brie]
    buy_at(alice, brie)
    drain_quotes()
    assert [count_visits(now=EVENING) for _ in range(2)] == [1, 0]
    row = PricedVisit.objects.get()
    assert (row.day, row.decisions, row.units, row.is_held_out) == (NOON.date(), 4, 1, False)
    assert (row.paid_minor, row.margin_minor) == (brie.quoted_minor, brie.quoted_minor - 390.0)


@pytest.mark.django_db
def test_a_small_loss_is_no_reason(db: None) -> None:
    rng = np.random.default_rng(1)
    make_visits(rng.normal(99.0, 50.0, 3_000), is_held_out=False)
    make_visits(rng.normal(100.0, 50.0, 150), is_held_out=True, first_owner=10_000)
    assert watch_profit(now=NOON) == 0
    assert BreakerTrip.objects.count() == 0


@pytest.mark.django_db
def test_the_last_day_of_the_lift_is_the_lift_overall(db: None) -> None:
    rng = np.random.default_rng(2)
    for back in (3, 2, 1):
        day = NOON.date() - timedelta(days=back)
        make_visits(rng.normal(103.0, 5.0, 400), day=day, is_held_out=False)
        make_visits(rng.normal(100.0, 5.0, 120), day=day, is_held_out=True, first_owner=1_000)
    days = list_lift()
    assert [one.day for one in days] == [NOON.date() - timedelta(days=back) for back in (3, 2, 1)]
    last, all_at_once = days[-1].lift, read_lift()
    assert (last.treated_shoppers, last.holdout_visits) == (400, 360)
    assert (last.low, last.high) == pytest.approx((all_at_once.low, all_at_once.high))
    assert 1.0 < last.low < 3.0 < last.high


@pytest.mark.django_db
def test_a_models_impact_is_of_its_own_days_and_shoppers(db: None) -> None:
    rng = np.random.default_rng(3)
    before = NOON.date() - timedelta(days=9)
    make_visits(rng.normal(50.0, 5.0, 200), day=before, is_held_out=False, model_version=6)
    make_visits(rng.normal(500.0, 5.0, 200), day=before, is_held_out=True, first_owner=700)
    make_visits(rng.normal(104.0, 5.0, 300), is_held_out=False, model_version=7)
    make_visits(rng.normal(100.0, 5.0, 150), is_held_out=True, first_owner=1_000)
    found = read_impact(model_version=7)
    assert (found.first, found.last) == (NOON.date(), NOON.date())
    assert (found.lift.treated_visits, found.lift.holdout_visits) == (300, 150)
    assert found.lift.difference == pytest.approx(4.0, abs=1.5)
    assert read_impact(model_version=8) is None


@pytest.mark.django_db
def test_a_trip_is_opened_once_and_seen_again(db: None) -> None:
    assert [trip(), trip(NOON + HOUR, evidence={"difference": -4.0})] == [True, False]
    row = BreakerTrip.objects.get()
    assert (row.at, row.seen_at, row.evidence) == (NOON, NOON + HOUR, {"difference": -4.0})


@pytest.mark.django_db
def test_what_was_undone_rests_for_a_day(bob: int) -> None:
    trip()
    undo(bob)
    assert trip(NOON + QUIET - HOUR) is False
    assert trip(NOON + QUIET + HOUR) is True


@pytest.mark.django_db
def test_an_undone_trip_cannot_be_undone_again(bob: int) -> None:
    trip()
    undo(bob)
    with pytest.raises(TripNotOpen):
        undo(bob)
    with pytest.raises(TripNotOpen):
        close_trip(trip_id=0, reason="none such", by_id=bob, now=NOON)


@pytest.mark.django_db
def test_a_switch_that_people_flipped_stays_theirs(bob: int) -> None:
    flip = {"scope": "market", "key": "us", "reason": "inspection", "by_id": bob}
    set_kill_switch(**flip, is_active=True, now=NOON)
    trip()
    undo(bob)
    assert switched_off() == [("market", "us")]


@pytest.mark.django_db
def test_the_last_open_trip_of_a_switch_releases_it(bob: int) -> None:
    trip()
    first = BreakerTrip.objects.get()
    trip(kind="margin")
    close_trip(trip_id=first.pk, reason="looked at it", by_id=bob, now=NOON)
    assert switched_off() == [("market", "us")]
    undo(bob)
    assert switched_off() == []


@pytest.mark.django_db
def test_a_silent_feed_holds_prices_until_it_beats_again(bob: int) -> None:
    assert (watch_feeds(now=NOON), is_held("us")) == (0, False)
    record_pulse(name="costs", at=NOON, ttl_hours=24)
    record_pulse(name="costs", at=NOON - timedelta(days=3))
    assert FeedPulse.objects.get().last_at == NOON
    late = NOON + timedelta(hours=25)
    assert watch_feeds(now=late - HOUR) == 0
    assert (watch_feeds(now=late), is_held("us"), is_held("de")) == (1, True, False)
    record_pulse(name="costs", at=late)
    watch_feeds(now=late + HOUR)
    assert is_held("us") is False
    assert BreakerTrip.objects.get().over_at == late + HOUR


@pytest.mark.django_db
def test_staff_accept_one_silence_but_not_the_next(bob: int) -> None:
    record_pulse(name="costs", at=NOON, ttl_hours=1)
    later = NOON + timedelta(days=3)
    watch_feeds(now=NOON + 2 * HOUR)
    undo(bob, NOON + 2 * HOUR)
    assert (watch_feeds(now=later), is_held("us")) == (0, False)
    record_pulse(name="costs", at=later)
    assert watch_feeds(now=later + 2 * HOUR) == 1


def in_parallel(jobs: list[Callable[[], object]]) -> list[object]:
    start = Barrier(len(jobs))

    def run(job: Callable[[], object]) -> object:
        start.wait(5)
        try:
            return job()
        except TripNotOpen:
            return "refused"
        finally:
            connection.close()

    with ThreadPoolExecutor(len(jobs)) as pool:
        return list(pool.map(run, jobs))


@pytest.mark.django_db(transaction=True)
def test_watchers_at_once_trip_once_and_two_clicks_undo_once(bob: int) -> None:
    assert sorted(in_parallel([trip] * 4)) == [False, False, False, True]
    assert KillSwitch.objects.count() == 1
    undone = in_parallel([lambda: undo(bob).kind] * 3)
    assert sorted(undone) == ["profit", "refused", "refused"]
    assert KillSwitch.objects.count() == 2
    assert switched_off() == []


@pytest.mark.django_db(transaction=True)
def test_two_counts_of_a_day_at_once_write_it_once(dairy: Dairy) -> None:
    open_dairy()
    for _ in range(3):
        ask_cheeses(dairy, make_shopper())
    drain_quotes()
    expected = in_parallel([lambda: count_visits(now=EVENING, days=1)] * 3)
    assert sorted(expected) == [0, 0, 3]
    assert PricedVisit.objects.count() == 3
