"""Sealed days are compared with their tables twice a day; a tampered row is told within one."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest
from django.db import connection
from django.utils.translation import override

from pricing import tasks
from pricing.api import seal_quotes
from pricing.base.metrics import broken_seals, seals_checked_total
from pricing.ledger.models.quotes import QuoteSeal
from pricing.policy.models.breakers import BreakerTrip
from pricing.policy.models.policy import KillSwitch
from pricing.publishing.services.breakers import check_seals
from pricing.quoting.selectors.quotes import read_seals
from pricing.rollout.services.rollback import undo_trip
from shop.doors.backoffice.views.safety import say_seals
from shop.schedule import SCHEDULE
from tests.factories.pricing import NOON, Dairy
from tests.factories.pricing_seals import quote_at_noon
from tests.factories.pricing_trials import make_people

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
LATER = NOON + 4 * DAY
TAMPERED = date(2026, 11, 25)


@pytest.fixture
def sealed(dairy: Dairy) -> Dairy:
    """Four quotes of noon, their day and the two after it sealed."""
    quote_at_noon(dairy)
    assert seal_quotes(now=LATER) == 3
    return dairy


def tamper(change: str) -> None:
    """Change stored quotes as somebody could who owns the database."""
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pricing_quote DISABLE TRIGGER append_only")
        cursor.execute(change)


def watch_a_day(begin: datetime) -> datetime:
    """Run the check every half hour for a day, as it is scheduled; return the last moment."""
    runs = timedelta(days=1) // SCHEDULE["check seals"]["schedule"]
    for run in range(runs + 1):
        check_seals(now=begin + run * SCHEDULE["check seals"]["schedule"])
    return begin + DAY


def test_a_tampered_row_is_told_within_a_day(sealed: Dairy) -> None:
    assert check_seals(now=LATER) == 3
    assert not BreakerTrip.objects.exists()
    assert read_seals().broken == 0
    tamper("UPDATE pricing_quote SET quoted_minor = quoted_minor - 1 WHERE quoted_minor < 600")
    until = watch_a_day(LATER + HOUR)
    trip = BreakerTrip.objects.get()
    assert (trip.kind, trip.action, trip.key) == ("seal", "noted", "quotes")
    assert list(trip.evidence["days"]) == ["2026-11-25"]
    assert trip.at <= until
    assert not KillSwitch.objects.exists()
    assert broken_seals.labels(table="quotes")._value.get() == 1
    assert say_seals(until).text == "1 sealed day is not what was sealed: Nov 25."


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM pricing_quote WHERE id = (SELECT min(id::text)::uuid FROM pricing_quote)",
        "UPDATE pricing_quote SET signature = repeat('0', 64)",
        "UPDATE pricing_quoteseal SET rows = 3 WHERE day = '2026-11-25'",
        "UPDATE pricing_quoteseal SET digest = repeat('0', 64) WHERE day = '2026-11-25'",
    ],
)
def test_whatever_is_changed_is_found(sealed: Dairy, change: str) -> None:
    tamper(change)
    check_seals(now=LATER)
    assert TAMPERED in read_seals().broken_days


def test_a_seal_that_was_taken_away_breaks_the_next(sealed: Dairy) -> None:
    QuoteSeal.objects.filter(day=date(2026, 11, 26)).delete()
    check_seals(now=LATER)
    assert read_seals().broken_days == (date(2026, 11, 27),)


def test_a_run_out_of_time_goes_on_where_it_stopped(sealed: Dairy) -> None:
    compared = [check_seals(now=LATER + run * HOUR, most_seconds=0.0) for run in range(4)]
    assert compared == [1, 1, 1, 0]
    moments = QuoteSeal.objects.order_by("day").values_list("checked_at", flat=True)
    assert list(moments) == [LATER, LATER + HOUR, LATER + 2 * HOUR]
    assert check_seals(now=LATER + 13 * HOUR) == 1
    assert check_seals(now=LATER + 13 * HOUR + DAY) == 3


def test_what_staff_answered_for_is_quiet_until_it_changes_again(sealed: Dairy) -> None:
    (bob,) = make_people("bob")
    tamper("UPDATE pricing_quote SET purpose = 'other'")
    check_seals(now=LATER)
    trip = BreakerTrip.objects.get()
    undo_trip(trip_id=trip.pk, reason="a restored backup", by_id=bob, now=LATER + HOUR)
    watch_a_day(LATER + 2 * DAY)
    assert BreakerTrip.objects.count() == 1
    tamper("UPDATE pricing_quote SET purpose = 'third'")
    watch_a_day(LATER + 4 * DAY)
    assert BreakerTrip.objects.count() == 2


def test_a_trip_ends_once_the_record_is_restored(sealed: Dairy) -> None:
    tamper("UPDATE pricing_quote SET label_code = label_code || 'x'")
    check_seals(now=LATER)
    tamper("UPDATE pricing_quote SET label_code = left(label_code, -1)")
    check_seals(now=LATER + DAY)
    assert BreakerTrip.objects.get().over_at == LATER + DAY
    assert say_seals(LATER + DAY).tone == "green"


def test_the_line_says_how_far_the_comparison_is(sealed: Dairy) -> None:
    assert say_seals(LATER).tone == "amber"
    before = seals_checked_total.labels(table="quotes", outcome="whole")._value.get()
    check_seals(now=LATER)
    assert seals_checked_total.labels(table="quotes", outcome="whole")._value.get() == before + 3
    assert say_seals(LATER + HOUR).text == (
        "3 of 3 sealed days were compared with their seals, the first of them 1 hour ago;"
        " all are as they were sealed."
    )
    assert say_seals(LATER + 2 * DAY).tone == "amber"
    with override("zh-hans"):
        assert say_seals(LATER + HOUR).text == (
            "3 个封存日中有 3 个已与封存记录比对，最早一次在 1 小时前；全部与封存时一致。"
        )


@pytest.mark.django_db
def test_a_shop_without_seals_has_nothing_to_compare() -> None:
    assert tasks.check_seals.apply().get() == 0
    assert say_seals(NOON).tone == "gray"
