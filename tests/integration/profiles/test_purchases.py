"""What the shop itself records: orders, lines, returns; and what others learn from it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from django.db import transaction
from pytest_django import DjangoAssertNumQueries, DjangoCaptureOnCommitCallbacks

from profiles.events.selectors.purchases import load_purchase_cells
from profiles.events.services.events import record_purchase_events, record_return_events
from profiles.models import Event, OnlineLag
from profiles.recommend.selectors import load_purchases, local_seconds
from profiles.segments.selectors.online import read_online_profiles
from profiles.values import PurchasedLine, ShopperValue
from tests.factories.profiles import BRIE, CHEDDAR, CHEESE, GOUDA, NOON, make_guest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]
Commit = DjangoCaptureOnCommitCallbacks

LINES = (
    PurchasedLine(CHEDDAR, 2, 700, 800, is_discounted=True),
    PurchasedLine(BRIE, 1, 600, 600),
)


def buy(
    shopper: ShopperValue,
    at: datetime = NOON,
    basket: str = "A-1",
    lines: tuple[PurchasedLine, ...] = LINES,
) -> int:
    return record_purchase_events(
        shopper_id=shopper.id,
        basket_ref=basket,
        lines=lines,
        occurred_at=at,
        channel="online",
        now=at,
    )


def test_an_order_becomes_one_event_and_one_more_per_line() -> None:
    alice = make_guest()
    assert buy(alice) == 3
    lines = Event.objects.filter(kind="purchase").order_by("paid_minor")
    assert [(e.variant_id, e.quantity, e.paid_minor, e.list_minor) for e in lines] == [
        (BRIE, 1, 600, 600),
        (CHEDDAR, 2, 700, 800),
    ]
    assert [(e.category_id, e.price_rank, e.is_discounted) for e in lines] == [
        (CHEESE, 1.0, False),
        (CHEESE, 0.0, True),
    ]
    order = Event.objects.get(kind="order")
    assert (order.basket_ref, order.variant_id, order.source) == ("A-1", None, "shop")


def test_an_order_recorded_again_changes_nothing() -> None:
    alice = make_guest()
    assert buy(alice) == 3
    assert buy(alice, NOON + timedelta(minutes=5)) == 0
    assert Event.objects.count() == 3


def test_the_next_quote_knows_of_the_order(django_capture_on_commit_callbacks: Commit) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        alice = make_guest()
        buy(alice)
    row = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].feature_row
    assert row is not None
    assert row.values["orders"] == pytest.approx(1.0)
    assert row.values["spend"] == pytest.approx(1_300.0)
    assert row.values["discount_share"] == pytest.approx(0.5)
    assert not OnlineLag.objects.exists()


def test_an_order_that_fails_leaves_no_event() -> None:
    alice = make_guest()
    OnlineLag.objects.all().delete()
    with transaction.atomic():
        buy(alice)
        transaction.set_rollback(True)  # Django's own signature
    assert not Event.objects.exists()
    assert not OnlineLag.objects.exists()


def test_two_orders_in_one_transaction_are_two() -> None:
    alice = make_guest()
    with transaction.atomic():
        assert buy(alice, basket="A-1") == 3
        assert buy(alice, basket="A-2") == 3
    assert Event.objects.filter(kind="order").count() == 2


def test_a_return_is_recorded_and_takes_no_loyalty_away(
    django_capture_on_commit_callbacks: Commit,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        alice = make_guest()
        buy(alice)
        returned = record_return_events(
            shopper_id=alice.id,
            basket_ref="R-1",
            lines=LINES[:1],
            occurred_at=NOON,
            channel="online",
            now=NOON,
        )
    assert returned == 1
    row = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym].feature_row
    assert row is not None
    assert row.values["return_share"] == pytest.approx(1 / 3)
    assert row.values["spend"] == pytest.approx(1_300.0)


def test_weeks_begin_on_monday_where_the_shop_is() -> None:
    alice = make_guest()
    new_york = ZoneInfo("America/New_York")
    sunday_night = datetime(2026, 11, 15, 23, 30, tzinfo=new_york)
    monday_morning = datetime(2026, 11, 16, 0, 30, tzinfo=new_york)
    buy(alice, sunday_night, "A-1")
    buy(alice, monday_morning, "A-2")
    buy(alice, monday_morning, "A-3", LINES[:1])

    cells = load_purchase_cells(NOON, 3)

    assert cells.variant_id.tolist() == [CHEDDAR, CHEDDAR, BRIE, BRIE]
    assert (
        cells.week_start.tolist()
        == [
            datetime(2026, 11, 9).date(),
            datetime(2026, 11, 16).date(),
        ]
        * 2
    )
    assert cells.units.tolist() == [2, 4, 1, 1]
    assert cells.revenue_minor.tolist() == [700, 1_400, 600, 600]
    assert cells.list_revenue_minor.tolist() == [800, 1_600, 600, 600]
    assert cells.discounted_units.tolist() == [2, 4, 0, 0]
    assert cells.lines.tolist() == [1, 2, 1, 1]


def test_the_running_week_and_older_weeks_are_left_out() -> None:
    alice = make_guest()
    buy(alice, NOON, "A-1")  # a Wednesday
    buy(alice, NOON - timedelta(days=14), "A-2")
    buy(alice, NOON - timedelta(days=21), "A-3")
    cells = load_purchase_cells(NOON, 2)
    assert cells.units.sum() == 3
    assert set(cells.week_start.tolist()) == {datetime(2026, 11, 9, tzinfo=UTC).date()}


def test_no_sales_are_no_cells() -> None:
    cells = load_purchase_cells(NOON, 52)
    assert len(cells.units) == 0
    assert cells.week_start.dtype == np.dtype("datetime64[D]")


def test_purchase_lines_name_shopper_product_and_business_time(
    settings: Any, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    settings.BUSINESS_TIME_ZONE = "Asia/Shanghai"
    alice, bob = make_guest(), make_guest()
    buy(bob, basket="B-1", lines=(PurchasedLine(GOUDA, 5, 100, 100),))
    buy(alice, NOON - timedelta(days=3), "A-1", (PurchasedLine(BRIE, 1, 100, 100),))
    buy(alice, NOON - timedelta(days=366), "A-0")
    lines = load_purchases(NOON)
    rows = zip(lines.shopper.tolist(), lines.variant.tolist(), lines.at.tolist(), strict=True)
    now = local_seconds(NOON)
    assert list(rows) == [(alice.id, BRIE, now - 3 * 86_400), (bob.id, GOUDA, now)]
    assert datetime.fromtimestamp(now, UTC).hour == (NOON.hour + 8) % 24
    with django_assert_num_queries(1):
        assert load_purchases(NOON, shopper_id=bob.id).variant.tolist() == [GOUDA]
