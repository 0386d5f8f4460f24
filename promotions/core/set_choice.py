"""Which units sets are made of, where floors keep some from saving what the offer promises.

A choice of units saves the smaller of two sums: what the offer promises for them, and what may be
taken off these very units. No order of the units is best for both, so all choices that may still
win are carried along, unit by unit: of two with as many units the one that is worse in both sums
is dropped. That is exact up to MOST_UNITS units; of more, the best choice by some mixtures of
value and room is taken.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

from promotions.core.open_lines import Run

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
