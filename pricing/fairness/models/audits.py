"""Fairness audits of demand models: what was measured, and whether a model may be used."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from pricing.demand.models.demand import DemandModelVersion


class ModelAudit(models.Model):
    """One fairness audit of a demand model's prices; the newest one of its arrays decides.

    It is of one market and channel: of its prices, and of the people of that market.
    `sha256` binds it to the arrays that were measured: of other arrays it says nothing.
    `compared` prices were made once more with everybody's traits exchanged, and `is_blind` says
    that not one of them changed. `report` holds groups of 20 people and more only. What groups pay
    can be answered for by two people (`waived_*`); a price that sees a trait cannot.
    """

    model = models.ForeignKey(DemandModelVersion, on_delete=models.CASCADE, related_name="audits")
    sha256 = models.CharField(max_length=64)
    market_code = models.CharField(max_length=16, default="us")
    channel = models.CharField(max_length=16, default="online")
    at = models.DateTimeField()
    is_passed = models.BooleanField("passed")
    is_blind = models.BooleanField(
        "blind to traits", help_text="no price changed when traits were exchanged"
    )
    compared = models.PositiveIntegerField("people compared", default=0)
    people = models.PositiveIntegerField("people with traits", default=0)
    unlisted = models.JSONField("inputs not allowed", default=list, blank=True)
    limits = models.JSONField(default=dict)
    report = models.JSONField(default=dict)
    waiver_asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    waiver_asked_at = models.DateTimeField(null=True, blank=True)
    waiver_reason = models.TextField(blank=True)
    waived_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    waived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name = "fairness audit"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["sha256", "-id"], name="audit_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(is_passed=False) | Q(is_blind=True, unlisted=[]),
                name="audit_blind_if_passed",
            ),
            models.CheckConstraint(
                condition=Q(waived_by__isnull=True) | ~Q(waived_by=F("waiver_asked_by")),
                name="audit_second_person",
            ),
            models.CheckConstraint(
                condition=Q(waived_at__isnull=True)
                | (
                    Q(waiver_asked_at__isnull=False, is_blind=True, unlisted=[])
                    & ~Q(waiver_reason="")
                ),
                name="audit_waivable",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.at:%Y-%m-%d %H:%M}"

    @property
    def is_waivable(self) -> bool:
        """Whether two people may answer for it: no price saw a trait or an unlisted input."""
        return not self.is_passed and self.is_blind and not self.unlisted
