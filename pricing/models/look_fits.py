"""What looks say of elasticities: the cells that are kept, and what was fitted to them."""

from __future__ import annotations

from django.db import models


class LookArchive(models.Model):
    """What was shown and bought at a place until `watermark`, in cells; nobody is named.

    Cells and watermark change in one transaction: no look counts twice. Older looks fade, so
    `arrays` stay as small as what is sold; `looks` and `purchases` count all that were taken in.
    """

    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    watermark = models.DateTimeField()
    looks = models.BigIntegerField(default=0)
    purchases = models.BigIntegerField(default=0)
    sold_out = models.BigIntegerField(
        default=0, help_text="looks at what nobody could buy: counted here, and not learned from"
    )
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["market_code", "channel"]
        constraints = [
            models.UniqueConstraint(
                fields=["market_code", "channel"], name="look_archive_one_a_place"
            )
        ]

    def __str__(self) -> str:
        return f"{self.market_code}/{self.channel}"


class LookFit(models.Model):
    """A logit of looks on top of a model version, as arrays: what prices of a place are made of.

    `told_at` is when the evidence faded that stands beside it: what outcomes told since counts on
    top. `refusal` says why a fit is not used. Of older fits the figures are kept, not the arrays.
    """

    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    model = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.CASCADE, related_name="look_fits"
    )
    at = models.DateTimeField()
    watermark = models.DateTimeField()
    told_at = models.DateTimeField()
    looks = models.BigIntegerField()
    refusal = models.CharField(max_length=40, blank=True)
    metrics = models.JSONField(default=dict)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["market_code", "channel", "model", "-id"], name="look_fit_newest")
        ]

    def __str__(self) -> str:
        return f"looks until {self.watermark:%Y-%m-%d}"
