"""From the JSON staff save to scopes and benefits; refused with place and reason.

Scope: {} every line; {"listed": true} the variants listed in rows of their own; or any of
"variants", "products", "categories", "brands", "except_categories", "except_brands", each a list
of ids.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any as Json

from promotions.core.carts import EVERYTHING, Scope
from promotions.core.parse_fields import allow_only, read_flag, read_ids, read_object, refuse
from promotions.core.values import Benefit, BenefitKind, Target

_SCOPE_FIELDS = {
    "variants": "variant_ids",
    "products": "product_ids",
    "categories": "category_ids",
    "brands": "brand_ids",
    "except_categories": "except_category_ids",
    "except_brands": "except_brand_ids",
}


def parse_scope(tree: Json) -> Scope:
    """Return the scope of a JSON object. Raises BadOffer.

    >>> parse_scope({"categories": [3]}).category_ids
    frozenset({3})
    """
    fields = read_object(tree, "scope")
    if not fields:
        return EVERYTHING
    if "listed" in fields:
        allow_only(fields, {"listed"}, "scope")
        # The rows are the caller's to fill in; until then the scope covers nothing, not everything
        return (
            Scope(variant_ids=frozenset())
            if read_flag(fields["listed"], "scope.listed")
            else EVERYTHING
        )
    allow_only(fields, _SCOPE_FIELDS.keys(), "scope")
    chosen = {
        _SCOPE_FIELDS[key]: read_ids(ids, f"scope.{key}")
        for key, ids in fields.items()
        if ids != []
    }
    if "variant_ids" in chosen and chosen.keys() & {"product_ids", "category_ids", "brand_ids"}:
        raise refuse("scope", "variants cannot be mixed with products, categories or brands")
    return Scope(**chosen)


def build_benefit(
    *,
    kind: str,
    target: str,
    percent: Decimal | None,
    amount_minor: int | None,
    cap_minor: int | None,
) -> Benefit:
    """Return the benefit, or raise BadOffer for one that cannot be computed or explained."""
    benefit = Benefit(BenefitKind(kind), Target(target), percent, amount_minor, cap_minor)
    if benefit.kind is BenefitKind.PERCENTAGE:
        if percent is None or not 0 < percent <= 100 or amount_minor is not None:
            raise refuse(
                "benefit", "a percentage needs percent above 0, at most 100, and no amount"
            )
        if benefit.target is Target.UNIT:
            raise refuse("benefit", "a percentage is taken of a line or of the cart, not of a unit")
    elif amount_minor is None or amount_minor <= 0 or percent is not None:
        raise refuse("benefit", "a fixed amount needs an amount above 0 and no percentage")
    if cap_minor is not None and cap_minor <= 0:
        raise refuse("benefit", "the most per order must be above 0")
    return benefit
