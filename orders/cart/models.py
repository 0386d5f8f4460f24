"""Carts and the price stages their lines have seen."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q


class Cart(models.Model):
    """What a shopper means to buy. One open cart per shopper, market and channel.

    `version` counts every change; doors hand it out so that a stale page cannot overwrite a
    newer cart. While a checkout runs (`frozen_until` in the future) prices do not move.
    """

    class Status(models.TextChoices):
        OPEN = "open", "open"
        ORDERED = "ordered", "ordered"
        MERGED = "merged", "merged into another cart"
        EXPIRED = "expired", "expired"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    shopper = models.ForeignKey("profiles.Shopper", on_delete=models.CASCADE, related_name="+")
    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16, default="online")
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=8, choices=Status, default=Status.OPEN)
    coupon_codes = ArrayField(models.CharField(max_length=40), default=list, blank=True)
    points_wanted = models.PositiveIntegerField(
        default=0,
        db_default=0,
        help_text="Loyalty points to pay with, as far as there are so many.",
    )
    held_gifts = models.JSONField(
        default=dict,
        blank=True,
        help_text="Pieces of gifts that this cart's checkout holds, by variant.",
    )
    gift_choices = models.JSONField(
        default=dict,
        blank=True,
        db_default=models.Value({}, models.JSONField()),
        help_text="The variant chosen among the gifts of an offer, by the offer's number.",
    )
    identity = ArrayField(
        models.CharField(max_length=32),
        default=list,
        blank=True,
        db_default=[],
        help_text="Hashed keys of the contact an order was tried with.",
    )
    version = models.PositiveIntegerField(default=1)
    frozen_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    expires_at = models.DateTimeField()

    class Meta:
        ordering = ["-changed_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["shopper", "market_code", "channel"],
                condition=Q(status="open"),
                name="cart_one_open",
            )
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], condition=Q(status="open"), name="cart_open_expires"
            )
        ]

    def __str__(self) -> str:
        return f"cart {self.id} ({self.status})"


class Promised(models.Model):
    """The price stages that a shopper was shown and may rely on."""

    list_minor = models.BigIntegerField()
    public_minor = models.BigIntegerField()
    quoted_minor = models.BigIntegerField()
    is_personal = models.BooleanField(default=False)
    label_code = models.CharField(max_length=40, blank=True)
    quote_id = models.UUIDField(null=True, blank=True)
    quote_token = models.TextField(blank=True)
    quote_expires_at = models.DateTimeField(null=True, blank=True)
    offered_minor = models.BigIntegerField(
        null=True, blank=True, help_text="The higher price last shown; consent covers no more."
    )

    class Meta:
        abstract = True


class CartLine(Promised):
    """A variant in a cart, with what was promised when the cart was last changed."""

    cart = models.ForeignKey(Cart, on_delete=models.CASCADE, related_name="lines", db_index=False)
    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    quantity = models.PositiveIntegerField()
    held_quantity = models.PositiveIntegerField(
        default=0, help_text="Pieces this cart's checkout holds; counts while prices are frozen."
    )
    added_at = models.DateTimeField()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["cart", "variant"], name="cartline_once"),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="cartline_quantity"),
            models.CheckConstraint(
                condition=Q(quoted_minor__lte=F("public_minor")) & Q(quoted_minor__gte=0),
                name="cartline_never_above_public",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x variant {self.variant_id}"


class ShownPromise(Promised):
    """What a page has shown of a line since the cart was last changed; the lowest one counts, and
    the newest of equals.

    Looking at a cart appends these rows; the next change of the cart writes that one on its line
    and deletes them.
    """

    line = models.ForeignKey(CartLine, on_delete=models.CASCADE, related_name="shown")

    def __str__(self) -> str:
        return f"shown on line {self.line_id}"
