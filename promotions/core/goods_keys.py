"""Goods in the JSON of campaigns: by the ids of one shop, or by keys that fit every shop.

A snapshot in memory names goods by id; stored and in files it names variants by SKU, categories by
path, products and brands by the merchant's reference. An id among keys is one that nobody could
name: it stays as it is.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any as Json

# the word of a list in scopes, conditions, terms and offers -> what its ids are
KINDS: Mapping[str, str] = {
    "variants": "variant",
    "products": "product",
    "categories": "category",
    "brands": "brand",
    "except_categories": "category",
    "except_brands": "brand",
    "except_variants": "variant",
}
# No goods have this id: what a list means that named goods this shop no longer has.
NOBODY = 2**60

type Key = int | str
type Goods = tuple[str, Key]


def list_goods(tree: Json) -> set[Goods]:
    """Return (kind, id or key) of all goods that `tree` names, however deep.

    >>> sorted(list_goods({"all": [{"brands": [2]}, {"not": {"categories": ["dairy/milk"]}}]}))
    [('brand', 2), ('category', 'dairy/milk')]
    """
    found: set[Goods] = set()

    def note(kind: str, key: Key) -> Key:
        found.add((kind, key))
        return key

    replace_goods(tree, note)
    return found


def replace_goods(tree: Json, translate: Callable[[str, Key], Key]) -> Json:
    """Return a copy of `tree` with every id or key of goods as `translate` (kind, key) says.

    >>> replace_goods({"scope": {"variants": [7]}, "percent": "10"}, lambda kind, key: f"SKU-{key}")
    {'scope': {'variants': ['SKU-7']}, 'percent': '10'}
    """
    if isinstance(tree, Mapping):
        return {word: _replace_at(word, value, translate) for word, value in tree.items()}
    if isinstance(tree, list):
        return [replace_goods(part, translate) for part in tree]
    return tree


def _replace_at(word: str, value: Json, translate: Callable[[str, Key], Key]) -> Json:
    if word not in KINDS or not isinstance(value, list):
        return replace_goods(value, translate)
    is_key = [isinstance(one, int | str) and not isinstance(one, bool) for one in value]
    return [
        translate(KINDS[word], one) if fits else one
        for one, fits in zip(value, is_key, strict=True)
    ]
