"""Benefits on sets of units: buy X get Y, cheapest free, N for a price, bundles.

A line's units cost its price so far, split as evenly as cents allow. Which units form sets is
chosen for the shopper; what a set saves is spread over all its units by their value, so that
each unit's share is fair when one of them comes back. Work is bounded by lines, not by units.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import combinations
from typing import NamedTuple

from promotions.core.terms import Bundle, BuyGet, GroupOf

MOST_BUNDLES = 99


class Run(NamedTuple):
    """`units` units of the line at position `at` that cost `value` each."""

    value: int
    units: int
    at: int


class Saving(NamedTuple):
    """What sets save together, and the units they are made of."""

    amount_minor: int
    used: tuple[Run, ...]


NOTHING = Saving(0, ())

Line = tuple[int, int]  # quantity, price so far of all units
Share = Callable[[int], int]  # what the benefit takes of one unit's price


def list_runs(lines: Sequence[Line], pool: Iterable[int]) -> list[Run]:
    """Return the units of the pool's lines, dearest first; of equal ones the earlier line's.

    >>> list_runs([(3, 1_000), (1, 400)], [0, 1])
    [Run(value=400, units=1, at=1), Run(value=334, units=1, at=0), Run(value=333, units=2, at=0)]
    """
    runs = []
    for at in pool:
        quantity, left = lines[at]
        each, dearer = divmod(left, quantity)
        if dearer:
            runs.append(Run(each + 1, dearer, at))
        runs.append(Run(each, quantity - dearer, at))
    return sorted(runs, key=lambda run: (-run.value, run.at))


def save_on_same_goods(
    runs: Sequence[Run], terms: BuyGet | GroupOf, share: Share, most: int | None
) -> Saving:
    """Return what sets of the same goods save: of each, the cheapest units are cheaper.

    Sets are made of neighbours from the dearest down, which saves most. A set that is not full
    counts in "buy X get up to Y" as far as it goes, and not at all in "of N the cheapest".

    >>> runs = [Run(500, 2, 0), Run(300, 2, 1)]
    >>> save_on_same_goods(runs, BuyGet(2, 1), lambda value: value, None).amount_minor
    300
    """
    if isinstance(terms, BuyGet):
        size, paid, partial = terms.buy + terms.get, terms.buy, True
    else:
        size, paid, partial = terms.size, terms.size - terms.free, False
    total = sum(run.units for run in runs)
    sets = total // size if most is None else min(most, total // size)
    if partial and total - sets * size > paid and (most is None or sets < most):
        covered = total
    else:
        covered = sets * size
    used = take_units(runs, covered)
    amount, at = 0, 0
    for run in used:
        amount += _given_before(at + run.units, size, paid) * share(run.value)
        amount -= _given_before(at, size, paid) * share(run.value)
        at += run.units
    return Saving(amount, tuple(used))


def save_on_other_goods(
    bought: Sequence[Run], got: Sequence[Run], terms: BuyGet, share: Share, most: int | None
) -> Saving:
    """Return what "buy X of these, get up to Y of those" saves: the dearest of those.

    >>> bought, got = [Run(900, 5, 0)], [Run(300, 1, 1), Run(100, 4, 2)]
    >>> save_on_other_goods(bought, got, BuyGet(2, 1), lambda value: value, None).amount_minor
    400
    """
    sets = sum(run.units for run in bought) // terms.buy
    sets = sets if most is None else min(most, sets)
    cheaper = take_units(got, sets * terms.get)
    count = sum(run.units for run in cheaper)
    sets = -(-count // terms.get)
    amount = sum(run.units * share(run.value) for run in cheaper)
    return Saving(amount, (*take_units(bought, sets * terms.buy), *cheaper))


def save_on_groups(runs: Sequence[Run], size: int, price: int, most: int | None) -> Saving:
    """Return what groups of `size` units at `price` save; only groups that save are made.

    >>> save_on_groups([Run(200, 4, 0), Run(90, 4, 1)], 3, 500, None).amount_minor
    100
    """
    most_groups = sum(run.units for run in runs) // size
    groups = most_groups if most is None else min(most, most_groups)
    # Each further group is cheaper than the one before: where one saves nothing, none after does
    below, above = 0, groups
    while below < above:
        middle = (below + above + 1) // 2
        last = _worth(take_units(runs, middle * size)) - _worth(
            take_units(runs, (middle - 1) * size)
        )
        below, above = (middle, above) if last > price else (below, middle - 1)
    used = tuple(take_units(runs, below * size))
    return Saving(_worth(used) - below * price, used)


def save_on_bundles(
    pools: Sequence[Sequence[Run]], terms: Bundle, price: int | None, most: int | None
) -> Saving:
    """Return what bundles save at `price` each, or without one what they are worth.

    Of the units that can fill all parts of n bundles the dearest are taken, for the n that saves
    most; a unit that fits several parts stands where it is needed (Hall's condition, exact).

    >>> from promotions.core.carts import EVERYTHING
    >>> from promotions.core.terms import Part
    >>> cheese, wine = [Run(500, 2, 0)], [Run(900, 1, 1)]
    >>> bundle = Bundle((Part(EVERYTHING), Part(EVERYTHING)))
    >>> save_on_bundles([cheese, wine], bundle, 1_000, None).amount_minor
    400
    """
    runs, masks = _merge_pools(pools)
    limit = min(MOST_BUNDLES if most is None else most, sum(r.units for r in runs) // terms.size)
    best = NOTHING
    for count in range(1, limit + 1):
        chosen = _fill_parts(runs, masks, [part.quantity * count for part in terms.parts])
        if sum(run.units for run in chosen) < count * terms.size:
            break
        amount = _worth(chosen) - (0 if price is None else count * price)
        if amount > best.amount_minor:
            best = Saving(amount, tuple(chosen))
    return best


def take_units(runs: Iterable[Run], count: int) -> list[Run]:
    """Return the first `count` units of `runs`, or all.

    >>> take_units([Run(5, 2, 0), Run(3, 2, 1)], 3)
    [Run(value=5, units=2, at=0), Run(value=3, units=1, at=1)]
    """
    taken = []
    for run in runs:
        if count <= 0:
            break
        taken.append(run if run.units <= count else run._replace(units=count))
        count -= run.units
    return taken


def _given_before(at: int, size: int, paid: int) -> int:
    """Return how many of the first `at` units are cheaper ones, in blocks of `size`."""
    return at // size * (size - paid) + max(0, at % size - paid)


def _worth(runs: Iterable[Run]) -> int:
    return sum(run.value * run.units for run in runs)


def _merge_pools(pools: Sequence[Sequence[Run]]) -> tuple[list[Run], dict[int, int]]:
    masks: dict[int, int] = {}
    runs: set[Run] = set()
    for part, pool in enumerate(pools):
        for run in pool:
            masks[run.at] = masks.get(run.at, 0) | 1 << part
            runs.add(run)
    return sorted(runs, key=lambda run: (-run.value, run.at)), masks


def _fill_parts(runs: Sequence[Run], masks: dict[int, int], wanted: Sequence[int]) -> list[Run]:
    """Take units from the dearest down while each set of parts has room for what fits only it."""
    parts = range(len(wanted))
    room = {
        sum(1 << part for part in chosen): sum(wanted[part] for part in chosen)
        for size in range(1, len(wanted) + 1)
        for chosen in combinations(parts, size)
    }
    taken = []
    for run in runs:
        inside = [some for some in room if masks[run.at] & ~some == 0]
        count = min(run.units, *(room[some] for some in inside))
        if count:
            taken.append(run._replace(units=count))
            for some in inside:
                room[some] -= count
    return taken
