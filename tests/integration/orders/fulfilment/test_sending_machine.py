"""Any sequence of buying, packing, shipping, refunding and returning leaves every ledger closed.

Orders use points, a code with a limit and a gift; their money is taken at once or at packing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    precondition,
    rule,
    run_state_machine_as_test,
)

from orders.cart.services.carts import apply_coupon, use_points
from orders.checkout.services.cancelling import cancel_order
from orders.fulfilment.api import cancel_parcel, hand_out_parcel, pack_order, ship_parcel
from orders.fulfilment.models import Shipment
from orders.fulfilment.services.packing import settle_after_refund
from orders.models import Order, OrderLine
from orders.payments.api import RefundPart, refund_order, settle_due_payments
from orders.payments.models import Payment
from orders.payments.services.outcomes import apply_outcome
from orders.returns.api import (
    Finding,
    receive_return,
    request_return,
    settle_return,
    withdraw_return,
)
from orders.returns.models import Return
from promotions.models import Campaign
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.errors import FairtagError
from tests.factories.loyalty import make_member_shopper, make_terms
from tests.factories.orders import NOON, FakePrices, Shelf, context_of
from tests.factories.parcels import buy, deliver
from tests.factories.payment_rules import say_outcome, taken_off
from tests.factories.promotions import make_campaign, make_gift
from tests.factories.warehouse_books import WarehouseBooks

pick = st.integers(0, 9)
few = st.integers(1, 3)


class Warehouse(WarehouseBooks):
    """One member's paid orders of two products, and everything that may happen to their pieces."""

    shelf: Shelf

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now = NOON
        self.count = 0
        self.goods = [self.shelf.rye, self.shelf.gouda, self.shelf.cheddar]
        receive_stock(
            lines=[StockLine(good, 50) for good in self.goods], reference="more", now=NOON
        )
        make_terms()
        self.member = make_member_shopper(1_000)
        make_campaign("tenth", percent="10", code="TENTH", budget_minor=300, uses=2)
        make_gift(self.shelf.cheddar, {"categories": [self.shelf.cheese]}, budget_minor=5_000)
        Campaign.objects.update(ends_at=NOON + timedelta(days=40))

    def teardown(self) -> None:
        django_settings.CAPTURE_PAYMENTS = "at_once"
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
    @rule(
        rye=few,
        gouda=st.integers(0, 2),
        benefits=st.sampled_from(((0, False), (250, False), (0, True), (250, True))),
        capture=st.sampled_from(("at_once", "at_packing")),
        is_sent=st.booleans(),
    )
    def order(
        self, *, rye: int, gouda: int, benefits: tuple[int, bool], capture: str, is_sent: bool
    ) -> None:
        """Buy with points or a code or both; half of the orders are sent at once."""
        points, with_code = benefits
        django_settings.CAPTURE_PAYMENTS = capture
        visit, self.count = context_of(self.member, self.now), self.count + 1
        if with_code:
            self._try(lambda: apply_coupon(context=visit, code="TENTH"))
        self._try(lambda: use_points(context=visit, points=points))
        products = {self.shelf.rye: rye} | ({self.shelf.gouda: gouda} if gouda else {})
        bought = buy(visit, products, key=f"press-{self.count}")
        if is_sent:
            deliver(bought, self.now)

    @rule()
    def settle(self) -> None:
        """The jobs of payments run."""
        settle_due_payments(now=self.now)

    @precondition(lambda self: Order.objects.exists())
    @rule(n=pick, state=st.sampled_from(("authorized", "succeeded")))
    def hear_late(self, n: int, state: str) -> None:
        """A webhook comes again, or late."""
        payment = Payment.objects.select_related("order").get(order=self._order(n))
        if state == "succeeded" and payment.due_step != Payment.Step.CAPTURE:
            state = "authorized"  # nobody asked for the money yet, or it was taken before
        taken = payment.amount_minor - taken_off(payment) if state == "succeeded" else 0
        outcome = say_outcome(payment, state, taken)
        apply_outcome(payment, outcome, now=self.now)

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
                parts=[RefundPart(line.pk, pieces, pieces if restock else 0)],
                reason="goodwill",
                idempotency_key=f"goodwill-{self.count}",
                now=self.now,
            )
        )
        if went:
            settle_after_refund(order_id=line.order_id, now=self.now)

    @precondition(lambda self: Order.objects.exists())
    @rule(n=pick, restock=st.booleans())
    def refund_all_that_was_bought(self, n: int, restock: bool) -> None:
        order = self._order(n)
        self.count += 1
        parts = [
            RefundPart(line.pk, left, left if restock else 0)
            for line in order.lines.filter(is_gift=False)
            if (left := line.quantity - line.refunded_quantity)
        ]
        self._try(
            lambda: refund_order(
                order_id=order.pk,
                parts=parts,
                reason="all",
                idempotency_key=f"all-{self.count}",
                now=self.now,
            )
        )

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
    @rule(n=pick, accepted=st.integers(0, 3), shelved=st.integers(0, 3), withdraws=st.booleans())
    def go_on(self, n: int, accepted: int, shelved: int, withdraws: bool) -> None:
        pk = self._return(n)
        row = Return.objects.get(pk=pk)
        if row.state == "requested" and withdraws:
            self._try(lambda: withdraw_return(return_id=pk, now=self.now))
        elif row.state == "requested":
            self._try(lambda: receive_return(return_id=pk, now=self.now))
        else:
            line_id = row.lines.values_list("line_id", flat=True)[0]
            found = [Finding(line_id, accepted, min(accepted, shelved))]
            self._try(
                lambda: settle_return(return_id=pk, findings=found, refusal="worn", now=self.now)
            )

    @rule(days=st.sampled_from((1, 10, 31)))
    def wait(self, days: int) -> None:
        self.now += timedelta(days=days)


@pytest.mark.slow
@pytest.mark.django_db
def test_every_piece_is_where_the_ledgers_say(shelf: Shelf, prices: FakePrices) -> None:
    Warehouse.shelf = shelf
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        Warehouse,
        settings=settings(
            max_examples=12,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
