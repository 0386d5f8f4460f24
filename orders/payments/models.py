"""Payments, refunds, and what providers said. Read and written only inside this suite."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import F, Q

from shop.ground.kernel.money import format_money

# Nobody said yet what became of these. An outage is no answer: the charge may have gone through.
UNANSWERED = Q(state__in=["started", "needs_action"]) | Q(
    state="failed", reason_code="provider_down"
)


class Payment(models.Model):
    """One attempt to pay an order through a provider. No card data ever reaches this table.

    `amount_minor` was asked for and `captured_minor` taken. `refunded_minor` is what need not be
    paid any more: given back, or taken off a reservation before it was captured. `due_at` is when
    the provider is to be asked about it next, or `due_step` to be sent; empty: nothing is open.
    """

    class State(models.TextChoices):
        STARTED = "started", "started"
        NEEDS_ACTION = "needs_action", "waits for the shopper"
        AUTHORIZED = "authorized", "authorized"
        SUCCEEDED = "succeeded", "captured"
        DECLINED = "declined", "declined"
        FAILED = "failed", "provider failed"
        VOIDED = "voided", "voided"
        REFUNDED = "refunded", "refunded in full"

    class Step(models.TextChoices):
        NONE = "", "nothing"
        CAPTURE = "capture", "capture"
        VOID = "void", "void"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    captured_minor = models.BigIntegerField(default=0, db_default=0)
    refunded_minor = models.BigIntegerField(default=0)
    is_captured_later = models.BooleanField(
        default=False,
        db_default=False,
        help_text="The money is reserved first and taken when the order is packed.",
    )
    state = models.CharField(max_length=12, choices=State, default=State.STARTED)
    idempotency_key = models.CharField(max_length=255, unique=True)
    provider_ref = models.CharField(max_length=120, blank=True, db_index=True)
    reason_code = models.CharField(max_length=40, blank=True)
    dispute = models.CharField(
        max_length=20,
        blank=True,
        default="",
        db_default="",
        help_text="Where a dispute with the cardholder's bank stands. Empty: there is none.",
    )
    due_step = models.CharField(
        max_length=8, choices=Step, blank=True, default=Step.NONE, db_default=""
    )
    due_at = models.DateTimeField(null=True, blank=True)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="payment_due")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0)
                & Q(refunded_minor__gte=0)
                & Q(refunded_minor__lte=F("amount_minor"))
                & Q(captured_minor__gte=0)
                & Q(captured_minor__lte=F("amount_minor")),
                name="payment_sums_within_amount",
            ),
            # However many tabs and retries: an order is charged once.
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["authorized", "succeeded"]),
                name="payment_one_secured",
            ),
            models.UniqueConstraint(
                fields=["order"],
                condition=Q(state__in=["started", "needs_action"]),
                name="payment_one_open",
            ),
        ]

    def __str__(self) -> str:
        paid = format_money(self.amount_minor, self.currency, "en_US")
        return f"{paid} {self.get_state_display()}"


class Refund(models.Model):
    """Money given back for an order, with the reason and the products it was for.

    It is decided in one transaction and sent to the provider after that, again and again until
    the provider says what became of it. A reduction lowers what is captured later: nothing is
    sent. `round` counts how often staff began anew after the provider had refused it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "being sent"
        SUCCEEDED = "succeeded", "sent"
        FAILED = "failed", "failed"

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=80)
    is_reduction = models.BooleanField(
        default=False, db_default=False, help_text="Taken off before the money was captured."
    )
    state = models.CharField(
        max_length=12, choices=State, default=State.PENDING, db_default="succeeded"
    )
    failure_code = models.CharField(max_length=60, blank=True, default="", db_default="")
    round = models.PositiveSmallIntegerField(default=0, db_default=0)
    tries = models.PositiveSmallIntegerField(default=0, db_default=0)
    due_at = models.DateTimeField(null=True, blank=True)
    idempotency_key = models.CharField(max_length=255, unique=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        indexes = [
            models.Index(fields=["due_at"], condition=Q(due_at__isnull=False), name="refund_due")
        ]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="refund_positive"),
            models.CheckConstraint(
                condition=~Q(state="pending") | Q(due_at__isnull=False),
                name="refund_pending_is_due",
            ),
        ]

    def __str__(self) -> str:
        return format_money(-self.amount_minor, self.payment.currency, "en_US")


class RefundLine(models.Model):
    """How many units of a line a refund covers, and their exact share of the price paid."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    restocked_quantity = models.PositiveIntegerField(default=0)

    class Meta:
        ordering = ["id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(restocked_quantity__lte=F("quantity")), name="refundline_restocked"
            )
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x line {self.line_id}"


class PaymentEvent(models.Model):
    """A webhook that a provider signed. Its body is not kept: the provider is asked instead."""

    provider = models.CharField(max_length=40)
    event_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=80)
    provider_ref = models.CharField(max_length=120, blank=True)
    received_at = models.DateTimeField()

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["received_at"], name="payment_event_received")]
        constraints = [
            models.UniqueConstraint(fields=["provider", "event_id"], name="payment_event_once")
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.event_id}"
