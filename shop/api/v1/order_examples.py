"""Examples of carts, checkouts and orders."""

from __future__ import annotations

from shop.api.v1.examples import (
    AT,
    LABEL,
    LATER,
    PAYMENT_ID,
    PLAIN_VARIANT,
    PRICE,
    QUOTE_ID,
    Json,
    usd,
)

DELIVERY: Json = {
    "code": "standard",
    "name": "Standard delivery",
    "price": usd(499),
    "regular_price": usd(499),
    "free_from": usd(3500),
    "missing": usd(2742),
    "price_before_offers": usd(499),
    "adjustments": [],
    "min_days": 1,
    "max_days": 3,
    "needs_address": True,
}
CART: Json = {
    "cart_id": PAYMENT_ID,
    "version": 7,
    "quantity": 2,
    "lines": [
        {
            "variant": PLAIN_VARIANT,
            "quantity": 2,
            "price": PRICE,
            "subtotal": usd(758),
            "discount": usd(0),
            "total": usd(758),
            "tax": usd(0),
            "adjustments": [],
            "notices": [],
            "is_gift": False,
        }
    ],
    "subtotal": usd(758),
    "discount": usd(0),
    "tax": usd(0),
    "tax_added": usd(0),
    "delivery": DELIVERY,
    "total": usd(1257),
    "offers": [],
    "coupon_codes": ["SUMMER"],
    "rejected": [
        {"code": "SUMMER", "reason_code": "ended", "message": "This code has ended.", "params": {}}
    ],
    "hints": [],
    "notices": [],
    "gift_choices": [],
    "can_check_out": True,
    "points": {
        "is_member": True,
        "earns": 7,
        "available": 1240,
        "least": 100,
        "usable": 758,
        "usable_worth": usd(758),
        "used": 0,
        "used_worth": usd(0),
        "reason": "",
    },
    "has_personal_price": True,
    "label": LABEL,
}
CHECKOUT: Json = {
    "cart": CART,
    "delivery_options": [DELIVERY],
    "payment_methods": [{"code": "sandbox-card", "name": "Test card", "is_sandbox": True}],
    "expires_at": LATER,
}
CONTACT: Json = {
    "email": "alice@example.com",
    "name": "Alice Archer",
    "phone": "",
    "address_line1": "1 Main Street",
    "address_line2": "",
    "city": "Springfield",
    "region": "OH",
    "postcode": "45501",
    "country": "US",
}
PLACE_ORDER: Json = {
    "contact": CONTACT,
    "delivery_method": "standard",
    "shown_total_minor": 1257,
}
TIMELINE: list[Json] = [{"kind": "placed", "text": "Order placed", "at": AT}]
ORDER: Json = {
    "number": "FT-7K3M9-2QXAB",
    "status": "awaiting_payment",
    "status_text": "Awaiting payment",
    "lines": [
        {
            "line_id": 1,
            "variant_id": 1042,
            "sku": "CHS-1042",
            "name": "Mild cheddar, 8 oz",
            "quantity": 2,
            "list_price": usd(429),
            "public_price": usd(399),
            "quoted_price": usd(379),
            "subtotal": usd(758),
            "discount": usd(0),
            "tax": usd(0),
            "total": usd(758),
            "is_personal": True,
            "label_code": "generic",
            "label": LABEL,
            "why_url": f"/api/v1/quotes/{QUOTE_ID}/why",
            "adjustments": [],
            "is_gift": False,
            "refunded_quantity": 0,
            "refunded": usd(0),
        }
    ],
    "subtotal": usd(758),
    "discount": usd(0),
    "delivery": usd(499),
    "delivery_name": "Standard delivery",
    "delivery_adjustments": [],
    "tax": usd(0),
    "tax_added": usd(0),
    "total": usd(1257),
    "refunded": usd(0),
    "coupon_codes": [],
    "placed_at": AT,
    "pay_until": LATER,
    "paid_at": None,
    "contact": CONTACT,
    "payments": [],
    "timeline": TIMELINE,
    "is_payable": True,
    "is_cancellable": True,
    "points_spent": 0,
    "points_worth": usd(0),
    "points_earned": 7,
    "has_personal_price": True,
    "label": LABEL,
}
ORDER_SUMMARY: Json = {
    "number": "FT-7K3M9-2QXAB",
    "channel": "online",
    "status": "paid",
    "status_text": "Paid",
    "placed_at": AT,
    "quantity": 2,
    "total": usd(1257),
}
TRACKED_ORDER: Json = {
    "number": "FT-7K3M9-2QXAB",
    "status": "paid",
    "status_text": "Paid",
    "placed_at": AT,
    "delivery_name": "Standard delivery",
    "quantity": 2,
    "total": usd(1257),
    "refunded": usd(0),
    "timeline": TIMELINE,
}
PAYMENT_STEP: Json = {
    "payment_id": PAYMENT_ID,
    "state": "succeeded",
    "reason_code": "",
    "message": "",
    "action_token": "",
    "action_url": "",
}
