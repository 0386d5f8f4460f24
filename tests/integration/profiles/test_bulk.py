"""Whole years at once, and the partitions they go to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import redis
from django.db import connection
from django.db.utils import DatabaseError
from django.test.utils import CaptureQueriesContext

from profiles.accounts.services.bulk import load_events_bulk, load_shoppers_bulk, load_traits_bulk
from profiles.consent.services import set_consent
from profiles.events.core import WARM_MARKER
from profiles.events.services.rebuild import drop_partitions, ensure_partitions, months_ahead
from profiles.events.services.table import store_records
from profiles.models import ConsentRecord, Event, Shopper
from profiles.shoppers.models.audit import AuditTrait
from profiles.values import Consents
from tests.factories.profiles import BRIE, EVERYTHING, NOON, make_event, make_guest
from tests.integration.profiles.test_feature_parity import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]


def load(households: tuple[str, ...] = ("household-1", "household-2")) -> dict[str, int]:
    return load_shoppers_bulk(
        rows=[(name, None) for name in households],
        market_code="us",
        consents=EVERYTHING,
        now=NOON,
    )


def csv(*rows: str) -> Iterator[bytes]:
    for row in rows:
        yield row.encode() + b"\n"


def purchase(shopper_id: int, number: int, at: str = "2026-03-05T10:00:00-05:00") -> str:
    return f"{UUID(int=number)},{at},{shopper_id},purchase,{BRIE},2,1100,1200,t,B-{number},store"


def test_a_second_import_changes_nothing(redis_connection: redis.Redis) -> None:
    ids = load()
    rows = [purchase(ids["household-1"], n) for n in range(5)]
    rows.append(
        f"{UUID(int=99)},2026-03-05T10:00:00-05:00,{ids['household-1']},order,,,,,,B-0,store"
    )
    assert load_events_bulk(csv_chunks=csv(*rows), source="journey", now=NOON) == 6
    assert load_events_bulk(csv_chunks=csv(*rows), source="journey", now=NOON) == 0
    assert Event.objects.count() == 6
    assert load() == ids


def list_indexes() -> dict[str, list[str]]:
    """Return what finds events: the tables of each definition, without names made by the server."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tablename, regexp_replace(indexdef, '^.* USING', '')"
            " FROM pg_indexes WHERE tablename LIKE 'profiles\\_event%' ORDER BY 1, 2"
        )
        found: dict[str, list[str]] = {}
        for table, definition in cursor.fetchall():
            found.setdefault(definition, []).append(table)
    return found


def test_indexes_are_there_after_the_first_import() -> None:
    ensure_partitions(start=datetime(2026, 3, 1, tzinfo=UTC), end=datetime(2026, 3, 2, tzinfo=UTC))
    before = list_indexes()
    rows = [purchase(load()["household-1"], number) for number in range(3)]
    with CaptureQueriesContext(connection) as asked:
        load_events_bulk(csv_chunks=csv(*rows[:2]), source="journey", now=NOON)
    made = [each["sql"] for each in asked if each["sql"].startswith("CREATE INDEX")]
    assert [sql.split()[2] for sql in made] == ["event_paid", "event_quote", "event_shopper_time"]
    assert list_indexes() == before
    with CaptureQueriesContext(connection) as asked:
        load_events_bulk(csv_chunks=csv(*rows), source="journey", now=NOON)
    assert not [each for each in asked if "INDEX" in each["sql"]]  # a filled table keeps them


def test_rows_are_completed_from_the_catalogue() -> None:
    ids = load()
    load_events_bulk(csv_chunks=csv(purchase(ids["household-2"], 1)), source="journey", now=NOON)
    event = Event.objects.get()
    assert (event.brand_id, event.price_rank, event.is_discounted) == (8, 1.0, True)
    assert (event.occurred_at, event.source) == (datetime(2026, 3, 5, 15, tzinfo=UTC), "journey")
    assert (event.paid_minor, event.list_minor, event.quantity) == (1_100, 1_200, 2)


def test_what_was_bought_and_is_no_longer_sold_is_kept() -> None:
    ids = load()
    row = purchase(ids["household-1"], 1).replace(f",{BRIE},", ",987654,")
    assert load_events_bulk(csv_chunks=csv(row), source="journey", now=NOON) == 1
    assert Event.objects.get().category_id is None


