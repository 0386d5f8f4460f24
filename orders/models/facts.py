"""What was known when an order was placed, so that anybody can be told why it got what it got."""

from __future__ import annotations

from django.contrib.postgres.indexes import BrinIndex
from django.db import models

from orders.models.orders import Order


class OrderFacts(models.Model):
    """What the evaluator was asked beyond what lines and versions of campaigns keep.

    `seen` is text as `promotions.core.freezing` packs it and names its own version; as JSON of the
    database it would take more than twice the room, and nothing looks into it there. It says
    what was inferred of the shopper, so it is deleted with them and after `KEEP_FACTS`.
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
