"""From where on a campaign needs two people: versions, added and approved, never edited."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class CampaignPolicy(models.Model):
    """A version of the thresholds. Depths are percent of a price, the budget is minor units.

    A version that replaces another takes effect when somebody else than its author approves it.
    """

    version = models.PositiveIntegerField(unique=True)
    is_active = models.BooleanField(default=False)
    two_person_budget_minor = models.BigIntegerField(default=500_000)
    two_person_depth = models.FloatField(default=30.0)
    two_person_depth_unbudgeted = models.FloatField(default=20.0)
    two_person_stack = models.FloatField(
        default=25.0,
        db_default=25.0,
        help_text="Percent that it and other campaigns take off the same unit together.",
    )
    reason = models.CharField(max_length=300)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "campaign policies"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="campaignpolicy_one_active"
            ),
            models.CheckConstraint(
                condition=Q(created_by__isnull=True)
                | Q(approved_by__isnull=True)
                | ~Q(approved_by=F("created_by")),
                name="campaignpolicy_second_approver",
            ),
            models.CheckConstraint(
                condition=Q(two_person_budget_minor__gte=0)
                & Q(two_person_depth__gte=0, two_person_depth__lte=100)
                & Q(two_person_depth_unbudgeted__gte=0, two_person_depth_unbudgeted__lte=100)
                & Q(two_person_stack__gte=0, two_person_stack__lte=100),
                name="campaignpolicy_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"policy {self.version}"
