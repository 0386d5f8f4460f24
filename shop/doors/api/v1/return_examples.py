"""Examples of returns."""

from __future__ import annotations

from shop.doors.api.v1.examples import AT, LATER, Json, usd

RETURN: Json = {
    "number": "FT-7K3M9-2QXAB-R1",
    "state": "requested",
    "state_text": "Return requested",
    "reason": "damaged",
    "shop_pays_postage": True,
    "instruction": "Bring it to any post office.",
    "requested_at": AT,
    "refunded": usd(0),
    "refusal": "",
    "is_withdrawable": True,
    "lines": [
        {
            "line_id": 1,
            "variant_id": 7,
            "name": "Mild cheddar, 8 oz",
            "quantity": 1,
            "accepted_quantity": None,
            "exchanges": [
                {
                    "variant_id": 8,
                    "name": "Mild cheddar, 12 oz",
                    "quantity": 1,
                    "sent_quantity": None,
                }
            ],
            "is_kept": False,
        }
    ],
}
ORDER_RETURNS: Json = {
    "returnable": [
        {
            "line_id": 1,
            "variant_id": 7,
            "name": "Mild cheddar, 8 oz",
            "quantity": 1,
            "until": LATER,
            "reason_code": "",
            "message": "May be sent back until Dec 25, 2026.",
            "exchangeable_for": [{"variant_id": 8, "name": "Mild cheddar, 12 oz", "available": 1}],
            "is_kept": False,
        }
    ],
    "returns": [RETURN],
}
REQUEST_RETURN: Json = {
    "lines": [{"line_id": 1, "quantity": 1, "exchanges": [{"variant_id": 8, "quantity": 1}]}],
    "reason": "damaged",
    "comment": "The lid is broken.",
}
