"""Benefits on sets of units: buy X get Y, cheapest free, N for a price.

A line's units cost its price so far, split as evenly as cents allow. Which units form sets is
chosen for the shopper, by what can really be taken off them: together never more than the room
above the floors of these units. What sets save is spread over all their units by value, so that
each unit's share is fair when one of them comes back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import NamedTuple

from promotions.engine.core.benefits.lines import (
    Numbers,
    Run,
    count_units,
    sum_rooms,
    sum_values,
    take_units,
)
from promotions.engine.core.benefits.terms import BuyGet, GroupOf

MOST_UNITS = 40
MOST_CHOICES = 48
MIXTURES = tuple(range(17))


class Choice(NamedTuple):
    """What a choice of units is promised, what may be taken off it, and its last unit."""

    promised: int
    allowed: int
    last: Run | None = None
    before: Choice | None = None

    @property
    def saving(self) -> int:
        """Return what the choice saves."""
        return min(self.promised, self.allowed)

    def with_unit(self, unit: Run, gain: int) -> Choice:
        """Return the choice with one more unit, for which `gain` more is promised.

        What another offer would take off the unit counts against both sums.
        """
        promised = self.promised + gain - unit.lost
        return Choice(promised, self.allowed + unit.room - unit.lost, unit, self)

    def used(self) -> tuple[Run, ...]:
        """Return its units as runs."""
        found: dict[Run, int] = {}
        at: Choice | None = self
        while at is not None and at.last is not None:
            found[at.last] = found.get(at.last, 0) + 1
            at = at.before
        return tuple(run._replace(units=units) for run, units in found.items())


EMPTY = Choice(0, 0)
Front = list[Choice]


def list_units(runs: Iterable[Run]) -> list[Run]:
    """Return each unit of the runs as a run of its own."""
    return [run._replace(units=1) for run in runs for _ in range(run.units)]


def carry_choices(runs: Sequence[Run], most: int, gain: Callable[[int, Run], int]) -> list[Front]:
    """Return, by number of units up to `most`, the choices that may be best.

    `gain(n, unit)` is what the n-th unit of a choice (from 0; `runs` come dearest first) adds to
    what is promised.

    >>> cheese, wine = Run(500, 1, 0, 0), Run(300, 1, 1, 200)
    >>> [len(front) for front in carry_choices([cheese, wine], 2, lambda n, unit: unit.value)]
    [1, 2, 1]
    """
    fronts: list[Front] = [[EMPTY], *([] for _ in range(most))]
    for known, unit in enumerate(list_units(runs)):
        for count in range(min(known, most - 1), -1, -1):
            if fronts[count]:
                more = gain(count, unit)
                grown = [choice.with_unit(unit, more) for choice in fronts[count]]
                fronts[count + 1] = keep_best(fronts[count + 1] + grown)
    return fronts


def keep_best(choices: Front) -> Front:
    """Return the choices no other one is better than in both sums, most promised first.

    >>> keep_best([Choice(5, 1), Choice(4, 1), Choice(3, 3)]) == [Choice(5, 1), Choice(3, 3)]
    True
    """
    if len(choices) < 2:
        return choices
    kept: Front = []
    allowed = -(10**15)
    for choice in sorted(choices, key=lambda one: (-one[0], -one[1])):
        if choice.allowed > allowed:
            kept.append(choice)
            allowed = choice.allowed
    if len(kept) > MOST_CHOICES:
        # Those whose two sums are closest save most; the others are the least likely to be needed
        nearest = sorted(kept, key=lambda one: abs(one.promised - one.allowed))[:MOST_CHOICES]
        kept = sorted(nearest, key=lambda one: -one.promised)
    return kept


def pick_best(choices: Iterable[Choice]) -> Choice:
    """Return the choice that saves most, the first of equal ones."""
    return max(choices, key=lambda one: one.saving, default=EMPTY)


def order_by_mixture(runs: Iterable[Run], part: int) -> list[Run]:
    """Return the runs by value (`part` 0) up to by room (16), most first."""
    last = MIXTURES[-1]
    return sorted(
        runs, key=lambda run: (-(last - part) * run.value - part * run.room, -run.value, run.at)
    )


def order_by_room(runs: Iterable[Run]) -> list[Run]:
    """Return the runs that most may be taken off first."""
    return order_by_mixture(runs, MIXTURES[-1])


def order_by_value(runs: Iterable[Run]) -> list[Run]:
    """Return the dearest runs first."""
    return order_by_mixture(runs, 0)


class Saving(NamedTuple):
    """What sets save together, and the units they are made of."""

    amount_minor: int
    used: tuple[Run, ...]


NOTHING = Saving(0, ())

Share = Callable[[int], int]  # what the benefit takes of one unit's price
Promised = tuple[int, Sequence[Run]]  # what is promised for these units


def save_on_same_products(
    runs: Sequence[Run], terms: BuyGet | GroupOf, share: Share, most: int | None
) -> Saving:
    """Return what sets of the same products save: of each, the cheapest units are cheaper.

    Sets are made of neighbours from the dearest down, which saves most. A set that is not full
    counts in "buy X get up to Y" as far as it goes, and not at all in "of N the cheapest".

    >>> runs = [Run(500, 2, 0, 500), Run(300, 2, 1, 300)]
    >>> save_on_same_products(runs, BuyGet(2, 1), lambda value: value, None).amount_minor
    300
    """
    is_partial = isinstance(terms, BuyGet)
    size = terms.buy + terms.get if isinstance(terms, BuyGet) else terms.size
    paid = terms.buy if isinstance(terms, BuyGet) else terms.size - terms.free
    total = count_units(runs)
    sets = total // size if most is None else min(most, total // size)
    covered = sets * size
    if is_partial and total - covered > paid and (most is None or sets < most):
        covered = total

    def promise(order: Sequence[Run]) -> Promised:
        used = order_by_value(take_units(order, covered))
        return _promise_blocks(used, size, paid, share), used

    def gain(count: int, unit: Run) -> int:
        return share(unit.value) if count % size >= paid else 0

    def is_set(count: int) -> bool:
        return count % size == 0 or (is_partial and count % size > paid)

    return _settle(runs, covered, promise, partial(_search_same, gain=gain, is_set=is_set))


def save_on_other_products(
    bought: Sequence[Run], got: Sequence[Run], terms: BuyGet, share: Share, most: int | None
) -> Saving:
    """Return what "buy X of these, get up to Y of those" saves: the dearest of those.

    >>> bought, got = [Run(900, 5, 0, 900)], [Run(300, 1, 1, 300), Run(100, 4, 2, 100)]
    >>> save_on_other_products(bought, got, BuyGet(2, 1), lambda value: value, None).amount_minor
    400
    """
    sets = count_units(bought) // terms.buy
    sets = sets if most is None else min(most, sets)
    most_got = min(count_units(got), sets * terms.get)
    # Nothing but its room counts of what is bought
    with_room = sorted(bought, key=lambda run: (run.lost - run.room, -run.value, run.at))

    def pay(count: int) -> list[Run]:
        return take_units(with_room, -(-count // terms.get) * terms.buy)

    def promise(order: Sequence[Run]) -> Promised:
        cheaper = take_units(order, most_got)
        promised = sum(run.units * share(run.value) for run in cheaper)
        return promised, (*pay(most_got), *cheaper)

    def search(runs: Sequence[Run], count: int) -> Promised:
        best, used = 0, NOTHING.used
        for n, front in enumerate(carry_choices(runs, count, lambda _, unit: share(unit.value))):
            paid = pay(n)
            lost = sum(run.lost * run.units for run in paid)
            room = sum_rooms(paid) - lost
            found = pick_best(
                one._replace(promised=one.promised - lost, allowed=one.allowed + room)
                for one in front
            )
            if found.saving > best:
                best, used = found.saving, (*paid, *found.used())
        cheaper = [run for run in used if run.at in {each.at for each in got}]
        return sum(run.units * share(run.value) for run in cheaper), used

    return _settle(got, most_got, promise, search)


def save_on_groups(runs: Sequence[Run], size: int, price: int, most: int | None) -> Saving:
    """Return what groups of `size` units at `price` save; only groups that save are made.

    >>> save_on_groups([Run(200, 4, 0, 200), Run(90, 4, 1, 90)], 3, 500, None).amount_minor
    100
    """
    most_groups = count_units(runs) // size
    groups = most_groups if most is None else min(most, most_groups)
    # Each further group is cheaper than the one before: where one saves nothing, none after does
    below, above = 0, groups
    while below < above:
        middle = (below + above + 1) // 2
        last = sum_values(take_units(runs, middle * size)) - sum_values(
            take_units(runs, (middle - 1) * size)
        )
        below, above = (middle, above) if last > price else (below, middle - 1)

    def promise(order: Sequence[Run], count: int) -> Promised:
        used = take_units(order, count * size)
        return sum_values(used) - count * price, used

    def gain(count: int, unit: Run) -> int:
        return unit.value - (0 if (count + 1) % size else price)

    return _settle(
        runs,
        groups * size,
        lambda order: promise(order, groups),
        partial(_search_same, gain=gain, is_set=lambda count: count % size == 0),
        promise(runs, below),
    )


def save_promised(promised: Promised) -> Saving:
    """Return what the units save: what is promised for them, as far as they have the room."""
    amount, used = promised
    amount = min(amount, sum_rooms(used))
    return Saving(amount, tuple(used)) if amount > 0 else NOTHING


def _settle(
    runs: Sequence[Run],
    count: int,
    promise: Callable[[Sequence[Run]], Promised],
    search: Callable[[Sequence[Run], int], Promised],
    by_value: Promised | None = None,
) -> Saving:
    """Return the best saving of up to `count` of `runs`.

    What is promised most and has the room is best, and so is what has most room and is promised
    no less; only in between the choices have to be searched.
    """
    most = promise(runs) if by_value is None else by_value
    by_room = promise(order_by_room(runs))
    if not any(run.lost for run in runs):
        if most[0] <= sum_rooms(most[1]):
            return save_promised(most)
        if sum_rooms(by_room[1]) <= by_room[0]:
            return save_promised(by_room)
    if count_units(runs) <= MOST_UNITS:
        return save_promised(search(runs, count))
    mixed = [most, *(promise(order_by_mixture(runs, part)) for part in MIXTURES)]
    return max(map(save_promised, mixed), key=lambda one: one.amount_minor)


def _search_same(
    runs: Sequence[Run],
    count: int,
    *,
    gain: Callable[[int, Run], int],
    is_set: Callable[[int], bool],
) -> Promised:
    fronts = carry_choices(runs, count, gain)
    best = pick_best(one for n, front in enumerate(fronts) if is_set(n) for one in front)
    used = order_by_value(best.used()) if best.saving > 0 else []
    promised = sum(gain(n, unit) for n, unit in enumerate(list_units(used)))
    return promised, used


def _promise_blocks(used: Sequence[Run], size: int, paid: int, share: Share) -> int:
    """Return what blocks of `size` units, dearest first, save: of each those after `paid`."""
    amount, at = 0, 0
    for run in used:
        amount += count_cheaper(at + run.units, size, paid) * share(run.value)
        amount -= count_cheaper(at, size, paid) * share(run.value)
        at += run.units
    return amount


def count_cheaper[Count: (int, Numbers)](units: Count, size: int, paid: int) -> Count:
    """Return how many of the first `units` are cheaper ones, in blocks of `size`.

    >>> [count_cheaper(units, 3, 2) for units in range(7)]
    [0, 0, 0, 1, 1, 1, 2]
    """
    rest = units % size - paid
    return units // size * (size - paid) + (rest > 0) * rest
