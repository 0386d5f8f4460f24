"""The category tree."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import replace

from django.db.models import Count, F

from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import CategoryNode, CategoryTree
from shop.ground.catalog.models import Category, ListPrice, Product
from shop.ground.catalog.selectors.markets import home_market
from shop.ground.catalog.selectors.pictures import list_leading_pictures
from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import is_chinese

_trees: VersionedCache[CategoryTree] = VersionedCache(size=16)


class CategoryNotFound(FairtagError):
    """There is no such category, or nothing in it is sold now."""

    code = "category_not_found"


def picture_path(icon: str) -> str:
    """Return the static path of a category's picture."""
    return f"catalog/{icon or 'default'}.svg"


def list_categories(language: str, market: str = "") -> CategoryTree:
    """Return the tree in `language`. No query once cached, two otherwise; one more where
    a category has no drawing of its own: its best product's photograph stands for it.

    What only adults may buy comes last, whatever its position.

    `roots` and `children` name only categories that hold active products, in a market those sold
    there; `nodes` knows all, so that an old order's category still has a name.
    """
    in_chinese, place = is_chinese(language), "" if market == home_market() else market
    return _trees.get((in_chinese, place), lambda: _build(place, in_chinese=in_chinese))


def list_below(category_ids: Iterable[int]) -> frozenset[int]:
    """Return the ids of the categories that there are, and of everything under them. Cached."""
    tree = list_categories("en")
    known = (category_id for category_id in category_ids if category_id in tree.nodes)
    return frozenset().union(*(tree.below(category_id) for category_id in known))


def get_category(path: str, language: str, market: str = "") -> CategoryNode:
    """Return the category with the path "dairy-eggs/cheese". Raises CategoryNotFound. Cached."""
    tree = list_categories(language, market)
    found = tree.nodes.get(tree.by_path.get(path, -1))
    if found is None or not found.product_count:
        raise CategoryNotFound("There is no such category.", path=path)
    return found


def _build(market: str, *, in_chinese: bool) -> CategoryTree:
    named = Category.objects.annotate(keeps_not=F("facts__is_perishable"), by=F("facts__source"))
    rows = list(named.order_by("depth", "is_restricted", "position", "name"))
    said = {row.pk: (row.keeps_not, row.by) for row in rows}
    parents = {row.pk: row.parent_id for row in rows}
    counts = _count_products(parents, market)
    children: dict[int, list[int]] = defaultdict(list)
    roots: list[int] = []
    for row in rows:
        if counts[row.pk]:
            (roots if row.parent_id is None else children[row.parent_id]).append(row.pk)
    nodes = {row.pk: _node(row, counts[row.pk], in_chinese=in_chinese) for row in rows}
    for pk, node in nodes.items():
        department_id, is_sensitive, perishable = pk, node.is_sensitive, said[pk]
        while (parent := parents[department_id]) is not None:
            department_id = parent
            is_sensitive |= nodes[parent].is_sensitive
            perishable = said[parent] if perishable[0] is None else perishable
        nodes[pk] = replace(
            node,
            department_id=department_id,
            children=tuple(children[pk]),
            is_sensitive=is_sensitive,
            perishable_by=perishable[1] if perishable[0] else "",
        )
    plain = {row.pk for row in rows if not row.icon}
    for pk, photo in _find_photos(plain, parents, nodes).items():
        nodes[pk] = replace(nodes[pk], photo=photo)
    return CategoryTree(nodes, {row.path: row.pk for row in rows}, tuple(roots))


def _find_photos(
    plain: set[int], parents: dict[int, int | None], nodes: dict[int, CategoryNode]
) -> dict[int, Picture]:
    """Return a photograph for categories without a drawing, of what everybody may see in them."""
    photos: dict[int, Picture] = {}
    for category_id, photo in list_leading_pictures() if plain else []:
        trail: list[int] = []
        at: int | None = category_id
        while at is not None:
            trail.append(at)
            at = parents[at]
        if any(nodes[pk].is_sensitive or nodes[pk].is_restricted for pk in trail):
            continue
        for pk in trail:
            if pk in plain:
                photos.setdefault(pk, photo)
    return photos


def _count_products(parents: dict[int, int | None], market: str) -> Counter[int]:
    counts: Counter[int] = Counter()
    sold = Product.objects.filter(is_active=True)
    if market:
        priced = ListPrice.objects.filter(market_id=market, variant__is_active=True)
        sold = sold.filter(pk__in=priced.values("variant__product"))
    direct = sold.values_list("category").annotate(Count("id"))
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
