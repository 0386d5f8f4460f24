"""The price book: what every worker serves from memory."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class PriceBook(models.Model):
    """One published version: prices and serving arrays of all variants of a market's channel.

    `effective_at` lies a moment after publishing, so that every worker has loaded the book
    before all of them turn the page at the same instant.
    """

    version = models.PositiveIntegerField(unique=True)
    market = models.ForeignKey("shop.Market", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=16, default="online")
    model_version = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.PROTECT, null=True, related_name="books"
    )
    policy = models.ForeignKey(
        "pricing.PricingPolicy", on_delete=models.PROTECT, related_name="books"
    )
    published_at = models.DateTimeField()
    effective_at = models.DateTimeField()
    is_current = models.BooleanField(default=False)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    metrics = models.JSONField(default=dict)

    class Meta:
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["market", "channel"],
                condition=Q(is_current=True),
                name="price_book_one_current",
            ),
            models.CheckConstraint(
                condition=Q(effective_at__gte=F("published_at")), name="price_book_effective"
            ),
        ]

    def __str__(self) -> str:
        return f"price book {self.version}"


class PriceBookEntry(models.Model):
    """Precomputed personal prices of one active shopper for the variants they may look at.

    `variant_ids` is sorted; `quoted_minors[i]` is the price of `variant_ids[i]`. One row per
    shopper instead of one per pair: 200 times fewer rows to write and to find.
    """

    shopper = models.OneToOneField(
        "profiles.Shopper", on_delete=models.CASCADE, primary_key=True, related_name="+"
    )
    book = models.ForeignKey(PriceBook, on_delete=models.CASCADE, related_name="entries")
    variant_ids = ArrayField(models.BigIntegerField())
    quoted_minors = ArrayField(models.PositiveIntegerField())
    priced_at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "price book entries"
        ordering = ["shopper"]
        constraints = [
            models.CheckConstraint(
                condition=Q(variant_ids__len=F("quoted_minors__len")), name="book_entry_pairs"
            )
        ]

    def __str__(self) -> str:
        return f"{len(self.variant_ids)} prices"
