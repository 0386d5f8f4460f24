"""What buyers said about a delivered order."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from orders.satisfaction.core import HIGHEST, LONGEST_WORDS, LOWEST


class OrderRating(models.Model):
    """One answer per order to "How was this order?", which its buyer may change.

    Deleted with the shopper's data: what somebody thought is theirs, unlike what was sold.
    """

    order = models.OneToOneField(
        "orders.Order", on_delete=models.CASCADE, primary_key=True, related_name="rating"
    )
    score = models.PositiveSmallIntegerField(help_text="1 (very bad) to 5 (very good).")
    words = models.CharField(max_length=LONGEST_WORDS, blank=True)
    rated_at = models.DateTimeField()

    class Meta:
        ordering = ["-rated_at", "-order_id"]
        indexes = [models.Index(fields=["rated_at"], name="orderrating_time")]
        constraints = [
            models.CheckConstraint(
                condition=Q(score__gte=LOWEST, score__lte=HIGHEST), name="orderrating_one_to_five"
            )
        ]

    def __str__(self) -> str:
        return f"{self.score} of {HIGHEST}"
