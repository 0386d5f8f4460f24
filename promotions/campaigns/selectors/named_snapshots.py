"""Snapshots that fit another shop: products by key, stacking by code; and back to ids here."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from promotions.campaigns.core.revisions import (
    FORMAT,
    NAMED,
    NOBODY,
    OFFERS,
    Key,
    list_goods,
    replace_products,
)
from promotions.campaigns.models import StackingCategory, StackingGroup
from shop.ground.catalog.selectors.keys import find_ids, find_keys

type Snapshot = Mapping[str, Any]

STACKING: Mapping[str, type[StackingGroup | StackingCategory]] = {
    "group": StackingGroup,
    "category": StackingCategory,
}


class UnknownKey(LookupError):
    """A snapshot names something this shop does not have. `kind` and `key` say what."""

    def __init__(self, kind: str, key: str) -> None:
        super().__init__(f"This shop has no {kind} “{key}”.")
        self.kind, self.key = kind, key


def name_snapshot(snapshot: Snapshot) -> dict[str, Any]:
    """Return the snapshot in the format of versions and files. At most six queries.

    What has no key any more keeps its id.
    """
    return name_snapshots([snapshot])[0]


def name_snapshots(snapshots: Sequence[Snapshot]) -> list[dict[str, Any]]:
    """Return snapshots as `name_snapshot` does. At most six queries for all of them."""
    products = frozenset().union(*(list_goods(one) for one in snapshots))
    keys = find_keys({(kind, key) for kind, key in products if isinstance(key, int)})
    codes = {word: _find_codes(word, snapshots) for word in STACKING}

    def name(kind: str, key: Key) -> Key:
        return keys.get((kind, key), key) if isinstance(key, int) else key

    named = []
    for snapshot in snapshots:
        said = replace_products(snapshot, name)
        for offer in said[OFFERS]:
            offer |= {
                word: codes[word].get(offer[word], offer[word])
                for word in STACKING
                if word in offer
            }
        named.append({**said, "format": NAMED})
    return named


def number_snapshot(snapshot: Snapshot, *, is_strict: bool) -> dict[str, Any]:
    """Return the snapshot with this shop's ids, whichever format it has. At most six queries.

    What this shop does not have is refused if `is_strict` (raises UnknownKey); else it counts for
    no products at all, and an offer stands in no group.
    """
    return number_snapshots([snapshot], is_strict=is_strict)[0]


def number_snapshots(snapshots: Sequence[Snapshot], *, is_strict: bool) -> list[dict[str, Any]]:
    """Return snapshots as `number_snapshot` does. At most six queries for all of them."""
    products = frozenset().union(*(list_goods(one) for one in snapshots))
    ids = find_ids({(kind, key) for kind, key in products if isinstance(key, str)})
    places = {word: _find_places(word, snapshots) for word in STACKING}

    def number(kind: str, key: Key) -> Key:
        if isinstance(key, int):
            return key
        if is_strict and (kind, key) not in ids:
            raise UnknownKey(kind, key)
        return ids.get((kind, key), NOBODY)

    numbered = []
    for snapshot in snapshots:
        said = replace_products(snapshot, number)
        for offer in said[OFFERS]:
            for word, known in places.items():
                if isinstance(code := offer.get(word), str):
                    if is_strict and code not in known:
                        raise UnknownKey(f"stacking_{word}", code)
                    offer[word] = known.get(code)
        numbered.append({**said, "format": FORMAT})
    return numbered


def _find_codes(word: str, snapshots: Iterable[Snapshot]) -> dict[Any, str]:
    wanted = {one.get(word) for said in snapshots for one in said[OFFERS]}
    ids = [one for one in wanted if isinstance(one, int)]
    if not ids:
        return {}
    return dict(STACKING[word].objects.filter(pk__in=ids).values_list("pk", "code"))


def _find_places(word: str, snapshots: Iterable[Snapshot]) -> dict[str, int]:
    wanted = {one.get(word) for said in snapshots for one in said[OFFERS]}
    codes = [one for one in wanted if isinstance(one, str)]
    if not codes:
        return {}
    return dict(STACKING[word].objects.filter(code__in=codes).values_list("code", "pk"))
