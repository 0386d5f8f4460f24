"""Categories to choose from as a tree: departments that open, with a search that narrows it."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from shop.catalog.core.values import CategoryTree


@dataclass(frozen=True, slots=True)
class PickedNode:
    """A category in the order the tree is drawn.

    `inside` is how many categories lie below it; after a leaf as many lists end as `ends` is
    long. `is_open`: something below it is chosen. `trail` are the names down to it, small.
    """

    path: str
    name: str
    trail: str
    goods: int
    inside: int
    is_chosen: bool
    is_open: bool
    ends: range


def list_picked(tree: CategoryTree, chosen: Collection[str]) -> list[PickedNode]:
    """Return every category, each before those below it, by name. `chosen` are paths."""
    marked = {tree.by_path[path] for path in chosen if path in tree.by_path}
    above = {node.category_id for one in marked for node in tree.trail(one)} - marked
    parents = {p for one in marked if (p := tree.nodes[one].parent_id) is not None}
    open_ = above | parents
    return [
        _draw(tree, key, ends, is_chosen=key in marked, is_open=key in open_)
        for key, ends in _walk(tree, tree.roots)
    ]


def _walk(tree: CategoryTree, ids: Collection[int], above: int = 0) -> Iterator[tuple[int, int]]:
    """Yield ids in drawing order, each with how many lists end behind it."""
    named = sorted(ids, key=lambda one: tree.nodes[one].name.casefold())
    for at, key in enumerate(named):
        is_last = at == len(named) - 1
        behind = above if is_last else 0
        children = tree.nodes[key].children
        yield key, 0 if children else behind
        if children:
            yield from _walk(tree, children, behind + 1)


def _draw(tree: CategoryTree, key: int, ends: int, *, is_chosen: bool, is_open: bool) -> PickedNode:
    node = tree.nodes[key]
    return PickedNode(
        path=node.path,
        name=node.name,
        trail=" › ".join(one.name for one in tree.trail(key)).casefold(),
        goods=node.product_count,
        inside=len(tree.below(key)) - 1,
        is_chosen=is_chosen,
        is_open=is_open,
        ends=range(ends),
    )
