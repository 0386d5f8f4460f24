"""Offers: condition + benefit, inside a campaign."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q

from promotions.core.parse import parse_scope
from promotions.core.parse_benefits import build_benefit, check_scope
from promotions.core.parse_conditions import parse_condition
from promotions.core.parse_fields import BadOffer
from promotions.models.campaigns import Campaign
from promotions.models.stacking import StackingCategory, StackingGroup


def _complete() -> Q:
    """Return, per kind, which of percent and amount must be there, and which must not."""
    share = Q(percent__gt=0, percent__lte=100, amount_minor=None)
    amount = Q(amount_minor__gt=0, percent=None)
    neither = Q(percent=None, amount_minor=None)
    return (
        Q(share, benefit_kind__in=("percentage", "buy_get", "cheapest_free"))
        | Q(amount, benefit_kind__in=("fixed_amount", "set_price"))
        | Q(share | amount, benefit_kind="bundle")
        | Q(share | amount | neither, benefit_kind="delivery")
        | Q(
            neither,
            benefit_kind__in=("quantity_tiers", "spend_tiers", "gift", "points", "formula"),
        )
    )


class Offer(models.Model):
    """One promise: when `condition` holds, `benefit` lowers the lines in scope.

    `condition` and `scope` are JSON, parsed and validated by `promotions.core`. Lines in
    scope are those that `scope` selects, or, if `OfferVariant` rows exist, exactly those variants.
    """

    class Benefit(models.TextChoices):
        PERCENTAGE = "percentage", "percentage"
        FIXED_AMOUNT = "fixed_amount", "fixed amount"
        SET_PRICE = "set_price", "set price"
        BUY_GET = "buy_get", "buy X get Y"
        CHEAPEST_FREE = "cheapest_free", "cheapest free"
        BUNDLE = "bundle", "bundle"
        QUANTITY_TIERS = "quantity_tiers", "quantity tiers"
        SPEND_TIERS = "spend_tiers", "spend tiers"
        GIFT = "gift", "gift"
        DELIVERY = "delivery", "cheaper delivery"
        POINTS = "points", "points"
        FORMULA = "formula", "formula"

    class Target(models.TextChoices):
        """What one application of the benefit is computed on."""

        UNIT = "unit", "each unit in scope"
        LINE = "line", "each line in scope"
        CART = "cart", "all lines in scope together"

    class Stacking(models.TextChoices):
        STACK = "stack", "combines with others"
        BEST_UNIT = "best_unit", "the best of its group for each unit"
        BEST = "best", "only the best of its group"
        EXCLUSIVE = "exclusive", "never with another offer"

    campaign = models.ForeignKey(Campaign, on_delete=models.CASCADE, related_name="offers")
    code = models.SlugField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    name_zh = models.CharField(max_length=120, blank=True)
    condition = models.JSONField(default=dict, blank=True)
    scope = models.JSONField(default=dict, blank=True)
    benefit_kind = models.CharField(max_length=16, choices=Benefit)
    target = models.CharField(max_length=4, choices=Target, default=Target.LINE)
    percent = models.DecimalField(max_digits=5, decimal_places=2, null=True, blank=True)
    amount_minor = models.BigIntegerField(null=True, blank=True)
    terms = models.JSONField(
        default=dict, blank=True, help_text="What the kind needs beside percent or amount."
    )
    max_discount_minor = models.BigIntegerField(null=True, blank=True, help_text="Most per order.")
    max_line_minor = models.BigIntegerField(
        null=True, blank=True, help_text="Most per line of the cart."
    )
    max_line_units = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most pieces of each product that it lowers."
    )
    max_order_units = models.PositiveIntegerField(
        null=True, blank=True, help_text="Most pieces of an order that it lowers."
    )
    cheapest_first = models.BooleanField(
        default=False,
        db_default=False,
        help_text="Of those the cheapest pieces, not the ones it lowers most.",
    )
    stacking = models.CharField(max_length=9, choices=Stacking, default=Stacking.STACK)
    stacking_group = models.SlugField(max_length=40, blank=True)
    group = models.ForeignKey(
        StackingGroup, on_delete=models.PROTECT, related_name="offers", null=True, blank=True
    )
    category = models.ForeignKey(
        StackingCategory, on_delete=models.PROTECT, related_name="offers", null=True, blank=True
    )
    priority = models.SmallIntegerField(default=0, help_text="Higher is applied first.")
    requires_coupon = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        ordering = ["-priority", "id"]
        constraints = [
            models.CheckConstraint(condition=_complete(), name="offer_benefit_complete"),
            models.CheckConstraint(
                condition=(Q(max_discount_minor=None) | Q(max_discount_minor__gt=0))
                & (Q(max_line_minor=None) | Q(max_line_minor__gt=0)),
                name="offer_caps_positive",
            ),
            models.CheckConstraint(
                condition=(Q(max_line_units=None) | Q(max_line_units__gt=0))
                & (Q(max_order_units=None) | Q(max_order_units__gt=0)),
                name="offer_units_positive",
            ),
            models.CheckConstraint(
                condition=Q(cheapest_first=False) | Q(max_order_units__isnull=False),
                name="offer_cheapest_of_some",
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse at save what could not be computed or explained, with the field it is in."""
        super().clean()
        errors: dict[str, str] = {}
        checks: list[tuple[str, Callable[[], object]]] = [
            ("condition", lambda: parse_condition(self.condition)),
            ("scope", lambda: parse_scope(self.scope)),
            ("benefit_kind", self._check_benefit),
        ]
        for field, check in checks:
            try:
                check()
            except BadOffer as refusal:
                errors[_field_of(refusal, field)] = refusal.message
        if errors:
            raise ValidationError(errors)

    def _check_benefit(self) -> None:
        if self.benefit_kind not in self.Benefit.values or self.target not in self.Target.values:
            return  # the field says so itself
        benefit = build_benefit(
            kind=self.benefit_kind,
            target=self.target,
            percent=self.percent,
            amount_minor=self.amount_minor,
            cap_minor=self.max_discount_minor,
            cap_line_minor=self.max_line_minor,
            most_units_line=self.max_line_units,
            most_units=self.max_order_units,
            cheapest_first=self.cheapest_first,
            terms=self.terms,
        )
        check_scope(benefit, parse_scope(self.scope))


def _field_of(refusal: BadOffer, otherwise: str) -> str:
    """Return the form field of what was refused: its place starts with it."""
    place = str(refusal.detail["place"]).split(".")[0]
    return place if place in ("condition", "scope", "terms") else otherwise


class OfferVariant(models.Model):
    """A variant an offer covers; for offers that name many products one by one."""

    offer = models.ForeignKey(Offer, on_delete=models.CASCADE, related_name="variants")
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["variant", "offer"], name="offervariant_once")
        ]

    def __str__(self) -> str:
        return f"offer {self.offer_id} on variant {self.variant_id}"


class OfferBook(models.Model):
    """One row whose `version` a database trigger raises whenever an offer could read differently.

    Processes keep compiled offers in memory and compare this number; the trigger sees bulk and
    raw SQL changes too, which `auto_now` and signals do not.
    """

    version = models.BigIntegerField(default=1)

    def __str__(self) -> str:
        return f"version {self.version}"
