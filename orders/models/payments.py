"""Payments and refunds."""

from __future__ import annotations

import uuid

from django.db import models
from django.db.models import Q

from orders.models.orders import Order, OrderLine
from shop.kernel.money import format_money

# Nobody said yet what became of these. An outage is no answer: the charge may have gone through.
UNANSWERED = Q(state__in=["started", "needs_action"]) | Q(
    state="failed", reason_code="provider_down"
)


class Payment(models.Model):
    """One attempt to pay an order through a provider. No card data ever reaches this table."""

    class State(models.TextChoices):
        STARTED = "started", "started"
        NEEDS_ACTION = "needs_action", "waits for the shopper"
        SUCCEEDED = "succeeded", "succeeded"
        DECLINED = "declined", "declined"
        FAILED = "failed", "provider failed"
        REFUNDED = "refunded", "refunded in full"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="payments")
    provider = models.CharField(max_length=40)
    method = models.CharField(max_length=40)
    currency = models.CharField(max_length=3)
    amount_minor = models.BigIntegerField()
    refunded_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=12, choices=State, default=State.STARTED)
    idempotency_key = models.CharField(max_length=255, unique=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    reason_code = models.CharField(max_length=40, blank=True)
    created_at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-created_at"]
        indexes = [
            models.Index(fields=["created_at"], condition=UNANSWERED, name="payment_unanswered")
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(amount_minor__gte=0)
                & Q(refunded_minor__gte=0)
                & Q(refunded_minor__lte=models.F("amount_minor")),
                name="payment_refund_within_amount",
            ),
            # However many tabs and retries: an order is charged once.
            models.UniqueConstraint(
                fields=["order"], condition=Q(state="succeeded"), name="payment_one_success"
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
    """Money given back for an order, with the reason and the goods it was for."""

    order = models.ForeignKey(Order, on_delete=models.PROTECT, related_name="refunds")
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount_minor = models.BigIntegerField()
    reason = models.CharField(max_length=80)
    idempotency_key = models.CharField(max_length=255, unique=True)
    provider_ref = models.CharField(max_length=120, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["at", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="refund_positive")
        ]

    def __str__(self) -> str:
        return format_money(-self.amount_minor, self.payment.currency, "en_US")


class RefundLine(models.Model):
    """How many units of a line a refund covers, and their exact share of the price paid."""

    refund = models.ForeignKey(Refund, on_delete=models.CASCADE, related_name="lines")
    line = models.ForeignKey(OrderLine, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    amount_minor = models.BigIntegerField()
    is_restocked = models.BooleanField(default=False)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.quantity} x line {self.line_id}"
