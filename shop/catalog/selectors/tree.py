"""The category tree."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace

from django.db.models import Count

from shop.catalog.core.values import CategoryNode, CategoryTree
from shop.catalog.models import Category, Product
from shop.catalog.selectors.versions import VersionedCache
from shop.kernel.errors import FairtagError

_trees: VersionedCache[CategoryTree] = VersionedCache(size=4)


class CategoryNotFound(FairtagError):
    """There is no such category, or nothing in it is sold now."""

    code = "category_not_found"


def picture_path(icon: str) -> str:
    """Return the static path of a category's picture."""
    return f"catalog/{icon or 'default'}.svg"


def is_chinese(language: str) -> bool:
    """Return whether `language` ("zh-hans", "zh_CN") is Chinese."""
    return language.lower().startswith("zh")


def list_categories(language: str) -> CategoryTree:
    """Return the tree in `language`. No query once cached, two otherwise.

    `roots` and `children` name only categories that hold active products; `nodes` knows all, so
    that an old order's category still has a name.
    """
    return _trees.get(is_chinese(language), lambda: _build(is_chinese(language)))


def get_category(path: str, language: str) -> CategoryNode:
    """Return the category with the path "dairy-eggs/cheese". Raises CategoryNotFound. Cached."""
    tree = list_categories(language)
    found = tree.nodes.get(tree.by_path.get(path, -1))
    if found is None or not found.product_count:
        raise CategoryNotFound("There is no such category.", path=path)
    return found


def _build(in_chinese: bool) -> CategoryTree:
    rows = list(Category.objects.order_by("depth", "position", "name"))
    parents = {row.pk: row.parent_id for row in rows}
    counts = _count_products(parents)
    children: dict[int, list[int]] = defaultdict(list)
    roots: list[int] = []
    for row in rows:
        if counts[row.pk]:
            (roots if row.parent_id is None else children[row.parent_id]).append(row.pk)
    nodes = {row.pk: _node(row, counts[row.pk], in_chinese=in_chinese) for row in rows}
    for pk, node in nodes.items():
        department_id, is_sensitive = pk, node.is_sensitive
        while (parent := parents[department_id]) is not None:
            department_id = parent
            is_sensitive |= nodes[parent].is_sensitive
        nodes[pk] = replace(
            node,
            department_id=department_id,
            children=tuple(children[pk]),
            is_sensitive=is_sensitive,
        )
    return CategoryTree(nodes, {row.path: row.pk for row in rows}, tuple(roots))


def _count_products(parents: dict[int, int | None]) -> Counter[int]:
    counts: Counter[int] = Counter()
    direct = Product.objects.filter(is_active=True).values_list("category").annotate(Count("id"))
    for category_id, count in direct.order_by():
        at: int | None = category_id
        while at is not None:
            counts[at] += count
            at = parents[at]
    return counts


def _node(row: Category, product_count: int, *, in_chinese: bool) -> CategoryNode:
    return CategoryNode(
        category_id=row.pk,
        parent_id=row.parent_id,
        department_id=row.pk,
        slug=row.slug,
        path=row.path,
        name=(in_chinese and row.name_zh) or row.name,
        depth=row.depth,
        picture=picture_path(row.icon),
        product_count=product_count,
        is_child_directed=row.is_child_directed,
        is_restricted=row.is_restricted,
        external_ref=row.external_ref,
        is_sensitive=row.is_sensitive,
    )
