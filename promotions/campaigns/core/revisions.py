"""Snapshots of campaigns, their hash, and the difference of two.

A snapshot is JSON: the campaign's own fields, and `offers`, a list by code, each with its fields
and, where it lists products one by one, those in `variants`. In memory it has this shop's ids
(format 1, as versions and files had, too, until there were keys); stored and in files products are
named by SKU, path and reference, stacking by code (format 2).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any
from typing import Any as Json

from promotions.campaigns.core.workflow import Reach, measure_depth

FORMAT, NAMED = 1, 2
READABLE = (FORMAT, NAMED)
OFFERS = "offers"
_WINDOW = ("starts_at", "ends_at", "budget_minor")
_NAMES = ("name", "name_zh")


@dataclass(frozen=True, slots=True)
class Change:
    """One field that differs. `offer` is an offer's code, "" for the campaign itself.

    `kind` is "changed", or for a whole offer "added" or "removed" (then `field` is "").
    """

    kind: str
    offer: str
    field: str
    old: Any = None
    new: Any = None


def hash_snapshot(snapshot: Mapping[str, Any]) -> str:
    """Return the SHA-256 of the snapshot in its one canonical spelling.

    >>> hash_snapshot({"a": 1, "b": [2]}) == hash_snapshot({"b": [2], "a": 1})
    True
    """
    text = json.dumps(snapshot, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def diff_snapshots(old: Mapping[str, Any], new: Mapping[str, Any]) -> tuple[Change, ...]:
    """Return what differs, the campaign's own fields first, then offers by code.

    >>> diff_snapshots({"name": "A", "offers": []}, {"name": "B", "offers": []})
    (Change(kind='changed', offer='', field='name', old='A', new='B'),)
    """
    found = _diff_fields("", _without_offers(old), _without_offers(new))
    before, after = _by_code(old), _by_code(new)
    for code in sorted(before.keys() | after.keys()):
        if code not in after:
            found.append(Change("removed", code, ""))
        elif code not in before:
            found.append(Change("added", code, ""))
        else:
            found += _diff_fields(code, before[code], after[code])
    return tuple(found)


def reach_of(snapshot: Mapping[str, Any], priced: Mapping[str, float] | None = None) -> Reach:
    """Return how far a snapshot goes, to compare it with limits and with what was agreed to.

    `priced` are the depths of offers that only prices bound, by code (see `measure_depth`).

    >>> snapshot = {"starts_at": "2026-01-01", "ends_at": "2026-02-01", "budget_minor": 5}
    >>> reach_of({**snapshot, "offers": []}).budget_minor
    5
    """
    active = [offer for offer in snapshot[OFFERS] if offer.get("is_active", True)]
    offers = [
        {key: value for key, value in offer.items() if key not in (*_NAMES, "percent")}
        for offer in active
    ]
    own = {
        key: value
        for key, value in _without_offers(snapshot).items()
        if key not in (*_WINDOW, *_NAMES, "goal")
    }
    return Reach(
        budget_minor=snapshot.get("budget_minor"),
        depth=measure_depth(snapshot[OFFERS], priced),
        starts_at=str(snapshot["starts_at"]),
        ends_at=str(snapshot["ends_at"]),
        terms=hash_snapshot({**own, OFFERS: offers}),
        percents={str(offer["code"]): float(offer.get("percent") or 0) for offer in active},
        sells_below_floor=bool(snapshot.get("sells_below_floor")),
    )


def _diff_fields(offer: str, old: Mapping[str, Any], new: Mapping[str, Any]) -> list[Change]:
    return [
        Change("changed", offer, field, old.get(field), new.get(field))
        for field in sorted(old.keys() | new.keys())
        if old.get(field) != new.get(field)
    ]


def _without_offers(snapshot: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in snapshot.items() if key not in (OFFERS, "format")}


def _by_code(snapshot: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    return {str(offer["code"]): offer for offer in snapshot[OFFERS]}


# the word of a list in scopes, conditions, terms and offers -> what its ids are
GOODS_OF: Mapping[str, str] = {
    "variants": "variant",
    "products": "product",
    "categories": "category",
    "brands": "brand",
    "except_categories": "category",
    "except_brands": "brand",
    "except_variants": "variant",
}
# No products have this id: what a list means that named products this shop no longer has.
NOBODY = 2**60

type Key = int | str
type Goods = tuple[str, Key]


def list_goods(tree: Json) -> set[Goods]:
    """Return (kind, id or key) of all products that `tree` names, however deep.

    >>> sorted(list_goods({"all": [{"brands": [2]}, {"not": {"categories": ["dairy/milk"]}}]}))
    [('brand', 2), ('category', 'dairy/milk')]
    """
    found: set[Goods] = set()

    def note(kind: str, key: Key) -> Key:
        found.add((kind, key))
        return key

    replace_products(tree, note)
    return found


def replace_products(tree: Json, translate: Callable[[str, Key], Key]) -> Json:
    """Return a copy of `tree` with every id or key of products as `translate` (kind, key) says.

    >>> replace_products({"scope": {"variants": [7]}}, lambda kind, key: f"SKU-{key}")
    {'scope': {'variants': ['SKU-7']}}
    """
    if isinstance(tree, Mapping):
        return {word: _replace_at(word, value, translate) for word, value in tree.items()}
    if isinstance(tree, list):
        return [replace_products(part, translate) for part in tree]
    return tree


def _replace_at(word: str, value: Json, translate: Callable[[str, Key], Key]) -> Json:
    if word not in GOODS_OF or not isinstance(value, list):
        return replace_products(value, translate)
    is_key = [isinstance(one, int | str) and not isinstance(one, bool) for one in value]
    return [
        translate(GOODS_OF[word], one) if fits else one
        for one, fits in zip(value, is_key, strict=True)
    ]
