"""Partners who pay a share of what campaigns cost, and the settlements of it."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from promotions.campaigns.models import Campaign


class Partner(models.Model):
    """A company that shares the cost of campaigns. It sees sums, never shoppers."""

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    contact_email = models.EmailField(blank=True)
    currency = models.CharField(max_length=3, default="USD")
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class PartnerShare(models.Model):
    """What a partner pays of one campaign's discounts: a percentage up to a cap.

    `PartnerProduct` rows, if there are any, limit it to those products.
    """

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="shares")
    campaign = models.OneToOneField(
        Campaign, on_delete=models.PROTECT, related_name="partner_share"
    )
    percent = models.DecimalField(
        max_digits=5,
        decimal_places=2,
        validators=[MinValueValidator(0), MaxValueValidator(100)],
    )
    cap_minor = models.BigIntegerField(
        null=True, blank=True, validators=[MinValueValidator(0)], help_text="Empty: no cap."
    )
    charged_minor = models.BigIntegerField(default=0, editable=False)

    class Meta:
        ordering = ["partner", "campaign"]
        constraints = [
            models.CheckConstraint(
                condition=Q(percent__gte=0, percent__lte=100), name="partnershare_percent"
            ),
            models.CheckConstraint(
                condition=Q(charged_minor__gte=0)
                & (Q(cap_minor__isnull=True) | Q(charged_minor__lte=F("cap_minor"))),
                name="partnershare_within_cap",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.percent} % of {self.campaign}"


class PartnerProduct(models.Model):
    """A product whose discounts a partner shares."""

    share = models.ForeignKey(PartnerShare, on_delete=models.CASCADE, related_name="products")
    product = models.ForeignKey(
        "shop.Product", on_delete=models.CASCADE, related_name="+", db_index=False
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["share", "product"], name="partnerproduct_once")
        ]

    def __str__(self) -> str:
        return f"product {self.product_id}"


class Settlement(models.Model):
    """What a partner pays for one period. Once closed it never changes: corrections come next."""

    partner = models.ForeignKey(Partner, on_delete=models.PROTECT, related_name="settlements")
    starts_on = models.DateField()
    ends_on = models.DateField(help_text="The first day that is not in it.")
    used_minor = models.BigIntegerField(help_text="Discounts given on the partner's campaigns.")
    returned_minor = models.BigIntegerField(help_text="Of those, given back with returns.")
    corrected_minor = models.BigIntegerField(default=0)
    due_minor = models.BigIntegerField(help_text="What the partner pays (negative: gets back).")
    entry_count = models.PositiveIntegerField()
    closed_at = models.DateTimeField()
    closed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, related_name="+", null=True
    )

    class Meta:
        ordering = ["-ends_on", "-id"]
        constraints = [
            models.UniqueConstraint(fields=["partner", "ends_on"], name="settlement_once"),
            models.CheckConstraint(
                condition=Q(ends_on__gt=F("starts_on")), name="settlement_ends_later"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.partner} {self.starts_on} - {self.ends_on}"


class PartnerEntry(models.Model):
    """One line's discount on a partner's campaign, or what of it went back, or a correction.

    Append-only but for `settlement`, which is set once. Returns are negative. An order line is
    named by order number and position: nothing here leads to a shopper.
    """

    class Kind(models.TextChoices):
        USE = "use", "redeemed"
        RETURN = "return", "returned"
        CORRECTION = "correction", "correction"

    share = models.ForeignKey(PartnerShare, on_delete=models.PROTECT, related_name="entries")
    kind = models.CharField(max_length=10, choices=Kind)
    order_ref = models.CharField(max_length=64, blank=True)
    line = models.PositiveIntegerField(default=0)
    is_delivery = models.BooleanField(
        default=False, db_default=False, help_text="Taken off the delivery: of no line."
    )
    product_id = models.BigIntegerField(null=True, blank=True)
    quantity = models.PositiveIntegerField(default=0)
    discount_minor = models.BigIntegerField()
    partner_minor = models.BigIntegerField()
    note = models.CharField(max_length=300, blank=True)
    key = models.CharField(max_length=120, unique=True)
    at = models.DateTimeField()
    settlement = models.ForeignKey(
        Settlement, on_delete=models.PROTECT, related_name="entries", null=True, blank=True
    )

    class Meta:
        ordering = ["-at", "-id"]
        verbose_name_plural = "partner entries"
        indexes = [
            models.Index(fields=["order_ref", "line"], name="partnerentry_order"),
            models.Index(
                fields=["at"], condition=Q(settlement__isnull=True), name="partnerentry_open"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"
