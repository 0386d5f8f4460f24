"""Promotion laws by jurisdiction and period (half-open)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class PromotionLaw(models.Model):
    """A row of the law of promotions; places are named as pricing's jurisdictions name them.

    A change of law is a new row from its day on. `LawRow` of `promotions.law.core.depth`
    says what each field means. A place without a row gets the strictest of everything.
    """

    code = models.CharField(max_length=16)
    valid_from = models.DateField()
    valid_to = models.DateField(null=True, blank=True)
    pause_days = models.PositiveSmallIntegerField(
        default=30, help_text="Days without a like offer before it comes again."
    )
    raise_days = models.PositiveSmallIntegerField(
        default=30, help_text="Days a price must have stood before a cut from it."
    )
    percent_is_claim = models.BooleanField(
        default=True, help_text="A percentage is reckoned from the reference price."
    )
    members_count = models.BooleanField(
        default=False, help_text="What members pay lowers the reference price, too."
    )
    personal_cap = models.FloatField(default=30.0, help_text="Percent of the price, at most.")
    below_cost_allowed = models.BooleanField(default=True)
    gift_kinds = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Kinds of goods that may not be given away.",
    )
    banned_kinds = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Kinds of goods that may not be promoted.",
    )
    minimum_prices = models.JSONField(
        default=dict, blank=True, help_text="Minor units a piece, by kind of goods."
    )
    stock_days = models.PositiveSmallIntegerField(
        default=2, help_text="Days of usual sales that must lie in stock."
    )
    up_to_share = models.FloatField(default=0.20, help_text="Share of goods that get “up to”.")
    points_notice_days = models.PositiveSmallIntegerField(default=30)
    terms_language = models.CharField(max_length=8, blank=True)
    groups_allowed = ArrayField(
        models.CharField(max_length=40),
        default=list,
        blank=True,
        help_text="Declared and verified groups that a condition may ask for.",
    )
    source = models.TextField()
    reviewed_by = models.CharField(max_length=120)

    class Meta:
        verbose_name = "promotion law"
        verbose_name_plural = "promotion laws"
        ordering = ["code", "valid_from"]
        constraints = [
            models.UniqueConstraint(fields=["code", "valid_from"], name="promotionlaw_from"),
            models.CheckConstraint(
                condition=Q(valid_to__isnull=True) | Q(valid_to__gt=F("valid_from")),
                name="promotionlaw_period",
            ),
            models.CheckConstraint(
                condition=Q(personal_cap__gte=0, personal_cap__lte=100)
                & Q(up_to_share__gte=0, up_to_share__lte=1),
                name="promotionlaw_sane",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.code} from {self.valid_from}"
