"""Take goods out of an offer of a snapshot: its lists get shorter, its scopes get exceptions."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any as Json

EXCEPT, EXCEPT_WHOLE = "except_variants", "except_categories"


@dataclass(frozen=True, slots=True)
class Covered:
    """What a scope means: which of the goods to take out, and whether others remain.

    `whole` are categories all goods of which are to be taken out, `within` those of `taken` that
    lie in them.
    """

    taken: frozenset[int]
    has_others: bool
    whole: frozenset[int] = frozenset()
    within: frozenset[int] = frozenset()


type Cover = Callable[[Json], Covered]


class EmptyOffer(ValueError):
    """Without the goods an offer would mean nothing. The argument is the offer's code."""


def take_out(offer: Mapping[str, Json], ids: frozenset[int], cover: Cover) -> dict[str, Json]:
    """Return the offer without the variants `ids`; raises EmptyOffer where no goods remain.

    What names no goods (cheaper delivery) or not these stays as it is.

    >>> every = lambda scope: Covered(frozenset({7}), has_others=True)
    >>> cut = {"code": "a", "benefit_kind": "percentage", "scope": {"categories": [3]}}
    >>> take_out(cut, frozenset({7}), every)["scope"]
    {'categories': [3], 'except_variants': [7]}
    >>> kind = lambda scope: Covered(frozenset({7}), True, frozenset({5}), frozenset({7}))
    >>> take_out(cut, frozenset({7}), kind)["scope"]
    {'categories': [3], 'except_categories': [5]}
    >>> take_out({**cut, "scope": {"listed": True}, "variants": [7, 8]}, frozenset({7}), every)[
    ...     "variants"]
    [8]
    """
    kind, terms = offer["benefit_kind"], dict(offer.get("terms") or {})
    changed = dict(offer)
    if kind == "gift":
        terms["variants"] = _shorten(terms["variants"], ids, offer)
    elif kind == "bundle":
        terms["parts"] = [
            {**part, "scope": _narrow(part.get("scope", {}), offer, cover)}
            for part in terms["parts"]
        ]
    elif kind != "delivery":
        if "variants" in offer:
            changed["variants"] = _shorten(offer["variants"], ids, offer)
        else:
            changed["scope"] = _narrow(offer["scope"], offer, cover)
        if "get_scope" in terms:
            terms["get_scope"] = _narrow(terms["get_scope"], offer, cover)
    return changed | ({"terms": terms} if terms else {})


def _shorten(listed: list[int], ids: frozenset[int], offer: Mapping[str, Json]) -> list[int]:
    left = [one for one in listed if one not in ids]
    if not left:
        raise EmptyOffer(offer["code"])
    return left


def _narrow(scope: Json, offer: Mapping[str, Json], cover: Cover) -> Json:
    found = cover(scope)
    if not found.taken:
        return scope
    if not found.has_others:
        raise EmptyOffer(offer["code"])
    if scope.get("variants"):
        return {**scope, "variants": [one for one in scope["variants"] if one not in found.taken]}
    narrow = dict(scope)
    for key, left_out in ((EXCEPT_WHOLE, found.whole), (EXCEPT, found.taken - found.within)):
        if left_out:
            narrow[key] = sorted({*scope.get(key, ()), *left_out})
    return narrow
