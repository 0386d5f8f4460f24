"""Any sequence of buying, packing, shipping, refunding and returning leaves every ledger closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orders.fulfilment.api import (
    HANDED_OUT,
    cancel_parcel,
    hand_out_parcel,
    list_left,
    pack_order,
    settle_after_refund,
    ship_parcel,
)
from orders.fulfilment.models import Shipment, ShipmentLine
from orders.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order
from orders.payments.models import Payment, Refund
from orders.returns.api import (
    Finding,
    receive_return,
    request_return,
    settle_return,
    withdraw_return,
)
from orders.returns.models import Return, ReturnLine
from orders.services import cancel_order
from shop.inventory.core.values import StockLine
from shop.inventory.models import StockMovement, StockRecord
from shop.inventory.services import receive_stock
from shop.kernel.errors import FairtagError
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.parcels import buy

pick = st.integers(0, 9)
few = st.integers(1, 3)


class Warehouse(RuleBasedStateMachine):
    """One shopper's paid orders of two goods, and everything that may happen to their pieces."""

    shelf: Shelf

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now = NOON
        self.count = 0
        self.goods = [self.shelf.rye, self.shelf.gouda]
        receive_stock(
            lines=[StockLine(good, 50) for good in self.goods], reference="more", now=NOON
        )

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    def _try(self, act: Callable[[], object]) -> bool:
        """Run `act`; a refusal is fine and must change nothing. Return whether it went."""
        try:
            with transaction.atomic():
                act()
        except FairtagError:
            return False
        return True

    def _order(self, n: int) -> Order:
        orders = list(Order.objects.order_by("pk"))
        return orders[n % len(orders)]

    def _line(self, n: int) -> OrderLine:
        lines = list(OrderLine.objects.filter(order=self._order(n)).order_by("position"))
        return lines[n % len(lines)]

    def _parcel(self, n: int) -> int:
        parcels = list(Shipment.objects.order_by("pk").values_list("pk", flat=True))
        return parcels[n % len(parcels)] if parcels else 0

    def _return(self, n: int) -> int:
        made = list(Return.objects.order_by("pk").values_list("pk", flat=True))
        return made[n % len(made)] if made else 0

    @precondition(lambda self: Order.objects.count() < 3)
    @rule(rye=few, gouda=few)
    def order(self, rye: int, gouda: int) -> None:
        visit = context_of(make_shopper(), self.now)
        buy(visit, dict(zip(self.goods, (rye, gouda), strict=True)))

    @precondition(lambda self: Order.objects.exists())
    @rule(n=pick, pieces=st.integers(0, 4))
    def pack(self, n: int, pieces: int) -> None:
        line = self._line(n)
        lines = [(line.pk, pieces)] if pieces else None
        self._try(lambda: pack_order(order_id=line.order_id, lines=lines, now=self.now))

    @precondition(lambda self: Shipment.objects.exists())
    @rule(n=pick, step=st.sampled_from(("ship", "ship", "arrive", "arrive", "unpack")))
    def move(self, n: int, step: str) -> None:
        pk = self._parcel(n)
        act: dict[str, Callable[[], object]] = {
            "ship": lambda: ship_parcel(shipment_id=pk, now=self.now),
            "arrive": lambda: hand_out_parcel(shipment_id=pk, now=self.now),
            "unpack": lambda: cancel_parcel(shipment_id=pk, reason="box", now=self.now),
        }
        self._try(act[step])

    @precondition(lambda self: Order.objects.exists())
    @rule(n=pick)
    def cancel(self, n: int) -> None:
        order = self._order(n)
        is_packed = order.lines.filter(packed_quantity__gt=0).exists()
        went = self._try(lambda: cancel_order(order_id=order.pk, reason="shopper", now=self.now))
        assert not (went and is_packed)

    @precondition(lambda self: Order.objects.exists())
    @rule(n=pick, pieces=few, restock=st.booleans())
    def goodwill(self, n: int, pieces: int, restock: bool) -> None:
        line = self._line(n)
        self.count += 1
        went = self._try(
            lambda: refund_order(
                order_id=line.order_id,
                parts=[RefundPart(line.pk, pieces, restock)],
                reason="goodwill",
                idempotency_key=f"goodwill-{self.count}",
                now=self.now,
            )
        )
        if went:
            settle_after_refund(order_id=line.order_id, now=self.now)

    @precondition(lambda self: Shipment.objects.exists())
    @rule(n=pick, pieces=few)
    def send_back(self, n: int, pieces: int) -> None:
        line = self._line(n)
        self._try(
            lambda: request_return(
                order_id=line.order_id, lines=[(line.pk, pieces)], reason="other", now=self.now
            )
        )

    @precondition(lambda self: Return.objects.exists())
    @rule(n=pick, accepted=st.integers(0, 3), restock=st.booleans(), withdraws=st.booleans())
    def go_on(self, n: int, accepted: int, restock: bool, withdraws: bool) -> None:
        pk = self._return(n)
        row = Return.objects.get(pk=pk)
        if row.state == "requested" and withdraws:
            self._try(lambda: withdraw_return(return_id=pk, now=self.now))
        elif row.state == "requested":
            self._try(lambda: receive_return(return_id=pk, now=self.now))
        else:
            line_id = row.lines.values_list("line_id", flat=True)[0]
            found = [Finding(line_id, accepted, restock)]
            self._try(
                lambda: settle_return(return_id=pk, findings=found, refusal="worn", now=self.now)
            )

    @rule(days=st.sampled_from((1, 10, 31)))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)

    @invariant()
    def nothing_is_packed_that_was_not_bought(self) -> None:
        for line in OrderLine.objects.all():
            live = ShipmentLine.objects.filter(line=line).exclude(shipment__state="cancelled")
            packed = live.aggregate(sum=Sum("quantity"))["sum"] or 0
            assert packed == line.packed_quantity <= line.quantity
            out = live.filter(shipment__state__in=HANDED_OUT).aggregate(sum=Sum("quantity"))
            claims = ReturnLine.objects.filter(line=line).exclude(item__state="withdrawn")
            claimed = claims.aggregate(sum=Sum("quantity"))["sum"] or 0
            assert line.taken_back_quantity <= claimed <= (out["sum"] or 0)

    @invariant()
    def money_back_is_what_the_pieces_cost(self) -> None:
        for order in Order.objects.all():
            given = Refund.objects.filter(order=order).aggregate(sum=Sum("amount_minor"))["sum"]
            assert (given or 0) == order.refunded_minor <= order.total_minor
            payment = Payment.objects.get(order=order)
            assert payment.refunded_minor == order.refunded_minor <= payment.amount_minor
            returned = Return.objects.filter(order=order).aggregate(sum=Sum("refunded_minor"))
            assert (returned["sum"] or 0) <= order.refunded_minor
            is_whole = all(one.refunded_quantity == one.quantity for one in order.lines.all())
            assert is_whole == (order.status in ("refunded", "cancelled"))
            assert (order.refunded_minor == order.total_minor) == is_whole

    @invariant()
    def stock_is_the_sum_of_its_movements(self) -> None:
        for good in self.goods:
            moves = StockMovement.objects.filter(variant_id=good)
            on_hand = moves.aggregate(sum=Sum("quantity"))["sum"]
            assert StockRecord.objects.get(variant_id=good).on_hand == on_hand
            lines = OrderLine.objects.filter(variant_id=good).aggregate(sum=Sum("quantity"))
            back = moves.filter(kind="returned").aggregate(sum=Sum("quantity"))["sum"] or 0
            assert on_hand == 60 - (lines["sum"] or 0) + back

    @invariant()
    def an_order_is_fulfilled_when_nothing_is_left(self) -> None:
        for order in Order.objects.filter(status__in=("paid", "fulfilled")):
            under_way = order.shipments.filter(state__in=("packed", "ready", "shipped")).exists()
            arrived = order.shipments.filter(state="delivered").exists()
            is_done = arrived and not under_way and not list_left(order.pk)
            assert is_done == (order.status == "fulfilled")


@pytest.mark.slow
@pytest.mark.django_db
def test_every_piece_is_where_the_ledgers_say(shelf: Shelf, prices: FakePrices) -> None:
    Warehouse.shelf = shelf
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        Warehouse,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
