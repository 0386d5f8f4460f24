"""Limits of use with what is held and committed of them, and alerts of budgets."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.models.coupons import Redemption
from promotions.engine.api import Counted, Entity, Period


class UseLimit(models.Model):
    """At most `max_uses` and `max_minor` of a campaign or offer, by entity and period.

    Periods follow the clock of the market the order is placed in. Limits are added or switched
    off, never rewritten while orders count in them: counters keep their meaning.
    """

    class ByEntity(models.TextChoices):
        GLOBAL = Entity.GLOBAL.value, "everybody together"
        CODE = Entity.CODE.value, "each code"
        SHOPPER = Entity.SHOPPER.value, "each shopper"
        ORDER = Entity.ORDER.value, "each order"
        CHANNEL = Entity.CHANNEL.value, "each channel"

    class Per(models.TextChoices):
        NONE = Period.NONE.value, "for good"
        DAY = Period.DAY.value, "each day"
        WEEK = Period.WEEK.value, "each week"
        MONTH = Period.MONTH.value, "each month"

    class What(models.TextChoices):
        USES = Counted.USES.value, "offers in orders"
        UNITS = Counted.UNITS.value, "pieces sold"

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="limits", null=True, blank=True
    )
    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="limits", null=True, blank=True
    )
    entity = models.CharField(max_length=7, choices=ByEntity, default=ByEntity.GLOBAL)
    period = models.CharField(max_length=5, choices=Per, default=Per.NONE)
    counted = models.CharField(max_length=5, choices=What, default=What.USES)
    max_uses = models.PositiveIntegerField(null=True, blank=True)
    max_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Minor units of the campaign's currency."
    )
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(campaign__isnull=False, offer__isnull=True)
                | Q(campaign__isnull=True, offer__isnull=False),
                name="uselimit_one_scope",
            ),
            models.CheckConstraint(
                condition=Q(max_uses__gt=0) | Q(max_minor__gt=0), name="uselimit_limits_something"
            ),
        ]

    def __str__(self) -> str:
        most = self.max_uses if self.max_uses is not None else f"{self.max_minor} minor units"
        return f"{most}, {self.get_entity_display()}, {self.get_period_display()}"

    def clean(self) -> None:
        """Refuse what could not be counted or explained."""
        super().clean()
        if (self.campaign_id is None) == (self.offer_id is None):
            raise ValidationError("A limit belongs to a campaign or to an offer: choose one.")
        if not self.max_uses and not self.max_minor:
            raise ValidationError("Say how many uses or how much money at most, above 0.")
        if self.entity == Entity.ORDER and self.period != Period.NONE:
            raise ValidationError({"period": "An order lies in one moment: it has no periods."})


class LimitCounter(models.Model):
    """What is held and committed of one limit, for one entity in one period.

    Written only by conditional statements whose row count decides, in
    `promotions.coupons.services.limits`.
    """

    limit = models.ForeignKey(
        UseLimit, on_delete=models.CASCADE, related_name="counters", db_index=False
    )
    key = models.CharField(max_length=40, blank=True)
    period = models.CharField(max_length=10, blank=True)
    uses = models.BigIntegerField(default=0)
    spent_minor = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["limit", "key", "period"], name="limitcounter_once"),
            models.CheckConstraint(
                condition=Q(uses__gte=0) & Q(spent_minor__gte=0), name="limitcounter_not_negative"
            ),
        ]

    def __str__(self) -> str:
        return f"limit {self.limit_id} {self.key} {self.period}: {self.uses}"


class LimitUse(models.Model):
    """By how much one redemption moved one counter: what is given back is what was taken."""

    redemption = models.ForeignKey(
        Redemption, on_delete=models.CASCADE, related_name="limit_uses", db_index=False
    )
    counter = models.ForeignKey(LimitCounter, on_delete=models.CASCADE, related_name="uses_by")
    uses = models.PositiveIntegerField()
    spent_minor = models.BigIntegerField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["redemption", "counter"], name="limituse_once")
        ]

    def __str__(self) -> str:
        return f"{self.uses} of counter {self.counter_id}"


class BudgetAlert(models.Model):
    """A campaign reached `percent` of a budget. Once per campaign, share and budget."""

    campaign = models.ForeignKey(
        Campaign, on_delete=models.CASCADE, related_name="alerts", db_index=False
    )
    percent = models.PositiveSmallIntegerField()
    budget_minor = models.BigIntegerField()
    spent_minor = models.BigIntegerField()
    at = models.DateTimeField()
    announced_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["at"],
                condition=models.Q(announced_at__isnull=True),
                name="budgetalert_to_announce",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["campaign", "percent", "budget_minor"], name="budgetalert_once"
            )
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.budget_minor}"
