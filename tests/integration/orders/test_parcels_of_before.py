"""Orders that were handed over before there were parcels can be sent back as well."""

from __future__ import annotations

import importlib
from datetime import timedelta
from typing import Any

import pytest
from django.apps import apps

from orders.models import Order, OrderEvent, OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.returns.api import request_return, show_returns
from orders.services import cancel_order
from shop.kernel.clock import utc_now
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper
from tests.factories.parcels import buy

pytestmark = pytest.mark.django_db
# Django's loader names migrations by strings, too: they begin with a number.
migration = importlib.import_module("orders.migrations.0028_parcels_of_before")


def _hand_over_as_before(order_id: int, days: int) -> None:
    """Make an order fulfilled as it was done before parcels: by its status alone."""
    closed_at = utc_now() - timedelta(days=days)
    Order.objects.filter(pk=order_id).update(status="fulfilled", closed_at=closed_at)


def test_what_was_handed_over_before_gets_a_parcel_and_can_be_sent_back(
    shelf: Shelf, prices: FakePrices
) -> None:
    now = utc_now()
    old, new, waiting = (
        buy(context_of(make_shopper(), now), {shelf.rye: 2, shelf.gouda: 1}) for _ in range(3)
    )
    rye = OrderLine.objects.get(order_id=new.order_id, sku="RYE")
    given: dict[str, Any] = {"reason": "goodwill", "idempotency_key": "g", "now": now}
    refund_order(order_id=new.order_id, parts=[RefundPart(rye.pk, 1)], **given)
    _hand_over_as_before(old.order_id, days=400)
    _hand_over_as_before(new.order_id, days=10)
    assert {one.reason for one in show_returns(order_id=new.order_id, now=now).lines} == {
        "not_sent"
    }
    for _ in range(2):  # twice is once
        migration.note_parcels(apps, None)
    assert [parcel.order_id for parcel in Order.objects.get(pk=new.order_id).shipments.all()] == [
        new.order_id
    ]
    rows = show_returns(order_id=new.order_id, now=now).lines
    assert {one.name.split()[-1]: one.pieces for one in rows} == {"Rye": 1, "Gouda": 1}
    closed_at = Order.objects.values_list("closed_at", flat=True).get(pk=new.order_id)
    assert closed_at is not None
    assert {one.until for one in rows} == {closed_at + timedelta(days=30)}
    assert not Order.objects.get(pk=old.order_id).shipments.exists()
    cancel_order(order_id=waiting.order_id, reason="shopper", now=now)  # untouched
    migration.forget_parcels(apps, None)
    assert not Order.objects.get(pk=new.order_id).shipments.exists()
    assert OrderEvent.objects.get(kind="parcel_noted").order_id == new.order_id
    assert set(OrderLine.objects.values_list("packed_quantity", flat=True)) == {0}
    migration.note_parcels(apps, None)
    asked = [(rye.pk, 1)]
    request_return(order_id=new.order_id, lines=asked, reason="other", now=now)
    migration.forget_parcels(apps, None)  # a return keeps its parcel
    assert Order.objects.get(pk=new.order_id).shipments.exists()
