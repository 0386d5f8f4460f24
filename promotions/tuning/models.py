"""Campaign metrics by the minute, and every automatic adjustment."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from promotions.campaigns.models import Campaign
from promotions.tuning.core.values import CampaignAction, Source


class CampaignMinute(models.Model):
    """What one minute brought. Counted again from events and orders as long as they may change."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="minutes", db_index=False
    )
    minute = models.DateTimeField()
    percent = models.FloatField(
        null=True, blank=True, help_text="The depth in force, of a campaign with one percentage."
    )
    impressions = models.PositiveIntegerField(default=0)
    clicks = models.PositiveIntegerField(default=0)
    carts = models.PositiveIntegerField(default=0)
    redemptions = models.PositiveIntegerField(default=0)
    spend_minor = models.BigIntegerField(default=0)
    sales_minor = models.BigIntegerField(default=0)
    margin_minor = models.BigIntegerField(default=0)
    margin_squares = models.FloatField(default=0.0)
    returns = models.PositiveIntegerField(default=0)
    returned_minor = models.BigIntegerField(default=0)
    reviews = models.PositiveIntegerField(default=0)
    rating_sum = models.PositiveIntegerField(default=0)
    read = models.PositiveIntegerField(default=0)
    positivity_sum = models.FloatField(default=0.0)
    positivity_squares = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-minute", "campaign"]
        constraints = [
            models.UniqueConstraint(fields=["campaign", "minute"], name="campaignminute_once")
        ]

    def __str__(self) -> str:
        return f"campaign {self.campaign_id} at {self.minute:%Y-%m-%d %H:%M}"


class CampaignAdjustment(models.Model):
    """A change that was proposed: what, why, on what evidence, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a person"
        APPLIED = "applied", "applied"
        REFUSED = "refused", "refused by a guardrail"
        REJECTED = "rejected", "rejected by a person"
        UNDONE = "undone", "undone"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="adjustments")
    lever = models.CharField(max_length=8, choices=[(one, one) for one in CampaignAction])
    source = models.CharField(max_length=8, choices=[(one, one) for one in Source])
    reason_code = models.CharField(max_length=40)
    before = models.JSONField()
    after = models.JSONField(null=True)
    evidence = models.JSONField(default=dict)
    expected_minor = models.BigIntegerField(default=0)
    state = models.CharField(max_length=8, choices=State)
    bound_by = models.CharField(max_length=20, blank=True)
    proposed_at = models.DateTimeField()
    last_seen_at = models.DateTimeField(help_text="The last look that proposed the same.")
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    note = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-proposed_at", "-id"]
        indexes = [models.Index(fields=["state", "-proposed_at"], name="adjustment_state_time")]
        constraints = [
            # The same proposal is made every minute as long as it holds: it waits once.
            models.UniqueConstraint(
                fields=["campaign", "lever"],
                condition=Q(state="waiting"),
                name="adjustment_waits_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.lever} of campaign {self.campaign_id}: {self.before} to {self.after}"
