"""Names and numbers of variants, for matching lists from outside."""

from __future__ import annotations

from shop.ground.catalog.core.values import VariantIdentity
from shop.ground.catalog.models import Variant


def list_identities() -> list[VariantIdentity]:
    """Return the names and numbers of all active variants, by id. One query."""
    rows = (
        Variant.objects.filter(is_active=True, product__is_active=True)
        .order_by("pk")
        .values_list(
            *("pk", "sku", "gtin", "product__name", "product__brand__name", "measure_amount"),
            "measure_unit",
        )
    )
    return [
        VariantIdentity(variant, sku, gtin, name, brand, float(amount or 0), unit)
        for variant, sku, gtin, name, brand, amount, unit in rows
    ]
