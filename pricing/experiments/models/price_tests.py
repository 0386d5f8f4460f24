"""Randomised price shocks: what chance did to public prices, and since when it no longer does."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class PriceShock(models.Model):
    """A public price moved by one price point for a week because a draw said so.

    `direction` is -1 or +1 price point from `base_minor` to `shocked_minor`; `probability` is that
    of this very move, before it was drawn. `is_applied` says that the gate let it through; it holds
    until `ended_at`. The draw is that of `seed`, the variant and the week: anybody can repeat it.
    """

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    week = models.DateField(help_text="the Monday on which the week begins")
    direction = models.SmallIntegerField()
    probability = models.FloatField()
    base_minor = models.PositiveIntegerField()
    shocked_minor = models.PositiveIntegerField()
    is_applied = models.BooleanField()
    seed = models.CharField(max_length=64)
    policy_version = models.PositiveIntegerField()
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-week", "variant"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "market", "channel", "week"], name="shock_once_a_week"
            ),
            # At most one holds at a time: two would lose what the price was before.
            models.UniqueConstraint(
                fields=["variant", "market", "channel"],
                condition=Q(ended_at__isnull=True),
                name="shock_one_running",
            ),
            models.CheckConstraint(
                condition=Q(direction__in=[-1, 1], base_minor__gt=0, shocked_minor__gt=0)
                & Q(probability__gt=0, probability__lte=1),
                name="shock_sane",
            ),
            models.CheckConstraint(
                condition=Q(is_applied=True) | Q(ended_at__isnull=False), name="shock_not_applied"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.direction:+d} rung in the week of {self.week}"
