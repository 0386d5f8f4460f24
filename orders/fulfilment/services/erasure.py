"""Forget where a shopper's parcels went; the parcels stay for the books."""

from __future__ import annotations

from collections.abc import Collection

from orders.fulfilment.models import Shipment


def forget_tracking(order_ids: Collection[int]) -> None:
    """Empty the tracking numbers of these orders: a carrier tells by them where somebody lives."""
    rows = Shipment.objects.filter(order_id__in=order_ids)
    rows.update(tracking_number="", tracking_url="")
