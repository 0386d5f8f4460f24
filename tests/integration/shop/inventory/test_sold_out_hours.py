"""For how long nothing lay there, by day: from the ledger of movements."""

from __future__ import annotations

from datetime import timedelta

import pytest
from pytest_django import DjangoAssertNumQueries

from shop.ground.inventory.selectors import load_sold_out_hours
from tests.factories.stock import move_stock
from tests.integration.shop.inventory.test_inventory import NOON, make_variants

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def move(variant: int, quantity: int, hours: float, location: str = "online") -> None:
    move_stock(variant, quantity, NOON + hours * HOUR, location)


def test_hours_sold_out_everywhere_by_week(
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    cheddar, gouda = make_variants(pieces=3, count=2)
    # From Wednesday of the first week until Monday of the second nothing of cheddar lay anywhere.
    move(cheddar, -3, 48)
    move(cheddar, 2, 7 * 24 + 12)
    # Of gouda a store still had some.
    move(gouda, -3, 48)
    move(gouda, 5, 20, location="store")
    with django_assert_num_queries(1):
        found = load_sold_out_hours(
            [cheddar, gouda], start=NOON, until=NOON + timedelta(days=14), location=None, days=7
        )
    assert found == {(cheddar, 0): 5 * 24.0, (cheddar, 1): 12.0}


def test_hours_sold_out_by_day(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    cheddar, gouda, brie, rye = make_variants(pieces=3, count=4)
    # Sold out before the start until hour 5, and again from hour 30 on.
    move(cheddar, -3, -1)
    move(cheddar, 2, 5)
    move(cheddar, -1, 6)
    move(cheddar, -1, 30)
    # The last one goes and another comes in the same moment.
    move(gouda, -3, 4)
    move(gouda, 1, 4)
    # Out for a quarter of an hour; what lies in a store is not sold online.
    move(brie, -3, 8)
    move(brie, 9, 8.25)
    move(brie, 5, 8, location="store")
    start = NOON
    with django_assert_num_queries(1):
        found = load_sold_out_hours(
            [cheddar, gouda, brie, rye], start=start, until=start + timedelta(days=3)
        )
    assert found == {
        (cheddar, 0): 5.0,
        (cheddar, 1): 18.0,
        (cheddar, 2): 24.0,
        (brie, 0): 0.25,
    }
