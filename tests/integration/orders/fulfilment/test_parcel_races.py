"""Two who act on the same pieces at once, on real connections of their own."""

from __future__ import annotations

import pytest
from django.db.models import F

from orders.checkout.services.cancelling import cancel_order
from orders.fulfilment.api import pack_order
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.payments.models import Refund
from orders.refusals import OrderRefused
from orders.returns.api import Finding, Wish, receive_return, request_return, settle_return
from orders.returns.models import Return
from shop.ground.inventory.models import StockRecord
from shop.ground.inventory.services import OutOfStock, adjust_stock
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.parcels import add_size, buy, deliver
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
def test_a_piece_packed_by_two_at_once_is_packed_once(
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
    found = [Finding(line.pk, 1, 1)]
    race(lambda _n: settle_return(return_id=made.pk, findings=found, now=NOON), 4, workers=4)
    assert Refund.objects.count() == 1
    line.refresh_from_db()
    assert (line.refunded_quantity, line.taken_back_quantity) == (1, 1)


def _swap(order_id: int, variant_id: int) -> int:
    """Ask to exchange one piece of the order's line."""
    wish = Wish(OrderLine.objects.get(order_id=order_id).pk, 1, ((variant_id, 1),))
    return request_return(order_id=order_id, lines=[wish], reason="other", now=NOON).return_id


def _count_stock(variant_id: int) -> tuple[int, int]:
    return StockRecord.objects.values_list("on_hand", "reserved").get(variant_id=variant_id)


@pytest.mark.django_db(transaction=True)
def test_opposite_exchanges_of_the_last_piece_do_not_deadlock(
    busy_shop: tuple[Shelf, FakePrices],
) -> None:
    shelf = busy_shop[0]
    small = shelf.rye
    large = add_size(small, "Large", 300, pieces=10)
    busy_shop[1].public[large] = 300
    orders = [buy(context_of(make_shopper()), {(large if n % 2 else small): 1}) for n in range(6)]
    made = []
    for n, order in enumerate(orders):
        deliver(order)
        made.append(_swap(order.order_id, small if n % 2 else large))
        receive_return(return_id=made[n], now=NOON)
    lines = dict(Return.objects.values_list("pk", "lines__line_id"))

    def settle(n: int) -> None:  # each return twice
        found = [Finding(lines[made[n // 2]], 1, 1)]
        settle_return(return_id=made[n // 2], findings=found, now=NOON)

    race(settle, 12, workers=4)
    assert (_count_stock(small), _count_stock(large)) == ((7, 0), (7, 0))
    assert Shipment.objects.filter(state="planned").count() == 6
    assert not Refund.objects.exists()
    order = buy(context_of(make_shopper()), {small: 2})
    deliver(order)
    adjust_stock(variant_id=large, on_hand=1, reference="count", now=NOON)

    def want(_n: int) -> str:
        try:
            _swap(order.order_id, large)
        except (OutOfStock, OrderRefused) as refusal:
            return refusal.code
        return "done"

    answers = race(want, 4, workers=4)
    assert answers.count("done") == 1
    assert _count_stock(large) == (1, 1)
