"""Two who act on the same pieces at once, on real connections of their own."""

from __future__ import annotations

import pytest
from django.db.models import F

from orders.core.refusals import OrderRefused
from orders.fulfilment.api import pack_order
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.payments.models import Refund
from orders.returns.api import Finding, receive_return, request_return, settle_return
from orders.returns.models import Return
from orders.services import cancel_order
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.parcels import buy, deliver
from tests.factories.races import race


@pytest.mark.django_db(transaction=True)
def test_packing_and_cancelling_at_once_never_both_win(
    busy_shop: tuple[Shelf, FakePrices],
) -> None:
    shelf = busy_shop[0]
    orders = [
        buy(context_of(make_shopper()), {shelf.cheddar: 1}, delivery_method="standard")
        for _ in range(6)
    ]
    acts = [pack_order, lambda **given: cancel_order(reason="shopper", **given)]

    def act(n: int) -> str:
        order = orders[n // 2]
        try:
            acts[(n + n // 2) % 2](order_id=order.order_id, now=NOON)
        except OrderRefused as refusal:
            return refusal.code
        return "done"

    answers = race(act, 12, workers=4)
    for n, order in enumerate(orders):
        assert sorted(answers[2 * n : 2 * n + 2]) in (
            ["done", "not_cancellable"],
            ["done", "not_packable"],
        )
        line = OrderLine.objects.get(order_id=order.order_id)
        is_cancelled = Order.objects.get(pk=order.order_id).status == "cancelled"
        assert line.packed_quantity == (0 if is_cancelled else 1)


@pytest.mark.django_db(transaction=True)
def test_two_who_pack_the_same_piece_at_once_pack_it_once(
    busy_shop: tuple[Shelf, FakePrices],
) -> None:
    order = buy(context_of(make_shopper()), {busy_shop[0].cheddar: 2})

    def act(_n: int) -> str:
        try:
            pack_order(order_id=order.order_id, now=NOON)
        except OrderRefused as refusal:
            return refusal.code
        return "done"

    assert sorted(race(act, 4, workers=4)) == ["done", *["nothing_to_pack"] * 3]
    assert Shipment.objects.count() == 1
    assert OrderLine.objects.filter(packed_quantity=F("quantity")).count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_returns_of_the_same_piece_at_once_are_one(
    busy_shop: tuple[Shelf, FakePrices],
) -> None:
    order = buy(context_of(make_shopper()), {busy_shop[0].cheddar: 1})
    deliver(order)
    line = OrderLine.objects.get()

    def ask(_n: int) -> str:
        try:
            request_return(order_id=order.order_id, lines=[(line.pk, 1)], reason="other", now=NOON)
        except OrderRefused as refusal:
            return refusal.code
        return "done"

    assert sorted(race(ask, 4, workers=4)) == ["done", *["not_returnable"] * 3]
    made = Return.objects.get()
    receive_return(return_id=made.pk, now=NOON)
    found = [Finding(line.pk, 1, is_restocked=True)]
    race(lambda _n: settle_return(return_id=made.pk, findings=found, now=NOON), 4, workers=4)
    assert Refund.objects.count() == 1
    line.refresh_from_db()
    assert (line.refunded_quantity, line.taken_back_quantity) == (1, 1)
