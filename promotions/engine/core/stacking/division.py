"""The best division of a cart's units among the offers of a group that chooses by unit.

A unit goes to one offer at most. All divisions are compared, so none saves more; of equal ones that
with fewer offers is taken, then that which gives more to the offer that stands first. Where the
units of lines that offers on several lines share can be divided between two of them in more than
`MOST_DIVISIONS` ways, none is sought: for up to 12 units there are never more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from functools import cached_property, lru_cache
from itertools import combinations
from math import prod
from typing import Protocol

import numpy as np

from promotions.engine.core.benefits.lines import Numbers, OpenLine
from promotions.engine.core.limits import Counted, Room, Tally
from promotions.engine.core.stacking.claims import Claim, Grid, make_claim
from promotions.engine.core.stacking.steps import Prepared

MOST_DIVISIONS = 3**12
MOST_UNITS = 100  # of a line that several offers may lower
OFFERS = 1_024  # money counts so much more than how few offers lower it

Share = tuple[Claim, dict[int, int]]  # an offer, and how many units it has by line
State = tuple[int, ...]


class Part(Protocol):
    """Some of the offers: the most they save for each number of units, and how."""

    @property
    def best(self) -> Numbers:
        """Return the most they save together."""

    def split(self, state: State) -> Iterator[Share]:
        """Yield what each of them has of so many units."""


class OneLine:
    """The best split of a line among offers that lower it whatever units they have of others."""

    def __init__(self, i: int, quantity: int, claims: Sequence[Claim]) -> None:
        self.i, self.claims = i, claims
        self.best = [0] * (quantity + 1)
        self.picks: list[list[int]] = []
        for claim in claims:
            saved = [part * OFFERS - 1 if part else 0 for part in claim.list_savings(i)]
            found = [self._best_of(saved, count) for count in range(quantity + 1)]
            self.best = [best for best, _ in found]
            self.picks.append([-pick for _, pick in found])

    def _best_of(self, saved: Sequence[int], count: int) -> tuple[int, int]:
        return max((self.best[count - mine] + saved[mine], -mine) for mine in range(count + 1))

    def split(self, count: int) -> Iterator[Share]:
        """Yield what each offer has of so many units of the line."""
        for claim, picks in zip(reversed(self.claims), reversed(self.picks), strict=True):
            yield claim, {self.i: picks[count]}
            count -= picks[count]


class Lines:
    """Lines one by one: what is left for offers that lower each by itself."""

    def __init__(self, grid: Grid, lines: Sequence[OneLine]) -> None:
        self.lines = lines
        self.best = grid.fill(grid.add_up({one.i: one.best for one in lines}))

    def split(self, state: State) -> Iterator[Share]:
        """Yield what each offer has of so many units of each line."""
        for one, count in zip(self.lines, state, strict=True):
            yield from one.split(count)


class Whole:
    """One offer on several lines at once.

    `uses_all`: it is never given units that it leaves idle, which would keep them from counting
    among those of which another offer lowers the cheapest.
    """

    def __init__(self, grid: Grid, claim: Claim, *, uses_all: bool) -> None:
        saved = claim.save(grid)
        self.grid, self.claim = grid, claim
        self.saved = saved * OFFERS - (saved > 0)
        self.best = self.saved if uses_all else _best_of_fewer(self.saved)

    def split(self, state: State) -> Iterator[Share]:
        """Yield the units that the offer needs of them."""
        needed = _find_best(self.saved[_up_to(state)])
        yield self.claim, dict(zip(self.grid.at, needed, strict=True))


class Joined:
    """Two parts together; `room` is what a limit leaves to both."""

    def __init__(self, grid: Grid, left: Part, right: Part, room: Room | None = None) -> None:
        self.grid, self.left, self.right, self.room = grid, left, right, room
        is_picky = isinstance(right, Whole) and right.claim.benefit.cheapest_first
        self.picky = right.claim if is_picky and isinstance(right, Whole) else None

    @cached_property
    def best(self) -> Numbers:
        """Return the most both save together, of all divisions between them."""
        shape = self.grid.shape
        had, mine, starts = _list_pairs(shape)
        saved = self.left.best.ravel()[had - mine] + self.right.best.ravel()[mine]
        if self.picky is not None:
            numbers = np.unravel_index(had, shape), np.unravel_index(mine, shape)
            saved = np.where(self.picky.fits(*numbers, self.grid), saved, 0)
        return self._bound(np.maximum.reduceat(saved, starts).reshape(shape))

    def split(self, state: State) -> Iterator[Share]:
        """Yield what each offer has of so many units; of equal ways the first part has more."""
        if self.room is not None:
            state = _find_best(self.best[_up_to(state)])
        inside = _up_to(state)
        total = np.flip(self.left.best[inside]) + self.right.best[inside]
        if self.picky is not None:
            numbers: Sequence[Numbers] = np.indices(total.shape, sparse=True)
            had = [np.array(n, np.int64) for n in state]
            total = np.where(self.picky.fits(had, numbers, self.grid), total, -1)
        mine = _find_best(total)
        yield from self.left.split(tuple(n - m for n, m in zip(state, mine, strict=True)))
        yield from self.right.split(mine)

    def _bound(self, saved: Numbers) -> Numbers:
        room = self.room
        if room is None:
            return saved
        if room.left_minor is not None:
            saved = np.minimum(saved, room.left_minor * OFFERS)
        if room.left_uses is not None and room.limit.counted is Counted.UNITS:
            units = self.grid.count(self.grid.at)
            saved = _best_of_fewer(np.where(units <= room.left_uses, saved, 0))
        return saved


@lru_cache(maxsize=4)
def _list_pairs(shape: State) -> tuple[Numbers, Numbers, Numbers]:
    """Return every state of a grid with every part of it, as flat indexes, and where the pairs of
    each state start."""
    had = mine = np.zeros(1, np.int64)
    for size in shape:
        numbers = [(n, part) for n in range(size) for part in range(n + 1)]
        some, parts = np.array(numbers, np.int64).T
        had = np.add.outer(had * size, some).ravel()
        mine = np.add.outer(mine * size, parts).ravel()
    order = np.argsort(had.astype(np.uint16), kind="stable")
    starts = np.searchsorted(had[order], np.arange(prod(shape)))
    return had[order], mine[order], starts


def _best_of_fewer(saved: Numbers) -> Numbers:
    """Return the most that is saved with so many units or fewer of them."""
    for axis in range(saved.ndim):
        saved = np.maximum.accumulate(saved, axis)
    return saved


def _up_to(state: State) -> tuple[slice, ...]:
    return tuple(slice(0, n + 1) for n in state)


def _find_best(saved: Numbers) -> State:
    """Return the first state that saves most."""
    return tuple(int(n) for n in np.unravel_index(int(np.argmax(saved)), saved.shape))


Sharing = tuple[Room, list[Claim]]  # a limit that could bind, and the offers that share it
Family = tuple[list[Claim], Part]


def divide(
    members: Sequence[Prepared], lines: Sequence[OpenLine], tally: Tally
) -> dict[Claim, list[int]] | None:
    """Return how many units of each line each offer has in the best division.

    None: there are too many divisions, or offers share limits crosswise.
    """
    claims = [make_claim(one, lines, tally) for one in members]
    claims = [one for one in claims if any(one.alone.taken) or one.benefit.cheapest_first]
    rooms = _list_shared(claims, tally)
    tied = {one for _, sharing in rooms for one in sharing}
    if _are_crossed(rooms) or any(one.benefit.cheapest_first for one in tied):
        return None
    if any(one.benefit.cheapest_first for one in claims):
        tied |= {one for one in claims if one.one.is_set}  # they take units before it does
    joint = [one for one in claims if one in tied or not one.adds_up]
    single = [one for one in claims if one not in joint]
    shares = list[Share]()
    for some in _connect(joint, rooms):
        grid = Grid(sorted({i for one in some for i in one.at}), lines)
        found = _divide_joint(some, single, rooms, grid)
        if found is None:
            return None
        shares += found
    apart = set(range(len(lines))).difference(*(one.at for one in joint))
    for i in sorted(apart):
        rivals = _list_rivals(single, i, lines[i].quantity)
        if len(rivals) > 1 and lines[i].quantity > MOST_UNITS:
            return None
        shares += _split_line(rivals, i, lines[i].quantity)
    counts = {claim: [0] * len(lines) for claim in claims}
    for claim, share in shares:
        for i, count in share.items():
            counts[claim][i] += count
    return counts


def _list_shared(claims: Sequence[Claim], tally: Tally) -> list[Sharing]:
    """Return the limits of money or units that several offers share and that could bind, smaller
    ones first, each with what is left of it."""
    by_limit: dict[int, Sharing] = {}
    for claim in claims:
        for room in claim.one.rooms:
            by_limit.setdefault(room.limit.limit_id, (room, []))[1].append(claim)
    found = []
    for room, sharing in by_limit.values():
        money, units = tally.left_minor([room]), tally.left_units([room])
        most = sum(claim.count_most() for claim in sharing)
        taken = sum(claim.save_most() for claim in sharing)
        is_bound = (money is not None and money < taken) or (units is not None and units < most)
        if len(sharing) > 1 and is_bound:
            found.append((replace(room, left_minor=money, left_uses=units), sharing))
    return sorted(found, key=lambda one: (len(one[1]), one[0].limit.limit_id))


def _are_crossed(rooms: Sequence[Sharing]) -> bool:
    """Return whether two limits have offers in common, and each has others too."""
    sets = [set(sharing) for _, sharing in rooms]
    return any(
        one & two and not one <= two and not two <= one for one, two in combinations(sets, 2)
    )


def _connect(joint: Sequence[Claim], rooms: Sequence[Sharing]) -> Iterator[list[Claim]]:
    """Yield offers that have to do with each other: by a line or by a limit."""
    rest = list(joint)
    while rest:
        some = [rest.pop(0)]
        for one in some:
            tied = {each for _, sharing in rooms if one in sharing for each in sharing}
            near = [each for each in rest if each in tied or not set(each.at).isdisjoint(one.at)]
            some += near
            rest = [each for each in rest if each not in near]
        yield sorted(some, key=joint.index)


def _list_rivals(single: Sequence[Claim], i: int, quantity: int) -> list[Claim]:
    """Return the offers that may have units of line `i`: not those that always save less there.

    Where all units save the same, rounding makes up for less than three cents of each.
    """
    here = [one for one in single if i in one.at]
    best = max((one.alone.taken[i] for one in here if one.is_even), default=0)
    least = best - 3 * quantity - 3
    return [one for one in here if not one.is_even or one.alone.taken[i] >= least]


def _split_line(rivals: Sequence[Claim], i: int, quantity: int) -> Iterable[Share]:
    if len(rivals) < 2:
        return [(one, {i: quantity}) for one in rivals]
    return OneLine(i, quantity, rivals).split(quantity)


def _divide_joint(
    some: Sequence[Claim], single: Sequence[Claim], rooms: Sequence[Sharing], grid: Grid
) -> Iterable[Share] | None:
    """Return what offers on several lines have, and others of the same lines beside them."""
    quantities = {i: grid.lines[i].quantity for i in grid.at}
    rivals = {i: _list_rivals(single, i, quantity) for i, quantity in quantities.items()}
    if len(some) == 1 and not any(rivals.values()):
        return [(some[0], quantities)]
    is_long = any(quantities[i] > MOST_UNITS for i in grid.at if len(rivals[i]) > 1)
    if is_long or prod(size * (size + 1) // 2 for size in grid.shape) > MOST_DIVISIONS:
        return None
    is_picky = any(one.benefit.cheapest_first for one in some)
    families: list[Family] = [([one], Whole(grid, one, uses_all=is_picky)) for one in some]
    for room, sharing in rooms:
        inside = [family for family in families if family[0][0] in sharing]
        if len(inside) > 1:
            outside = [family for family in families if family[0][0] not in sharing]
            families = [*outside, _join(inside, room, grid)]
    parts = [part for _, part in sorted(families, key=lambda family: _turn(family[0], some))]
    if is_picky or any(rivals.values()):
        parts.insert(0, Lines(grid, [OneLine(i, quantities[i], rivals[i]) for i in grid.at]))
    total = parts[0]
    for part in parts[1:]:
        total = Joined(grid, total, part)
    return total.split(tuple(quantities.values()))


def _join(families: Sequence[Family], room: Room, grid: Grid) -> Family:
    claims, part = families[0]
    for n, (more, other) in enumerate(families[1:], 2):
        claims = [*claims, *more]
        part = Joined(grid, part, other, room if n == len(families) else None)
    return claims, part


def _turn(claims: Sequence[Claim], some: Sequence[Claim]) -> tuple[bool, bool, int]:
    """Return the order of joining: what lowers the cheapest of all units but those in sets comes
    when the others are in, and before sets are."""
    has_sets = any(one.one.is_set for one in claims)
    return has_sets, any(one.benefit.cheapest_first for one in claims), some.index(claims[0])
