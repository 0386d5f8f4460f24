"""Count of shoppers who could satisfy a condition, by three-valued logic on columns.

Each condition becomes two masks over n shoppers: it can hold, it can fail. What only the cart, the
clock or a code decides can do both, so the count is "at most". Behaviour of shoppers who did not
agree to its use can do neither: nobody may ask.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import reduce
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

from promotions.engine.core.conditions import tree as c

type Mask = NDArray[np.bool_]
type Both = tuple[Mask, Mask]
DAY = 86_400.0


@dataclass(frozen=True, slots=True)
class ShopperTable:
    """n shoppers as columns. `last_at` is in seconds (nan: never ordered); -1 codes: none.

    `segment` and `tier` index into `segments` and `tiers`; `tags` and `groups` are masks by word;
    `counts` and `spent` by the window's days. `agrees`: behaviour may be looked at.
    """

    is_member: Mask
    agrees: Mask
    has_ordered: Mask
    last_at: NDArray[np.float64]
    segment: NDArray[np.int64]
    segments: tuple[str, ...] = ()
    tier: NDArray[np.int64] | None = None
    tiers: tuple[str, ...] = ()
    tags: Mapping[str, Mask] = field(default_factory=dict)
    groups: Mapping[str, Mask] = field(default_factory=dict)
    counts: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)
    spent: Mapping[int, NDArray[np.int64]] = field(default_factory=dict)

    def __len__(self) -> int:
        return len(self.is_member)


def match_shoppers(condition: c.Condition, table: ShopperTable, now: float) -> Mask:
    """Return which shoppers of `table` could satisfy `condition` at `now` (seconds), (n,).

    >>> yes, no = np.array([True, False]), np.array([False, False])
    >>> table = ShopperTable(yes, ~no, no, np.array([np.nan, np.nan]), np.array([-1, -1]))
    >>> match_shoppers(c.All((c.Member(), c.CartHas(min_value_minor=5))), table, 0.0).tolist()
    [True, False]
    """
    return _judge(condition, table, now)[0]


def _judge(condition: c.Condition, table: ShopperTable, now: float) -> Both:
    match condition:
        case c.All(parts):
            return _all([_judge(part, table, now) for part in parts], table)
        case c.Any(parts):
            fails, holds = _all([_judge(part, table, now)[::-1] for part in parts], table)
            return holds, fails
        case c.ExactlyOne(parts):
            return _one([_judge(part, table, now) for part in parts])
        case c.Not(part):
            holds, fails = _judge(part, table, now)
            return fails, holds
        case _:
            return _leaf(condition, table, now)


def _all(each: list[Both], table: ShopperTable) -> Both:
    none = np.zeros(len(table), dtype=np.bool_)
    holds = reduce(np.logical_and, (one[0] for one in each), ~none)
    return holds, reduce(np.logical_or, (one[1] for one in each), none)


def _one(each: list[Both]) -> Both:
    """Exactly one holds: this one can, and every other can fail."""
    holds = reduce(
        np.logical_or,
        (
            reduce(np.logical_and, (other[1] for other in each if other is not one), one[0])
            for one in each
        ),
    )
    none_holds = reduce(np.logical_and, (one[1] for one in each))
    pairs = (one[0] & other[0] for one, other in combinations(each, 2))
    return holds, reduce(np.logical_or, pairs, none_holds)


def _leaf(leaf: c.Condition, table: ShopperTable, now: float) -> Both:
    match leaf:
        case c.Member():
            return _sure(table.is_member)
        case c.FirstOrder() | c.Newcomer(is_new=True):
            return _sure(~table.has_ordered)
        case c.Newcomer(is_new=False):
            return _sure(table.has_ordered)
        case c.GroupIn(groups):
            return _sure(_any_of(table.groups, groups, table))
        case c.TierIn(tiers):
            wanted = [at for at, code in enumerate(table.tiers) if code in tiers]
            at = np.full(len(table), -1) if table.tier is None else table.tier
            return _sure(np.isin(at, wanted))
    return _behaviour(leaf, table, now)


def _behaviour(leaf: c.Condition, table: ShopperTable, now: float) -> Both:
    """Judge what only consent lets anybody ask; what is not about the shopper can do both."""
    match leaf:
        case c.SegmentIn(codes):
            known = [at for at, code in enumerate(table.segments) if code in codes]
            holds = np.isin(table.segment, known) | _any_of(table.tags, codes, table)
        case c.HasTag(tags):
            holds = _any_of(table.tags, tags, table)
        case c.LastOrder(least, most):
            days = (now - table.last_at) / DAY
            holds = table.has_ordered & _within(days, least, most)
        case c.OrdersIn(window, least, most):
            holds = _within(table.counts[window], least, most)
        case c.SpentIn(window, least, most):
            holds = _within(table.spent[window], least, most)
        case _:
            free = np.ones(len(table), dtype=np.bool_)
            return free, free
    return holds & table.agrees, ~holds & table.agrees


def _sure(holds: Mask) -> Both:
    return holds, ~holds


def _any_of(masks: Mapping[str, Mask], words: frozenset[str], table: ShopperTable) -> Mask:
    none = np.zeros(len(table), dtype=np.bool_)
    return reduce(np.logical_or, (masks[word] for word in words if word in masks), none)


def _within(
    values: NDArray[np.float64] | NDArray[np.int64], least: int | None, most: int | None
) -> Mask:
    holds = np.ones(len(values), dtype=np.bool_)
    if least is not None:
        holds &= values >= least
    if most is not None:
        holds &= values <= most
    return holds


def relax_shopper(condition: c.Condition) -> c.Condition:
    """Return the part of a condition that cart, place and clock decide: who asks is waved through.

    Parts that look at the shopper are left out of "all"; a tree of another form that looks at the
    shopper anywhere is left out whole.

    >>> relax_shopper(c.All((c.Member(), c.CartHas(min_value_minor=5)))).parts[0].min_value_minor
    5
    """
    if isinstance(condition, c.All):
        parts = (relax_shopper(part) for part in condition.parts)
        return c.All(tuple(part for part in parts if part != c.ALWAYS))
    return c.ALWAYS if _asks_shopper(condition) else condition


def asks_cart(condition: c.Condition) -> bool:
    """Return whether anything beside the shopper decides, so that a count is only "at most".

    >>> asks_cart(c.Member()), asks_cart(c.Not(c.CodeEntered(frozenset({"A"}))))
    (False, True)
    """
    match condition:
        case c.All(parts) | c.Any(parts) | c.ExactlyOne(parts):
            return any(asks_cart(part) for part in parts)
        case c.Not(part):
            return asks_cart(part)
    return not _asks_shopper(condition)


_SHOPPER = (c.Member, c.FirstOrder, c.Newcomer, c.SegmentIn, c.HasTag, c.GroupIn, c.TierIn)
_HISTORY = (c.LastOrder, c.OrdersIn, c.SpentIn)


def _asks_shopper(condition: c.Condition) -> bool:
    match condition:
        case c.All(parts) | c.Any(parts) | c.ExactlyOne(parts):
            return any(_asks_shopper(part) for part in parts)
        case c.Not(part):
            return _asks_shopper(part)
    return isinstance(condition, (*_SHOPPER, *_HISTORY))
