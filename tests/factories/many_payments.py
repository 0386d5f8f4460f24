"""Many orders paid over a bad line, and the question whether the books agree afterwards."""

from __future__ import annotations

import random
from collections import Counter
from contextlib import suppress
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from orders.cart.services.carts import add_to_cart
from orders.checkout.services.cancelling import cancel_order, expire_unpaid_orders
from orders.models import Order
from orders.payments.api import (
    RefundPart,
    capture_payment,
    confirm_payment,
    reconcile_payments,
    refund_order,
    settle_due_payments,
    start_payment,
    take_event,
)
from orders.payments.models import Payment, Refund
from shop.ground.kernel.errors import FairtagError
from tests.factories.fake_stripe import DECLINED, GOOD, SECURE, FakeStripe, Refused
from tests.factories.orders import Shelf, context_of, make_shopper, place

A_DAY = timedelta(days=1)
OPEN_INTENTS = ("requires_payment_method", "requires_action", "requires_capture", "processing")


class Crowd:
    """Shoppers who pay, fail, leave and come back, one after the other."""

    def __init__(self, fake: FakeStripe, shelf: Shelf, luck: random.Random, now: datetime) -> None:
        self.fake, self.shelf, self.luck, self.now = fake, shelf, luck, now

    def buy(self, number: int) -> None:
        """One shopper's order, until they are done with it or leave."""
        visit = context_of(make_shopper(self.now), self.now)
        add_to_cart(context=visit, variant_id=self.shelf.rye, quantity=self.luck.randint(1, 3))
        order_id = place(visit, key=f"press-{number}").order_id
        for attempt in range(3):
            if self._try(order_id, f"{number}-{attempt}"):
                break
        self._afterwards(order_id, number)

    def _try(self, order_id: int, key: str) -> bool:
        """Return whether the shopper is done with paying."""
        pressed = {"order_id": order_id, "method": "stripe", "now": self.now}
        try:
            step = start_payment(idempotency_key=key, **pressed)
        except FairtagError:
            return True
        if step.state != "needs_action":
            return step.state in ("succeeded", "authorized")
        intent = step.action_token.split("_secret_")[0]
        choice = self.luck.random()
        if choice < 0.1:
            return True  # leaves
        if choice < 0.2:
            return self._give_up(step.payment_id, intent)
        if choice < 0.4:
            with suppress(Refused):
                self.fake.confirm(intent, DECLINED)
        self.fake.confirm(intent, SECURE if choice < 0.6 else GOOD)
        if choice < 0.55:
            with suppress(Refused):  # else the bank asked, and nobody answered
                self.fake.confirm(intent, SECURE)
        if self.luck.random() < 0.5:
            with suppress(FairtagError):
                answer: Any = {"action_token": "", "approved": True, "now": self.now}
                confirm_payment(payment_id=step.payment_id, **answer)
        return True

    def _give_up(self, payment_id: UUID, intent: str) -> bool:
        with suppress(FairtagError):
            answer: Any = {"action_token": "", "approved": False, "now": self.now}
            confirm_payment(payment_id=payment_id, **answer)
        if self.luck.random() < 0.3 and self.fake.intents[intent]["status"] == "canceled":
            self.fake.revive(intent)  # succeeds after cancel
        return False

    def _afterwards(self, order_id: int, number: int) -> None:
        choice = self.luck.random()
        with suppress(FairtagError):
            if choice < 0.1:
                cancel_order(order_id=order_id, reason="shopper", now=self.now)
            elif choice < 0.3:
                capture_payment(order_id=order_id, now=self.now)
            elif choice < 0.4:
                part = RefundPart(Order.objects.get(pk=order_id).lines.get().pk, 1)
                asked = {"parts": [part], "reason": "dent", "now": self.now}
                refund_order(order_id=order_id, idempotency_key=f"refund-{number}", **asked)

    def hear(self) -> None:
        """Deliver webhooks: some never, some twice, in any order."""
        events, self.fake.events = self.fake.events, []
        heard = [each for each in events if self.luck.random() > 0.3]
        heard += [each for each in heard if self.luck.random() < 0.3]
        self.luck.shuffle(heard)
        for each in heard:
            given = {"provider_code": "stripe", "now": self.now}
            take_event(body=each.body, headers=each.headers, **given)


def pay_many(
    fake: FakeStripe, shelf: Shelf, *, count: int, luck: random.Random, now: datetime
) -> Counter[str]:
    """Let `count` orders be paid over a bad line, then let all jobs run to their end."""
    crowd = Crowd(fake, shelf, luck, now)
    fake.faults.lost_before = fake.faults.lost_after = 0.03
    for number in range(count):
        crowd.buy(number)
        if number % 10 == 9:
            crowd.hear()
            settle_due_payments(now=now)
        if number % 100 == 99:
            reconcile_payments(now=now)
    fake.faults.lost_before = fake.faults.lost_after = 0
    _finish(now)
    return Counter(
        "paid" if order.status in ("paid", "refunded") else "closed"
        for order in Order.objects.all()
    )


def _finish(now: datetime) -> None:
    """What the jobs do in the hours after; what is still reserved is packed, and so captured."""
    for minutes in (3, 8, 30, 70, 125):
        _work(now + timedelta(minutes=minutes))
    later = now + timedelta(minutes=130)
    for order_id in Order.objects.filter(status="paid").values_list("pk", flat=True):
        capture_payment(order_id=order_id, now=later)
    while _work(later):
        later += timedelta(minutes=65)


def _work(now: datetime) -> int:
    while expire_unpaid_orders(now=now):
        pass
    return settle_due_payments(now=now, limit=10_000) + reconcile_payments(now=now, window=A_DAY)


def check_books(fake: FakeStripe) -> list[str]:
    """Return what does not agree between the shop and the account."""
    held, problems = fake.held(), []
    for order in Order.objects.all():
        is_owed = order.status in ("paid", "fulfilled")
        owed = order.total_minor - order.refunded_minor if is_owed else 0
        if held.get(order.number, 0) != owed:
            problems.append(f"{order.number} {order.status}: {held.get(order.number)} != {owed}")
    taken = Counter(
        intent["metadata"]["order"]
        for intent in fake.intents.values()
        if intent["amount_received"] > intent["latest_charge"]["amount_refunded"]
    )
    problems += [f"{number} was charged twice" for number, times in taken.items() if times > 1]
    problems += [
        f"{intent['id']} is {intent['status']}"
        for intent in fake.intents.values()
        if intent["status"] in OPEN_INTENTS
    ]
    open_rows = Payment.objects.filter(due_at__isnull=False).count()
    open_rows += Refund.objects.exclude(state="succeeded").count()
    return problems + ([f"{open_rows} rows are open"] if open_rows else [])
