"""Changes of public prices: what was proposed and why, and what staff made of it."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from shop.ground.kernel.money import format_money

OPEN_STATES = ["pending", "snoozed", "approved", "edited"]


class PriceProposal(models.Model):
    """A change of a public price: candidates, expected effect, the rule that bound, its state.

    Every published change has a row (`published`); with a policy that does not publish by itself
    the model's changes wait here for staff. At most one open row per variant and place.
    `final_minor` is the price that will be published: the proposal, or what staff made of it.
    """

    class State(models.TextChoices):
        PENDING = "pending", "waits for staff"
        SNOOZED = "snoozed", "put off"
        APPROVED = "approved", "approved, waits for the next book"
        EDITED = "edited", "changed by staff, waits for the next book"
        REJECTED = "rejected", "rejected"
        PUBLISHED = "published", "published"
        WITHDRAWN = "withdrawn", "no longer proposed"

    class Cause(models.TextChoices):
        MODEL = "model", "demand model"
        ANCHOR = "anchor", "the merchant's own price"
        STAFF = "staff", "staff"
        GATE = "gate", "a guardrail"
        SHOCK = "shock", "chance, to learn from"
        ARM = "arm", "an experiment, or back from it"

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    created_at = models.DateTimeField()
    state = models.CharField(max_length=9, choices=State)
    cause = models.CharField(max_length=6, choices=Cause)
    current_minor = models.PositiveIntegerField()
    proposed_minor = models.PositiveIntegerField()
    final_minor = models.PositiveIntegerField()
    floor_minor = models.PositiveIntegerField()
    ceiling_minor = models.PositiveIntegerField()
    objective = models.CharField(max_length=8)
    elasticity = models.FloatField(null=True)
    elasticity_sd = models.FloatField(null=True)
    is_causal = models.BooleanField(default=False)
    gain = models.FloatField(null=True)
    chance = models.FloatField(null=True)
    candidates = models.JSONField(default=list)
    effect = models.JSONField(default=dict)
    bound = models.JSONField(default=list)
    relaxed = models.JSONField(default=list)
    badges = models.JSONField(default=list)
    policy_version = models.PositiveIntegerField()
    model_version = models.PositiveIntegerField(default=0)
    book_version = models.PositiveIntegerField(null=True)
    needs_two = models.BooleanField(default=False)
    first_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True)
    snoozed_until = models.DateTimeField(null=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["state", "-id"], name="proposal_inbox"),
            models.Index(fields=["variant", "-id"], name="proposal_variant"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "market", "channel"],
                condition=Q(state__in=OPEN_STATES),
                name="proposal_one_open",
            ),
            models.CheckConstraint(
                condition=Q(current_minor__gt=0, proposed_minor__gt=0, final_minor__gt=0),
                name="proposal_positive",
            ),
            models.CheckConstraint(
                condition=~Q(state__in=["rejected", "snoozed", "edited"]) | ~Q(reason=""),
                name="proposal_reason",
            ),
            models.CheckConstraint(
                condition=~Q(state="snoozed") | Q(snoozed_until__isnull=False),
                name="proposal_snooze",
            ),
            # Two persons: who came first is not the one who decided.
            models.CheckConstraint(
                condition=~Q(state__in=["approved", "edited"], needs_two=True)
                | Q(first_by__isnull=True)
                | Q(decided_by__isnull=True)
                | ~Q(first_by=F("decided_by")),
                name="proposal_two_persons",
            ),
        ]

    def __str__(self) -> str:
        code = self.market.currency
        before, after = (
            format_money(one, code, "en_US") for one in (self.current_minor, self.final_minor)
        )
        return f"{before} → {after} ({self.get_state_display()})"


class PriceOverride(models.Model):
    """A public price, or a limit of it, set by hand for a time and for a reason.

    `price` fixes the public price, `floor` is a minimum (for instance advertised by contract),
    `ceiling` a maximum, `clear` lets the price only fall, down to the amount, so that the stock is
    gone when the time is over. The gate still runs last: a step a day, floor and ceiling hold. The
    newest override in force of a kind wins; `ended_at` ends it before its time.
    """

    class Kind(models.TextChoices):
        PRICE = "price", "fixed price"
        FLOOR = "floor", "minimum price"
        CEILING = "ceiling", "maximum price"
        CLEAR = "clear", "clear the stock, down to"

    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    kind = models.CharField(max_length=7, choices=Kind, default=Kind.PRICE)
    amount_minor = models.PositiveIntegerField()
    starts_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    reason = models.TextField()
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["expires_at"], name="override_expiry")]
        constraints = [
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="override_positive"),
            models.CheckConstraint(
                condition=Q(expires_at__gt=F("starts_at")), name="override_period"
            ),
            models.CheckConstraint(condition=~Q(reason=""), name="override_reason"),
        ]

    def __str__(self) -> str:
        price = format_money(self.amount_minor, self.market.currency, "en_US")
        return f"{self.get_kind_display()} {price}"
