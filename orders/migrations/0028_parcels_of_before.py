"""Give orders that were handed over before there were parcels the parcel that they went in.

Without one nothing of them could be sent back. Only orders of the last 366 days, the longest time
in which anything comes back. What is known: the day on which staff noted that the order was handed
over, and what of it was not refunded; carrier and number are not known. Each gets a step
`parcel_noted` in its timeline, by which the way back finds what was made here.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import batched
from typing import Any

from django.db import migrations, transaction
from django.db.models import F

from shop.kernel.clock import utc_now

BATCH = 500
LONGEST = timedelta(days=366)


def note_parcels(apps: Any, schema_editor: Any) -> None:
    """Write a parcel for each such order, in batches of their own transactions."""
    order_model = apps.get_model("orders", "Order")
    since = utc_now() - LONGEST
    waiting = order_model.objects.filter(
        status="fulfilled", channel="online", closed_at__gte=since, shipments=None
    )
    for ids in batched(waiting.values_list("pk", flat=True).order_by("pk"), BATCH):
        with transaction.atomic():
            _note(apps, order_model.objects.filter(pk__in=ids))


def _note(apps: Any, orders: Any) -> None:
    shipment_model, line_model = (apps.get_model("orders", n) for n in ("Shipment", "OrderLine"))
    event_model = apps.get_model("orders", "OrderEvent")
    inside_model = apps.get_model("orders", "ShipmentLine")
    kept = line_model.objects.filter(order__in=orders, quantity__gt=F("refunded_quantity"))
    lines: dict[int, list[Any]] = {}
    for line in kept:
        lines.setdefault(line.order_id, []).append(line)
    known = [order for order in orders if order.pk in lines]
    parcels = shipment_model.objects.bulk_create(
        shipment_model(
            order=order,
            position=1,
            state="delivered" if order.address_line1 else "collected",
            packed_at=order.closed_at,
            shipped_at=order.closed_at if order.address_line1 else None,
            delivered_at=order.closed_at,
        )
        for order in known
    )
    inside_model.objects.bulk_create(
        inside_model(shipment=parcel, line=line, quantity=line.quantity - line.refunded_quantity)
        for parcel in parcels
        for line in lines[parcel.order_id]
    )
    kept.update(packed_quantity=F("quantity") - F("refunded_quantity"))
    event_model.objects.bulk_create(
        event_model(
            order_id=parcel.order_id,
            kind="parcel_noted",
            detail={"shipment_id": parcel.pk, "parcel": 1},
            at=parcel.delivered_at,
        )
        for parcel in parcels
    )


def forget_parcels(apps: Any, schema_editor: Any) -> None:
    """Take back what was made here, but where pieces were sent back since. Timelines only grow."""
    event_model = apps.get_model("orders", "OrderEvent")
    shipment_model, line_model = (apps.get_model("orders", n) for n in ("Shipment", "OrderLine"))
    noted = event_model.objects.filter(kind="parcel_noted", order__returns=None)
    for rows in batched(noted.order_by("pk").values_list("order_id", "detail"), BATCH):
        with transaction.atomic():
            parcels = shipment_model.objects.filter(pk__in=[d["shipment_id"] for _, d in rows])
            line_model.objects.filter(order__shipments__in=parcels).update(packed_quantity=0)
            parcels.delete()


class Migration(migrations.Migration):
    atomic = False
    dependencies = [("orders", "0027_exchanges")]
    operations = [migrations.RunPython(note_parcels, forget_parcels)]
