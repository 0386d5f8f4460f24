"""Coupons, the batches and files their codes come from, and redemptions."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from promotions.campaigns.models import Campaign, Offer
from promotions.coupons.core import WeakPattern, check_pattern
from promotions.engine.api import normalize_code


class CodeBatch(models.Model):
    """A wish for `amount` unguessable codes of one offer; a job makes them, step by step.

    `made` is raised in the transaction that inserts the codes, so the job may stop anywhere and
    go on later, and run twice without making one too many.
    """

    class Status(models.TextChoices):
        WAITING = "waiting", "waiting"
        RUNNING = "running", "being made"
        DONE = "done", "done"
        STOPPED = "stopped", "stopped"

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="code_batches")
    name = models.CharField(max_length=80)
    pattern = models.CharField(
        max_length=40,
        help_text="# stands for a letter or digit that nobody confuses: SPRING-####-####.",
    )
    amount = models.PositiveIntegerField()
    made = models.PositiveIntegerField(default=0, editable=False)
    max_redemptions = models.PositiveIntegerField(
        null=True, blank=True, default=1, help_text="Uses of each code. Empty: not limited."
    )
    per_shopper_limit = models.PositiveSmallIntegerField(null=True, blank=True, default=1)
    ends_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="From this moment its codes are over; empty: with the campaign.",
    )
    status = models.CharField(max_length=7, choices=Status, default=Status.WAITING, editable=False)
    created_at = models.DateTimeField(auto_now_add=True)
    finished_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        ordering = ["-pk"]
        verbose_name_plural = "code batches"
        constraints = [
            models.CheckConstraint(
                condition=Q(made__lte=F("amount")), name="codebatch_not_too_many"
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="codebatch_some"),
        ]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse a pattern whose codes somebody could guess."""
        super().clean()
        self.pattern = self.pattern.upper()
        try:
            check_pattern(self.pattern, self.amount or 1)
        except WeakPattern as refusal:
            raise ValidationError({"pattern": refusal.message}) from refusal
        offer = Offer.objects.filter(pk=self.offer_id).first()
        if offer is not None and not offer.requires_coupon:
            raise ValidationError({"offer": _("This offer applies without a code.")})


class CodeImport(models.Model):
    """A file of codes that was read: what was good, what was not and why."""

    offer = models.ForeignKey(Offer, on_delete=models.PROTECT, related_name="+")
    file_name = models.CharField(max_length=120)
    is_dry_run = models.BooleanField(default=True)
    good = models.PositiveIntegerField(default=0)
    bad = models.PositiveIntegerField(default=0)
    reasons = models.JSONField(default=dict, help_text="How many rows were refused, by reason.")
    created_at = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-pk"]

    def __str__(self) -> str:
        return self.file_name


class RefusedCode(models.Model):
    """A row of an imported file that was not taken over, kept as it came, with its reason."""

    code_import = models.ForeignKey(CodeImport, on_delete=models.CASCADE, related_name="refused")
    line = models.PositiveIntegerField()
    text = models.CharField(max_length=200)
    reason = models.CharField(max_length=40)

    class Meta:
        ordering = ["line"]

    def __str__(self) -> str:
        return f"line {self.line}: {self.reason}"


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
