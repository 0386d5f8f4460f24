"""Reductions by offers that were open to everybody, as promotions record them."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q


class PublicCut(models.Model):
    """A cut on one piece of each of some products that anybody could get, or still can.

    A legal reference price counts it. One of `percent`, `amount_minor` and `price_minor`. An empty
    market means every market. `variant_ids` are packed: eight bytes each, little-endian.
    """

    campaign_id = models.BigIntegerField(help_text="Of the campaign that records it.")
    market_code = models.CharField(max_length=8, blank=True)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="The first moment it is over.")
    variant_ids = models.BinaryField()
    percent = models.FloatField(null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    price_minor = models.BigIntegerField(null=True, blank=True)
    stacking_group = models.CharField(max_length=60, blank=True)
    is_alone = models.BooleanField(default=False)

    class Meta:
        ordering = ["campaign_id", "id"]
        constraints = [
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="cut_ends_later"),
        ]
        indexes = [models.Index(fields=["campaign_id", "id"], name="cut_of_campaign")]

    def __str__(self) -> str:
        return f"cut of campaign {self.campaign_id}"
