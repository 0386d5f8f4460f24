"""Fitted models as arrays."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from pricing.demand.models.families import name_model


class DemandModelVersion(models.Model):
    """One fitted model: plain arrays (npz, never pickle), their hash, window and metrics.

    Two people bring an older model or a candidate into use: one asks (`shop.ground.approvals`),
    another activates (`activated_by`, empty when the training job did it).
    """

    class Status(models.TextChoices):
        CANDIDATE = "candidate", "candidate"
        ACTIVE = "active", "active"
        RETIRED = "retired", "retired"
        REFUSED = "refused", "refused by a gate"

    kind = models.CharField(max_length=24, default="pooled_poisson")
    status = models.CharField(max_length=10, choices=Status, default=Status.CANDIDATE)
    trained_at = models.DateTimeField()
    window_start = models.DateField()
    window_end = models.DateField()
    rows = models.BigIntegerField(default=0)
    metrics = models.JSONField(default=dict)
    parameters = models.JSONField(default=dict)
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)
    feature_hash = models.CharField(max_length=64)
    activated_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["-trained_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["status"], condition=Q(status="active"), name="demand_one_active"
            ),
            models.CheckConstraint(
                condition=Q(window_end__gt=models.F("window_start")), name="demand_window"
            ),
        ]

    def __str__(self) -> str:
        return name_model(self.kind, self.pk)
