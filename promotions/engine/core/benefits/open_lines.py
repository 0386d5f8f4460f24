"""The lines of a cart while offers are applied, and the single units they are made of."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple


@dataclass(slots=True)
class OpenLine:
    """A line while offers are applied: `left_minor` is its price so far, for all its units.

    `quoted_minor` is its price before any offer: what tiers and formulas count. `personal_minor`
    is what offers for chosen shoppers may still take off (None: no cap is in force). Lines of one
    `variant_id` share what an offer means for each product (None: of a product of its own).
    """

    line_id: str
    quantity: int
    left_minor: int
    floor_minor: int
    quoted_minor: int = 0
    personal_minor: int | None = None
    variant_id: int | None = None

    @property
    def room_minor(self) -> int:
        """Return how much may still be taken off."""
        return max(0, self.left_minor - self.floor_minor)


class Run(NamedTuple):
    """`units` units of the line at position `at` that cost `value` each.

    At most `room` may be taken off each of them; `lost` is what another offer would take off it,
    which a set must be worth more than.
    """

    value: int
    units: int
    at: int
    room: int
    lost: int = 0


def list_runs(
    lines: Sequence[OpenLine],
    pool: Iterable[int],
    *,
    cap_line_minor: int | None = None,
    is_personal: bool = False,
    lost: Sequence[int] = (),
) -> list[Run]:
    """Return the units of the pool's lines, dearest first; of equal ones the earlier line's.

    A line's units cost its price so far, split as evenly as cents allow, and so is what may be
    taken off for a chosen shopper (`is_personal`). `cap_line_minor` is used up by the first units.

    >>> [run[:4] for run in list_runs([OpenLine("a", 3, 1_000, 900)], [0])]
    [(334, 1, 0, 34), (333, 2, 0, 33)]
    """
    runs = [
        run
        for at in pool
        for run in _cap(_runs_of(lines[at], at, is_personal=is_personal), cap_line_minor)
    ]
    if lost:
        runs = [run._replace(lost=lost[run.at]) for run in runs]
    return sorted(runs, key=lambda run: (-run.value, run.at, -run.room))


def keep_units(line: OpenLine, units: int) -> OpenLine:
    """Return a line of its own of the last `units` units, the cheapest.

    >>> keep_units(OpenLine("a", 3, 1_000, 900, 1_050), 2)
    ... # doctest: +NORMALIZE_WHITESPACE
    OpenLine(line_id='a', quantity=2, left_minor=666, floor_minor=600, quoted_minor=700,
        personal_minor=None, variant_id=None)
    """
    if units == line.quantity:
        return replace(line)
    each, dearer = divmod(line.left_minor, line.quantity)
    personal = line.personal_minor
    return OpenLine(
        line.line_id,
        units,
        each * units + max(0, dearer - (line.quantity - units)),
        line.floor_minor // line.quantity * units,
        line.quoted_minor // line.quantity * units,
        None if personal is None else personal * units // line.quantity,
        line.variant_id,
    )


def take_units(runs: Iterable[Run], count: int) -> list[Run]:
    """Return the first `count` units of `runs`, or all.

    >>> [run.units for run in take_units([Run(5, 2, 0, 5), Run(3, 2, 1, 3)], 3)]
    [2, 1]
    """
    taken = []
    for run in runs:
        if count <= 0:
            break
        taken.append(run if run.units <= count else run._replace(units=count))
        count -= run.units
    return taken


def count_units(runs: Iterable[Run]) -> int:
    """Return how many units the runs have together."""
    return sum(run.units for run in runs)


def sum_values(runs: Iterable[Run]) -> int:
    """Return what the units of the runs cost together."""
    return sum(run.value * run.units for run in runs)


def sum_rooms(runs: Iterable[Run]) -> int:
    """Return how much may be taken off the units of the runs together."""
    return sum(run.room * run.units for run in runs)


def _runs_of(line: OpenLine, at: int, *, is_personal: bool) -> Iterator[Run]:
    each, dearer = divmod(line.left_minor, line.quantity)
    floor = line.floor_minor // line.quantity
    personal, more = 0, 0
    is_bound = is_personal and line.personal_minor is not None
    if is_bound:
        personal, more = divmod(line.personal_minor or 0, line.quantity)
    edges = sorted({0, dearer, more, line.quantity})
    for start, end in pairwise(edges):
        value = each + (start < dearer)
        room = max(0, value - floor)
        if is_bound:
            room = min(room, personal + (start < more))
        yield Run(value, end - start, at, room)


def _cap(runs: Iterable[Run], most: int | None) -> Iterator[Run]:
    """Let only so much be taken off all of `runs` together: off the first of them."""
    for run in runs:
        if most is None or run.room * run.units <= most:
            most = None if most is None else most - run.room * run.units
            yield run
            continue
        whole, rest = divmod(most, run.room)
        parts = ((whole, run.room), (1, rest), (run.units - whole - 1, 0))
        yield from (run._replace(units=units, room=room) for units, room in parts if units)
        most = 0
