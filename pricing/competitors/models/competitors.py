"""Prices of competitors: registered public sources, what they said, and what was not believed."""

from __future__ import annotations

from django.conf import settings
from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import F, Q

from shop.ground.kernel.money import format_money

# Beyond a year no price is news, and far beyond it no date can be reckoned back to.
HOURS = (MinValueValidator(1), MaxValueValidator(366 * 24))


class CompetitorSource(models.Model):
    """A registered public source of a competitor's prices, uploaded as CSV or fetched.

    Prices of other sources are never used. `basis` says where they are public and why the shop may
    read them. A price older than `ttl_hours` counts no more. `last_report` is what the newest
    import did, `problem` why the newest attempt to fetch failed ("" if it did not).
    """

    class Kind(models.TextChoices):
        UPLOAD = "upload", "uploaded by staff"
        HTTP = "http", "fetched from an address"

    code = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=6, choices=Kind, default=Kind.UPLOAD)
    market = models.ForeignKey("shop.Market", on_delete=models.PROTECT, related_name="+")
    currency = models.CharField(max_length=3)
    url = models.URLField(
        max_length=500, blank=True, help_text="An https address on a host the operator has allowed."
    )
    basis = models.TextField(help_text="Where these prices are public and why we may read them.")
    ttl_hours = models.PositiveIntegerField(default=72, validators=HOURS)
    every_hours = models.PositiveIntegerField(default=24, validators=HOURS)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, related_name="+"
    )
    tried_at = models.DateTimeField(null=True, blank=True)
    imported_at = models.DateTimeField(null=True, blank=True)
    last_report = models.JSONField(default=dict, blank=True)
    problem = models.TextField(blank=True)

    class Meta:
        ordering = ["code"]
        constraints = [
            models.CheckConstraint(
                condition=~Q(kind="http") | Q(url__startswith="https://"),
                name="competitor_source_address",
            ),
            models.CheckConstraint(
                condition=Q(ttl_hours__gte=1, every_hours__gte=1) & ~Q(basis=""),
                name="competitor_source_sane",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class CompetitorPrice(models.Model):
    """What a source said a variant costs there, at a moment. Amounts are in the source's currency.

    Append-only; the newest of a source counts while it is fresh.
    """

    class MatchedBy(models.TextChoices):
        SKU = "sku", "SKU"
        GTIN = "gtin", "GTIN"
        NAME = "name", "name and size"

    source = models.ForeignKey(CompetitorSource, on_delete=models.CASCADE, related_name="prices")
    variant = models.ForeignKey("shop.Variant", on_delete=models.CASCADE, related_name="+")
    price_minor = models.PositiveIntegerField()
    observed_at = models.DateTimeField()
    imported_at = models.DateTimeField()
    matched_by = models.CharField(max_length=4, choices=MatchedBy)
    label = models.CharField(max_length=200, blank=True)

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["imported_at"], name="competitor_imported")]
        constraints = [
            models.UniqueConstraint(
                fields=["source", "variant", "observed_at"], name="competitor_price_once"
            ),
            models.CheckConstraint(
                condition=Q(price_minor__gt=0), name="competitor_price_positive"
            ),
            models.CheckConstraint(
                condition=Q(observed_at__lte=F("imported_at")), name="competitor_price_seen"
            ),
        ]

    def __str__(self) -> str:
        return format_money(self.price_minor, self.currency, "en_US")

    @property
    def currency(self) -> str:
        """The currency of the amount: the source's."""
        return self.source.currency


class QuarantinedCompetitorRow(models.Model):
    """A row of a feed that was not believed: why, what it held, and the variant if it was found.

    Kept apart from the refused rows of other imports because prices carry a badge while a source
    says nothing believable about them.
    """

    class Reason(models.TextChoices):
        BROKEN = "broken", "not a row of this table"
        NO_MATCH = "no_match", "no variant of ours"
        AMBIGUOUS = "ambiguous", "several variants fit"
        NO_PRICE = "no_price", "not a price"
        CURRENCY = "currency", "another currency"
        SCALE = "scale", "absurdly far from our price"
        OUTLIER = "outlier", "far from everything else in the feed"
        JUMP = "jump", "far from what the source said before"
        FEED_SCALE = "feed_scale", "the whole feed is in another unit"
        STALE = "stale", "too old, or in the future"
        TWICE = "twice", "a second price for one variant"

    source = models.ForeignKey(
        CompetitorSource, on_delete=models.CASCADE, related_name="quarantined_rows"
    )
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, null=True, related_name="+"
    )
    row_number = models.PositiveIntegerField()
    reason = models.CharField(max_length=10, choices=Reason)
    payload = models.JSONField()
    at = models.DateTimeField()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["at"], name="competitor_refused_at")]

    def __str__(self) -> str:
        return f"{self.row_number}: {self.reason}"
