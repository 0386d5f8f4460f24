"""The form of a product, as staff send it."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from shop.ground.catalog.selectors import forget_catalog


def rows(*variants: dict[str, str], initial: int = 0) -> dict[str, str]:
    """Return what a form sends of its rows."""
    sent = {
        "variant-TOTAL_FORMS": str(len(variants)),
        "variant-INITIAL_FORMS": str(initial),
        "variant-MIN_NUM_FORMS": "0",
        "variant-MAX_NUM_FORMS": "100",
    }
    for number, variant in enumerate(variants):
        for name, value in {"is_active": "on", **variant}.items():
            sent[f"variant-{number}-{name}"] = value
    return sent


TEE: dict[str, str] = {
    "name": "Night tee",
    "name_zh": "夜行T恤",
    "new_category": "Shirts",
    "brand": "Weaver",
    "description": "Soft.",
    "description_zh": "柔软。",
    "attributes": "Material: Cotton\nFit: Loose",
    "option_names": "Size",
    "minimum_age": "",
    "tax_class": "",
    "revision": "0",
}
SIZES = (
    {"options": "S", "price": "12.50", "stock": "5", "cost": "4.00"},
    {"options": "M", "price": "13", "stock": "0", "sku": "TEE-M"},
)


def save(browser: Client, product_id: int | None = None, /, **said: Any) -> Any:
    name, args = ("product_add", []) if product_id is None else ("product_change", [product_id])
    answer = browser.post(reverse(f"admin:{name}", args=args), said)
    forget_catalog()  # on commit, which this test's transaction never does
    return answer
