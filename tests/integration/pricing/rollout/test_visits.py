"""What visits earned is read over a bounded time, and written only where it changed."""

from __future__ import annotations

from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import drain_quotes
from pricing.policy.models.breakers import BreakerTrip, PricedVisit
from pricing.rollout.selectors.lift import find_lift_start, list_lift, read_impact, read_lift
from pricing.rollout.services.replay import count_visits
from pricing.rollout.services.rollback import watch_profit
from tests.factories.pricing import NOON, Dairy, make_treated, open_dairy
from tests.factories.pricing_visits import TODAY, ask_cheeses, buy_at, make_visits

pytestmark = pytest.mark.django_db

# The quarter before that of NOON begins here.
BEGIN = date(2026, 7, 1)


def read_rows() -> dict[int, tuple[int, int, float]]:
    """Return (primary key, units, margin) of each owner."""
    rows = PricedVisit.objects.values_list("owner", "pk", "units", "margin_minor")
    return {owner: (pk, units, margin) for owner, pk, units, margin in rows}


def test_only_visits_whose_figures_changed_are_written(dairy: Dairy) -> None:
    open_dairy()
    alice, bob = make_treated(), make_treated()
    brie = ask_cheeses(dairy, alice)[dairy.brie]
    ask_cheeses(dairy, bob)
    drain_quotes()
    later = NOON.replace(hour=18)
    assert count_visits(now=later) == 2
    before = read_rows()
    buy_at(alice, brie)
    make_visits([5.0], is_held_out=False, model_version=99)
    # Alice's row changes, and one that no decision stands behind goes.
    assert count_visits(now=later) == 2
    after = read_rows()
    assert {owner: row[0] for owner, row in after.items()} == {
        owner: row[0] for owner, row in before.items()
    }
    changed = [row for owner, row in after.items() if row != before[owner]]
    assert [row[1:] for row in changed] == [(1, brie.quoted_minor - 390.0)]
    with CaptureQueriesContext(connection) as queries:
        assert count_visits(now=later) == 0
    verbs = {query["sql"].split()[0] for query in queries}
    assert not verbs & {"INSERT", "UPDATE", "DELETE"}


def test_the_sequence_begins_with_the_quarter_before_and_stays_there(db: None) -> None:
    assert find_lift_start(market="us") < date(2020, 1, 1)
    for day, start in (
        (date(2026, 10, 1), BEGIN),
        (date(2026, 12, 31), BEGIN),
        (date(2027, 1, 1), date(2026, 10, 1)),
        (date(2027, 4, 30), date(2027, 1, 1)),
    ):
        make_visits([1.0], day=day, is_held_out=False)
        assert find_lift_start(market="us") == start
    assert find_lift_start(market="de") < date(2020, 1, 1)


def test_what_lies_before_the_sequence_moves_neither_breaker_nor_lift(db: None) -> None:
    margins = [99.0, 100.0, 101.0] * 50
    for day, loss in ((date(2026, 6, 30), 5_000.0), (BEGIN, 0.0), (TODAY, 0.0)):
        make_visits([one - loss for one in margins], day=day, is_held_out=False)
        make_visits(margins, day=day, is_held_out=True, first_owner=1_000)
    assert watch_profit(now=NOON) == 0
    assert [one.day for one in list_lift()] == [BEGIN, TODAY]
    lift = read_lift()
    assert (lift.treated_visits, lift.holdout_visits, lift.difference) == (300, 300, 0.0)
    assert read_lift(since=date(2026, 6, 30)).is_worse


def test_an_undone_trip_starts_the_lift_the_day_after(db: None) -> None:
    make_visits([1.0], is_held_out=False)
    trip = {"kind": "profit", "scope": "market", "key": "us", "action": "switched_off"}
    for at in (NOON.replace(month=2), NOON.replace(month=8)):
        BreakerTrip.objects.create(**trip, at=at, seen_at=at, undone_at=at, undo_reason="looked")
    assert find_lift_start(market="us") == date(2026, 8, 26)


def test_the_visits_of_a_model_are_found_by_its_index(db: None) -> None:
    for model in range(1, 21):
        day = TODAY.replace(day=model)
        make_visits([1.0] * 200, day=day, is_held_out=False, model_version=model)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE pricing_pricedvisit")
        with CaptureQueriesContext(connection) as queries:
            read_impact(model_version=7)
            read_lift(since=TODAY)
        plans = []
        for query in queries:
            cursor.execute(f"EXPLAIN {query['sql']}")
            plans.append("\n".join(row[0] for row in cursor.fetchall()))
    assert "priced_visit_model" in plans[0]
    assert all("priced_visit_once" in plan for plan in plans[1:])
