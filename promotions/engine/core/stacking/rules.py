"""Groups and categories: which offers may stand in one combination."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from enum import StrEnum


class GroupMode(StrEnum):
    """What a group allows of its members, which are offers and groups.

    STACK: all together. ORDERED: only the first that gives anything, by priority. BEST: only the
    one that gives most. BEST_UNIT: for each unit the one offer on products that gives most for it;
    what lowers the order as a whole, and groups within, are chosen as in BEST. EXCLUSIVE: as BEST,
    and then no offer outside of the group.
    """

    STACK = "stack"
    ORDERED = "ordered"
    BEST = "best"
    BEST_UNIT = "best_unit"
    EXCLUSIVE = "exclusive"


class CategoryMode(StrEnum):
    """A joint category combines with every other one, an exclusive one only with joint ones."""

    JOINT = "joint"
    EXCLUSIVE = "exclusive"


@dataclass(frozen=True, slots=True)
class Group:
    """A node of the stacking tree; its `code` names it, `priority` orders it among its siblings."""

    code: str
    mode: GroupMode
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Category:
    """A kind of offer across the tree; at most `max_offers` of it in one cart (None: any)."""

    code: str
    mode: CategoryMode = CategoryMode.JOINT
    max_offers: int | None = None


@dataclass(frozen=True, slots=True)
class OfferPosition:
    """Where an offer stands: its groups from the root, its category, its order among siblings.

    `is_on_products`: it lowers units or sets of units, not the order as a whole.
    """

    path: tuple[Group, ...]
    category: Category | None
    priority: int
    offer_id: int
    is_on_products: bool = False

    @property
    def unit_group(self) -> str:
        """Return the group that chooses the offer unit by unit; empty: none does."""
        if not self.is_on_products or not self.path:
            return ""
        last = self.path[-1]
        return last.code if last.mode is GroupMode.BEST_UNIT else ""


def exclude_each_other(one: OfferPosition, other: OfferPosition) -> bool:
    """Return whether the two may never stand in one combination.

    >>> best = (Group("week", GroupMode.BEST),)
    >>> exclude_each_other(OfferPosition(best, None, 0, 1), OfferPosition(best, None, 0, 2))
    True
    >>> exclude_each_other(OfferPosition(best, None, 0, 1), OfferPosition((), None, 0, 2))
    False
    """
    shared = 0
    for mine, theirs in zip(one.path, other.path, strict=False):
        if mine.code != theirs.code:
            break
        shared += 1
    is_per_unit = bool(one.unit_group) and one.unit_group == other.unit_group
    if shared and one.path[shared - 1].mode is not GroupMode.STACK and not is_per_unit:
        return True
    apart = (*one.path[shared:], *other.path[shared:])
    if any(group.mode is GroupMode.EXCLUSIVE for group in apart):
        return True
    return _shuts_out(one.category, other.category) or _shuts_out(other.category, one.category)


def _shuts_out(mine: Category | None, theirs: Category | None) -> bool:
    if mine is None or mine.mode is CategoryMode.JOINT:
        return False
    if theirs is None:
        return True
    return theirs.code != mine.code and theirs.mode is not CategoryMode.JOINT


def keep_first_of_ordered(places: Sequence[OfferPosition], able: Collection[int]) -> set[int]:
    """Return the positions in `places` whose turn it is in every ordered group above them.

    `able` are the positions that give something when they are alone. Of the members of an ordered
    group (an offer, or all of a group in it) only the first with an able one stays.

    >>> week = (Group("week", GroupMode.ORDERED),)
    >>> ranked = [(0, 1), (9, 2), (5, 3)]
    >>> places = [OfferPosition(week, None, *one) for one in ranked]
    >>> keep_first_of_ordered(places, {0, 2})
    {2}
    """
    kept = set(range(len(places)))
    for depth in range(max((len(place.path) for place in places), default=0)):
        members = [
            (places[i].path[depth].code, _rank(places[i], depth), i)
            for i in sorted(kept)
            if len(places[i].path) > depth and places[i].path[depth].mode is GroupMode.ORDERED
        ]
        first: dict[str, tuple[int, int, str]] = {}
        for code, rank, i in members:
            if i in able:
                first[code] = min(rank, first.get(code, rank))
        kept -= {i for code, rank, i in members if rank != first.get(code)}
    return kept


def _rank(place: OfferPosition, depth: int) -> tuple[int, int, str]:
    """Return the order of the member of the group at `depth` that leads to the offer."""
    if len(place.path) > depth + 1:
        below = place.path[depth + 1]
        return -below.priority, -1, below.code
    return -place.priority, place.offer_id, ""
