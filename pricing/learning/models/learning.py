"""Changes of demand models in use, rollouts and evidence by the minute."""

from __future__ import annotations

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class ModelChange(models.Model):
    """One change of which demand model is in use or on trial, by whom and why (append-only)."""

    class Kind(models.TextChoices):
        ACTIVATED = "activated", "activated"
        ROLLED_BACK = "rolled_back", "rolled back to"
        RAMP_BEGUN = "ramp_begun", "trial begun"
        RAMP_STEP = "ramp_step", "trial step"
        RAMP_STOPPED = "ramp_stopped", "trial stopped"

    model = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.PROTECT, related_name="changes"
    )
    former = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.PROTECT, null=True, related_name="+"
    )
    kind = models.CharField(max_length=12, choices=Kind)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.kind} {self.model_id}"


class ModelRamp(models.Model):
    """A model version on trial: a growing share of shoppers is quoted by it, by a sticky hash.

    `salt` makes the hash; shoppers of a smaller share stay in every larger one. One trial at once.
    """

    class End(models.TextChoices):
        PROMOTED = "promoted", "in use for everybody"
        STOPPED = "stopped", "stopped by staff"
        TRIPPED = "tripped", "stopped by a breaker"

    model = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.PROTECT, related_name="ramps"
    )
    salt = models.CharField(max_length=32)
    begun_at = models.DateTimeField()
    begun_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    end = models.CharField(max_length=8, choices=End, blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                models.Value(1), condition=Q(ended_at__isnull=True), name="ramp_one_open"
            ),
            models.CheckConstraint(
                condition=Q(ended_at__isnull=True, end="")
                | (Q(ended_at__isnull=False) & ~Q(end="")),
                name="ramp_end",
            ),
        ]

    def __str__(self) -> str:
        return f"trial of model {self.model_id}"


class RampStep(models.Model):
    """One step of a trial: from `at` on this share of shoppers. The newest step holds."""

    ramp = models.ForeignKey(ModelRamp, on_delete=models.CASCADE, related_name="steps")
    share = models.FloatField()
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    evidence = models.JSONField(default=dict)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="ramp_share")
        ]

    def __str__(self) -> str:
        return f"{self.share:.0%}"


class ShadowComparison(models.Model):
    """What a version on trial would have shown in a sample of decisions, against what was shown."""

    model = models.ForeignKey(
        "pricing.DemandModelVersion", on_delete=models.CASCADE, related_name="shadows"
    )
    at = models.DateTimeField()
    since = models.DateTimeField()
    until = models.DateTimeField()
    market_code = models.CharField(max_length=16, default="us")
    channel = models.CharField(max_length=16, default="online")
    decisions = models.PositiveIntegerField()
    figures = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(until__gt=F("since")), name="shadow_period")
        ]

    def __str__(self) -> str:
        return f"{self.decisions} decisions"


class OnlineEvidence(models.Model):
    """What was shown and bought since the last night, and what it says of elasticities, as arrays.

    `arrays` are impressions of known outcome until `watermark`, written in one transaction with it:
    no outcome counts twice. `pending_arrays` are the elasticities that are other ones than the
    night's, with what may still be bought on top; they are made anew from `arrays` every minute,
    and are what prices are made of. `moved` are the variants whose elasticity changed enough to be
    priced anew. Rows that are no longer current have counts and hashes, but no arrays.
    """

    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    is_current = models.BooleanField(default=True)
    at = models.DateTimeField()
    watermark = models.DateTimeField()
    exposures = models.BigIntegerField(default=0)
    purchases = models.BigIntegerField(default=0)
    alarms = models.PositiveIntegerField(default=0)
    moved = ArrayField(models.BigIntegerField(), default=list)
    metrics = models.JSONField(default=dict)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    pending_exposures = models.PositiveBigIntegerField(default=0)
    pending_purchases = models.PositiveBigIntegerField(default=0)
    pending_arrays = models.BinaryField(null=True)
    pending_sha256 = models.CharField(max_length=64, blank=True)

    class Meta:
        verbose_name_plural = "online evidence"
        ordering = ["-id"]
        indexes = [models.Index(fields=["market_code", "channel", "at"], name="evidence_moment")]
        constraints = [
            models.UniqueConstraint(
                fields=["market_code", "channel"],
                condition=Q(is_current=True),
                name="evidence_one_current",
            )
        ]

    def __str__(self) -> str:
        return f"{self.exposures} exposures"
