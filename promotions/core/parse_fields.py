"""What the parsers share: plain values out of the JSON staff save, or a refusal with its place."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any as Json

from shop.kernel.errors import FairtagError


class BadOffer(FairtagError):
    """The offer cannot be computed or explained as it is written; `detail["place"]` says where."""

    code = "bad_offer"


def read_object(tree: Json, place: str) -> Mapping[str, Json]:
    """Return `tree` if it is a JSON object. Raises BadOffer."""
    if not isinstance(tree, dict):
        raise refuse(place, "expected an object")
    return tree


def allow_only(fields: Mapping[str, Json], allowed: Collection[str], place: str) -> None:
    """Refuse words of `fields` that are not `allowed`. Raises BadOffer."""
    for word in fields:
        if word not in allowed:
            raise refuse(place, f"“{word}” does not belong here")


def read_single(fields: Mapping[str, Json], place: str) -> tuple[str, Json]:
    """Return the one word and value of `fields`. Raises BadOffer."""
    if len(fields) != 1:
        raise refuse(place, "expected one condition; join several with all or any")
    return next(iter(fields.items()))


def read_ids(value: Json, place: str) -> frozenset[int]:
    """Return a non-empty list of whole numbers as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is int for item in value)
    if not is_fit:
        raise refuse(place, "expected a list of ids")
    return frozenset(value)


def read_texts(value: Json, place: str) -> frozenset[str]:
    """Return a non-empty list of words as a set. Raises BadOffer."""
    is_fit = isinstance(value, list) and value and all(type(item) is str for item in value)
    if not is_fit:
        raise refuse(place, "expected a list of words")
    return frozenset(value)


def read_count(value: Json, place: str, *, least: int) -> int:
    """Return a whole number of at least `least`. Raises BadOffer."""
    if type(value) is not int or value < least:
        raise refuse(place, f"expected a whole number of at least {least}")
    return value


def read_flag(value: Json, place: str) -> bool:
    """Return true or false. Raises BadOffer."""
    if type(value) is not bool:
        raise refuse(place, "expected true or false")
    return value


def refuse(place: str, why: str) -> BadOffer:
    """Return the refusal of what stands at `place`, for the caller to raise."""
    return BadOffer(f"{place}: {why}.", place=place)
