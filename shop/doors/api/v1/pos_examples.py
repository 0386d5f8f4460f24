"""Examples of points at a till."""

from __future__ import annotations

from shop.doors.api.v1.examples import AT, Json, usd

BALANCE: Json = {"available": 940, "pending": 24}
HOLD_REQUEST: Json = {
    "reference": "0042-1871",
    "code": "K7M2-P9QX",
    "amount_minor": 2450,
    "currency": "USD",
    "points": 300,
}
HELD: Json = {
    "reference": "0042-1871",
    "points_used": 300,
    "paid_with_points": usd(300),
    "left_to_pay": usd(2150),
    "reason": "",
    "balance": BALANCE,
}
CANCELED: Json = {"reference": "0042-1871", "points_back": 300, "balance": BALANCE}
SALE_REQUEST: Json = {
    "reference": "0042-1871",
    "member_number": "482177309157",
    "lines": [
        {"sku": "CHEDDAR-200", "quantity": 2, "amount_minor": 1998},
        {"sku": "", "quantity": 1, "amount_minor": 452},
    ],
    "currency": "USD",
    "sold_at": AT,
}
SOLD: Json = {
    "reference": "0042-1871",
    "points_earned": 21,
    "points_used": 300,
    "paid_with_points": usd(300),
    "unknown_lines": [1],
    "balance": BALANCE,
}
RETURN_REQUEST: Json = {
    "reference": "0042-1871",
    "return_reference": "0043-0007",
    "lines": [{"line": 0, "quantity": 1}],
}
RETURNED: Json = {
    "reference": "0042-1871",
    "return_reference": "0043-0007",
    "points_taken_back": 9,
    "points_given_back": 122,
    "goods": usd(999),
    "money_back": usd(877),
    "balance": BALANCE,
}
