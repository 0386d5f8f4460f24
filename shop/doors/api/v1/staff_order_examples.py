"""Examples of orders, parcels and returns of systems of staff."""

from __future__ import annotations

from shop.doors.api.v1.examples import AT, Json, usd
from shop.doors.api.v1.order_examples import CONTACT, ORDER_SUMMARY, SHIPMENT
from shop.doors.api.v1.return_examples import RETURN

PARCEL: Json = SHIPMENT
ORDERS: Json = {"orders": [ORDER_SUMMARY], "next_cursor": None}
CHANGES: Json = {
    "orders": [{**ORDER_SUMMARY, "updated_at": AT}],
    "next_cursor": "eyJ...",
    "has_more": False,
}
PIECES: Json = {"line_id": 1, "sku": "CHS-1042", "name": "Mild cheddar, 8 oz", "quantity": 2}
ORDER: Json = {
    "number": "FT-7K3M9-2QXAB",
    "status": "paid",
    "status_text": "Paid",
    "placed_at": AT,
    "paid_at": AT,
    "delivery_name": "Standard delivery",
    "total": usd(1257),
    "refunded": usd(0),
    "lines": [
        {**PIECES, "to_pack": 0, "refunded_quantity": 0, "total": usd(758), "refunded": usd(0)}
    ],
    "parcels": [PARCEL],
    "contact": CONTACT,
}
PACK: Json = {"lines": [{"line_id": 1, "quantity": 2}]}
SHIP: Json = {"carrier": "Postal Service", "tracking_number": "1Z999"}
UNPACK: Json = {"reason": "one bottle was broken"}
CARRIERS: Json = {"carriers": ["Postal Service"]}
REFUND: Json = {
    "lines": [{"line_id": 1, "quantity": 1, "restock": 0}],
    "reason": "arrived broken",
}
STAFF_RETURN: Json = {"order": "FT-7K3M9-2QXAB", **RETURN}
RETURNS: Json = {"returns": [STAFF_RETURN], "next_cursor": None}
INSPECT: Json = {"lines": [{"line_id": 1, "accepted": 1, "restock": 1}], "refusal": ""}
