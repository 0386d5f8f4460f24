"""From the JSON staff save to scopes; refused with place and reason.

Scope: {} every line; {"listed": true} the variants listed in rows of their own; or any of
"variants", "products", "categories", "brands", "except_categories", "except_brands",
"except_variants", each a list of ids.
"""

from __future__ import annotations

from typing import Any as Json

from promotions.core.carts import EVERYTHING, Scope
from promotions.core.parse_fields import allow_only, read_flag, read_ids, read_object, refuse

_SCOPE_FIELDS = {
    "variants": "variant_ids",
    "products": "product_ids",
    "categories": "category_ids",
    "brands": "brand_ids",
    "except_categories": "except_category_ids",
    "except_brands": "except_brand_ids",
    "except_variants": "except_variant_ids",
}


def parse_scope(tree: Json, place: str = "scope") -> Scope:
    """Return the scope of a JSON object. Raises BadOffer.

    >>> parse_scope({"categories": [3]}).category_ids
    frozenset({3})
    """
    fields = read_object(tree, place)
    if not fields:
        return EVERYTHING
    if "listed" in fields:
        allow_only(fields, {"listed"}, place)
        # The rows are the caller's to fill in; until then the scope covers nothing, not everything
        return (
            Scope(variant_ids=frozenset())
            if read_flag(fields["listed"], f"{place}.listed")
            else EVERYTHING
        )
    allow_only(fields, _SCOPE_FIELDS.keys(), place)
    chosen = {
        _SCOPE_FIELDS[key]: read_ids(ids, f"{place}.{key}")
        for key, ids in fields.items()
        if ids != []
    }
    if "variant_ids" in chosen and chosen.keys() & {"product_ids", "category_ids", "brand_ids"}:
        raise refuse(place, "variants cannot be mixed with products, categories or brands")
    return Scope(**chosen)
