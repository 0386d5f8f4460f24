"""Bundles: one of each part together, at a price or cheaper by a percentage."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from math import prod

from promotions.engine.core.benefits.lines import Run, count_units, sum_rooms, sum_values
from promotions.engine.core.benefits.sets import (
    EMPTY,
    MIXTURES,
    NOTHING,
    Choice,
    Promised,
    Saving,
    keep_best,
    list_units,
    order_by_mixture,
    order_by_room,
    order_by_value,
    save_promised,
)
from promotions.engine.core.benefits.terms import Bundle

MOST_BUNDLES = 99
MOST_STATES = 4_000

Promise = Callable[[int, int], int]  # what bundles of so much worth save, and how many they are


def save_on_bundles(
    pools: Sequence[Sequence[Run]], terms: Bundle, promise: Promise, most: int | None
) -> Saving:
    """Return what bundles save; `promise` says how much for units of some worth in so many.

    Of the units that can fill all parts of n bundles the dearest are taken, for the n that saves
    most; a unit that fits several parts stands where it is needed (Hall's condition, exact).

    >>> from promotions.engine.core.carts import EVERYTHING
    >>> from promotions.engine.core.benefits.terms import Part
    >>> cheese, wine = [Run(500, 2, 0, 500)], [Run(900, 1, 1, 900)]
    >>> bundle = Bundle((Part(EVERYTHING), Part(EVERYTHING)))
    >>> at_ten = lambda worth, bundles: worth - bundles * 1_000
    >>> save_on_bundles([cheese, wine], bundle, at_ten, None).amount_minor
    400
    """
    runs, masks = _merge_pools(pools)
    limit = min(MOST_BUNDLES if most is None else most, count_units(runs) // terms.size)

    def fill(order: Sequence[Run]) -> list[Promised]:
        found: list[Promised] = []
        for count in range(1, limit + 1):
            used = _fill_parts(order, masks, [part.quantity * count for part in terms.parts])
            if count_units(used) < count * terms.size:
                break
            found.append((promise(sum_values(used), count), used))
        return found

    by_value = fill(runs)
    best = max(by_value, key=lambda one: one[0], default=(0, ()))
    if not by_value:
        return NOTHING
    if not any(run.lost for run in runs):
        if best[0] <= sum_rooms(best[1]):
            return save_promised(best)
        by_room = fill(order_by_room(runs))[-1]
        if sum_rooms(by_room[1]) <= by_room[0]:
            return save_promised(by_room)
    if _count_states(runs, terms, len(by_value)) <= MOST_STATES:
        return _search_bundles(runs, masks, terms, promise, len(by_value))
    mixed = [one for part in MIXTURES for one in fill(order_by_mixture(runs, part))]
    return max(map(save_promised, mixed), key=lambda one: one.amount_minor)


def _merge_pools(pools: Sequence[Sequence[Run]]) -> tuple[list[Run], dict[int, int]]:
    masks: dict[int, int] = {}
    runs: set[Run] = set()
    for part, pool in enumerate(pools):
        for at in {run.at for run in pool}:
            masks[at] = masks.get(at, 0) | 1 << part
        runs.update(pool)
    return order_by_value(runs), masks


def _fill_parts(runs: Sequence[Run], masks: dict[int, int], wanted: Sequence[int]) -> list[Run]:
    """Take units from the first down while each set of parts has room for what fits only it."""
    parts = range(len(wanted))
    room = {
        sum(1 << part for part in chosen): sum(wanted[part] for part in chosen)
        for size in range(1, len(wanted) + 1)
        for chosen in combinations(parts, size)
    }
    inside = {mask: [some for some in room if mask & ~some == 0] for mask in set(masks.values())}
    taken, left = [], sum(wanted)
    for run in runs:
        if not left:
            break
        mine = inside[masks[run.at]]
        count = min(run.units, *[room[some] for some in mine])
        if count:
            taken.append(run if count == run.units else run._replace(units=count))
            left -= count
            for some in mine:
                room[some] -= count
    return taken


def _count_states(runs: Sequence[Run], terms: Bundle, bundles: int) -> int:
    return count_units(runs) * prod(part.quantity * bundles + 1 for part in terms.parts)


def _search_bundles(
    runs: Sequence[Run], masks: dict[int, int], terms: Bundle, promise: Promise, bundles: int
) -> Saving:
    """Carry all choices along by how full each part is; what is promised is their worth so far."""
    most = [part.quantity * bundles for part in terms.parts]
    known: dict[tuple[int, ...], list[Choice]] = {(0,) * len(most): [EMPTY]}
    for unit in list_units(runs):
        parts = [part for part in range(len(most)) if masks[unit.at] >> part & 1]
        grown: dict[tuple[int, ...], list[Choice]] = {}
        for full, choices in known.items():
            for part in parts:
                if full[part] < most[part]:
                    more = (*full[:part], full[part] + 1, *full[part + 1 :])
                    grown.setdefault(more, []).extend(
                        choice.with_unit(unit, unit.value) for choice in choices
                    )
        for full, choices in grown.items():
            known[full] = keep_best([*known.get(full, ()), *choices])
    best, most_net = NOTHING, 0
    for count in range(1, bundles + 1):
        for choice in known.get(tuple(part.quantity * count for part in terms.parts), ()):
            # What is lost elsewhere is in both sums already: the worth without it is promised
            used = choice.used()
            lost = sum(run.lost * run.units for run in used)
            promised = promise(choice.promised + lost, count)
            net = min(promised - lost, choice.allowed)
            if net > most_net:
                best, most_net = save_promised((promised, used)), net
    return best
