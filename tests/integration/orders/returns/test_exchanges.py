"""An exchange is one: the piece is kept, sent in place of what came back, and no money moves."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from orders.fulfilment.api import (
    cancel_parcel,
    hand_out_parcel,
    make_pick_list,
    orders_to_pack,
    pack_order,
    ship_parcel,
    show_progress,
)
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.order.api import get_any_order
from orders.payments.api import RefundPart, refund_order
from orders.payments.models import Payment, Refund
from orders.refusals import OrderRefused
from orders.returns.api import (
    Finding,
    Wish,
    receive_return,
    request_return,
    settle_return,
    show_returns,
    withdraw_return,
)
from orders.returns.models import Return, ReturnExchange
from orders.returns.selectors.returns import count_by_category
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockMovement, StockRecord, StockReservation
from shop.ground.inventory.services import (
    OutOfStock,
    adjust_stock,
    expire_reservations,
    reserve_stock,
)
from shop.ground.outbox.services import deliver_facts
from shop.wiring import HANDLERS
from tests.factories.orders import NOON, Shelf
from tests.factories.parcels import add_size, buy, deliver

pytestmark = pytest.mark.django_db


@pytest.fixture
def large(shelf: Shelf) -> int:
    """Rye bread in a large size: two pieces, for the same money."""
    return add_size(shelf.rye, "Large", 300)


def _ask(order: OrderView, pieces: int, *exchanges: tuple[int, int], **given: Any) -> int:
    line_id = OrderLine.objects.get(order_id=order.order_id).pk
    wish = Wish(line_id, pieces, exchanges, given.pop("variant_id", None))
    known: dict[str, Any] = {"reason": "changed_mind", "now": NOON}
    return request_return(order_id=order.order_id, lines=[wish], **(known | given)).return_id


def _settle(return_id: int, accepted: int, **given: Any) -> None:
    receive_return(return_id=return_id, now=given.get("now", NOON))
    line_id = Return.objects.get(pk=return_id).lines.get().line_id
    found = [Finding(line_id, accepted, given.pop("restock", accepted))]
    settle_return(return_id=return_id, findings=found, **({"now": NOON} | given))


def _refuses(code: str, act: Any, *args: Any, **given: Any) -> None:
    with pytest.raises(OrderRefused) as refusal, transaction.atomic():
        act(*args, **given)
    assert refusal.value.code == code


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    moved = StockMovement.objects.filter(variant_id=variant_id).values_list("quantity", flat=True)
    assert sum(moved) == record.on_hand
    return record.on_hand, record.reserved


def _money(order: OrderView) -> tuple[int, int, int]:
    return (
        Order.objects.get(pk=order.order_id).refunded_minor,
        Payment.objects.get(order_id=order.order_id).refunded_minor,
        Refund.objects.filter(order_id=order.order_id).count(),
    )


def _letters(now: datetime = NOON) -> str:
    mail.outbox.clear()
    deliver_facts(handlers=HANDLERS, now=now)
    return "\n".join(f"{sent.subject}\n{sent.body}" for sent in mail.outbox)


def test_one_of_two_pieces_is_exchanged_and_no_money_moves(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 2})
    deliver(order)
    before = Order.objects.values().get()
    return_id = _ask(order, 1, (large, 1))
    assert _stock(large) == (2, 1)  # kept for the shopper, who reads until when
    assert show_returns(order_id=order.order_id, now=NOON).returns[0].kept_until == "Dec 9, 2026"
    _settle(return_id, 1)
    assert _money(order) == (0, 0, 0)
    assert Order.objects.values().get() == before
    assert (_stock(shelf.rye), _stock(large)) == ((9, 0), (1, 0))
    line = OrderLine.objects.get()
    assert (line.packed_quantity, line.taken_back_quantity, line.replacing_quantity) == (2, 0, 1)
    assert [row["worth_minor"] for row in count_by_category(since=NOON)] == [0]
    said = _letters()
    assert f"Your return {order.number}-R1: the replacement is coming" in said
    assert "Farm Rye, Large" in said
    # what is to be replaced is not refunded as well
    goodwill: dict[str, Any] = {"reason": "x", "idempotency_key": "x", "now": NOON}
    parts = [RefundPart(line.pk, 2)]
    _refuses("bad_quantity", refund_order, order_id=order.order_id, parts=parts, **goodwill)


def test_the_warehouse_packs_the_replacement_and_the_shopper_follows_it(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 2})
    deliver(order)
    _settle(_ask(order, 1, (large, 1)), 1)
    assert list(orders_to_pack()) == [Order.objects.get()]
    picks = make_pick_list([order.order_id])
    assert [(pick.sku, pick.quantity) for pick in picks.totals] == [("RYE-LARGE", 1)]
    progress = show_progress(shown=get_any_order(number=order.number))
    assert progress.next_step.startswith("We are packing your replacement.")
    parcel = pack_order(order_id=order.order_id, now=NOON)
    assert (parcel.state, parcel.is_replacement) == ("packed", True)
    ship_parcel(shipment_id=parcel.shipment_id, now=NOON)
    hand_out_parcel(shipment_id=parcel.shipment_id, now=NOON)
    line = OrderLine.objects.get()
    assert (line.packed_quantity, line.replacing_quantity) == (2, 0)
    assert Order.objects.get().status == "fulfilled"


def test_a_replacement_comes_back_like_any_other_piece(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 1})
    deliver(order)
    _settle(_ask(order, 1, (large, 1)), 1)
    rows = show_returns(order_id=order.order_id, now=NOON).lines
    assert [(row.variant_id, row.pieces) for row in rows] == [(shelf.rye, 0)]
    parcel = pack_order(order_id=order.order_id, now=NOON)
    ship_parcel(shipment_id=parcel.shipment_id, now=NOON)
    late = NOON + timedelta(days=29)
    hand_out_parcel(shipment_id=parcel.shipment_id, now=late)
    later = late + timedelta(days=29)  # the window runs from the second delivery
    rows = show_returns(order_id=order.order_id, now=later).lines
    assert [(row.variant_id, row.pieces) for row in rows] == [(shelf.rye, 0), (large, 1)]
    assert rows[1].name == "Farm Rye, Large"
    _refuses("not_returnable", _ask, order, 1, now=later)
    again = _ask(order, 1, variant_id=large, now=later)
    _settle(again, 1, now=later)
    assert _money(order)[:2] == (order.total_minor, order.total_minor)
    assert Order.objects.get().status == "refunded"
    assert (_stock(shelf.rye), _stock(large)) == ((10, 0), (2, 0))


def test_a_piece_out_of_stock_is_refunded_instead(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 2})
    deliver(order)
    return_id = _ask(order, 2, (large, 2))
    late = NOON + timedelta(days=15)
    assert expire_reservations(now=late) == 1
    until = late + timedelta(days=30)
    reserve_stock(holder="cart:other", lines=[StockLine(large, 1)], expires_at=until)
    _settle(return_id, 2, now=late)
    assert ReturnExchange.objects.get().sent_quantity == 1
    assert _money(order) == (300, 300, 1)
    assert (_stock(shelf.rye), _stock(large)) == ((10, 0), (1, 1))
    line = OrderLine.objects.get()
    assert (line.refunded_quantity, line.taken_back_quantity, line.replacing_quantity) == (1, 1, 1)
    said = _letters(late)
    assert "we are sending you the replacement and refunding $3.00 to your original payment" in said
    assert "What you wanted in exchange is not in stock any more" in said


def test_refused_and_withdrawn_returns_keep_nothing_in_stock(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 2})
    deliver(order)
    first = _ask(order, 1, (large, 1))
    withdraw_return(return_id=first, now=NOON)
    assert _stock(large) == (2, 0)
    _settle(_ask(order, 2, (large, 2)), 0, refusal="Eaten.")
    assert (_stock(large), _stock(shelf.rye), _money(order)) == ((2, 0), (8, 0), (0, 0, 0))
    assert not Shipment.objects.filter(state="planned").exists()
    assert not StockReservation.objects.filter(state="held").exists()


def test_a_replacement_that_cannot_be_sent_is_refunded(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    order = buy(visit, {shelf.rye: 1, shelf.gouda: 1})
    deliver(order)
    line = OrderLine.objects.get(sku="RYE")
    wish = Wish(line.pk, 1, ((large, 1),))
    asked = request_return(order_id=order.order_id, lines=[wish], reason="other", now=NOON)
    receive_return(return_id=asked.return_id, now=NOON)
    found = [Finding(line.pk, 1, 0)]
    settle_return(return_id=asked.return_id, findings=found, now=NOON)
    parcel = pack_order(order_id=order.order_id, now=NOON)
    for _ in range(2):  # twice is once
        cancel_parcel(shipment_id=parcel.shipment_id, reason="broken", now=NOON)
    line.refresh_from_db()
    assert (line.refunded_quantity, line.taken_back_quantity, line.replacing_quantity) == (1, 1, 0)
    assert _money(order) == (300, 300, 1)
    assert (_stock(shelf.rye), _stock(large)) == ((9, 0), (2, 0))
    assert not orders_to_pack().exists()


def test_only_stocked_variants_of_equal_price_can_be_chosen(
    visit: QuoteContext, shelf: Shelf, large: int
) -> None:
    dear = add_size(shelf.rye, "Huge", 450)
    order = buy(visit, {shelf.rye: 3})
    deliver(order)
    (row,) = show_returns(order_id=order.order_id, now=NOON).lines
    assert [(one.variant_id, one.name, one.free) for one in row.choices] == [
        (shelf.rye, "Farm Rye", 3),
        (large, "Farm Rye, Large", 2),
    ]
    _refuses("not_exchangeable", _ask, order, 1, (dear, 1))
    _refuses("not_exchangeable", _ask, order, 1, (shelf.gouda, 1))
    _refuses("bad_quantity", _ask, order, 1, (large, 2))
    with pytest.raises(OutOfStock), transaction.atomic():
        _ask(order, 3, (large, 3))
    assert not Return.objects.exists()
    adjust_stock(variant_id=large, on_hand=0, reference="count", now=NOON)
    _refuses("not_exchangeable", _ask, order, 1, (large, 1))
    # the same again is always offered
    _settle(_ask(order, 1, (shelf.rye, 1)), 1, restock=0)
    assert (_stock(shelf.rye), _money(order)) == ((6, 0), (0, 0, 0))
