"""Any sequence of shopping, paying, canceling, refunding and waiting leaves every ledger closed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from django.db.models import Sum
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from orders.cart.services.carts import (
    accept_price_changes,
    add_to_cart,
    apply_coupon,
    remove_coupon,
    set_quantity,
    view_cart,
)
from orders.checkout.services.cancelling import cancel_order, expire_carts, expire_unpaid_orders
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.placing import place_order
from orders.models import Order
from orders.payments.api import (
    RefundPart,
    refund_order,
    settle_due_payments,
)
from orders.payments.models import Refund
from pricing.base.core.values import QuoteContext
from profiles.values import ShopperValue
from promotions.models import Campaign, Coupon, Redemption
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockMovement, StockRecord, StockReservation
from shop.ground.inventory.services import expire_reservations, receive_stock
from shop.ground.kernel.errors import FairtagError
from tests.factories.orders import (
    BOB_AT_HOME,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    pay,
)
from tests.factories.payment_rules import PaymentRules, held_by
from tests.factories.promotions import make_campaign

who = st.integers(0, 1)
what = st.integers(0, 2)


class Shop(PaymentRules):
    """Two shoppers, three products of thirty pieces, one code with a budget, moving prices."""

    shelf: Shelf
    prices: FakePrices

    def __init__(self) -> None:
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        self.now: datetime = NOON
        self.count = 0
        self.orders: list[int] = []
        self.shoppers: list[ShopperValue] = [make_shopper(), make_shopper()]
        self.goods = [self.shelf.cheddar, self.shelf.gouda, self.shelf.rye]
        receive_stock(
            lines=[StockLine(good, 20) for good in self.goods], reference="more", now=NOON
        )
        self.prices.public.update(dict(zip(self.goods, (400, 500, 300), strict=True)))
        self.prices.held.clear()
        make_campaign("tenth", percent="10", scope={"categories": [self.shelf.cheese]})
        make_campaign("odd", amount_minor=101, code="ODD", budget_minor=350, uses=3, per_shopper=2)
        for number, code in enumerate(("tenth", "odd")):
            Campaign.objects.filter(code=code).update(ends_at=NOON + timedelta(days=5 + number))

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)
        django_settings.CAPTURE_PAYMENTS = "at_once"

    def _visit(self, shopper: int) -> QuoteContext:
        return context_of(self.shoppers[shopper], self.now)

    def _pick(self, pick: int, status: str) -> int:
        """Return an order, mostly one in `status`: the rest are tries that must be refused."""
        fit = list(
            Order.objects.filter(pk__in=self.orders, status=status).values_list("pk", flat=True)
        )
        known = fit if fit and pick % 4 else self.orders
        return known[pick % len(known)]

    def _try(self, act: Callable[[], object]) -> None:
        """Run `act`; a refusal is fine and must change nothing, any other error is a failure."""
        try:
            with transaction.atomic():
                act()
        except FairtagError:
            pass

    @rule(shopper=who, good=what, quantity=st.integers(1, 3))
    def add(self, shopper: int, good: int, quantity: int) -> None:
        visit = self._visit(shopper)
        self._try(
            lambda: add_to_cart(context=visit, variant_id=self.goods[good], quantity=quantity)
        )

    @rule(shopper=who, good=what, quantity=st.integers(0, 3))
    def change(self, shopper: int, good: int, quantity: int) -> None:
        visit = self._visit(shopper)
        self._try(
            lambda: set_quantity(context=visit, variant_id=self.goods[good], quantity=quantity)
        )

    @rule(shopper=who, enters=st.booleans())
    def code(self, shopper: int, enters: bool) -> None:
        act = apply_coupon if enters else remove_coupon
        self._try(lambda: act(context=self._visit(shopper), code="ODD"))

    @rule(good=what, price=st.integers(250, 600))
    def move_price(self, good: int, price: int) -> None:
        self.prices.public[self.goods[good]] = price

    @rule(shopper=who)
    def agree(self, shopper: int) -> None:
        visit = self._visit(shopper)
        cart = view_cart(context=visit)
        self._try(lambda: accept_price_changes(context=visit, version=cart.version))

    @rule(shopper=who)
    def check_out(self, shopper: int) -> None:
        self._try(lambda: start_checkout(context=self._visit(shopper)))

    @rule(
        shopper=who,
        good=what,
        quantity=st.integers(1, 3),
        with_code=st.booleans(),
        pays=st.booleans(),
    )
    def buy(self, shopper: int, good: int, quantity: int, with_code: bool, pays: bool) -> None:
        """Take something more, agree to prices, look at the total, think, press the button."""
        self.add(shopper, good, quantity)
        if with_code:
            self.code(shopper, enters=True)
        self.agree(shopper)
        shown = view_cart(context=self._visit(shopper)).total_minor
        self.now += timedelta(minutes=quantity)
        self.count += 1

        def act() -> None:
            order = place_order(
                context=self._visit(shopper),
                idempotency_key=f"press-{self.count}",
                contact=BOB_AT_HOME,
                delivery_method="standard",
                shown_total_minor=shown,
            )
            assert order.total_minor <= shown
            self.orders.append(order.order_id)
            if pays:
                pay(order, self.now)

        self._try(act)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 9))
    def cancel(self, pick: int) -> None:
        order_id = self._pick(pick, "paid")
        self._try(lambda: cancel_order(order_id=order_id, reason="shopper", now=self.now))

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 9), quantity=st.integers(1, 3), restock=st.booleans())
    def refund(self, pick: int, quantity: int, restock: bool) -> None:
        order = Order.objects.get(pk=self._pick(pick, "paid"))
        line = order.lines.order_by("position")[pick % order.lines.count()]
        self.count += 1
        self._try(
            lambda: refund_order(
                order_id=order.pk,
                parts=[RefundPart(line.pk, quantity, quantity if restock else 0)],
                reason="stale",
                idempotency_key=f"refund-{self.count}",
                now=self.now,
            )
        )

    @rule(minutes=st.sampled_from((1, 30, 61, 200)))
    def wait(self, minutes: int) -> None:
        self.now += timedelta(minutes=minutes)

    @rule()
    def jobs(self) -> None:
        expire_unpaid_orders(now=self.now)
        expire_carts(now=self.now)
        expire_reservations(now=self.now)
        settle_due_payments(now=self.now)

    @invariant()
    def stock_is_the_sum_of_its_movements_and_holds(self) -> None:
        for record in StockRecord.objects.filter(variant_id__in=self.goods):
            moves = StockMovement.objects.filter(variant_id=record.variant_id)
            held = StockReservation.objects.filter(variant_id=record.variant_id, state="held")
            assert record.on_hand == moves.aggregate(sum=Sum("quantity"))["sum"]
            assert record.reserved == (held.aggregate(sum=Sum("quantity"))["sum"] or 0)

    @invariant()
    def codes_and_budgets_are_the_sum_of_their_uses(self) -> None:
        live = Redemption.objects.exclude(state__in=("released", "expired"))
        for coupon in Coupon.objects.all():
            assert coupon.redeemed == live.filter(coupon=coupon).count() <= 3
        for campaign in Campaign.objects.filter(budget_minor__isnull=False):
            spent = live.filter(campaign=campaign).aggregate(sum=Sum("amount_minor"))["sum"] or 0
            assert campaign.spent_minor == spent <= 350

    @invariant()
    def what_an_order_holds_follows_its_state(self) -> None:
        for order in Order.objects.filter(pk__in=self.orders):
            uses = set(
                Redemption.objects.filter(order_ref=order.number).values_list("state", flat=True)
            )
            stock = StockReservation.objects.filter(holder=f"cart:{order.cart_id}")
            held = stock.filter(state="held").aggregate(sum=Sum("quantity"))["sum"] or 0
            if order.status == "awaiting_payment":
                assert uses <= {"held", "expired"}
                is_late = order.pay_until is not None and self.now >= order.pay_until
                assert is_late or held == order.lines.aggregate(sum=Sum("quantity"))["sum"]
            else:
                settled = {"committed"} if order.status == "paid" else {"released", "expired"}
                assert uses <= settled
                assert held == 0

    @invariant()
    def money_taken_is_money_owed(self) -> None:
        for order in Order.objects.filter(pk__in=self.orders):
            lines = order.lines.aggregate(total=Sum("total_minor"), discount=Sum("discount_minor"))
            assert lines["total"] + order.delivery_minor == order.total_minor
            assert lines["discount"] == order.discount_minor
            kept = sum(map(held_by, order.payments.all()))
            sent = Refund.objects.filter(order=order).exclude(reason="order_closed")
            given = sent.aggregate(sum=Sum("amount_minor"))["sum"]
            assert (given or 0) == order.refunded_minor <= order.total_minor
            secured = order.payments.filter(state__in=("authorized", "succeeded"))
            if order.status == "paid" and secured.exists():
                assert kept == order.total_minor - order.refunded_minor
            else:  # closed, or paid by a reservation that the bank ended
                assert kept == 0


@pytest.mark.slow
@pytest.mark.django_db
def test_every_ledger_stays_closed(shelf: Shelf, prices: FakePrices) -> None:
    Shop.shelf, Shop.prices = shelf, prices
    run_state_machine_as_test(  # type: ignore[no-untyped-call]  # hypothesis leaves it untyped
        Shop,
        settings=settings(
            max_examples=25,
            stateful_step_count=30,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
