"""Saved variants, and requests to be told when a sold-out variant is back."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

from profiles.shoppers.models.shoppers import Shopper


class SavedVariant(models.Model):
    """A variant on the wish list of a shopper, guest or not."""

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    saved_at = models.DateTimeField()

    class Meta:
        ordering = ["-saved_at", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["shopper", "variant"], name="saved_variant_once")
        ]

    def __str__(self) -> str:
        return f"variant {self.variant_id}"


class RestockRequest(models.Model):
    """A wish to be told once when a sold-out variant is back.

    Of an account (`shopper`; the letter goes to its address at that time), or of an e-mail address
    that nobody has proved yet (`confirmed_at` empty) or that its reader has confirmed.
    """

    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    shopper = models.ForeignKey(
        Shopper, on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    email = models.EmailField(blank=True)
    language = models.CharField(max_length=10)
    asked_at = models.DateTimeField()
    confirmed_at = models.DateTimeField(null=True, blank=True)
    told_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["asked_at", "id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(shopper__isnull=False, email="", confirmed_at__isnull=False)
                | (Q(shopper__isnull=True) & ~Q(email="")),
                name="restock_request_of_one",
            ),
            models.CheckConstraint(
                condition=Q(told_at__isnull=True) | Q(told_at__gte=F("confirmed_at")),
                name="restock_told_after_confirmed",
            ),
            models.UniqueConstraint(
                fields=["variant", "shopper"],
                condition=Q(told_at__isnull=True, shopper__isnull=False),
                name="restock_request_once_a_shopper",
            ),
            models.UniqueConstraint(
                fields=["variant", "email"],
                condition=Q(told_at__isnull=True, shopper__isnull=True),
                name="restock_request_once_an_address",
            ),
        ]

    def __str__(self) -> str:
        return f"variant {self.variant_id}"
