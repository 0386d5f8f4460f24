"""Points at a till: its tokens, the codes shoppers show, sales, and what each call did."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.db.models import Q

from promotions.loyalty.models.points import PointsAccount, PointsOrder
from promotions.tokens.models import AccessToken


class TillToken(AccessToken):
    """The key of one till; a revoked one stays for the books."""

    prefix = "till_"

    store = models.ForeignKey("shop.Store", on_delete=models.PROTECT, related_name="+")
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        editable=False,
        related_name="+",
    )


class PointsCode(models.Model):
    """The one code a member may show at a till at a time. Only its keyed digest is kept."""

    account = models.OneToOneField(PointsAccount, on_delete=models.CASCADE, related_name="+")
    digest = models.CharField(max_length=64, unique=True)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"code of {self.account_id}"


class TillSale(models.Model):
    """A sale at a till, known by its store and the till's own reference.

    `lines` holds for each line {"sku", "quantity", "minor", "points_minor", "returned"}: what the
    products cost, what points paid of it, and how many units came back. `attempts` counts the rows
    of points it had: a canceled use leaves its own behind.
    """

    class State(models.TextChoices):
        OPEN = "open", "open"
        HELD = "held", "points held"
        SOLD = "sold", "sold"

    store = models.ForeignKey(
        "shop.Store", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    reference = models.CharField(max_length=40)
    state = models.CharField(max_length=4, choices=State, default=State.OPEN)
    points_order = models.OneToOneField(
        PointsOrder, on_delete=models.PROTECT, related_name="till_sale", null=True, blank=True
    )
    attempts = models.PositiveSmallIntegerField(default=0)
    currency = models.CharField(max_length=3)
    total_minor = models.BigIntegerField(default=0)
    lines = models.JSONField(default=list)
    at = models.DateTimeField()
    held_at = models.DateTimeField(null=True, blank=True)
    sold_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["held_at"], condition=Q(state="held"), name="tillsale_held")
        ]
        constraints = [
            models.UniqueConstraint(fields=["store", "reference"], name="tillsale_once"),
            models.CheckConstraint(condition=Q(total_minor__gte=0), name="tillsale_positive"),
            models.CheckConstraint(
                condition=Q(state="open") | Q(points_order__isnull=False), name="tillsale_points"
            ),
        ]

    def __str__(self) -> str:
        return self.reference


class TillAct(models.Model):
    """What one call of a till did, and its answer: told again when the call comes again.

    Append-only, guarded by a trigger. Without a token the clock did it.
    """

    class Kind(models.TextChoices):
        HOLD = "hold", "points held"
        CANCEL = "cancel", "use canceled"
        SELL = "sell", "sold"
        RETURN = "return", "returned"

    sale = models.ForeignKey(
        TillSale, on_delete=models.PROTECT, related_name="acts", db_index=False
    )
    token = models.ForeignKey(
        TillToken, on_delete=models.PROTECT, related_name="acts", null=True, blank=True
    )
    kind = models.CharField(max_length=6, choices=Kind)
    key = models.CharField(max_length=40, blank=True)
    fingerprint = models.CharField(max_length=64)
    answer = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.UniqueConstraint(fields=["sale", "kind", "key"], name="tillact_once")]

    def __str__(self) -> str:
        return f"{self.kind} of {self.sale_id}"
