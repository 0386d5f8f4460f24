"""Consent records: append-only, protected by a trigger."""

from __future__ import annotations

from django.db import models

from profiles.shoppers.models.shoppers import Shopper


class ConsentRecord(models.Model):
    """One answer of one shopper to one question, with the version of the text they saw.

    An answer that was given elsewhere and came in by a list names the day and where: `given_on`
    and `source`. The list alone is no answer.
    """

    class Purpose(models.TextChoices):
        PRICE = "price", "personal prices"
        RECOMMENDATIONS = "recommendations", "recommendations"
        MARKETING = "marketing", "marketing"
        ANALYTICS = "analytics", "analytics and experiments"

    shopper = models.ForeignKey(Shopper, on_delete=models.PROTECT, related_name="consent_records")
    purpose = models.CharField(max_length=16, choices=Purpose)
    is_granted = models.BooleanField()
    how = models.CharField(max_length=40, help_text="banner, price switch, account, GPC, default")
    locale = models.CharField(max_length=16)
    text_version = models.CharField(max_length=40)
    recorded_at = models.DateTimeField()
    given_on = models.DateField(null=True, help_text="The day it was given elsewhere.")
    source = models.CharField(max_length=120, blank=True, db_default="")

    class Meta:
        ordering = ["-recorded_at", "-id"]
        indexes = [models.Index(fields=["shopper", "-recorded_at"], name="consent_shopper_time")]

    def __str__(self) -> str:
        return f"{self.purpose} {'granted' if self.is_granted else 'withdrawn'}"
