"""The price ledger (append-only) and the public price that holds now."""

from __future__ import annotations

from django.db import models
from django.db.models import Q

from shop.ground.kernel.money import format_money


class PriceLedgerEntry(models.Model):
    """A price that began at `valid_from` and holds until the next entry of its series.

    A series is (variant, market, channel, kind). A trigger refuses UPDATE and DELETE: the
    reference-price engine and the law need the history as it was.
    """

    class Kind(models.TextChoices):
        LIST = "list", "list price"
        PUBLIC = "public", "public price"

    class Source(models.TextChoices):
        IMPORT = "import", "imported history"
        MERCHANT = "merchant", "set by the merchant"
        MODEL = "model", "set by the demand model"
        STAFF = "staff", "set by staff"
        GATE = "gate", "moved by a guardrail"
        SHOCK = "shock", "moved by chance for a week, or back"
        EXPERIMENT = "experiment", "an arm of an experiment, or back"

    # The unique key serves every look-up by variant: a second index would only slow the imports.
    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    kind = models.CharField(max_length=6, choices=Kind)
    amount_minor = models.PositiveIntegerField()
    valid_from = models.DateTimeField()
    source = models.CharField(max_length=10, choices=Source)
    set_by = models.CharField(
        max_length=24,
        db_default="",
        default="",
        editable=False,
        help_text="Who changed a list price, where known: `token 5` of staff, or `person 3`.",
    )

    class Meta:
        verbose_name_plural = "price ledger entries"
        ordering = ["variant", "kind", "valid_from", "id"]
        indexes = [
            models.Index(
                fields=["set_by", "valid_from"],
                name="ledger_set_by",
                condition=~Q(set_by=""),
            )
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "market", "channel", "kind", "valid_from"],
                name="ledger_series_moment",
            ),
            models.CheckConstraint(condition=Q(amount_minor__gt=0), name="ledger_positive"),
        ]

    def __str__(self) -> str:
        price = format_money(self.amount_minor, self.market.currency, "en_US")
        return f"{self.get_kind_display()} {price}"


class PublicPrice(models.Model):
    """The public price of a variant now: one value per market and channel at one instant."""

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="+", db_index=False
    )
    market = models.ForeignKey(
        "shop.Market", on_delete=models.PROTECT, related_name="+", db_index=False
    )
    channel = models.CharField(max_length=16, default="online")
    list_minor = models.PositiveIntegerField()
    public_minor = models.PositiveIntegerField()
    anchor_minor = models.PositiveIntegerField()
    changed_at = models.DateTimeField()

    class Meta:
        ordering = ["variant"]
        # Staff look at the last changes; without it each look sorts all prices of the shop.
        indexes = [models.Index(fields=["-changed_at", "-id"], name="public_price_changed")]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "market", "channel"], name="public_price_unique"
            ),
            models.CheckConstraint(
                condition=Q(list_minor__gt=0, public_minor__gt=0, anchor_minor__gt=0),
                name="public_price_positive",
            ),
        ]

    def __str__(self) -> str:
        return format_money(self.public_minor, self.market.currency, "en_US")
