"""Breakers that tripped, the feeds they watch, and what visits earned."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import F, Q

from pricing.policy.models.policy import KillSwitch


class BreakerTrip(models.Model):
    """A breaker that acted by itself: why, on what, with which figures, and how it ended.

    `scope` and `key` are those of a kill switch. A trip is open until a person undoes it
    (`undone_*`) or what it saw is over (`over_at`); at most one is open of a kind, scope and key.
    """

    class Kind(models.TextChoices):
        PROFIT = "profit", "profit per visit below the holdout"
        STEP = "step", "a price beyond its step"
        MARGIN = "margin", "a price below its floor"
        NUMBER = "number", "a model output that is no number"
        POSTERIOR = "posterior", "a posterior too wide"
        COSTS = "costs", "costs out of date"
        COMPETITORS = "competitors", "competitor prices out of date"
        RAMP = "ramp", "a version on trial below the one in use"
        SEAL = "seal", "a sealed record that was changed"

    class Action(models.TextChoices):
        SWITCHED_OFF = "switched_off", "personal prices switched off"
        HELD = "held", "last good prices held"
        STOPPED_RAMP = "stopped_ramp", "trial stopped"
        NOTED = "noted", "nothing switched off: look at it"

    kind = models.CharField(max_length=12, choices=Kind)
    scope = models.CharField(max_length=8, choices=KillSwitch.Scope)
    key = models.CharField(max_length=64, blank=True)
    action = models.CharField(max_length=12, choices=Action)
    evidence = models.JSONField(default=dict)
    at = models.DateTimeField()
    seen_at = models.DateTimeField()
    over_at = models.DateTimeField(null=True, blank=True)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    undo_reason = models.TextField(blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [models.Index(fields=["kind", "-id"], name="breaker_newest")]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "scope", "key"],
                condition=Q(over_at__isnull=True, undone_at__isnull=True),
                name="breaker_one_open",
            ),
            models.CheckConstraint(condition=Q(seen_at__gte=F("at")), name="breaker_period"),
            models.CheckConstraint(
                condition=Q(undone_at__isnull=True) | ~Q(undo_reason=""), name="breaker_undo_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.scope} {self.key}"


class FeedPulse(models.Model):
    """When a feed that prices rely on last brought something, and how old it may become.

    A feed nobody reported is not expected: its breaker rests.
    """

    class Name(models.TextChoices):
        COSTS = "costs", "costs"
        COMPETITORS = "competitors", "competitor prices"

    name = models.CharField(max_length=12, choices=Name, unique=True)
    last_at = models.DateTimeField()
    ttl_hours = models.PositiveIntegerField(default=24 * 7)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return f"{self.name} {self.last_at:%Y-%m-%d %H:%M}"


class PricedVisit(models.Model):
    """What one shopper's decided prices of one day and model version earned.

    A visit is a shopper and a day (UTC) with at least one decision; `owner` is the first half of
    the shopper's hash. `margin_minor` is after offers, returns and cost. Both arms are counted the
    same way: the holdout's decisions are recorded too, and shown the public price.
    """

    day = models.DateField()
    owner = models.BigIntegerField()
    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    model_version = models.PositiveIntegerField()
    is_held_out = models.BooleanField()
    decisions = models.PositiveIntegerField()
    units = models.PositiveIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)
    margin_minor = models.FloatField(default=0.0)

    class Meta:
        ordering = ["-day", "owner"]
        # The figures of a market's days are found by the constraint, those of a model by this.
        indexes = [
            models.Index(
                fields=["market_code", "channel", "model_version", "day"],
                name="priced_visit_model",
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["market_code", "channel", "day", "owner", "model_version", "is_held_out"],
                name="priced_visit_once",
            )
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.margin_minor}"
