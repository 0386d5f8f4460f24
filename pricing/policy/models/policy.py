"""Pricing policy versions, jurisdictions, emergency caps and kill switches."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

REFERENCE_STRATEGIES = [
    ("eu_low30_offered_before_start", "lowest offered in the 30 days before the reduction"),
    ("cn_low7_paid", "lowest paid in the 7 days before the reduction"),
    ("median90_paid", "median paid in the 90 days before the reduction"),
    ("uk_volume_share", "share of units really sold at list, and 30-day low"),
]


OBJECTIVES = [
    ("profit", "profit"),
    ("revenue", "revenue"),
    ("units", "units, at the margin aimed at"),
]


class PricingPolicy(models.Model):
    """A version of the bounds and goals of pricing. Versions are added, never edited.

    Shares are fractions of a price (0.10 is 10 %). A personal cap above 10 % needs a reason and
    a second approver before it can be active; above 30 % it cannot be stored at all.
    """

    version = models.PositiveIntegerField(unique=True)
    is_active = models.BooleanField(default=False)
    floor_margin = models.FloatField(default=0.02)
    personal_cap = models.FloatField(default=0.10)
    step_cap = models.FloatField(default=0.10)
    ceiling_over_list = models.FloatField(default=0.0)
    max_changes_per_day = models.PositiveSmallIntegerField(default=4)
    hold_minutes = models.PositiveIntegerField(default=60)
    quote_minutes = models.PositiveIntegerField(default=60)
    no_rise_hours = models.PositiveIntegerField(default=24)
    assumed_cost_share = models.FloatField(default=0.70)
    won_purchase_share = models.FloatField(default=0.10)
    spread_aversion = models.FloatField(default=20.0)
    holdout_share = models.FloatField(default=0.05)
    min_confidence = models.FloatField(default=0.80)
    max_model_age_hours = models.PositiveIntegerField(default=24 * 14)
    exploration = models.FloatField(default=0.5)
    shock_share = models.FloatField(default=0.05)
    objective = models.CharField(max_length=8, choices=OBJECTIVES, default="profit")
    target_margin = models.FloatField(default=0.0)
    competitor_above = models.FloatField(default=0.10)
    causal_reach = models.FloatField(default=0.30)
    cooldown_hours = models.PositiveSmallIntegerField(default=0)
    two_person_step = models.FloatField(default=0.05)
    restock_days = models.PositiveSmallIntegerField(default=0)
    substitution_share = models.FloatField(default=0.0)
    auto_publish = models.BooleanField(default=True)
    learns_from_looks = models.BooleanField(default=True)
    keeps_to_competitors = models.BooleanField(default=False)
    reason = models.TextField(blank=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )

    class Meta:
        verbose_name_plural = "pricing policies"
        ordering = ["-version"]
        constraints = [
            models.UniqueConstraint(
                fields=["is_active"], condition=Q(is_active=True), name="policy_one_active"
            ),
            models.CheckConstraint(
                condition=Q(personal_cap__gte=0, personal_cap__lte=0.30), name="policy_hard_cap"
            ),
            models.CheckConstraint(
                condition=Q(is_active=False)
                | Q(personal_cap__lte=0.10)
                | (~Q(reason="") & Q(approved_by__isnull=False) & ~Q(approved_by=F("created_by"))),
                name="policy_second_approver",
            ),
            models.CheckConstraint(
                condition=Q(floor_margin__gte=0, floor_margin__lt=1)
                & Q(step_cap__gt=0, step_cap__lte=0.5)
                & Q(ceiling_over_list__gte=0, ceiling_over_list__lte=1)
                & Q(quote_minutes__gte=30)
                & Q(assumed_cost_share__gt=0, assumed_cost_share__lt=1)
                & Q(won_purchase_share__gte=0, won_purchase_share__lt=1)
                & Q(spread_aversion__gte=0, spread_aversion__lte=1000)
                & Q(holdout_share__gte=0, holdout_share__lt=1)
                & Q(min_confidence__gte=0.5, min_confidence__lt=1),
                name="policy_sane",
            ),
            models.CheckConstraint(
                condition=Q(
                    exploration__gte=0,
                    exploration__lte=1,
                    shock_share__gte=0,
                    shock_share__lte=0.25,
                ),
                name="policy_sane_learning",
            ),
            models.CheckConstraint(
                condition=Q(target_margin__gte=0, target_margin__lt=10)
                & Q(competitor_above__gte=0, competitor_above__lte=5)
                & Q(causal_reach__gte=0, causal_reach__lte=0.5)
                & Q(cooldown_hours__lte=24 * 28)
                & Q(two_person_step__gte=0, two_person_step__lte=0.5)
                & Q(objective__in=["profit", "revenue", "units"])
                # Units alone would sell everything at its floor.
                & (~Q(objective="units") | Q(target_margin__gt=0)),
                name="policy_sane_optimum",
            ),
            models.CheckConstraint(
                condition=Q(restock_days__lte=365)
                & Q(substitution_share__gte=0, substitution_share__lte=0.9),
                name="policy_sane_surroundings",
            ),
        ]

    def __str__(self) -> str:
        return f"policy {self.version}"


class JurisdictionRow(models.Model):
    """What the law of a place asks of a personal price, from one day to another (half-open)."""

    code = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    personal_allowed = models.BooleanField()
    opt_in_required = models.BooleanField()
    label_code = models.CharField(max_length=16)  # never ends in "-test": see core/labels.py
    label_en = models.CharField(max_length=200, blank=True)
    label_zh = models.CharField(max_length=200, blank=True)
    test_label_en = models.CharField(max_length=200, blank=True)
    test_label_zh = models.CharField(max_length=200, blank=True)
    reference_strategy = models.CharField(max_length=32, choices=REFERENCE_STRATEGIES)
    unit_price_required = models.BooleanField(default=False)
    source = models.TextField()
    reviewed_by = models.CharField(max_length=120)

    class Meta:
        ordering = ["code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="jurisdiction_from"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="jurisdiction_period",
            ),
            models.CheckConstraint(
                condition=Q(personal_allowed=False)
                | (~Q(label_en="") & ~Q(label_zh="") & ~Q(test_label_en="") & ~Q(test_label_zh="")),
                name="jurisdiction_label",
            ),
            models.CheckConstraint(
                condition=~Q(label_code__endswith="-test"), name="jurisdiction_label_code"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.valid_from}"


class EmergencyCap(models.Model):
    """In a declared emergency no price above its level before it, plus `cap_share`."""

    market = models.ForeignKey("shop.Market", on_delete=models.CASCADE, related_name="+")
    category = models.ForeignKey(
        "shop.Category", on_delete=models.CASCADE, null=True, blank=True, related_name="+"
    )
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(null=True, blank=True)
    cap_share = models.FloatField(default=0.0)
    reason = models.TextField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-starts_at"]
        constraints = [
            models.CheckConstraint(condition=Q(cap_share__gte=0), name="emergency_cap_positive"),
            models.CheckConstraint(
                condition=Q(ends_at__isnull=True) | Q(ends_at__gt=F("starts_at")),
                name="emergency_period",
            ),
        ]

    def __str__(self) -> str:
        return f"emergency cap from {self.starts_at:%Y-%m-%d}"


class KillSwitch(models.Model):
    """One flip of a switch. The newest flip of (scope, key) holds; older ones are the history.

    All scopes but TESTS stop personal prices and tests of what they name; TESTS stops tests alone.
    """

    class Scope(models.TextChoices):
        GLOBAL = "global", "everything"
        MARKET = "market", "one market"
        CATEGORY = "category", "one category and all below it"
        SKU = "sku", "one SKU"
        MODEL = "model", "one model version"
        TESTS = "tests", "price tests of one market"

    scope = models.CharField(max_length=8, choices=Scope)
    key = models.CharField(max_length=64, blank=True)
    is_active = models.BooleanField()
    reason = models.TextField(blank=True)
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    at = models.DateTimeField()

    class Meta:
        verbose_name_plural = "kill switches"
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["scope", "key", "-id"], name="killswitch_newest")]
        constraints = [
            models.CheckConstraint(
                condition=Q(scope="global", key="") | (~Q(scope="global") & ~Q(key="")),
                name="killswitch_key",
            )
        ]

    def __str__(self) -> str:
        return f"{self.scope} {self.key} {'off' if self.is_active else 'on'}"