def test_a_wrong_row_stops_the_whole_import() -> None:
    ids = load()
    good, bad = purchase(ids["household-1"], 1), purchase(ids["household-1"], 2)
    with pytest.raises(DatabaseError):
        load_events_bulk(
            csv_chunks=csv(good, bad.replace("purchase", "dance")), source="journey", now=NOON
        )


def test_imported_shoppers_were_seen_when_they_bought(redis_connection: redis.Redis) -> None:
    ids = load()
    redis_connection.set(WARM_MARKER, "yes")
    times = ("2026-03-05T10:00:00+00:00", "2026-06-05T10:00:00+00:00")
    rows = [purchase(ids["household-1"], n, at) for n, at in enumerate(times)]
    Shopper.objects.update(last_seen_at=datetime(2026, 1, 1, tzinfo=UTC))
    load_events_bulk(csv_chunks=csv(*rows), source="journey", now=NOON)
    shopper = Shopper.objects.get(external_ref="household-1")
    assert shopper.created_at == datetime(2026, 3, 5, 10, tzinfo=UTC)
    assert shopper.last_seen_at == datetime(2026, 6, 5, 10, tzinfo=UTC)


def test_an_import_keeps_answers_given_since() -> None:
    ids = load()
    set_consent(
        shopper_id=ids["household-1"],
        purpose="price",
        granted=False,
        how="price switch",
        locale="en",
        text_version="1",
        now=NOON,
    )
    load()
    assert not Shopper.objects.get(pk=ids["household-1"]).consent_price
    assert ConsentRecord.objects.count() == 9


def test_traits_are_loaded_once_and_changed_in_place() -> None:
    ids = load()
    household = ids["household-1"]
    rows = [(household, "age", "45-54"), (household, "income", "50-74K")]
    assert load_traits_bulk(rows=rows) == 2
    assert load_traits_bulk(rows=rows) == 0
    assert load_traits_bulk(rows=[(household, "age", "55-64")]) == 1
    assert dict(AuditTrait.objects.values_list("name", "value")) == {
        "age": "55-64",
        "income": "50-74K",
    }


def partition_of(event_id: UUID) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM profiles_event WHERE id = %s", [event_id]
        )
        return str(cursor.fetchone()[0])


def test_an_import_makes_its_own_partitions() -> None:
    ids = load()
    load_events_bulk(csv_chunks=csv(purchase(ids["household-1"], 7)), source="journey", now=NOON)
    assert partition_of(UUID(int=7)) == "profiles_event_2026_03"


def test_events_that_came_before_their_partition_move_into_it() -> None:
    alice = make_guest()
    event = make_event("view", datetime(2031, 5, 20, tzinfo=UTC))
    store_records([record(event, alice)], now=NOON)
    assert partition_of(event.id) == "profiles_event_default"
    start = datetime(2031, 4, 1, tzinfo=UTC)
    assert ensure_partitions(start=start, end=start + timedelta(days=70)) == 3
    assert ensure_partitions(start=start, end=start + timedelta(days=70)) == 0
    assert partition_of(event.id) == "profiles_event_2031_05"
    assert Event.objects.count() == 1


def test_partitions_past_their_time_are_dropped() -> None:
    start = datetime(2001, 11, 15, tzinfo=UTC)
    ensure_partitions(start=start, end=datetime(2002, 1, 15, tzinfo=UTC))
    assert drop_partitions(before=datetime(2002, 1, 1, tzinfo=UTC)) == [
        "profiles_event_2001_11",
        "profiles_event_2001_12",
    ]
    assert drop_partitions(before=datetime(2002, 1, 31, tzinfo=UTC)) == []


def test_months_ahead_cross_the_year() -> None:
    assert months_ahead(NOON, 0) == datetime(2026, 11, 1, tzinfo=UTC)
    assert months_ahead(NOON, 3) == datetime(2027, 2, 1, tzinfo=UTC)


def test_default_consents_of_an_import_are_recorded_as_such() -> None:
    load_shoppers_bulk(
        rows=[("household-9", None)], market_code="us", consents=Consents(price=True), now=NOON
    )
    granted = ConsentRecord.objects.filter(is_granted=True)
    assert set(granted.values_list("purpose", "how")) == {("price", "import")}
