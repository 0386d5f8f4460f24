"""Keys that make a repeated request harmless, and what was known when an order was placed."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from orders.order.models import Order


class IdempotencyKey(models.Model):
    """What was answered to a key, stored in the transaction that did the work."""

    scope = models.CharField(max_length=80)
    key = models.CharField(max_length=255)
    fingerprint = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField()
    body = models.JSONField()
    created_at = models.DateTimeField()

    class Meta:
        ordering = ["-created_at"]
        constraints = [models.UniqueConstraint(fields=["scope", "key"], name="idempotency_once")]
        indexes = [models.Index(fields=["created_at"], name="idempotency_created")]

    def __str__(self) -> str:
        return f"{self.scope}/{self.key}"


class OrderFacts(models.Model):
    """What the evaluator was asked beyond what lines and versions of campaigns keep.

    `seen` is text as `promotions.offers.core` packs it and names its own version; as
    JSON of the database it would take more than twice the room, and nothing looks into it there.
    It says what was inferred of the shopper, so it is deleted with them and after `KEEP_FACTS`.
    """

    order = models.OneToOneField(
        Order, on_delete=models.CASCADE, related_name="facts", primary_key=True
    )
    seen = models.TextField()
    at = models.DateTimeField()

    class Meta:
        # Rows come in the order of time: a block range index costs an order next to nothing
        indexes = [BrinIndex(fields=["at"], name="orderfacts_at")]

    def __str__(self) -> str:
        return f"facts of {self.order_id}"
