"""Benefits on whole lines, or on all lines together: no sets of units."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from promotions.engine.core.benefits.terms import Step, Tiers
from promotions.engine.core.values import Benefit, BenefitKind, Target
from shop.ground.kernel.money import prorate


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


Numbers = NDArray[np.int64]


def reduce_whole_lines(
    benefit: Benefit,
    lines: Sequence[OpenLine],
    *,
    is_personal: bool,
    counts: Sequence[int] | None = None,
) -> list[int]:
    """Return what a benefit that is not on sets takes off each of `lines`, all their units.

    `counts` are how many units steps count for each line, as `count_for_steps` says of them all.
    """
    rooms = [_room(line, benefit, is_personal=is_personal) for line in lines]
    if benefit.target is Target.CART and benefit.kind is not BenefitKind.QUANTITY_TIERS:
        wanted = _on_cart(benefit, lines)
        total = min(wanted, sum(rooms), cap_total(benefit, wanted))
        return spread(total, [line.left_minor for line in lines], rooms)
    counts = count_for_steps(benefit, lines) if counts is None else counts
    parts = [
        min(_on_line(benefit, line, count), room)
        for line, room, count in zip(lines, rooms, counts, strict=True)
    ]
    total = sum(parts)
    return prorate(cap_total(benefit, total), parts) if total > cap_total(benefit, total) else parts


def count_for_steps(benefit: Benefit, lines: Sequence[OpenLine]) -> list[int]:
    """Return how many units steps count for each line: its own, or those of all lines."""
    if benefit.target is Target.CART:
        return [sum(line.quantity for line in lines)] * len(lines)
    return [line.quantity for line in lines]


def cap_total(benefit: Benefit, total_minor: int) -> int:
    """Return the sum that the benefit may take off an order."""
    return total_minor if benefit.cap_minor is None else min(benefit.cap_minor, total_minor)


def spread(total_minor: int, weights: Sequence[int], rooms: Sequence[int]) -> list[int]:
    """Split `total_minor` by `weights`, no part above its room; what does not fit goes elsewhere.

    `total_minor` must not exceed the sum of `rooms`. Repeats largest-remainder proration over the
    lines that still have room; each round fills a line or ends.

    >>> spread(100, [50, 50], [20, 90])
    [20, 80]
    """
    if len(rooms) == 1:
        return [total_minor]
    parts = [0] * len(rooms)
    while total_minor > 0:
        open_ = [i for i, room in enumerate(rooms) if room > parts[i]]
        shares = prorate(total_minor, [weights[i] for i in open_])
        for i, share in zip(open_, shares, strict=True):
            taken = min(share, rooms[i] - parts[i])
            parts[i] += taken
            total_minor -= taken
    return parts


def percent_of[Amount: (int, Numbers)](benefit: Benefit | Step, amount_minor: Amount) -> Amount:
    """Return the benefit's percent of an amount, or of each of many, rounded half up.

    >>> from decimal import Decimal
    >>> percent_of(Benefit(BenefitKind.PERCENTAGE, percent=Decimal(10)), 995)
    100
    """
    # Hundredths of a percent are whole numbers: half up without Decimal, equal to share_minor
    percent = 0 if benefit.percent is None else int(benefit.percent * 100)
    return (amount_minor * percent + 5_000) // 10_000


def _room(line: OpenLine, benefit: Benefit, *, is_personal: bool) -> int:
    room = line.room_minor
    if is_personal and line.personal_minor is not None:
        room = min(room, line.personal_minor)
    return room if benefit.cap_line_minor is None else min(room, benefit.cap_line_minor)


def _on_cart(benefit: Benefit, lines: Sequence[OpenLine]) -> int:
    left = sum(line.left_minor for line in lines)
    quoted = sum(line.quoted_minor for line in lines)
    if isinstance(benefit.terms, Tiers):
        step = benefit.terms.reached(quoted)
        return 0 if step is None else _of_step(step, left)
    return _of_step(benefit, left)


def _on_line(benefit: Benefit, line: OpenLine, counted: int) -> int:
    if isinstance(benefit.terms, Tiers):
        step = benefit.terms.reached(counted)
        return 0 if step is None else _of_units(step, line)
    if benefit.kind is BenefitKind.SET_PRICE:
        return max(0, line.left_minor - (benefit.amount_minor or 0) * line.quantity)
    if benefit.target is Target.UNIT and benefit.percent is None:
        return (benefit.amount_minor or 0) * line.quantity
    return _of_pieces(benefit, line)


def _of_step(measure: Benefit | Step, left_minor: int) -> int:
    if measure.percent is not None:
        return percent_of(measure, left_minor)
    return measure.amount_minor or 0


def _of_units(step: Step, line: OpenLine) -> int:
    if step.price_minor is not None:
        return max(0, line.left_minor - step.price_minor * line.quantity)
    if step.percent is not None:
        return _of_pieces(step, line)
    return (step.amount_minor or 0) * line.quantity


def _of_pieces(measure: Benefit | Step, line: OpenLine) -> int:
    """Return a percentage of a line, rounded for each unit: so the next one costs what the first
    did. An amount is the line's."""
    if measure.percent is None:
        return measure.amount_minor or 0
    each, dearer = divmod(line.left_minor, line.quantity)
    cheap = (line.quantity - dearer) * percent_of(measure, each)
    return cheap + dearer * percent_of(measure, each + 1)
