"""Field readers for the JSON that staff save; a bad field is refused with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any as Json

from promotions.engine.core.carts import EVERYTHING, Scope
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, translate


class BadOffer(FairtagError):
    """The offer cannot be computed or explained as it is written; `detail["place"]` says where."""

    code = "bad_offer"


def read_object(tree: Json, place: str) -> Mapping[str, Json]:
    """Return `tree` if it is a JSON object. Raises BadOffer."""
    if not isinstance(tree, dict):
        raise refuse(place, gettext_noop("expected an object"))
    return tree


def allow_only(fields: Mapping[str, Json], allowed: Collection[str], place: str) -> None:
    """Refuse words of `fields` that are not `allowed`. Raises BadOffer."""
    for word in fields:
        if word not in allowed:
            raise refuse(place, gettext_noop("“{word}” does not belong here"), word=word)


def read_single(fields: Mapping[str, Json], place: str) -> tuple[str, Json]:
    """Return the one word and value of `fields`. Raises BadOffer."""
    if len(fields) != 1:
        raise refuse(place, gettext_noop("expected one condition; join several with all or any"))
    return next(iter(fields.items()))


def read_ids(value: Json, place: str) -> frozenset[int]:
    """Return a non-empty list of whole numbers as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is int for item in value)
    if not is_fit:
        raise refuse(place, gettext_noop("expected a list of ids"))
    return frozenset(value)


def read_texts(value: Json, place: str) -> frozenset[str]:
    """Return a non-empty list of words as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is str for item in value)
    if not is_fit:
        raise refuse(place, gettext_noop("expected a list of words"))
    return frozenset(value)


def read_count(value: Json, place: str, *, least: int) -> int:
    """Return a whole number of at least `least`. Raises BadOffer."""
    if type(value) is not int or value < least:
        raise refuse(
            place, gettext_noop("expected a whole number of at least {least}"), least=least
        )
    return value


def read_flag(value: Json, place: str) -> bool:
    """Return true or false. Raises BadOffer."""
    if type(value) is not bool:
        raise refuse(place, gettext_noop("expected true or false"))
    return value


def refuse(place: str, why: str, **values: int | str) -> BadOffer:
    """Return the refusal of what stands at `place`, for the caller to raise.

    `why` is a message of the catalogue, with `values` for its blanks.
    """
    said = translate(why, "en", **values)
    return BadOffer(f"{place}: {said}.", place=place, why=why, values=values)


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
        raise refuse(
            place, gettext_noop("variants cannot be mixed with products, categories or brands")
        )
    return Scope(**chosen, **_read_prices(fields, place))


def _read_prices(fields: Mapping[str, Json], place: str) -> dict[str, Json]:
    """Return what a scope says of the prices of its goods."""
    found: dict[str, Json] = {
        field: read_count(fields[key], f"{place}.{key}", least=0)
        for key, field in PRICES.items()
        if fields.get(key) is not None
    }
    if found.get("from_minor", 0) > found.get("to_minor", found.get("from_minor", 0)):
        raise refuse(
            f"{place}.price_to", gettext_noop("it is below the lowest price: nothing is priced so")
        )
    if "not_reduced" in fields:
        found["is_unreduced"] = read_flag(fields["not_reduced"], f"{place}.not_reduced")
    return found
