"""Sums that staff look at again and again, kept so that a year opens as quickly as a day."""

from __future__ import annotations

from django.db import models


class SalesDay(models.Model):
    """What was sold on one day of a time zone through one channel in one currency.

    Remade by a job, never edited. Minor units, refunds taken off; what each figure means is in
    `orders.reports.api.DaySales`.
    """

    zone = models.CharField(max_length=40)
    day = models.DateField()
    channel = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    orders = models.PositiveIntegerField()
    lines = models.PositiveIntegerField()
    sales_minor = models.BigIntegerField()
    margin_minor = models.BigIntegerField()
    margin_base_minor = models.BigIntegerField()
    personal_lines = models.PositiveIntegerField()
    personal_public_minor = models.BigIntegerField()
    personal_discount_minor = models.BigIntegerField()

    class Meta:
        ordering = ["day", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["zone", "day", "channel", "currency"], name="salesday_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.channel}"
