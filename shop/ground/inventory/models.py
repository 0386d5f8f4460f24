"""Stock records, reservations and the ledger of movements."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q

__all__ = ["StockLocation", "StockMovement", "StockRecord", "StockReservation"]


class StockLocation(models.Model):
    """A place that products are sold from: "online" or a physical shop."""

    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    store = models.OneToOneField(
        "shop.Store", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    class Meta:
        ordering = ["code"]

    def __str__(self) -> str:
        return self.name


class StockRecord(models.Model):
    """How many pieces of a variant lie at a location, and how many of them are spoken for."""

    variant = models.ForeignKey(
        "shop.Variant", on_delete=models.CASCADE, related_name="stock_records"
    )
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="records")
    on_hand = models.PositiveIntegerField(default=0)
    reserved = models.PositiveIntegerField(default=0)
    next_delivery = models.DateField(
        null=True, blank=True, help_text="day on which pieces come again, where it is known"
    )

    class Meta:
        ordering = ["variant", "location"]
        constraints = [
            models.UniqueConstraint(
                fields=["variant", "location"], include=["on_hand", "reserved"], name="stock_unique"
            ),
            models.CheckConstraint(
                condition=Q(reserved__lte=F("on_hand")), name="stock_never_oversold"
            ),
        ]
        indexes = [
            models.Index(
                fields=["location", "variant"],
                name="stock_sold_out",
                condition=Q(reserved=F("on_hand")),
            )
        ]

    def __str__(self) -> str:
        return f"{self.variant_id}@{self.location_id}: {self.on_hand} - {self.reserved}"


class StockReservation(models.Model):
    """Pieces held for somebody until a moment. `holder` is opaque: a cart, a checkout."""

    class State(models.TextChoices):
        HELD = "held", "held"
        COMMITTED = "committed", "committed"
        RELEASED = "released", "released"

    holder = models.CharField(max_length=80)
    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="+")
    quantity = models.PositiveIntegerField()
    expires_at = models.DateTimeField()
    state = models.CharField(max_length=10, choices=State, default=State.HELD)
    # Who holds, in opaque words, to bound what one holds; emptied when the hold ends.
    person = models.CharField(max_length=40, blank=True, default="", db_default="")
    address = models.CharField(max_length=40, blank=True, default="", db_default="")

    class Meta:
        ordering = ["-expires_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["holder", "variant", "location"], name="reservation_unique"
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="reservation_quantity"),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"], name="reservation_expiry", condition=Q(state="held")
            ),
            models.Index(
                fields=["variant"], name="reservation_held_variant", condition=Q(state="held")
            ),
        ]

    def __str__(self) -> str:
        return f"{self.holder}: {self.quantity} x {self.variant_id} {self.state}"


class StockMovement(models.Model):
    """One line of the stock ledger; append-only. The sum per record is what lies there."""

    class Kind(models.TextChoices):
        OPENING = "opening", "opening stock"
        RECEIVED = "received", "received"
        SOLD = "sold", "sold"
        RETURNED = "returned", "returned"
        ADJUSTED = "adjusted", "adjusted after a count"

    variant = models.ForeignKey("shop.Variant", on_delete=models.PROTECT, related_name="+")
    location = models.ForeignKey(StockLocation, on_delete=models.PROTECT, related_name="+")
    kind = models.CharField(max_length=10, choices=Kind)
    quantity = models.IntegerField(help_text="pieces that came (positive) or went (negative)")
    reference = models.CharField(max_length=80, blank=True)
    at = models.DateTimeField()

    class Meta:
        ordering = ["-at", "-id"]
        constraints = [models.CheckConstraint(condition=~Q(quantity=0), name="movement_not_zero")]
        indexes = [models.Index(fields=["variant", "-at"], name="movement_variant_at")]

    def __str__(self) -> str:
        return f"{self.kind} {self.quantity} x {self.variant_id}"
