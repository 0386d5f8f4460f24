"""Store orders by COPY: whole, checked, and only once."""

from __future__ import annotations

import pytest
from django.db import connection

from orders.models import Order, OrderLine
from orders.order.core import LedgerBroken
from orders.order.services.bulk import OrderLoad, load_orders_bulk
from profiles.models import Shopper
from tests.factories.orders import NOON, Shelf

pytestmark = pytest.mark.django_db


def _load(orders: list[str], lines: list[str]) -> OrderLoad:
    # Chunks that cut rows in half, as a stream does
    text = "\n".join(lines).encode() + b"\n"
    return load_orders_bulk(
        orders_csv=["\n".join(orders).encode() + b"\n"],
        lines_csv=[text[:7], text[7:]],
        market_code="us",
        currency="USD",
    )


def _lines(shelf: Shelf, ref: str) -> list[str]:
    return [
        f"{ref},0,{shelf.rye},2,300,300,250,500,20,480",
        f"{ref},1,{shelf.gouda},1,500,500,500,500,0,500",
    ]


def test_orders_are_loaded_once_with_names_and_exact_sums(shelf: Shelf) -> None:
    shopper = Shopper.objects.create(created_at=NOON, last_seen_at=NOON)
    orders = [f"77,{shopper.pk},,2026-01-05T10:00:00+00:00,1000,20,980"]
    assert _load(orders, _lines(shelf, "77")) == OrderLoad(1, 2)
    assert _load(orders, _lines(shelf, "77")) == OrderLoad(0, 0)
    order = Order.objects.get()
    assert (order.number, order.channel, order.status) == ("S77", "store", "fulfilled")
    assert (order.shopper_id, order.store_id, order.total_minor) == (shopper.pk, None, 980)
    rye = order.lines.get(position=0)
    assert (rye.sku, rye.name, rye.quantity, rye.quoted_minor) == ("RYE", "Farm Rye", 2, 250)
    assert (rye.subtotal_minor, rye.discount_minor, rye.total_minor) == (500, 20, 480)


def test_a_later_load_brings_only_what_is_new(shelf: Shelf) -> None:
    one, two = (f"{ref},,,2026-01-05T10:00:00+00:00,1000,20,980" for ref in ("1", "2"))
    _load([one], _lines(shelf, "1"))
    assert _load([one, two], [*_lines(shelf, "1"), *_lines(shelf, "2")]) == OrderLoad(1, 2)
    assert OrderLine.objects.count() == 4


def test_an_order_unlike_its_lines_stops_the_load(shelf: Shelf) -> None:
    with pytest.raises(LedgerBroken) as refusal:
        _load(["1,,,2026-01-05T10:00:00+00:00,1000,0,1000"], _lines(shelf, "1"))
    assert refusal.value.detail == {"orders": 1, "example": "1"}
    assert not Order.objects.exists()


def test_a_variant_nobody_knows_stops_the_load(shelf: Shelf) -> None:
    bad = ["1,0,999999,1,100,100,100,100,0,100"]
    with pytest.raises(LedgerBroken) as refusal:
        _load(["1,,,2026-01-05T10:00:00+00:00,100,0,100"], bad)
    assert refusal.value.detail == {"given": 1, "loaded": 0}


def test_the_foreign_keys_are_back_after_the_load(shelf: Shelf) -> None:
    def keys() -> set[tuple[str, bool, bool]]:
        with connection.cursor() as cursor:
            cursor.execute(
                "SELECT conname, convalidated, condeferred FROM pg_constraint"
                " WHERE conrelid = 'orders_orderline'::regclass AND contype = 'f'"
            )
            return set(cursor.fetchall())

    before = keys()
    _load(["1,,,2026-01-05T10:00:00+00:00,1000,20,980"], _lines(shelf, "1"))
    assert keys() == before
    assert len(before) == 2
