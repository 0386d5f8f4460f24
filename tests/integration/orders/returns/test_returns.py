"""Returns: what comes back until when, and that stock, money, points and uses tie afterwards."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.db import transaction

from orders.cart.services.carts import apply_coupon
from orders.fulfilment.api import pack_order, ship_parcel
from orders.fulfilment.models import Shipment
from orders.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.payments.models import Refund, RefundLine
from orders.privacy import PRIVACY
from orders.refusals import OrderRefused
from orders.returns.api import (
    Finding,
    receive_return,
    request_return,
    settle_return,
    show_returns,
    withdraw_return,
)
from orders.returns.models import Return, ReturnRule
from orders.returns.selectors.allowances import forget_rules
from orders.returns.selectors.returns import count_by_category, list_overdue
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from profiles.models import Event
from promotions.models import Campaign, Coupon
from shop.ground.catalog.models import Category
from shop.ground.inventory.models import StockMovement, StockRecord
from shop.ground.outbox.services import deliver_facts
from shop.wiring import HANDLERS
from tests.factories.orders import NOON, Shelf
from tests.factories.parcels import buy, deliver
from tests.factories.pictures import show_picture
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def _ask(order: OrderView, pieces: dict[str, int], **fields: Any) -> int:
    lines = dict(OrderLine.objects.filter(order_id=order.order_id).values_list("sku", "pk"))
    known: dict[str, Any] = {"reason": "changed_mind", "now": NOON}
    wanted = [(lines[sku], count) for sku, count in pieces.items()]
    return request_return(order_id=order.order_id, lines=wanted, **(known | fields)).return_id


def _settle(return_id: int, accepted: dict[str, int], *, restock: bool = True, **f: Any) -> None:
    rows = Return.objects.get(pk=return_id).lines.select_related("line")
    counts = {row.line_id: accepted[row.line.sku] for row in rows}
    findings = [Finding(pk, count, count if restock else 0) for pk, count in counts.items()]
    settle_return(return_id=return_id, findings=findings, now=NOON, **f)


def _refuses(code: str, act: Any, *args: Any, **given: Any) -> None:
    with pytest.raises(OrderRefused) as refusal, transaction.atomic():
        act(*args, **given)
    assert refusal.value.code == code


def _stock(variant_id: int) -> int:
    return StockRecord.objects.get(variant_id=variant_id).on_hand


def test_one_of_three_pieces_comes_back_and_every_ledger_ties(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=300, uses=3)
    apply_coupon(context=visit, code="HELLO")
    order = buy(visit, {shelf.rye: 3})
    deliver(order)
    return_id = _ask(order, {"RYE": 1})
    receive_return(return_id=return_id, now=NOON, by_id=None)
    for _ in range(2):  # twice is once
        _settle(return_id, {"RYE": 1})
    line, found = OrderLine.objects.get(), Order.objects.get()
    assert (line.refunded_quantity, line.taken_back_quantity, line.packed_quantity) == (1, 1, 3)
    assert (line.total_minor, line.refunded_minor, found.refunded_minor) == (800, 267, 267)
    assert Return.objects.get().refunded_minor == 267
    assert RefundLine.objects.get().restocked_quantity == 1
    assert _stock(shelf.rye) == 8
    moves = StockMovement.objects.filter(variant_id=shelf.rye).order_by("pk")
    assert [(move.kind, move.quantity) for move in moves] == [
        *(("received", 10), ("sold", -3), ("returned", 1)),
    ]
    returned = Event.objects.get(kind="return")
    assert (returned.quantity, returned.paid_minor) == (1, 267)
    assert Coupon.objects.get().redeemed == 1
    assert found.status == "fulfilled"
    rest = _ask(order, {"RYE": 2})
    receive_return(return_id=rest, now=NOON)
    _settle(rest, {"RYE": 2})
    found.refresh_from_db()
    assert (found.status, found.refunded_minor) == ("refunded", order.total_minor)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (0, 0)
    assert sum(Refund.objects.values_list("amount_minor", flat=True)) == order.total_minor
    assert _stock(shelf.rye) == 10


def test_written_off_pieces_stay_out_of_stock(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 2, shelf.gouda: 1})
    deliver(order)
    return_id = _ask(order, {"RYE": 2, "GOUDA": 1}, reason="damaged", comment=" broken ")
    row = Return.objects.get()
    assert (row.number, row.comment, row.shop_pays) == (f"{order.number}-R1", "broken", True)
    _refuses("return_moved_on", _settle, return_id, {"RYE": 2, "GOUDA": 1})
    receive_return(return_id=return_id, now=NOON)
    _refuses("refusal_missing", _settle, return_id, {"RYE": 1, "GOUDA": 0})
    _refuses("bad_quantity", _settle, return_id, {"RYE": 3, "GOUDA": 0}, refusal="used up")
    _settle(return_id, {"RYE": 1, "GOUDA": 0}, restock=False, refusal="One was eaten.")
    assert (_stock(shelf.rye), _stock(shelf.gouda)) == (8, 9)
    assert Order.objects.get().refunded_minor == 300
    assert [row["returns"] for row in count_by_category(since=NOON)] == [2, 1]
    mail.outbox.clear()
    deliver_facts(handlers=HANDLERS, now=NOON)
    ended = next(sent for sent in mail.outbox if "is refunded" in sent.subject)
    assert "One was eaten." in ended.body
    assert "$3.00" in ended.body
    # what was refused was refused: it is not asked for again
    _refuses("not_returnable", _ask, order, {"GOUDA": 1})


def test_the_window_runs_from_the_delivery_of_each_parcel(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 2})
    line = OrderLine.objects.get()

    def left(days: float) -> tuple[int, str]:
        found = show_returns(order_id=order.order_id, now=NOON + timedelta(days=days)).lines[0]
        return found.pieces, found.reason

    assert left(0) == (0, "not_sent")
    first = pack_order(order_id=order.order_id, lines=[(line.pk, 1)], now=NOON)
    ship_parcel(shipment_id=first.shipment_id, now=NOON)
    assert left(1) == (1, "")
    deliver(order, NOON + timedelta(days=5))
    assert left(29.9) == (2, "")
    assert left(30) == (1, "")
    assert left(34.9) == (1, "")
    assert left(35) == (0, "over")
    _refuses("not_returnable", _ask, order, {"RYE": 1}, now=NOON + timedelta(days=35))


def test_rules_by_category_decide_and_the_longest_path_wins(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 1, shelf.gouda: 1})
    deliver(order)
    cheese = Category.objects.get(pk=shelf.cheese).path
    ReturnRule.objects.create(category_path=cheese, window_days=0)
    forget_rules()
    lines = show_returns(order_id=order.order_id, now=NOON).lines
    assert {one.name.split()[-1]: one.reason for one in lines} == {"Rye": "", "Gouda": "never"}
    _refuses("not_returnable", _ask, order, {"GOUDA": 1})
    _ask(order, {"RYE": 1})
    assert not Return.objects.get().shop_pays


def test_pieces_are_held_until_withdrawn_and_goodwill_counts(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 2})
    deliver(order)
    line = OrderLine.objects.get()
    first = _ask(order, {"RYE": 2})
    _refuses("not_returnable", _ask, order, {"RYE": 1})
    for _ in range(2):
        withdraw_return(return_id=first, now=NOON)
    refund_order(
        order_id=order.order_id,
        parts=[RefundPart(line.pk, 1)],
        reason="goodwill",
        idempotency_key="goodwill",
        now=NOON,
    )
    _refuses("not_returnable", _ask, order, {"RYE": 2})
    second = _ask(order, {"RYE": 1})
    receive_return(return_id=second, now=NOON)
    _refuses("return_moved_on", withdraw_return, return_id=second, now=NOON)
    _refuses("bad_quantity", _ask, order, {})
    _refuses("bad_reason", _ask, order, {"RYE": 1}, reason="boredom")
    assert not list_overdue(NOON + timedelta(days=6.9)).exists()
    assert list(list_overdue(NOON + timedelta(days=7))) == [Return.objects.get(pk=second)]


def test_letters_say_what_to_do_in_the_orders_language(visit: QuoteContext, shelf: Shelf) -> None:
    order = buy(visit, {shelf.rye: 1})
    picture = show_picture(shelf.rye)
    Order.objects.update(language="zh-hans")
    deliver(order)
    deliver_facts(handlers=HANDLERS, now=NOON)
    mail.outbox.clear()
    return_id = _ask(order, {"RYE": 1})
    receive_return(return_id=return_id, now=NOON)
    deliver_facts(handlers=HANDLERS, now=NOON)
    received, asked = sorted(mail.outbox, key=lambda sent: sent.subject)
    assert asked.subject == f"您的退货 {order.number}-R1：后续步骤"
    assert f"/returns/{order.number}-R1/" in asked.body
    assert "请将包裹寄回" in asked.body
    for letter in (asked, received):
        assert f'{picture}-160.webp" alt="' in str(letter.alternatives[0][0])
    assert received.subject == f"已收到您的退货 {order.number}-R1"


def test_what_was_written_about_a_return_is_exported_and_forgotten(
    visit: QuoteContext, shelf: Shelf
) -> None:
    order = buy(visit, {shelf.rye: 1})
    parcel = deliver(order)
    number = {"tracking_number": "77", "tracking_url": "https://t.example/77"}
    Shipment.objects.filter(pk=parcel.shipment_id).update(**number)
    _ask(order, {"RYE": 1}, comment="my dog ate it")
    shopper_id = Order.objects.values_list("shopper_id", flat=True).get()
    assert shopper_id is not None
    exported = json.loads(json.dumps(PRIVACY.export_shopper(shopper_id)))
    assert exported["returns"][0]["comment"] == "my dog ate it"
    assert exported["parcels"][0]["tracking_number"] == "77"
    for _ in range(2):
        PRIVACY.erase_shopper(shopper_id, NOON)
    assert Return.objects.get().comment == ""
    assert Shipment.objects.get().tracking_number == ""
