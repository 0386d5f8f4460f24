"""Parcels: packed, shipped, delivered; never more than was bought and not refunded."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import IntegrityError, transaction

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import cancel_order
from orders.fulfilment.api import (
    cancel_parcel,
    hand_out_parcel,
    list_left,
    make_pick_list,
    orders_to_pack,
    pack_order,
    ship_parcel,
    show_progress,
)
from orders.fulfilment.carriers import Label
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderEvent, OrderLine
from orders.order.api import get_any_order
from orders.payments.api import RefundPart, refund_order, settle_due_payments
from orders.refusals import OrderRefused
from pricing.base.core.values import QuoteContext
from shop.ground.outbox.services import deliver_facts
from shop.wiring import HANDLERS
from tests.factories.orders import (
    NOON,
    Shelf,
    context_of,
    make_shopper,
    place,
)
from tests.factories.parcels import buy, deliver, make_carrier, make_pickup
from tests.factories.pictures import show_picture

pytestmark = pytest.mark.django_db


def _refuses(code: str, act: Any, **given: Any) -> None:
    with pytest.raises(OrderRefused) as refusal, transaction.atomic():
        act(**given)
    assert refusal.value.code == code


def _refund(order_id: int, line: OrderLine, pieces: int, key: str = "goodwill") -> None:
    refund_order(
        order_id=order_id,
        parts=[RefundPart(line.pk, pieces, restocked=pieces)],
        reason="goodwill",
        idempotency_key=key,
        now=NOON,
    )


def _kinds(order_id: int) -> list[str]:
    kinds = OrderEvent.objects.filter(order_id=order_id).exclude(kind="email_sent")
    return list(kinds.order_by("pk").values_list("kind", flat=True))


def test_the_last_of_two_parcels_fulfils_the_order(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 3, shelf.gouda: 1})
    rye, gouda = OrderLine.objects.order_by("position")
    first = pack_order(order_id=order.order_id, lines=[(rye.pk, 2)], now=NOON, by_id=7)
    assert [(item.sku, item.quantity) for item in first.items] == [("RYE", 2)]
    _refuses("bad_quantity", pack_order, order_id=order.order_id, lines=[(rye.pk, 2)], now=NOON)
    assert [(line.pk, left) for line, left in list_left(order.order_id)] == [
        (rye.pk, 1),
        (gouda.pk, 1),
    ]
    second = pack_order(order_id=order.order_id, now=NOON)
    assert [(item.sku, item.quantity) for item in second.items] == [("RYE", 1), ("GOUDA", 1)]
    _refuses("nothing_to_pack", pack_order, order_id=order.order_id, now=NOON)
    for parcel in (first, second):
        _refuses("parcel_left", hand_out_parcel, shipment_id=parcel.shipment_id, now=NOON)
        ship_parcel(shipment_id=parcel.shipment_id, now=NOON)
        assert Order.objects.get().status == "paid"
        for _ in range(2):
            hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON)
    assert Order.objects.get().status == "fulfilled"
    assert _kinds(order.order_id) == [
        *("placed", "paid", "parcel_packed", "parcel_packed"),
        *("parcel_shipped", "parcel_delivered", "parcel_shipped", "parcel_delivered"),
        "fulfilled",
    ]
    packed = OrderEvent.objects.filter(kind="parcel_packed").first()
    assert packed is not None
    assert packed.detail == {"shipment_id": first.shipment_id, "parcel": 1, "by_id": 7}


def test_only_a_paid_online_order_is_packed(visit: QuoteContext, shelf: Shelf) -> None:
    unpaid = place_one(visit, shelf)
    _refuses("not_packable", pack_order, order_id=unpaid, now=NOON)
    Order.objects.update(status="paid", channel="store")
    _refuses("not_packable", pack_order, order_id=unpaid, now=NOON)


def place_one(visit: QuoteContext, shelf: Shelf) -> int:
    """Place an order for a loaf without paying it."""
    add_to_cart(context=visit, variant_id=shelf.rye)
    return place(visit).order_id


def test_an_order_is_cancelled_until_packed_and_again_after_unpacking(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 2})
    parcel = pack_order(order_id=order.order_id, now=NOON)
    given: dict[str, Any] = {"order_id": order.order_id, "reason": "shopper", "now": NOON}
    _refuses("not_cancellable", cancel_order, **given)
    for _ in range(2):
        cancel_parcel(shipment_id=parcel.shipment_id, reason="wrong box", now=NOON)
    assert OrderLine.objects.get().packed_quantity == 0
    assert cancel_order(**given).status == "cancelled"
    assert _kinds(order.order_id)[2:] == ["parcel_packed", "parcel_cancelled", "cancelled"]


def test_a_shipped_parcel_is_not_unpacked(visit: QuoteContext, shelf: Shelf) -> None:
    parcel = deliver(buy(visit, {shelf.rye: 1}))
    _refuses("parcel_left", cancel_parcel, shipment_id=parcel.shipment_id, reason="late", now=NOON)
    _refuses("parcel_not_found", cancel_parcel, shipment_id=0, reason="none", now=NOON)


def test_refunded_pieces_are_neither_packed_nor_shipped(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 3})
    line = OrderLine.objects.get()
    _refund(order.order_id, line, 1)
    _refuses("bad_quantity", pack_order, order_id=order.order_id, lines=[(line.pk, 3)], now=NOON)
    parcel = pack_order(order_id=order.order_id, now=NOON)
    assert parcel.items[0].quantity == 2
    _refund(order.order_id, line, 1, "again")
    _refuses("refunded_inside", ship_parcel, shipment_id=parcel.shipment_id, now=NOON)
    cancel_parcel(shipment_id=parcel.shipment_id, reason="one less", now=NOON)
    assert pack_order(order_id=order.order_id, now=NOON).items[0].quantity == 1


def test_refunding_the_rest_fulfils_a_delivered_order(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 2})
    line = OrderLine.objects.get()
    parcel = pack_order(order_id=order.order_id, lines=[(line.pk, 1)], now=NOON)
    ship_parcel(shipment_id=parcel.shipment_id, now=NOON)
    hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON)
    assert Order.objects.get().status == "paid"
    _refund(order.order_id, line, 1)
    settle_due_payments(now=NOON)
    deliver_facts(handlers=HANDLERS, now=NOON)
    assert Order.objects.get().status == "fulfilled"


def test_the_database_refuses_more_pieces_than_were_bought(
    visit: QuoteContext, shelf: Shelf
) -> None:
    buy(visit, {shelf.rye: 2})
    lines = OrderLine.objects.all()
    for change in ({"packed_quantity": 3}, {"taken_back_quantity": 1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            lines.update(**change)
    with pytest.raises(IntegrityError), transaction.atomic():
        Shipment.objects.create(
            order_id=lines[0].order_id, position=1, state="shipped", packed_at=NOON
        )


def test_emails_name_the_parcels_contents_and_its_tracking_link(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 2, shelf.gouda: 1})
    picture = show_picture(shelf.rye, alt="A loaf", alt_zh="一条面包")
    Order.objects.update(language="zh-hans")
    rye = OrderLine.objects.get(sku="RYE")
    parcel = pack_order(order_id=order.order_id, lines=[(rye.pk, 2)], now=NOON)
    deliver_facts(handlers=HANDLERS, now=NOON)
    mail.outbox.clear()
    ship_parcel(
        shipment_id=parcel.shipment_id,
        carrier_id=make_carrier().pk,
        tracking_number=" 1Z 9 ",
        now=NOON,
    )
    deliver_facts(handlers=HANDLERS, now=NOON)
    (sent,) = mail.outbox
    assert sent.subject == f"订单 {order.number} 的包裹已发出"
    for body in (sent.body, str(sent.alternatives[0][0])):
        assert "https://track.example.com/?id=1Z%209" in body
        assert "Rye" in body
        assert "Gouda" not in body
        assert "/zh-hans/orders/" in body
    shown = f'{picture}-160.webp" alt="一条面包" width="32" height="64"'
    assert shown in str(sent.alternatives[0][0])
    hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON)
    deliver_facts(handlers=HANDLERS, now=NOON)
    assert [each.subject for each in mail.outbox[1:]] == [f"订单 {order.number} 的包裹已送达"]


def test_what_needs_no_address_is_ready_and_then_collected(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_pickup()
    order = buy(visit, {shelf.rye: 1}, delivery_method="counter", shown_total_minor=900)
    mail.outbox.clear()
    parcel = pack_order(order_id=order.order_id, now=NOON)
    assert (parcel.state, parcel.state_text) == ("ready", "Ready to collect")
    _refuses("parcel_left", ship_parcel, shipment_id=parcel.shipment_id, now=NOON)
    assert hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON).state == "collected"
    assert Order.objects.get().status == "fulfilled"
    deliver_facts(handlers=HANDLERS, now=NOON)
    ready = [sent for sent in mail.outbox if "ready to collect" in sent.subject]
    assert len(ready) == 1
    assert "Where to collect it:\nCollect\n" in str(ready[0].body)
    assert not any("delivered" in sent.subject for sent in mail.outbox)


def test_a_carrier_gives_the_number_and_staff_correct_it(visit: QuoteContext, shelf: Shelf) -> None:
    class Labels:
        def announce(self, *, reference: str, country: str, postcode: str) -> Label:
            return Label(f"{country}-{postcode}")

    order = buy(visit, {shelf.rye: 1})
    parcel = pack_order(order_id=order.order_id, now=NOON)
    given: dict[str, Any] = {"shipment_id": parcel.shipment_id, "now": NOON}
    shipped = ship_parcel(**given, carrier_id=make_carrier().pk, adapter=Labels())
    assert shipped.tracking_url == "https://track.example.com/?id=US-12207"
    later = NOON + timedelta(hours=1)
    corrected = ship_parcel(**(given | {"now": later}), tracking_number="42")
    assert (corrected.tracking_number, corrected.tracking_url) == ("42", "")
    assert corrected.shipped_at == NOON
    assert _kinds(order.order_id).count("parcel_shipped") == 1
    _refuses("unknown_carrier", ship_parcel, **given, carrier_id=0)


def test_the_pick_list_sums_what_is_left_over_orders(visit: QuoteContext, shelf: Shelf) -> None:
    first = buy(visit, {shelf.rye: 3, shelf.gouda: 1})
    second = buy(context_of(make_shopper()), {shelf.rye: 2})
    line = OrderLine.objects.get(order_id=first.order_id, sku="RYE")
    pack_order(order_id=first.order_id, lines=[(line.pk, 1)], now=NOON)
    ids = [first.order_id, second.order_id]
    picks = make_pick_list(ids)
    assert [(line.sku, line.quantity) for line in picks.totals] == [("GOUDA", 1), ("RYE", 4)]
    assert [order.number for order in picks.orders] == [first.number, second.number]
    assert set(orders_to_pack().values_list("pk", flat=True)) == set(ids)
    pack_order(order_id=second.order_id, now=NOON)
    assert list(orders_to_pack().values_list("pk", flat=True)) == [first.order_id]


def test_what_happens_next_is_said(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 1})

    def told(language: str = "en") -> str:
        return show_progress(shown=get_any_order(number=order.number), language=language).next_step

    assert told() == "We are packing your order. We send you an e-mail when it leaves."
    parcel = pack_order(order_id=order.order_id, now=NOON)
    assert told() == "A parcel is packed. We send you an e-mail when it leaves."
    ship_parcel(shipment_id=parcel.shipment_id, now=NOON)
    assert told("zh-hans") == "包裹正在送往您处。"
    hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON)
    assert told() == "All of it has arrived. If something is wrong, you can send it back."
