"""JSON answers to POS systems. Amounts are kept in cents and formatted here."""

from __future__ import annotations

from typing import Any

from promotions.loyalty.api import Answer
from shop.doors.api.v1.bodies.prices import Json, money

# The keys under which a till's answer is kept -> the names under which it is told.
_MONEY = {
    "points_minor": "paid_with_points",
    "left_minor": "left_to_pay",
    "goods_minor": "goods",
    "money_back_minor": "money_back",
}
_BALANCE = ("available", "pending")


def pos_body(answer: Answer, currency: str, locale: str, **names: Any) -> Json:
    """Return a kept answer for a client; `names` are the references it was asked about."""
    body: Json = {**names}
    for key, value in answer.items():
        if key in _MONEY:
            body[_MONEY[key]] = money(value, currency, locale)
        elif key not in _BALANCE:
            body[key] = value
    return {**body, "balance": {key: answer[key] for key in _BALANCE}}
