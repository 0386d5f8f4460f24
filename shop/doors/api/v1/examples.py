"""Examples of the documentation; a contract test checks each against the schema."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]

QUOTE_ID = "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c11"
PAYMENT_ID = "2f1c7a53-9d3e-4b60-9d7b-8f6f2d1f2a10"
AT = "2026-11-25T10:00:00+00:00"
LATER = "2026-11-25T11:00:00+00:00"
LABEL = "Personal price, set automatically"


def usd(minor: int) -> Json:
    """Return an amount of dollars as the API writes it."""
    sign = "-" if minor < 0 else ""
    display = f"{sign}${abs(minor) / 100:,.2f}"
    return {"minor": minor, "currency": "USD", "exponent": 2, "display": display}


INDEX: Json = {
    "name": "Fairtag API",
    "version": "1",
    "docs": "/api/v1/docs/",
    "schema": "/api/v1/schema/",
    "account_api": "/_allauth/app/v1/",
}
CONSENT_ANSWERS: Json = {
    "price": True,
    "recommendations": True,
    "marketing": False,
    "analytics": True,
}
GUEST: Json = {
    "shopper_token": "AZHSpJP1e26KUW8MLx98EQ:1vNcXy:9mQ...",
    "expires_in": 34_560_000,
    "consents": CONSENT_ANSWERS,
}
CONSENTS: Json = {
    "consents": CONSENT_ANSWERS,
    "jurisdiction": "US-other",
    "personal_prices_allowed": True,
    "opt_in_required": False,
    "is_gpc": False,
}
REASONS: list[Json] = [
    {"code": "public_price", "amount": usd(399), "text": "Price for everybody"},
    {"code": "category_affinity", "amount": usd(-20), "text": "You often look at cheese"},
]
PRICE: Json = {
    "variant_id": 1042,
    "list_price": usd(429),
    "public_price": usd(399),
    "quoted_price": usd(379),
    "is_personal": True,
    "label_code": "generic",
    "label": LABEL,
    "reference_price": None,
    "reference_name": "",
    "reference_note": "",
    "unit_price": usd(167),
    "unit_label": "lb",
    "spoken": f"Your price $3.79, Everyone $3.99, $1.67 per pound, {LABEL}",
    "rung": "personal",
    "reasons": REASONS,
    "quote_id": QUOTE_ID,
    "quote_token": "eyJ...",
    "expires_at": LATER,
    "why_url": f"/api/v1/quotes/{QUOTE_ID}/why",
    "opt_out_url": "/api/v1/consent/price",
}
WHY: Json = {
    "quote_id": QUOTE_ID,
    "variant_id": 1042,
    "list_price": usd(429),
    "public_price": usd(399),
    "quoted_price": usd(379),
    "is_personal": True,
    "label_code": "generic",
    "label": LABEL,
    "reasons": REASONS,
    "price": usd(379),
    "parts": REASONS,
    "price_now": usd(379),
    "counterfactuals": [
        {"code": "no_views", "quoted_price": usd(399), "text": "Without what you looked at"}
    ],
    "data_used": ["category_affinity"],
    "jurisdiction": "US-other",
    "policy_version": 1,
    "model_version": 4,
    "issued_at": AT,
    "expires_at": LATER,
    "opt_out_url": "/api/v1/consent/price",
}
CATEGORY: Json = {
    "category_id": 31,
    "parent_id": 3,
    "path": "grocery/cheese",
    "name": "Cheese",
    "depth": 1,
    "picture_url": "/static/catalog/1f9c0.svg",
    "product_count": 214,
    "is_restricted": False,
    "is_sensitive": False,
}
PLAIN_VARIANT: Json = {
    "product_id": 977,
    "variant_id": 1042,
    "sku": "CHS-1042",
    "slug": "mild-cheddar-8-oz",
    "name": "Mild cheddar",
    "brand": "Hill & Dale",
    "title": "Hill & Dale Mild cheddar, 8 oz",
    "category_id": 31,
    "category_path": "grocery/cheese",
    "size": "8 oz",
    "measure": {"amount": "226.796", "unit": "g"},
    "options": [],
    "picture_url": "/media/packs/1042-3f9c1e07ab52.svg",
    "is_illustration": True,
    "picture_sizes": [
        {"width": 160, "url": "/media/packs/1042-3f9c1e07ab52-160.png"},
        {"width": 320, "url": "/media/packs/1042-3f9c1e07ab52-320.png"},
        {"width": 800, "url": "/media/packs/1042-3f9c1e07ab52-800.png"},
    ],
    "available": 12,
}
VARIANT: Json = {
    **PLAIN_VARIANT,
    "minimum_age": None,
    "price": PRICE,
    "offered": {
        "price": usd(359),
        "labels": ["Cheese week"],
        "barred": [],
        "is_exclusive": False,
        "audience": "public",
        "own_offer_id": None,
        "law_label": "",
        "ends_at": LATER,
    },
    "deals": [{"offer_id": 12, "text": "Any 2 of Cheese for $5.00"}],
    "shown": {
        "now": usd(359),
        "percent_off": 0,
        "comparison": {
            "kind": "everyone",
            "text": "Everyone $3.79",
            "amount": usd(379),
            "language": "",
        },
        "unit_price": usd(158),
        "unit_text": "$1.58/lb",
        "unit_text_several": "",
        "kind": "personal",
        "tag": "Auto-set personal price",
        "label": LABEL,
        "can_switch_off": False,
        "ribbon": "Cheese week",
        "minimum_age": None,
        "order_discount": None,
        "order_discount_text": "",
        "spoken": f"Your price $3.59, Everyone $3.79, $1.58 per pound, {LABEL}",
    },
    "members_pay": usd(339),
}
LISTING: Json = {
    "total": 1,
    "page": 1,
    "pages": 1,
    "sort": "popular",
    "facets": [
        {
            "code": "brand",
            "options": [{"value": "7", "label": "Hill & Dale", "count": 1, "is_selected": False}],
        }
    ],
    "items": [VARIANT],
}
CATEGORY_PAGE: Json = {"category": CATEGORY, "trail": [CATEGORY], "children": [], **LISTING}
SEARCH_PAGE: Json = {
    "words": "chedar",
    "corrected": "cheddar",
    "suggestions": ["cheddar"],
    "popular": [],
    **LISTING,
}
SUGGESTIONS: Json = {
    "suggestions": [
        {"kind": "query", "text": "cheddar", "slug": "", "path": ""},
        {"kind": "category", "text": "Cheese", "slug": "", "path": "grocery/cheese"},
        {"kind": "product", "text": "Mild cheddar", "slug": "mild-cheddar-8-oz", "path": ""},
    ]
}
PRODUCT: Json = {
    "product_id": 977,
    "slug": "mild-cheddar-8-oz",
    "name": "Mild cheddar",
    "brand": "Hill & Dale",
    "description": "",
    "attributes": [],
    "facts": [
        {
            "fact": "storage",
            "name": "Storage",
            "text": "Keep refrigerated.",
            "stated_by": "package",
        }
    ],
    "pictures": [],
    "is_active": True,
    "is_restricted": False,
    "is_sensitive": False,
    "trail": [CATEGORY],
    "variants": [VARIANT],
    "related": [VARIANT],
}
OFFER: Json = {
    "offer_id": 5,
    "campaign_id": 2,
    "label": "10 % off cheese",
    "reason": "Because you buy cheese",
    "law_label": LABEL,
    "coupon_code": "CHEESE10",
    "audience": "personal",
    "ends_at": LATER,
    "left": None,
    "left_counted": "",
    "percent": "10",
    "amount": None,
    "variant_ids": [],
    "category_ids": [31],
}
SHELF: Json = {"code": "picks", "category": None, "is_personal": True, "items": [VARIANT]}
OFFER_TERMS: list[str] = ["the cart is worth at least $40.00"]
HOME: Json = {
    "flash_sales": [],
    "offers": [OFFER],
    "picks": SHELF,
    "again": {**SHELF, "code": "buy_again"},
    "shelves": [],
    "departments": [CATEGORY],
}
EVENT_BATCH: Json = {
    "events": [
        {"id": QUOTE_ID, "kind": "view", "occurred_at": AT, "variant_id": 1042},
        {
            "id": "0191d2a4-93f5-7b6e-8a51-6f0c2f1f7c12",
            "kind": "search",
            "occurred_at": AT,
            "query": "cheddar",
        },
    ],
    "sent_at": AT,
}
INGESTED: Json = {
    "accepted": 2,
    "duplicates": 0,
    "dropped_no_consent": 0,
    "dropped_bot": 0,
    "rejected": [],
}
OWN_DATA: Json = {
    "rooms": {
        "profiles": {"shopper": {"market": "us", "consents": CONSENT_ANSWERS}},
        "orders": {"orders": []},
    }
}
ACCOUNT: Json = {
    "is_guest": False,
    "consents": CONSENT_ANSWERS,
    "segment": {
        "code": "fresh",
        "name": "Fresh-food regulars",
        "description": "Often buy fresh food.",
    },
    "tags": ["Buys on offer"],
    "interests": [{"category": CATEGORY, "share": 1.0}],
    "known_since": AT,
}
