"""Buyers, known by a pseudonym, with what they agreed to."""

from __future__ import annotations

import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class Shopper(models.Model):
    """A buyer: a guest, a household of an imported shop, or the owner of an account.

    The consent columns are the current answers; how they came about is in `ConsentRecord`.
    `merged_into` names the shopper a guest became on login: the old cookie leads there.
    """

    pseudonym = models.UUIDField(default=uuid.uuid4, unique=True)
    account = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="shopper",
    )
    # NULL, not "": unique allows many of the one, not of the other.
    external_ref = models.CharField(max_length=64, unique=True, null=True, blank=True)
    home_store = models.ForeignKey(
        "shop.Store", on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    market_code = models.CharField(max_length=16, default="us")
    place_code = models.CharField(
        max_length=16,
        blank=True,
        default="",
        db_default="",
        help_text="Where the last order was placed, as law knows places. Empty: not known.",
    )
    is_minor = models.BooleanField(default=False)
    created_at = models.DateTimeField()
    last_seen_at = models.DateTimeField()
    consent_price = models.BooleanField(default=False)
    consent_recommendations = models.BooleanField(default=False)
    consent_marketing = models.BooleanField(default=False)
    consent_analytics = models.BooleanField(default=False)
    opt_out_reason = models.CharField(max_length=40, blank=True)
    merged_into = models.ForeignKey(
        "self", on_delete=models.SET_NULL, null=True, blank=True, related_name="merged_guests"
    )
    erased_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-last_seen_at", "-id"]
        indexes = [models.Index(fields=["-last_seen_at", "-id"], name="shopper_last_seen")]
        constraints = [
            models.CheckConstraint(
                condition=Q(erased_at__isnull=True)
                | Q(account__isnull=True, external_ref__isnull=True, home_store__isnull=True),
                name="shopper_erased_is_nobody",
            ),
            models.CheckConstraint(
                condition=~Q(merged_into=models.F("id")), name="shopper_not_merged_into_itself"
            ),
        ]

    def __str__(self) -> str:
        return self.external_ref or str(self.pseudonym)


class OnlineLag(models.Model):
    """A note that a shopper's online profile may lag behind the database.

    Written in the transaction that changes what the profile is made of, deleted once Redis has
    the change. A note that stays (Redis down, worker killed) makes the repair job rebuild.
    """

    shopper = models.ForeignKey(Shopper, on_delete=models.CASCADE, related_name="+")
    since = models.DateTimeField()

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.shopper_id} since {self.since:%Y-%m-%d %H:%M:%S}"
