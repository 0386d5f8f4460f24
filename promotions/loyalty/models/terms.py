"""The programme's terms: rows that hold from a day on, with rates by category and tiers."""

from __future__ import annotations

from decimal import Decimal

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from shop.ground.database.naming import name_for_reader

LEAST = MinValueValidator(Decimal("0.0001"))


class ProgrammeTerms(models.Model):
    """What points are earned for and worth in a market, from `valid_from` until the next row.

    A row that already holds is never changed: members were told. Rates and values have four
    decimals, multipliers two, so that every product is exact.
    """

    market_code = models.CharField(max_length=16)
    valid_from = models.DateTimeField()
    earn_rate = models.DecimalField(
        max_digits=9, decimal_places=4, validators=[LEAST], help_text="Points per currency unit."
    )
    point_value = models.DecimalField(
        max_digits=9, decimal_places=4, validators=[LEAST], help_text="Minor units a point pays."
    )
    min_points = models.PositiveIntegerField(default=100, validators=[MinValueValidator(1)])
    step_points = models.PositiveIntegerField(default=1, validators=[MinValueValidator(1)])
    max_share_percent = models.PositiveSmallIntegerField(
        default=100, validators=[MinValueValidator(1), MaxValueValidator(100)]
    )
    return_window_days = models.PositiveSmallIntegerField(default=30)
    expiry_months = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Empty: points never expire."
    )
    notice_days = models.PositiveSmallIntegerField(
        default=30, help_text="Points expire this long after their owner was told, or later."
    )
    two_person_points = models.PositiveIntegerField(
        default=5_000, help_text="Corrections above this need a second person."
    )
    referral_points = models.PositiveIntegerField(default=0)
    referral_cap = models.PositiveSmallIntegerField(default=10)
    referral_cap_days = models.PositiveSmallIntegerField(default=365)
    tier_window_days = models.PositiveSmallIntegerField(
        default=365, validators=[MinValueValidator(1)]
    )
    tier_grace_days = models.PositiveSmallIntegerField(default=60)
    is_waiting = models.BooleanField(
        default=False,
        db_default=False,
        editable=False,
        help_text="They cost more than those before: they do not hold without a second person.",
    )
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )
    approved_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )

    class Meta:
        ordering = ["market_code", "-valid_from"]
        verbose_name_plural = "programme terms"
        constraints = [
            models.UniqueConstraint(fields=["market_code", "valid_from"], name="terms_once"),
            models.CheckConstraint(
                condition=Q(
                    earn_rate__gt=0,
                    point_value__gt=0,
                    min_points__gte=1,
                    step_points__gte=1,
                    max_share_percent__gte=1,
                    max_share_percent__lte=100,
                ),
                name="terms_sensible",
            ),
            models.CheckConstraint(
                condition=Q(asked_by__isnull=True)
                | Q(approved_by__isnull=True)
                | ~Q(approved_by=F("asked_by")),
                name="terms_second_person",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.market_code} from {self.valid_from:%Y-%m-%d}"

    def clean(self) -> None:
        """Refuse a smallest use that the steps can never reach."""
        super().clean()
        if self.step_points and self.min_points and self.min_points % self.step_points:
            message = "The smallest use must be a whole number of steps."
            raise ValidationError({"min_points": message})


class TermsCategory(models.Model):
    """How many times the rate counts in a category and what lies below it."""

    terms = models.ForeignKey(ProgrammeTerms, on_delete=models.CASCADE, related_name="categories")
    category = models.ForeignKey(
        "shop.Category", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    multiplier = models.DecimalField(
        max_digits=5, decimal_places=2, validators=[MinValueValidator(0)]
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["terms", "category"], name="termscategory_once"),
            models.CheckConstraint(condition=Q(multiplier__gte=0), name="termscategory_positive"),
        ]

    def __str__(self) -> str:
        return f"x {self.multiplier}"


class MembershipTier(models.Model):
    """A tier of the programme: reached by spending, with its own rate."""

    terms = models.ForeignKey(ProgrammeTerms, on_delete=models.CASCADE, related_name="tiers")
    code = models.SlugField(max_length=20)
    name = models.CharField(max_length=60)
    name_zh = models.CharField(max_length=60, blank=True)
    threshold_minor = models.BigIntegerField(
        validators=[MinValueValidator(0)], help_text="Paid goods inside the window, minor units."
    )
    multiplier = models.DecimalField(
        max_digits=5, decimal_places=2, default=Decimal(1), validators=[MinValueValidator(0)]
    )

    class Meta:
        ordering = ["threshold_minor"]
        constraints = [
            models.UniqueConstraint(fields=["terms", "code"], name="tier_code_once"),
            models.UniqueConstraint(fields=["terms", "threshold_minor"], name="tier_step_once"),
            models.CheckConstraint(
                condition=Q(threshold_minor__gte=0, multiplier__gte=0), name="tier_positive"
            ),
        ]

    def __str__(self) -> str:
        return name_for_reader(self.name, self.name_zh)
