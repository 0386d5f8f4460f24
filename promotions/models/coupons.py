"""Coupons (codes) and redemptions (uses)."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from promotions.core.codes import normalize_code
from promotions.models.campaigns import Campaign
from promotions.models.codes import CodeBatch
from promotions.models.offers import Offer


class Coupon(models.Model):
    """A code that unlocks an offer. `code` is stored as `normalize_code` writes it."""

    code = models.CharField(max_length=40, unique=True)
    # Of an offer with a million codes only those that staff made one by one are ever listed
    offer = models.ForeignKey(
        Offer, on_delete=models.CASCADE, related_name="coupons", db_index=False
    )
    max_redemptions = models.PositiveIntegerField(null=True, blank=True)
    per_shopper_limit = models.PositiveSmallIntegerField(null=True, blank=True, default=1)
    redeemed = models.PositiveIntegerField(
        default=0, db_default=0, editable=False, help_text="Uses held or committed."
    )
    is_active = models.BooleanField(default=True, db_default=True)
    batch = models.ForeignKey(
        CodeBatch,
        on_delete=models.PROTECT,
        related_name="codes",
        null=True,
        blank=True,
        editable=False,
        db_index=False,
    )
    external_ref = models.CharField(  # noqa: DJ001  # unique where there is one, absent otherwise
        max_length=60, null=True, blank=True
    )
    created_at = models.DateTimeField(auto_now_add=True, db_default=Now())

    class Meta:
        ordering = ["code"]
        indexes = [
            models.Index(
                fields=["offer", "id"], condition=Q(batch__isnull=True), name="coupon_offer_single"
            ),
            models.Index(
                fields=["batch", "id"], condition=Q(batch__isnull=False), name="coupon_batch"
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["external_ref"], name="coupon_external_ref"),
            models.CheckConstraint(
                condition=Q(max_redemptions__isnull=True) | Q(redeemed__lte=F("max_redemptions")),
                name="coupon_within_limit",
            ),
        ]

    def __str__(self) -> str:
        return self.code

    def clean(self) -> None:
        """Store the one spelling that entered codes are looked up in."""
        super().clean()
        self.code = normalize_code(self.code)


class Redemption(models.Model):
    """One use of an offer in one order: held at the order, committed at payment, or released.

    A hold nobody pays for ends at `expires_at`: it counts no more from that second on, whether or
    not the job that gives it back has run. The identity key of "once per shopper" is the shopper
    row (an account, or the guest pseudonym of one browser) and `identity`, the hashed keys of the
    contact: e-mail address, phone and delivery address (docs/promotion-limits.md).
    """

    class State(models.TextChoices):
        HELD = "held", "held"
        COMMITTED = "committed", "committed"
        RELEASED = "released", "released"
        EXPIRED = "expired", "hold ran out"

    campaign = models.ForeignKey(Campaign, on_delete=models.PROTECT, related_name="redemptions")
    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="redemptions")
    coupon = models.ForeignKey(
        Coupon, on_delete=models.PROTECT, related_name="redemptions", null=True, blank=True
    )
    shopper = models.ForeignKey(
        "profiles.Shopper", on_delete=models.SET_NULL, related_name="+", null=True, blank=True
    )
    identity = ArrayField(models.CharField(max_length=32), default=list, blank=True, db_default=[])
    order_ref = models.CharField(max_length=64)
    revision = models.PositiveIntegerField(
        null=True, blank=True, help_text="The version of the campaign that was in force."
    )
    amount_minor = models.BigIntegerField()
    gift_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="Worth of what it gave away: part of the amount."
    )
    gift_cost_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="What that cost the shop then."
    )
    delivery_minor = models.BigIntegerField(
        default=0, db_default=0, help_text="Taken off the delivery: part of the amount."
    )
    came_back_minor = models.BigIntegerField(
        default=0,
        db_default=0,
        help_text="Of what gifts cost and of the delivery: what came back with returned units.",
    )
    is_budgeted = models.BooleanField(
        default=False, help_text="Counted in the campaign's budget, so given back to it."
    )
    state = models.CharField(max_length=9, choices=State, default=State.HELD)
    at = models.DateTimeField()
    settled_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["order_ref"], name="redemption_order"),
            models.Index(fields=["coupon", "shopper"], name="redemption_coupon_shopper"),
            GinIndex(fields=["identity"], name="redemption_identity"),
            models.Index(fields=["campaign", "at"], name="redemption_campaign_at"),
            models.Index(
                fields=["expires_at"], condition=Q(state="held"), name="redemption_held_until"
            ),
        ]
        constraints = [
            # One use per order, however often the order is retried: the second insert fails.
            models.UniqueConstraint(fields=["coupon", "order_ref"], name="redemption_coupon_order"),
            models.UniqueConstraint(
                fields=["offer", "order_ref"],
                condition=Q(coupon__isnull=True),
                name="redemption_offer_order",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gte=0), name="redemption_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.order_ref} {self.get_state_display()}"
