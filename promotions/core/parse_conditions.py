"""From the JSON staff save to a condition tree; refused with place and reason.

{} always holds; {"all": [...]}, {"any": [...]}, {"one": [...]} (exactly one), {"not": {...}}, or
one leaf:
{"cart_value": 4000} minor units · {"cart_quantity": 3} ·
{"different_products": 3} or {"different_products": {"at_least": 3, "scope": {...}}} ·
{"products" | "variants" | "categories" | "brands": [ids], "quantity": 1, "value": 0} ·
{"segments" | "tags" | "channels" | "codes" | "markets" | "regions" | "tiers" | "groups": [texts]} ·
{"first_order": true} · {"member": true} · {"shopper": "new" | "returning"} ·
{"last_order": {"at_least_days": 60, "at_most_days": 365}} ·
{"orders": {"days": 90, "at_least": 3, "at_most": 9}} ·
{"spent": {"days": 365, "at_least": 10000, "at_most": 50000}} minor units ·
{"weekdays": [1, 7]} Monday is 1 · {"hours": ["17:00", "20:30"]} on the market's clock.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Json

from promotions.core.carts import Scope
from promotions.core.conditions import ALWAYS, All, Any, CartHas, Condition, ExactlyOne, Not
from promotions.core.parse_fields import (
    allow_only,
    read_count,
    read_ids,
    read_object,
    read_single,
    refuse,
)
from promotions.core.parse_leaves import LEAVES

MAX_DEPTH = 5
MAX_PARTS = 50

_SELECTORS = {
    "products": ("product_ids", "product_missing"),
    "variants": ("variant_ids", "product_missing"),
    "categories": ("category_ids", "category_missing"),
    "brands": ("brand_ids", "brand_missing"),
}


def parse_condition(tree: Json) -> Condition:
    """Return the condition of a JSON tree. Raises BadOffer.

    >>> parse_condition({"all": [{"cart_value": 4000}, {"not": {"tags": ["staff"]}}]})
    ... # doctest: +ELLIPSIS
    All(parts=(CartHas(...min_value_minor=4000...), Not(part=HasTag(tags=frozenset({'staff'})))))
    """
    return _node(tree, "condition", 0)


def _node(tree: Json, place: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise refuse(place, f"conditions nest at most {MAX_DEPTH} deep")
    fields = read_object(tree, place)
    if not fields:
        return ALWAYS
    for word, build in _BRANCHES.items():
        if word in fields:
            allow_only(fields, {word}, place)
            return build(fields[word], f"{place}.{word}", depth)
    return _leaf(fields, place)


def _all(parts: Json, place: str, depth: int) -> Condition:
    return All(_parts(parts, place, depth))


def _any(parts: Json, place: str, depth: int) -> Condition:
    return Any(_parts(parts, place, depth))


def _one(parts: Json, place: str, depth: int) -> Condition:
    found = _parts(parts, place, depth)
    if len(found) < 2 or len(set(found)) < len(found):
        raise refuse(place, "exactly one of several needs at least two different conditions")
    return ExactlyOne(found)


def _not(part: Json, place: str, depth: int) -> Condition:
    inner = _node(part, place, depth + 1)
    if inner == ALWAYS:
        raise refuse(place, "the opposite of always never holds")
    return Not(inner)


_BRANCHES: Mapping[str, Callable[[Json, str, int], Condition]] = {
    "all": _all,
    "any": _any,
    "one": _one,
    "not": _not,
}


# Every word a condition may have
WORDS = (*_BRANCHES, *_SELECTORS, *LEAVES)


def _parts(parts: Json, place: str, depth: int) -> tuple[Condition, ...]:
    if not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
        raise refuse(place, f"expected a list of 1 to {MAX_PARTS} conditions")
    return tuple(_node(part, f"{place}[{i}]", depth + 1) for i, part in enumerate(parts))


def _leaf(fields: Mapping[str, Json], place: str) -> Condition:
    for word, (field, reason) in _SELECTORS.items():
        if word in fields:
            allow_only(fields, {word, "quantity", "value"}, place)
            named: dict[str, Json] = {field: read_ids(fields[word], f"{place}.{word}")}
            return CartHas(
                Scope(**named),
                read_count(fields.get("quantity", 1), f"{place}.quantity", least=1),
                read_count(fields.get("value", 0), f"{place}.value", least=0),
                reason,
            )
    word, value = read_single(fields, place)
    build = LEAVES.get(word)
    if build is None:
        raise refuse(place, f"unknown condition “{word}”")
    return build(value, f"{place}.{word}")
