"""From the JSON staff save to a condition tree; refused with place and reason.

{} always holds; {"all": [...]}, {"any": [...]}, {"not": {...}}, or one leaf:
{"cart_value": 4000} minor units · {"cart_quantity": 3} ·
{"products" | "variants" | "categories" | "brands": [ids], "quantity": 1, "value": 0} ·
{"segments" | "tags" | "channels" | "codes": [texts]} · {"first_order": true} · {"member": true}.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Json

from promotions.core.carts import Scope
from promotions.core.codes import normalize_code
from promotions.core.conditions import (
    ALWAYS,
    All,
    Any,
    CartHas,
    ChannelIn,
    CodeEntered,
    Condition,
    FirstOrder,
    HasTag,
    Member,
    Not,
    SegmentIn,
)
from promotions.core.parse_fields import (
    allow_only,
    read_count,
    read_flag,
    read_ids,
    read_object,
    read_single,
    read_texts,
    refuse,
)

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


def _not(part: Json, place: str, depth: int) -> Condition:
    inner = _node(part, place, depth + 1)
    if inner == ALWAYS:
        raise refuse(place, "the opposite of always never holds")
    return Not(inner)


_BRANCHES: Mapping[str, Callable[[Json, str, int], Condition]] = {
    "all": _all,
    "any": _any,
    "not": _not,
}


def _parts(parts: Json, place: str, depth: int) -> tuple[Condition, ...]:
    if not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
        raise refuse(place, f"expected a list of 1 to {MAX_PARTS} conditions")
    return tuple(_node(part, f"{place}[{i}]", depth + 1) for i, part in enumerate(parts))


def _leaf(fields: Mapping[str, Json], place: str) -> Condition:
    for word, (field, reason) in _SELECTORS.items():
        if word in fields:
            allow_only(fields, {word, "quantity", "value"}, place)
            return CartHas(
                Scope(**{field: read_ids(fields[word], f"{place}.{word}")}),
                read_count(fields.get("quantity", 1), f"{place}.quantity", least=1),
                read_count(fields.get("value", 0), f"{place}.value", least=0),
                reason,
            )
    word, value = read_single(fields, place)
    build = _SIMPLE.get(word)
    if build is None:
        raise refuse(place, f"unknown condition “{word}”")
    return build(value, f"{place}.{word}")


_SIMPLE: Mapping[str, Callable[[Json, str], Condition]] = {
    "cart_value": lambda value, place: CartHas(min_value_minor=read_count(value, place, least=1)),
    "cart_quantity": lambda value, place: CartHas(
        min_quantity=read_count(value, place, least=1), reason_code="cart_quantity_below"
    ),
    "segments": lambda value, place: SegmentIn(read_texts(value, place)),
    "tags": lambda value, place: HasTag(read_texts(value, place)),
    "channels": lambda value, place: ChannelIn(read_texts(value, place)),
    "codes": lambda value, place: CodeEntered(
        frozenset(normalize_code(text) for text in read_texts(value, place))
    ),
    "first_order": lambda value, place: (
        FirstOrder() if read_flag(value, place) else Not(FirstOrder())
    ),
    "member": lambda value, place: Member() if read_flag(value, place) else Not(Member()),
}
