"""The rows of the category tree. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from shop.doors.intake.tree import Department, Leaf, StoreCategory
from shop.ground.catalog.core.loading import CategoryRow

NO_ART = "default"


def list_categories(sold: Iterable[tuple[Leaf, float]]) -> list[CategoryRow]:
    """Return the rows of the tree that holds `sold`: (leaf, revenue) of every product.

    Parents first; departments in store order, the others with what sells most in front.
    """
    sales: Counter[str] = Counter()
    leaves: dict[str, Leaf] = {}
    for leaf, revenue in sold:
        leaves.setdefault(leaf.path, leaf)
        for path in (leaf.path, leaf.place.path):
            sales[path] += int(revenue)
    places = {leaf.place.path: leaf.place for leaf in leaves.values()}
    sensitive = {leaf.place.path for leaf in leaves.values() if leaf.is_sensitive}
    departments = {place.department.code: place.department for place in places.values()}
    rows = [_department_row(department) for department in departments.values()]
    for path in sorted(places, key=lambda path: (-sales[path], path)):
        rows.append(_place_row(places[path], len(rows), has_sensitive=path in sensitive))
    for path in sorted(leaves, key=lambda path: (-sales[path], path)):
        rows.append(_leaf_row(leaves[path], len(rows)))
    return sorted(rows, key=lambda row: (row.depth, row.position))


def _department_row(department: Department) -> CategoryRow:
    return CategoryRow(
        path=department.code,
        parent_path="",
        name=department.name,
        name_zh=department.name_zh,
        depth=0,
        icon=art_key(department.emoji),
        position=department.position,
        is_child_directed=department.code == "baby",
        is_restricted=department.code in {"beer-wine", "tobacco"},
        is_perishable=department.is_perishable or None,
    )


def _place_row(place: StoreCategory, position: int, *, has_sensitive: bool) -> CategoryRow:
    return CategoryRow(
        path=place.path,
        parent_path=place.department.code,
        name=place.name,
        name_zh=place.name_zh,
        depth=1,
        icon=art_key(place.emoji),
        position=position,
        is_child_directed=place.is_child_directed,
        is_restricted=place.is_restricted,
        # What is below inherits the flag: a place whose products are all said not to be has none.
        is_sensitive=place.is_sensitive and has_sensitive,
        is_perishable=place.is_perishable,
    )


def _leaf_row(leaf: Leaf, position: int) -> CategoryRow:
    return CategoryRow(
        path=leaf.path,
        parent_path=leaf.place.path,
        name=leaf.type_name.name,
        name_zh=leaf.type_name.name_zh,
        depth=2,
        icon=art_key(leaf.emoji),
        position=position,
        is_child_directed=leaf.is_child_directed,
        is_restricted=leaf.is_restricted,
        is_sensitive=leaf.is_sensitive,
    )


def art_key(emoji: str) -> str:
    """Return the name of the picture of an emoji.

    >>> art_key("\N{CHEESE WEDGE}"), art_key("")
    ('1f9c0', 'default')
    """
    return "-".join(f"{ord(char):x}" for char in emoji if char != "\ufe0f") or NO_ART
