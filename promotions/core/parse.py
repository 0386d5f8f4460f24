"""From the JSON staff save to conditions, scopes and benefits; refused with place and reason.

Condition: {} always holds; {"all": [...]}, {"any": [...]}, {"not": {...}}, or one leaf:
{"cart_value": 4000} minor units · {"cart_quantity": 3} ·
{"products" | "variants" | "categories" | "brands": [ids], "quantity": 1, "value": 0} ·
{"segments" | "tags" | "channels" | "codes": [texts]} · {"first_order": true} · {"member": true}.
Scope: {} every line; {"listed": true} the variants listed in rows of their own; or any of
"variants", "products", "categories", "brands", "except_categories", "except_brands", each a list
of ids.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any as Json

from promotions.core.carts import EVERYTHING, Scope
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
from promotions.core.values import Benefit, BenefitKind, Target
from shop.kernel.errors import FairtagError

MAX_DEPTH = 5
MAX_PARTS = 50

_SELECTORS = {
    "products": ("product_ids", "product_missing"),
    "variants": ("variant_ids", "product_missing"),
    "categories": ("category_ids", "category_missing"),
    "brands": ("brand_ids", "brand_missing"),
}
_SCOPE_FIELDS = {
    "variants": "variant_ids",
    "products": "product_ids",
    "categories": "category_ids",
    "brands": "brand_ids",
    "except_categories": "except_category_ids",
    "except_brands": "except_brand_ids",
}


class BadOffer(FairtagError):
    """The offer cannot be computed or explained as it is written; `detail["place"]` says where."""

    code = "bad_offer"


def parse_condition(tree: Json) -> Condition:
    """Return the condition of a JSON tree. Raises BadOffer.

    >>> parse_condition({"all": [{"cart_value": 4000}, {"not": {"tags": ["staff"]}}]})
    ... # doctest: +ELLIPSIS
    All(parts=(CartHas(...min_value_minor=4000...), Not(part=HasTag(tags=frozenset({'staff'})))))
    """
    return _node(tree, "condition", 0)


def parse_scope(tree: Json) -> Scope:
    """Return the scope of a JSON object. Raises BadOffer.

    >>> parse_scope({"categories": [3]}).category_ids
    frozenset({3})
    """
    fields = _object(tree, "scope")
    if not fields:
        return EVERYTHING
    if "listed" in fields:
        _known(fields, {"listed"}, "scope")
        # The rows are the caller's to fill in; until then the scope covers nothing, not everything
        return (
            Scope(variant_ids=frozenset()) if _is(fields["listed"], "scope.listed") else EVERYTHING
        )
    _known(fields, _SCOPE_FIELDS.keys(), "scope")
    chosen = {
        _SCOPE_FIELDS[key]: _ids(ids, f"scope.{key}") for key, ids in fields.items() if ids != []
    }
    if "variant_ids" in chosen and chosen.keys() & {"product_ids", "category_ids", "brand_ids"}:
        raise _bad("scope", "variants cannot be mixed with products, categories or brands")
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
            raise _bad("benefit", "a percentage needs percent above 0, at most 100, and no amount")
        if benefit.target is Target.UNIT:
            raise _bad("benefit", "a percentage is taken of a line or of the cart, not of a unit")
    elif amount_minor is None or amount_minor <= 0 or percent is not None:
        raise _bad("benefit", "a fixed amount needs an amount above 0 and no percentage")
    if cap_minor is not None and cap_minor <= 0:
        raise _bad("benefit", "the most per order must be above 0")
    return benefit


def _node(tree: Json, place: str, depth: int) -> Condition:
    if depth > MAX_DEPTH:
        raise _bad(place, f"conditions nest at most {MAX_DEPTH} deep")
    fields = _object(tree, place)
    if not fields:
        return ALWAYS
    for word, build in _BRANCHES.items():
        if word in fields:
            _known(fields, {word}, place)
            return build(fields[word], f"{place}.{word}", depth)
    return _leaf(fields, place)


def _all(parts: Json, place: str, depth: int) -> Condition:
    return All(_parts(parts, place, depth))


def _any(parts: Json, place: str, depth: int) -> Condition:
    return Any(_parts(parts, place, depth))


def _not(part: Json, place: str, depth: int) -> Condition:
    inner = _node(part, place, depth + 1)
    if inner == ALWAYS:
        raise _bad(place, "the opposite of always never holds")
    return Not(inner)


_BRANCHES: Mapping[str, Callable[[Json, str, int], Condition]] = {
    "all": _all,
    "any": _any,
    "not": _not,
}


def _parts(parts: Json, place: str, depth: int) -> tuple[Condition, ...]:
    if not isinstance(parts, list) or not 0 < len(parts) <= MAX_PARTS:
        raise _bad(place, f"expected a list of 1 to {MAX_PARTS} conditions")
    return tuple(_node(part, f"{place}[{i}]", depth + 1) for i, part in enumerate(parts))


def _leaf(fields: Mapping[str, Json], place: str) -> Condition:
    for word, (field, reason) in _SELECTORS.items():
        if word in fields:
            _known(fields, {word, "quantity", "value"}, place)
            return CartHas(
                Scope(**{field: _ids(fields[word], f"{place}.{word}")}),
                _count(fields.get("quantity", 1), f"{place}.quantity", least=1),
                _count(fields.get("value", 0), f"{place}.value", least=0),
                reason,
            )
    word, value = _single(fields, place)
    build = _SIMPLE.get(word)
    if build is None:
        raise _bad(place, f"unknown condition “{word}”")
    return build(value, f"{place}.{word}")


_SIMPLE: Mapping[str, Callable[[Json, str], Condition]] = {
    "cart_value": lambda value, place: CartHas(min_value_minor=_count(value, place, least=1)),
    "cart_quantity": lambda value, place: CartHas(
        min_quantity=_count(value, place, least=1), reason_code="cart_quantity_below"
    ),
    "segments": lambda value, place: SegmentIn(_texts(value, place)),
    "tags": lambda value, place: HasTag(_texts(value, place)),
    "channels": lambda value, place: ChannelIn(_texts(value, place)),
    "codes": lambda value, place: CodeEntered(
        frozenset(normalize_code(text) for text in _texts(value, place))
    ),
    "first_order": lambda value, place: FirstOrder() if _is(value, place) else Not(FirstOrder()),
    "member": lambda value, place: Member() if _is(value, place) else Not(Member()),
}


def _object(tree: Json, place: str) -> Mapping[str, Json]:
    if not isinstance(tree, dict):
        raise _bad(place, "expected an object")
    return tree


def _known(fields: Mapping[str, Json], allowed: Json, place: str) -> None:
    for word in fields:
        if word not in allowed:
            raise _bad(place, f"“{word}” does not belong here")


def _single(fields: Mapping[str, Json], place: str) -> tuple[str, Json]:
    if len(fields) != 1:
        raise _bad(place, "expected one condition; join several with all or any")
    return next(iter(fields.items()))


def _ids(value: Json, place: str) -> frozenset[int]:
    is_fit = isinstance(value, list) and value and all(type(item) is int for item in value)
    if not is_fit:
        raise _bad(place, "expected a list of ids")
    return frozenset(value)


def _texts(value: Json, place: str) -> frozenset[str]:
    is_fit = isinstance(value, list) and value and all(type(item) is str for item in value)
    if not is_fit:
        raise _bad(place, "expected a list of words")
    return frozenset(value)


def _count(value: Json, place: str, *, least: int) -> int:
    if type(value) is not int or value < least:
        raise _bad(place, f"expected a whole number of at least {least}")
    return value


def _is(value: Json, place: str) -> bool:
    if type(value) is not bool:
        raise _bad(place, "expected true or false")
    return value


def _bad(place: str, why: str) -> BadOffer:
    return BadOffer(f"{place}: {why}.", place=place)
