"""Archived impressions, and the choice models fitted to them."""

from __future__ import annotations

from django.db import models


class LookArchive(models.Model):
    """What was shown and bought at a place until `watermark`, as impressions; nobody is named.

    Impressions and watermark change in one transaction: no look counts twice. `arrays` hold those
    of the last months; `looks` and `purchases` count all that were taken in.
    """

    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    watermark = models.DateTimeField()
    looks = models.BigIntegerField(default=0)
    purchases = models.BigIntegerField(default=0)
    sold_out = models.BigIntegerField(
        default=0, help_text="looks at what nobody could buy: counted here, and not learned from"
    )
    offered = models.BigIntegerField(
        default=0, help_text="looks at a price that an offer lowered: counted here likewise"
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
    """The choice model of impressions on top of a model version: what prices of a place are made
    of.

    It knows what was settled until `watermark`: what was shown since counts on top. `refusal` says
    why a fit is not used. `weights` are those of signals, {} where they are the model version's
    own. Of older fits figures and weights are kept, not the arrays: quotes name the fit that they
    are of.
    """

    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    model = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.CASCADE, related_name="look_fits"
    )
    at = models.DateTimeField()
    watermark = models.DateTimeField()
    looks = models.BigIntegerField()
    refusal = models.CharField(max_length=40, blank=True)
    metrics = models.JSONField(default=dict)
    weights = models.JSONField(default=dict)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["market_code", "channel", "model", "-id"], name="look_fit_newest")
        ]

    def __str__(self) -> str:
        return f"looks until {self.watermark:%Y-%m-%d}"
