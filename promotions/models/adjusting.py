"""A campaign's pulse by the minute, how far it may adjust itself, and every change it made."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from promotions.core.adjusting import Lever, Source
from promotions.models.campaigns import Campaign


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


class CampaignTuning(models.Model):
    """How far a campaign may adjust itself, and its exposure weight. No row: it only proposes."""

    campaign = models.OneToOneField(
        Campaign, on_delete=models.CASCADE, primary_key=True, related_name="tuning"
    )
    is_automatic = models.BooleanField(
        default=False, help_text="Apply what the guardrails allow; otherwise only propose."
    )
    exposure_weight = models.FloatField(
        default=1.0, help_text="How much more often it is shown than others of the same fit."
    )
    depth_min = models.FloatField(default=0.0, help_text="percent")
    depth_max = models.FloatField(default=30.0, help_text="percent")
    depth_step = models.FloatField(default=2.5, help_text="percentage points in one change")
    cooldown_hours = models.PositiveSmallIntegerField(default=6)
    approve_above_minor = models.BigIntegerField(
        default=100_000, help_text="A change expected to move more than this asks a person."
    )
    changed_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(exposure_weight__gt=0, exposure_weight__lte=16),
                name="campaigntuning_weight",
            ),
            models.CheckConstraint(
                condition=Q(
                    depth_min__gte=0,
                    depth_max__gt=F("depth_min"),
                    depth_max__lte=100,
                    depth_step__gt=0,
                    depth_step__lte=10,
                ),
                name="campaigntuning_depth",
            ),
            models.CheckConstraint(
                condition=Q(cooldown_hours__gte=1, approve_above_minor__gte=0),
                name="campaigntuning_care",
            ),
        ]

    def __str__(self) -> str:
        return f"tuning of campaign {self.campaign_id}"


class CampaignAdjustment(models.Model):
    """A change that was proposed: what, why, on what evidence, and what became of it."""

    class State(models.TextChoices):
        WAITING = "waiting", "waits for a person"
        APPLIED = "applied", "applied"
        REFUSED = "refused", "refused by a guardrail"
        REJECTED = "rejected", "rejected by a person"
        UNDONE = "undone", "undone"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="adjustments")
    lever = models.CharField(max_length=8, choices=[(one, one) for one in Lever])
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
