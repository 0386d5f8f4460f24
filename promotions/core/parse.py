"""From the JSON staff save to scopes; refused with place and reason.

Scope: {} every line; {"listed": true} the variants listed in rows of their own; or any of
"variants", "products", "categories", "brands", "except_categories", "except_brands",
"except_variants", each a list of ids. Beside any of these {"not_reduced": true}: only what
everybody pays the list price for, {"price_from": 1000, "price_to": 5000}: only what costs everybody
so much a unit, minor units.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any as Json

from promotions.core.carts import EVERYTHING, Scope
from promotions.core.parse_fields import (
    allow_only,
    read_count,
    read_flag,
    read_ids,
    read_object,
    refuse,
)

SCOPE_FIELDS = {
    "variants": "variant_ids",
    "products": "product_ids",
    "categories": "category_ids",
    "brands": "brand_ids",
    "except_categories": "except_category_ids",
    "except_brands": "except_brand_ids",
    "except_variants": "except_variant_ids",
}
PRICES = {"price_from": "from_minor", "price_to": "to_minor"}
BY_PRICE = {"not_reduced", *PRICES}


def parse_scope(tree: Json, place: str = "scope") -> Scope:
    """Return the scope of a JSON object. Raises BadOffer.

    >>> parse_scope({"categories": [3]}).category_ids
    frozenset({3})
    """
    fields = read_object(tree, place)
    if not fields:
        return EVERYTHING
    if "listed" in fields:
        allow_only(fields, {"listed", *BY_PRICE}, place)
        # The rows are the caller's to fill in; until then the scope covers nothing, not everything
        is_listed = read_flag(fields["listed"], f"{place}.listed")
        ids = frozenset[int]() if is_listed else None
        return Scope(variant_ids=ids, **_read_prices(fields, place))
    allow_only(fields, {*SCOPE_FIELDS, *BY_PRICE}, place)
    chosen: dict[str, Json] = {
        field: read_ids(fields[key], f"{place}.{key}")
        for key, field in SCOPE_FIELDS.items()
        if fields.get(key, []) != []
    }
    if "variant_ids" in chosen and chosen.keys() & {"product_ids", "category_ids", "brand_ids"}:
        raise refuse(place, "variants cannot be mixed with products, categories or brands")
    return Scope(**chosen, **_read_prices(fields, place))


def _read_prices(fields: Mapping[str, Json], place: str) -> dict[str, Json]:
    """Return what a scope says of the prices of its goods."""
    found: dict[str, Json] = {
        field: read_count(fields[key], f"{place}.{key}", least=0)
        for key, field in PRICES.items()
        if fields.get(key) is not None
    }
    if found.get("from_minor", 0) > found.get("to_minor", found.get("from_minor", 0)):
        raise refuse(f"{place}.price_to", "it is below price_from: nothing is priced so")
    if "not_reduced" in fields:
        found["is_unreduced"] = read_flag(fields["not_reduced"], f"{place}.not_reduced")
    return found
