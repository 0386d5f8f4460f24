"""Offers of campaigns, and what combines with what."""

from __future__ import annotations

from collections.abc import Callable

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.utils.translation import get_language

from promotions.campaigns.models.campaigns import Campaign
from promotions.engine.api import (
    BadOffer,
    build_benefit,
    check_scope,
    parse_condition,
    parse_scope,
)
from shop.ground.database.naming import name_for_reader
from shop.ground.kernel.translation import translate

MAX_DEPTH = 5
TOO_DEEP = f"Groups nest at most {MAX_DEPTH} deep, and never in a circle."


class StackingGroup(models.Model):
    """A group of offers and groups. What a mode allows: `promotions.engine.core.stacking.rules`."""

    class Mode(models.TextChoices):
        STACK = "stack", "all combine"
        ORDERED = "ordered", "the first that gives anything"
        BEST_UNIT = "best_unit", "for each unit the one that gives most"
        BEST = "best", "the one that gives most"
        EXCLUSIVE = "exclusive", "the best of them, and nothing else with it"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    parent = models.ForeignKey(
        "self", on_delete=models.PROTECT, related_name="children", null=True, blank=True
    )
    mode = models.CharField(max_length=9, choices=Mode, default=Mode.BEST_UNIT)
    priority = models.SmallIntegerField(
        default=0, help_text="Higher comes first in an ordered group."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(parent__isnull=True) | ~Q(parent=F("id")),
                name="stackinggroup_not_its_own",
            )
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse circles and trees too deep to explain."""
        super().clean()
        above, depth = self.parent, 1
        while above is not None:
            depth += 1
            if above.pk == self.pk or depth > MAX_DEPTH:
                raise ValidationError({"parent": TOO_DEEP})
            above = above.parent


class StackingRevision(models.Model):
    """All groups and categories as they were from `at` on. A trigger writes it; append-only.

    `snapshot` has the rows of both tables under "groups" and "categories".
    """

    snapshot = models.JSONField()
    at = models.DateTimeField(db_index=True)

    class Meta:
        ordering = ["at", "id"]

    def __str__(self) -> str:
        return f"stacking {self.at:%Y-%m-%d %H:%M}"


class StackingCategory(models.Model):
    """A kind of offer, wherever it stands in the tree."""

    class Mode(models.TextChoices):
        JOINT = "joint", "combines with every category"
        EXCLUSIVE = "exclusive", "combines with joint ones only"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    mode = models.CharField(max_length=9, choices=Mode, default=Mode.JOINT)
    max_offers = models.PositiveSmallIntegerField(
        null=True, blank=True, help_text="Most offers of it in one cart; empty: any number."
    )

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=Q(max_offers__isnull=True) | Q(max_offers__gt=0),
                name="stackingcategory_some",
            )
        ]
        verbose_name_plural = "stacking categories"

    def __str__(self) -> str:
        return self.name


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
        # "formula": no form makes one any more; rows of before are refused where they are read
        | Q(
            neither,
            benefit_kind__in=("quantity_tiers", "spend_tiers", "gift", "points", "formula"),
        )
    )


class OfferMisfit(ValidationError):
    """What the parsers of an offer refuse, in the reader's language: `place`, and `why`."""

    def __init__(self, refusal: BadOffer) -> None:
        detail = refusal.detail
        self.place: str = detail["place"]
        self.why = translate(detail["why"], get_language() or "en", **detail["values"])
        super().__init__(f"{self.place}: {self.why}.")


class Offer(models.Model):
    """One promise: when `condition` holds, `benefit` lowers the lines in scope.

    `condition` and `scope` are JSON, parsed and validated by `promotions.engine`. Lines in
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
        return name_for_reader(self.name, self.name_zh)

    def clean(self) -> None:
        """Refuse at save what could not be computed or explained, with the field it is in."""
        super().clean()
        errors: dict[str, OfferMisfit] = {}
        checks: list[tuple[str, Callable[[], object]]] = [
            ("condition", lambda: parse_condition(self.condition)),
            ("scope", lambda: parse_scope(self.scope)),
            ("benefit_kind", self._check_benefit),
        ]
        for field, check in checks:
            try:
                check()
            except BadOffer as refusal:
                errors[_field_of(refusal, field)] = OfferMisfit(refusal)
        if errors:
            raise ValidationError({**errors})

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
