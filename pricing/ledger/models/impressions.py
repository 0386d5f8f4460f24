"""Hourly counts of shown public prices, and the alternatives that were randomized."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models

from pricing.ledger.models.quotes import DaySeal


class PublicLook(models.Model):
    """How often everybody's price of a variant was shown in an hour; nobody is named.

    The table is partitioned by month of `hour`. A trigger refuses DELETE and every UPDATE but one:
    `looks` may grow. `segment` is that of shoppers whose data prices may use, else empty.
    `rung_minors` are the prices that chance could have shown, highest first, and
    `rung_probabilities` how likely each was; `direction` is which way the week's shock had moved
    the price, or -1 where the coin of an experiment had lowered it. A price that chance could not
    have changed was certain.
    """

    pk = models.CompositePrimaryKey(
        "hour",
        "variant_id",
        "market_code",
        "channel",
        "segment",
        "public_minor",
        "book_version",
        "policy_version",
    )
    hour = models.DateTimeField()
    variant_id = models.BigIntegerField()
    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    segment = models.CharField(max_length=40, blank=True)
    public_minor = models.PositiveIntegerField()
    book_version = models.PositiveIntegerField()
    policy_version = models.PositiveIntegerField()
    looks = models.PositiveBigIntegerField()
    direction = models.SmallIntegerField(default=0)
    rung_minors = ArrayField(models.PositiveIntegerField())
    rung_probabilities = ArrayField(models.FloatField())

    class Meta:
        ordering = ["-hour", "variant_id"]

    def __str__(self) -> str:
        return f"{self.looks} looks at {self.public_minor}"


class PublicLookSet(models.Model):
    """Which products of a category pages showed together in an hour, and how often; nobody is
    named.

    Prices are those of the book, purchases those of each good: neither is repeated here. There is
    no segment either, and of the sets that a day has seen once a sample is kept. Partitioned by
    month of `hour`; a trigger refuses DELETE and every UPDATE but one: `pages` may grow.
    """

    pk = models.CompositePrimaryKey("hour", "market_code", "channel", "book_version", "set_hash")
    hour = models.DateTimeField()
    market_code = models.CharField(max_length=16)
    channel = models.CharField(max_length=16)
    book_version = models.PositiveIntegerField()
    set_hash = models.BigIntegerField()
    variant_ids = ArrayField(models.BigIntegerField())
    pages = models.PositiveBigIntegerField()

    class Meta:
        ordering = ["-hour", "set_hash"]

    def __str__(self) -> str:
        return f"{len(self.variant_ids)} goods on {self.pages} pages"


class LookSeal(DaySeal):
    """The hash chain over days of impressions and of the sets they were in."""


class LookTally(models.Model):
    """How far the stream of impressions has been counted: one row, changed with the counts.

    `read_pages` is how many of the stream's entries were counted, `lost_pages` how many it dropped
    before, since its beginning; `total_lost_pages` over all its lives. `restarts` counts how often
    Redis came back without it. Of `set_hour`, `new_sets` were the first of their day;
    `left_out_sets` pages had a set of products that was not kept (seen once, or too large).
    """

    id = models.PositiveSmallIntegerField(primary_key=True, default=1)
    last_entry = models.CharField(max_length=41, default="0-0")
    read_pages = models.PositiveBigIntegerField(default=0)
    lost_pages = models.PositiveBigIntegerField(default=0)
    total_lost_pages = models.PositiveBigIntegerField(default=0)
    restarts = models.PositiveIntegerField(default=0)
    set_hour = models.DateTimeField(null=True)
    new_sets = models.PositiveIntegerField(default=0)
    left_out_sets = models.PositiveBigIntegerField(default=0)

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="look_tally_one")]

    def __str__(self) -> str:
        return self.last_entry


class ShockDraw(models.Model):
    """A week's draw of price shocks over all products it could have moved, as arrays.

    `PriceShock` has a row for what was drawn; this holds what could have been, so that a price
    that stayed has a probability too.
    """

    market = models.ForeignKey("shop.Market", on_delete=models.PROTECT, related_name="+")
    channel = models.CharField(max_length=16, default="online")
    week = models.DateField(help_text="the Monday on which the week begins")
    drawn_at = models.DateTimeField()
    book_version = models.PositiveIntegerField()
    policy_version = models.PositiveIntegerField()
    arrays = models.BinaryField()
    sha256 = models.CharField(max_length=64)

    class Meta:
        ordering = ["-week"]
        constraints = [
            models.UniqueConstraint(
                fields=["market", "channel", "week"], name="shock_draw_once_a_week"
            )
        ]

    def __str__(self) -> str:
        return f"week of {self.week}"
