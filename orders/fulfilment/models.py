"""Carriers, parcels and what is in them."""

from __future__ import annotations

from django.core.exceptions import ValidationError
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext as _

from orders.fulfilment.carriers import NUMBER_SIGN, is_tracking_pattern
from orders.fulfilment.core import ParcelState


class Carrier(models.Model):
    """Who brings parcels, and where a tracking number can be looked up."""

    name = models.CharField(max_length=80, unique=True)
    tracking_pattern = models.CharField(
        max_length=300,
        blank=True,
        help_text="An https address with {number} in it. Empty: parcels have no tracking link.",
    )
    is_active = models.BooleanField(default=True)

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name

    def clean(self) -> None:
        """Refuse an address that no tracking link can be made from."""
        if self.tracking_pattern and not is_tracking_pattern(self.tracking_pattern):
            said = _("Write an https address with %(sign)s where the tracking number goes.")
            raise ValidationError({"tracking_pattern": said % {"sign": NUMBER_SIGN}})


class Shipment(models.Model):
    """One parcel of an order. Who did what is in the order's timeline, by `shipment_id`."""

    class State(models.TextChoices):
        PLANNED = ParcelState.PLANNED, "to pack"
        PACKED = ParcelState.PACKED, "packed"
        SHIPPED = ParcelState.SHIPPED, "shipped"
        DELIVERED = ParcelState.DELIVERED, "delivered"
        READY = ParcelState.READY, "ready to collect"
        COLLECTED = ParcelState.COLLECTED, "collected"
        CANCELLED = ParcelState.CANCELLED, "cancelled"

    order = models.ForeignKey("orders.Order", on_delete=models.PROTECT, related_name="shipments")
    position = models.PositiveSmallIntegerField(help_text="1 for the first parcel of the order.")
    state = models.CharField(max_length=10, choices=State)
    carrier = models.ForeignKey(
        Carrier, on_delete=models.PROTECT, related_name="+", null=True, blank=True
    )
    tracking_number = models.CharField(max_length=60, blank=True)
    tracking_url = models.URLField(max_length=400, blank=True)
    packed_at = models.DateTimeField(help_text="While it is to be packed: since when it waits.")
    shipped_at = models.DateTimeField(null=True, blank=True)
    delivered_at = models.DateTimeField(null=True, blank=True, help_text="Or collected.")
    cancelled_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-packed_at", "-id"]
        indexes = [
            models.Index(
                fields=["state", "packed_at"],
                condition=Q(state__in=["planned", "packed", "shipped", "ready"]),
                name="shipment_under_way",
            )
        ]
        constraints = [
            models.UniqueConstraint(fields=["order", "position"], name="shipment_position"),
            models.CheckConstraint(
                condition=Q(state="planned", shipped_at=None, delivered_at=None)
                | Q(state="packed", shipped_at=None, delivered_at=None)
                | Q(state="ready", shipped_at=None, delivered_at=None)
                | Q(state="shipped", shipped_at__isnull=False, delivered_at=None)
                | Q(state="delivered", shipped_at__isnull=False, delivered_at__isnull=False)
                | Q(state="collected", shipped_at=None, delivered_at__isnull=False)
                | Q(state="cancelled", cancelled_at__isnull=False, delivered_at=None),
                name="shipment_times_follow_state",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.order}/{self.position}"


class ShipmentLine(models.Model):
    """How many pieces of an order line are in a parcel.

    `OrderLine.packed_quantity` counts them over all parcels that are not cancelled, but for those
    with a `variant`: these replace pieces that were packed before and came back.
    """

    shipment = models.ForeignKey(
        Shipment, on_delete=models.CASCADE, related_name="lines", db_index=False
    )
    line = models.ForeignKey("orders.OrderLine", on_delete=models.PROTECT, related_name="parcels")
    quantity = models.PositiveIntegerField()
    variant = models.ForeignKey(
        "shop.Variant",
        on_delete=models.PROTECT,
        related_name="+",
        null=True,
        blank=True,
        db_index=False,
        help_text="What replaces pieces that came back. Empty: what was bought.",
    )
    sku = models.CharField(max_length=60, blank=True, help_text="Of what replaces; else empty.")
    name = models.CharField(max_length=240, blank=True, help_text="Of what replaces; else empty.")

    class Meta:
        ordering = ["line__position", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["shipment", "line", "variant"],
                nulls_distinct=False,
                name="shipmentline_once",
            ),
            models.CheckConstraint(condition=Q(quantity__gt=0), name="shipmentline_pieces"),
        ]

    def __str__(self) -> str:
        return f"{self.quantity} x line {self.line_id}"
