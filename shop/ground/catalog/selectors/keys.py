"""Goods by keys that mean the same in another shop: SKU, path, the merchant's reference."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any

from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors.ages import list_age_limited
from shop.ground.catalog.selectors.tree import list_categories

_TABLES: tuple[tuple[str, Any, str], ...] = (
    ("variant", Variant, "sku"),
    ("product", Product, "external_ref"),
    ("category", Category, "path"),
    ("brand", Brand, "external_ref"),
)


def find_keys(goods: Collection[tuple[str, int]]) -> dict[tuple[str, int], str]:
    """Return the key of products named by (kind, id); unknown ones are left out.

    Kinds: "variant", "product", "category", "brand". One query for each kind that is asked.
    """
    found: dict[tuple[str, int], str] = {}
    for kind, table, field in _TABLES:
        if wanted := _of_kind(kind, goods):
            rows = table.objects.filter(pk__in=wanted).values_list("pk", field)
            found |= {(kind, pk): key for pk, key in rows}
    return found


def find_ids(goods: Collection[tuple[str, str]]) -> dict[tuple[str, str], int]:
    """Return the id of products named by (kind, key); unknown ones are left out.

    One query for each kind that is asked.
    """
    found: dict[tuple[str, str], int] = {}
    for kind, table, field in _TABLES:
        if wanted := _of_kind(kind, goods):
            rows = table.objects.filter(**{f"{field}__in": wanted}).values_list(field, "pk")
            found |= {(kind, key): pk for key, pk in rows}
    return found


def find_trails(skus: Collection[str]) -> dict[str, tuple[tuple[int, ...], bool]]:
    """Return the categories of products by SKU, department to leaf, and whether they ask for an
    age.

    Products no longer sold are among them, unknown ones are not. One query once the rest is cached.
    """
    tree, limited = list_categories("en"), list_age_limited()
    rows = Variant.objects.filter(sku__in=set(skus))
    return {
        sku: (tuple(node.category_id for node in tree.trail(category_id)), pk in limited)
        for sku, pk, category_id in rows.values_list("sku", "pk", "product__category_id")
    }


def _of_kind(kind: str, goods: Iterable[tuple[str, Any]]) -> list[Any]:
    return sorted(key for each, key in goods if each == kind)
