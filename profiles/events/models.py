"""Behaviour, one row per act, in monthly partitions."""

from __future__ import annotations

import uuid

from django.db import models

from profiles.shoppers.models.shoppers import Shopper


class Event(models.Model):
    """One observed act of one shopper. Written by COPY and INSERT only, never changed.

    The table is partitioned by month of `occurred_at`, so its primary key in the database is
    (id, occurred_at); Django is told `id`, which is what names an event. The foreign key is not
    enforced by the database: an event accepted a moment before its shopper was erased must not
    block all others on their way in (the drain drops it).
    """

    class Kind(models.TextChoices):
        VIEW = "view", "view"
        CLICK = "click", "click"
        SEARCH = "search", "search"
        CART_ADD = "cart_add", "put in the cart"
        CART_REMOVE = "cart_remove", "taken out of the cart"
        CHECKOUT = "checkout", "checkout started"
        PURCHASE = "purchase", "purchase line"
        ORDER = "order", "order"
        RETURN = "return", "return"
        REVIEW = "review", "review"
        OFFER_VIEW = "offer_view", "offer seen"
        OFFER_CLICK = "offer_click", "offer clicked"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField()
    shopper = models.ForeignKey(
        Shopper, on_delete=models.DO_NOTHING, db_constraint=False, related_name="+", db_index=False
    )
    kind = models.CharField(max_length=16, choices=Kind)
    variant_id = models.BigIntegerField(null=True, blank=True)
    category_id = models.BigIntegerField(null=True, blank=True)
    brand_id = models.BigIntegerField(null=True, blank=True)
    quantity = models.PositiveIntegerField(default=1)
    paid_minor = models.BigIntegerField(null=True, blank=True)
    list_minor = models.BigIntegerField(null=True, blank=True)
    is_discounted = models.BooleanField(default=False)
    price_rank = models.FloatField(
        null=True, blank=True, help_text="share of the category's variants that cost less, 0 to 1"
    )
    basket_ref = models.CharField(max_length=64, blank=True)
    query = models.CharField(max_length=200, blank=True)
    offer_ref = models.CharField(max_length=64, blank=True)
    quote_id = models.UUIDField(null=True, blank=True)
    channel = models.CharField(max_length=16)
    source = models.CharField(max_length=16)

    class Meta:
        ordering = ["-occurred_at", "-id"]
        indexes = [
            models.Index(fields=["shopper", "occurred_at"], name="event_shopper_time"),
            models.Index(
                fields=["quote_id"], name="event_quote", condition=models.Q(quote_id__isnull=False)
            ),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.occurred_at:%Y-%m-%d %H:%M:%S}"
