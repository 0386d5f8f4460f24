"""The weekly letter with somebody's own offers: who had it in which week."""

from __future__ import annotations

from django.db import models


class OfferDigest(models.Model):
    """A shopper's turn in an ISO week ("2026-W48"): once, whether or not there was an offer.

    Written in the transaction that sends the letter; the constraint decides between two senders.
    """

    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    week = models.CharField(max_length=8)
    offers = models.PositiveSmallIntegerField(help_text="0: no letter was sent.")
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["shopper", "week"], name="offerdigest_once_a_week")
        ]

    def __str__(self) -> str:
        return f"digest {self.week} of shopper {self.shopper_id}"
