"""Categories to choose from as a tree: departments that open, with a search that narrows it."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from shop.ground.catalog.core.values import CategoryTree


@dataclass(frozen=True, slots=True)
class PickedNode:
    """A category with those in it, by name.

    `inside` is how many categories lie below it, at any depth. `is_open`: something below it is
    chosen. `trail` are the names down to it, in lower case.
    """

    path: str
    name: str
    trail: str
    goods: int
    inside: int
    is_chosen: bool
    is_open: bool
    children: tuple[PickedNode, ...]


def list_picked(tree: CategoryTree, chosen: Collection[str]) -> tuple[PickedNode, ...]:
    """Return the departments by name, with all that lies in them. `chosen` are paths."""
    marked = {tree.by_path[path] for path in chosen if path in tree.by_path}
    above = {node.category_id for one in marked for node in tree.trail(one)} - marked
    parents = {p for one in marked if (p := tree.nodes[one].parent_id) is not None}
    open_ = above | parents

    def pick(key: int) -> PickedNode:
        node = tree.nodes[key]
        return PickedNode(
            path=node.path,
            name=node.name,
            trail=" › ".join(one.name for one in tree.trail(key)).casefold(),
            goods=node.product_count,
            inside=len(tree.below(key)) - 1,
            is_chosen=key in marked,
            is_open=key in open_,
            children=pick_all(node.children),
        )

    def pick_all(ids: Collection[int]) -> tuple[PickedNode, ...]:
        return tuple(
            pick(key) for key in sorted(ids, key=lambda one: tree.nodes[one].name.casefold())
        )

    return pick_all(tree.roots)
