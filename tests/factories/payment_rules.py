"""What the state machine of orders does with payments, in its own file for its length."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

from django.conf import settings as django_settings
from django.db.models import Sum
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule

from orders.payments.api import capture_payment, confirm_payment, start_payment
from orders.payments.core.values import Outcome
from orders.payments.models import Payment
from orders.payments.services.outcomes import apply_outcome


class PaymentRules(RuleBasedStateMachine):
    """Pay, capture, and hear from providers at any moment."""

    now: datetime
    count: int
    orders: list[int]

    def _pick(self, pick: int, status: str) -> int:
        raise NotImplementedError  # the machine with these rules has its own

    def _try(self, act: Callable[[], object]) -> None:
        raise NotImplementedError  # the machine with these rules has its own

    @precondition(lambda self: self.orders)
    @rule(
        pick=st.integers(0, 9),
        method=st.sampled_from(
            ("sandbox-card", "sandbox-card", "sandbox-secure", "sandbox-declined")
        ),
        minutes=st.sampled_from((0, 0, 5, 90)),
    )
    def pay_later(self, pick: int, method: str, minutes: int) -> None:
        self.count += 1

        def act() -> None:
            step = start_payment(
                order_id=self._pick(pick, "awaiting_payment"),
                method=method,
                idempotency_key=f"pay-{self.count}",
                now=self.now,
            )
            if step.state == "needs_action":
                self.now += timedelta(minutes=minutes)
                confirm_payment(
                    payment_id=step.payment_id,
                    action_token=step.action_token,
                    approved=True,
                    now=self.now,
                )

        self._try(act)

    @rule(when=st.sampled_from(("at_once", "at_packing")))
    def capture_from_now_on(self, when: str) -> None:
        django_settings.CAPTURE_PAYMENTS = when

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 9))
    def capture(self, pick: int) -> None:
        capture_payment(order_id=self._pick(pick, "paid"), now=self.now)

    @precondition(lambda self: self.orders)
    @rule(pick=st.integers(0, 9), state=st.sampled_from(("authorized", "succeeded", "declined")))
    def hear_late(self, pick: int, state: str) -> None:
        """A provider says something about any payment: late, twice, or against all order."""
        payments = Payment.objects.filter(order_id__in=self.orders).exclude(provider="free")
        payment = payments.order_by("created_at", "pk")[pick:].first()
        if payment is not None:
            taken = payment.amount_minor if state == "succeeded" else 0
            outcome = say_outcome(payment, state, taken)
            apply_outcome(payment, outcome, now=self.now)


def say_outcome(payment: Payment, state: str, taken: int) -> Outcome:
    """Return what a provider says that has the money which was asked for."""
    return Outcome(
        state,
        payment.provider_ref,
        authorized_minor=payment.amount_minor if state == "authorized" else 0,
        captured_minor=taken,
        currency=payment.currency,
    )


def held_by(payment: Payment) -> int:
    """Return what is reserved or taken, less what was taken off or sent back, or soon will be."""
    back = sum(payment.refunds.values_list("amount_minor", flat=True))
    if payment.state == "authorized":
        return payment.amount_minor - back
    if payment.state in ("succeeded", "refunded"):
        return payment.captured_minor + taken_off(payment) - back
    return 0


def taken_off(payment: Payment) -> int:
    """Return what a capture leaves out; a refund that came while it was due is sent after it."""
    off = payment.refunds.filter(is_reduction=True).aggregate(sum=Sum("amount_minor"))["sum"]
    return int(off or 0)
