"""What an offer of a group that chooses by unit saves, for each number of units it may have."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import reduce
from itertools import combinations
from operator import add
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promotions.engine.core.benefits.apply import fewer_sets, reduce_units
from promotions.engine.core.benefits.lines import (
    Numbers,
    OpenLine,
    Run,
    keep_units,
    list_runs,
    percent_of,
    reduce_whole_lines,
    sum_rooms,
    sum_values,
)
from promotions.engine.core.benefits.sets import count_cheaper
from promotions.engine.core.benefits.terms import Bundle, BuyGet, GroupOf, Tiers
from promotions.engine.core.limits import Tally
from promotions.engine.core.stacking.steps import Prepared, Step
from promotions.engine.core.values import Benefit, BenefitKind, Target


class Grid:
    """Numbers of units of some lines, from none to all: an axis of an array for each line."""

    def __init__(self, at: Sequence[int], lines: Sequence[OpenLine]) -> None:
        self.at, self.lines = tuple(at), lines
        self.shape = tuple(lines[i].quantity + 1 for i in self.at)

    def along(self, i: int, table: Sequence[int]) -> Numbers:
        """Return what `table` says of each number of units of line `i`."""
        shape = [-1 if axis == i else 1 for axis in self.at]
        return np.array(table, np.int64).reshape(shape)

    def add_up(self, tables: Mapping[int, Sequence[int]]) -> Numbers:
        """Return the sum of what `tables` say of each of their lines."""
        zero = np.zeros((1,) * len(self.at), np.int64)
        return reduce(add, (self.along(i, table) for i, table in tables.items()), zero)

    def count(self, at: Iterable[int]) -> Numbers:
        """Return how many units of the lines there are."""
        return self.add_up({i: range(self.lines[i].quantity + 1) for i in at})

    def fill(self, part: Numbers) -> Numbers:
        """Return `part` on the whole grid: nothing where a line it does not know has units."""
        whole = np.zeros(self.shape, np.int64)
        whole[tuple(slice(0, size) for size in part.shape)] = part
        return whole


@dataclass(frozen=True, slots=True, eq=False)
class Claim:
    """One offer on the lines `at` that it may lower, and what it does `alone`, with all of them.

    Of its cap and of the `most` units it may lower only those stand here that could bind.
    `is_even`: each unit of a line saves as much as any other, but for rounding.
    """

    one: Prepared
    alone: Step
    benefit: Benefit
    most: int | None
    at: tuple[int, ...]
    lines: Sequence[OpenLine]
    tally: Tally
    is_even: bool

    @property
    def adds_up(self) -> bool:
        """Return whether it lowers each line whatever units it has of others."""
        if len(self.at) < 2:
            return True
        benefit = self.benefit
        counts_all = isinstance(benefit.terms, Tiers) and benefit.target is Target.CART
        is_bound = self.most is not None or benefit.cap_minor is not None
        return not (self.one.is_set or is_bound or counts_all or self._list_alike())

    def save_most(self) -> int:
        """Return what it takes off at most, whatever units it has."""
        if not self.benefit.cheapest_first:
            return sum(self.alone.taken)
        return sum(self.lines[i].left_minor for i in self.at)

    def count_most(self) -> int:
        """Return how many units it may lower at most."""
        units = sum(self.lines[i].quantity for i in self.at)
        return units if self.most is None else min(units, self.most)

    def list_savings(self, i: int) -> list[int]:
        """Return what it takes off line `i` for each number of units of it alone."""
        place = self.one.touched.index(i)
        pools = [(0,) if place in pool else () for pool in self.one.pools]
        benefit = replace(self.benefit, cheapest_first=False)
        return [0] + [
            sum(
                reduce_units(
                    benefit,
                    [keep_units(self.lines[i], count)],
                    pools,
                    is_personal=self.one.is_personal,
                    most_units=self.most,
                ).parts
            )
            for count in range(1, self.lines[i].quantity + 1)
        ]

    def save(self, grid: Grid) -> Numbers:
        """Return what it takes off for each number of units of its lines.

        Sets must use up all units they are given: others may have those that they do not need.
        """
        saved = self._save_on_sets(grid) if self.one.is_set else self._save_on_lines(grid)
        cap = self.benefit.cap_minor
        return grid.fill(saved if cap is None else np.minimum(saved, cap))

    def fits(
        self, had: Sequence[Numbers], mine: Sequence[Numbers], grid: Grid
    ) -> NDArray[np.bool_]:
        """Return whether `mine` are among the cheapest of the units `had`, in numbers by line."""
        order = sorted(self.at, key=self._price)
        each = _all_or(self.benefit.most_units_line)
        before = np.zeros(1, np.int64)
        fits: NDArray[np.bool_] = before == 0
        for price in sorted({self._price(i) for i in order}):
            axes = [grid.at.index(i) for i in order if self._price(i) == price]
            left = np.maximum(0, _all_or(self.most) - before) * bool(price)
            fits = fits & (reduce(add, (mine[axis] for axis in axes)) <= left)
            if price:  # what costs nothing is no cheapest one
                before = reduce(add, (np.minimum(had[axis], each) for axis in axes), before)
        return fits

    def _price(self, i: int) -> float:
        return self.lines[i].quoted_minor / self.lines[i].quantity

    def _list_alike(self) -> list[list[int]]:
        """Return the lines of each variant that has several and may lower only so many units."""
        by_variant = defaultdict[int | str, list[int]](list)
        for i in self.at if self.benefit.most_units_line is not None else ():
            line = self.lines[i]
            by_variant[line.line_id if line.variant_id is None else line.variant_id].append(i)
        return [alike for alike in by_variant.values() if len(alike) > 1]

    def _save_on_lines(self, grid: Grid) -> Numbers:
        benefit = replace(self.benefit, cap_minor=None, most_units=None)
        tiers = benefit.terms if isinstance(benefit.terms, Tiers) else None
        units = grid.count(self.at)
        if tiers is not None and (self.most is not None or self._list_alike()):
            return self._try_each(grid)
        if tiers is not None and benefit.target is Target.CART:
            if benefit.counts_units:
                return self._try_each(grid)
            saved = np.zeros_like(units)
            for step in tiers.steps:
                stepped = grid.add_up(self._list_stepped(benefit, step.at_least))
                saved = np.where(units >= step.at_least, stepped, saved)
            return saved
        loose = replace(self, benefit=benefit, most=None)
        saved = grid.add_up({i: loose.list_savings(i) for i in self.at})
        if self.most is not None:
            saved = np.where(units <= self.most, saved, 0)
        for alike in self._list_alike():
            saved = np.where(grid.count(alike) <= _all_or(benefit.most_units_line), saved, 0)
        return saved

    def _list_stepped(self, benefit: Benefit, counted: int) -> dict[int, list[int]]:
        lines = self.lines
        if benefit.ignores_floor:
            lines = [replace(line, floor_minor=0) for line in lines]
        return {
            i: [0]
            + [
                sum(
                    reduce_whole_lines(
                        benefit,
                        [keep_units(lines[i], count)],
                        is_personal=self.one.is_personal,
                        counts=[counted],
                    )
                )
                for count in range(1, lines[i].quantity + 1)
            ]
            for i in self.at
        }

    def _try_each(self, grid: Grid) -> Numbers:
        saved = np.zeros_like(grid.count(self.at))
        free = [0] * len(self.lines)
        for state in np.ndindex(saved.shape):
            for i, count in zip(grid.at, state, strict=True):
                free[i] = count
            saved[state] = sum(self.one.reduce(self.lines, self.tally, free).taken)
        return saved

    def _save_on_sets(self, grid: Grid) -> Numbers:
        runs = {i: self._list_runs(i) for i in self.at}
        rooms = grid.add_up({i: list(map(sum_rooms, each)) for i, each in runs.items()})
        terms, wish = self.benefit.terms, _Sets(np.zeros_like(rooms), rooms, rooms < 0)
        if isinstance(terms, BuyGet | GroupOf | Bundle):
            terms = fewer_sets(terms, self.most)
            wish = _wish_for_sets(self, terms, grid, runs)
            wish = wish._replace(is_whole=wish.is_whole & (wish.sets <= _all_or(terms.max_sets)))
        return np.where(wish.is_whole, np.clip(wish.minor, 0, rooms), 0)

    def _list_runs(self, i: int) -> list[list[Run]]:
        line = self.lines[i]
        line = replace(line, floor_minor=0) if self.benefit.ignores_floor else line
        return [[]] + [
            list_runs(
                [keep_units(line, count)],
                [0],
                cap_line_minor=self.benefit.cap_line_minor,
                is_personal=self.one.is_personal,
            )
            for count in range(1, line.quantity + 1)
        ]


def make_claim(one: Prepared, lines: Sequence[OpenLine], tally: Tally) -> Claim:
    """Return what the offer asks for, without bounds that cannot bind on these lines."""
    alone, benefit = one.reduce(lines, tally), one.bound(tally)
    if not benefit.cheapest_first and sum(alone.taken) < (benefit.cap_minor or 0):
        benefit = replace(benefit, cap_minor=None)
    left = [n for n in (benefit.most_units, tally.left_units(one.rooms)) if n is not None]
    most = min(left, default=None)
    if most is not None and most >= sum(lines[i].quantity for i in one.touched):
        benefit, most = replace(benefit, most_units=None, cheapest_first=False), None
    is_even = most is None and _is_even(benefit)
    claim = Claim(one, alone, benefit, most, one.touched, lines, tally, is_even)
    if not claim.adds_up:
        return claim
    return replace(claim, at=tuple(i for i in one.touched if alone.taken[i]))


class _Sets(NamedTuple):
    """What sets promise, how many they are, and whether they use up all units."""

    minor: Numbers
    sets: Numbers
    is_whole: NDArray[np.bool_]


def _wish_for_sets(
    claim: Claim,
    terms: BuyGet | GroupOf | Bundle,
    grid: Grid,
    runs: Mapping[int, Sequence[Sequence[Run]]],
) -> _Sets:
    benefit, units = claim.benefit, grid.count(claim.at)
    worth = grid.add_up({i: list(map(sum_values, each)) for i, each in runs.items()})
    pools = [[claim.one.touched[place] for place in pool] for pool in claim.one.pools]
    if isinstance(terms, BuyGet) and terms.get_scope is not None:
        sets = -(-grid.count(pools[1]) // terms.get)
        cheaper = {i: [_share(benefit, each) for each in runs[i]] for i in pools[1]}
        return _Sets(grid.add_up(cheaper), sets, grid.count(pools[0]) == sets * terms.buy)
    if isinstance(terms, BuyGet) or (isinstance(terms, GroupOf) and terms.free):
        is_partial = isinstance(terms, BuyGet)
        size = terms.buy + terms.get if isinstance(terms, BuyGet) else terms.size
        paid = terms.buy if isinstance(terms, BuyGet) else terms.size - terms.free
        rest = units % size
        wish = _share_cheaper(grid, runs, lambda at: count_cheaper(at, size, paid), benefit)
        return _Sets(wish, -(-units // size), (rest == 0) | ((rest > paid) & is_partial))
    sets, is_whole = units // terms.size, units % terms.size == 0
    if isinstance(terms, Bundle):
        is_whole = is_whole & _fits_parts(grid, terms, pools, sets)
    if benefit.amount_minor is None:
        return _Sets(percent_of(benefit, worth), sets, is_whole)
    return _Sets(worth - sets * benefit.amount_minor, sets, is_whole)


def _is_even(benefit: Benefit) -> bool:
    """Return whether the benefit is a percentage, or an amount or a price of each unit: no more."""
    if benefit.kind is BenefitKind.FIXED_AMOUNT and benefit.target is Target.LINE:
        return False
    bounds = benefit.terms, benefit.cap_minor, benefit.cap_line_minor, benefit.most_units_line
    return not benefit.cheapest_first and all(bound is None for bound in bounds)


def _all_or(most: int | None) -> int:
    return 10**9 if most is None else most


def _share(benefit: Benefit, runs: Iterable[Run]) -> int:
    return sum(run.units * percent_of(benefit, run.value) for run in runs)


def _share_cheaper(
    grid: Grid,
    runs: Mapping[int, Sequence[Sequence[Run]]],
    cheaper: Callable[[Numbers], Numbers],
    benefit: Benefit,
) -> Numbers:
    """Return what sets of neighbours, dearest first, save on their cheaper units."""
    values = {(run.value, i) for i, each in runs.items() for one in each for run in one}
    wish = before = grid.add_up({})
    for value, i in sorted(values, key=lambda one: (-one[0], one[1])):
        table = [sum(run.units for run in each if run.value == value) for each in runs[i]]
        after = before + grid.along(i, table)
        wish = wish + (cheaper(after) - cheaper(before)) * percent_of(benefit, value)
        before = after
    return wish


def _fits_parts(
    grid: Grid, terms: Bundle, pools: Sequence[Sequence[int]], sets: Numbers
) -> NDArray[np.bool_]:
    """Return whether units fill all parts of so many bundles: no parts have too many of what fits
    only them (Hall's condition)."""
    parts = range(len(terms.parts))
    fits = sets >= 0
    for size in range(1, len(terms.parts)):
        for some in combinations(parts, size):
            others = {i for part in parts if part not in some for i in pools[part]}
            only = {i for part in some for i in pools[part]} - others
            wanted = sum(terms.parts[part].quantity for part in some)
            fits = fits & (grid.count(only) <= sets * wanted)
    return fits
