"""Quotes and their decision records, in monthly partitions."""

from __future__ import annotations

import uuid

from django.contrib.postgres.fields import ArrayField
from django.db import models

from shop.ground.kernel.money import format_money


class Quote(models.Model):
    """An offer to sell at a price until a moment, with the whole decision behind it.

    The table is partitioned by month of `issued_at`; the primary key in the database is
    (id, issued_at), and `issued_at` is the time inside the UUIDv7 `id`. A trigger refuses DELETE
    and every UPDATE but two: forgetting the shopper, and completing a record that was first
    stored from its signed token alone (`is_complete` False).

    A row of a decision is an exposure: `rung_minors` are the prices that were feasible, highest
    first, and `rung_probabilities` how likely each was to be shown in the quote's arm;
    `propensity` is that of the price shown. They are empty in records made before prices were
    drawn, in which `propensity` is the arm's share, and in quotes stored from a token alone.
    """

    class QuoteSource(models.TextChoices):
        PERSONAL = "personal", "personal quote"
        BOOK = "book", "price book"
        PUBLIC = "public", "public price"

    class Arm(models.TextChoices):
        TREATED = "treated", "personal prices"
        HOLDOUT = "holdout", "permanent holdout at the public price"
        NONE = "none", "outside the experiment"

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    issued_at = models.DateTimeField()
    expires_at = models.DateTimeField()
    shopper = models.ForeignKey(
        "profiles.Shopper",
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        related_name="+",
    )
    shopper_hash = models.CharField(max_length=32)
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.DO_NOTHING, db_constraint=False, related_name="+"
    )
    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    currency = models.CharField(max_length=3)
    purpose = models.CharField(max_length=24, blank=True)
    list_minor = models.PositiveIntegerField()
    public_minor = models.PositiveIntegerField()
    quoted_minor = models.PositiveIntegerField()
    is_personal = models.BooleanField()
    rung = models.CharField(max_length=8, choices=QuoteSource)
    arm = models.CharField(max_length=8, choices=Arm, default=Arm.NONE)
    propensity = models.FloatField(default=1.0)
    label_code = models.CharField(max_length=24, blank=True)
    jurisdiction_code = models.CharField(max_length=16)
    policy_version = models.PositiveIntegerField()
    model_version = models.PositiveIntegerField(default=0)
    book_version = models.PositiveIntegerField()
    is_complete = models.BooleanField(default=True)
    reasons = models.JSONField(default=list)
    counterfactuals = models.JSONField(default=list)
    features = models.JSONField(default=dict)
    inputs = models.JSONField(default=dict)
    candidates = models.JSONField(default=list)
    guard_actions = models.JSONField(default=list)
    kid = models.PositiveSmallIntegerField()
    signature = models.CharField(max_length=64)
    segment = models.CharField(max_length=40, null=True, blank=True)  # noqa: DJ001 - see `stock`
    rung_minors = ArrayField(models.PositiveIntegerField(), null=True, blank=True)
    rung_probabilities = ArrayField(models.FloatField(), null=True, blank=True)
    # NULL in rows older than the column: their seals are of rows that did not have it.
    stock = models.IntegerField(null=True, blank=True)
    competitor_minor = models.PositiveIntegerField(null=True, blank=True)

    class Meta:
        ordering = ["-issued_at", "-id"]

    def __str__(self) -> str:
        return f"{self.rung} {format_money(self.quoted_minor, self.currency, 'en_US')}"


class DaySeal(models.Model):
    """A link of a hash chain over days: a changed or missing row breaks it from that day on.

    `checked_at` is when the day was last compared with its seal, `found_digest` what it came to
    where that is not what was sealed; empty where all is as it was.
    """

    day = models.DateField(primary_key=True)
    rows = models.PositiveBigIntegerField()
    digest = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    sealed_at = models.DateTimeField()
    checked_at = models.DateTimeField(null=True, blank=True)
    found_digest = models.CharField(max_length=64, blank=True)

    class Meta:
        abstract = True
        ordering = ["-day"]

    def __str__(self) -> str:
        return f"{self.day} {self.digest[:12]}"


class QuoteSeal(DaySeal):
    """The hash chain over days of quotes."""
