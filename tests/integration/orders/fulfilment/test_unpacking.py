"""What is unpacked after a refund goes back on the shelf, each piece once."""

from __future__ import annotations

from typing import Any

import pytest
from django.db import transaction

from orders.fulfilment.api import cancel_parcel, pack_order, ship_parcel
from orders.models import OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.parcels import buy

pytestmark = pytest.mark.django_db


def test_unpacking_restocks_each_refunded_piece_once(prices: FakePrices, shelf: Shelf) -> None:
    order = buy(context_of(make_shopper()), {shelf.rye: 5})
    line = OrderLine.objects.get()
    stock = StockRecord.objects.get(variant_id=shelf.rye)
    before = stock.on_hand
    parcels = [
        pack_order(order_id=order.order_id, lines=[(line.pk, pieces)], now=NOON)
        for pieces in (2, 3)
    ]
    given: dict[str, Any] = {"order_id": order.order_id, "reason": "goodwill", "now": NOON}
    one, rest = RefundPart(line.pk, 1, restocked=1), RefundPart(line.pk, 4)
    refund_order(**given, parts=[one], idempotency_key="one")
    stock.refresh_from_db()
    assert stock.on_hand == before + 1
    refund_order(**given, parts=[rest], idempotency_key="rest")
    with pytest.raises(OrderRefused) as refusal, transaction.atomic():
        ship_parcel(shipment_id=parcels[0].shipment_id, now=NOON)
    assert str(refusal.value) == (
        f"Pieces in parcel {order.number}/1 were refunded: it must not leave."
        " Unpack it; what was not refunded is to be packed again."
    )
    shelves = []
    for parcel in (*parcels, *parcels):
        cancel_parcel(shipment_id=parcel.shipment_id, reason="refunded", now=NOON)
        stock.refresh_from_db()
        shelves.append(stock.on_hand - before)
    assert shelves == [3, 5, 5, 5]
