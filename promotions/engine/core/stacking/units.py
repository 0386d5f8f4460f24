"""Offers one after another on a cart, those of a group that chooses unit by unit together."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from itertools import groupby, permutations

from promotions.engine.core.benefits.lines import OpenLine
from promotions.engine.core.carts import CartValue
from promotions.engine.core.limits import Tally, Use
from promotions.engine.core.stacking.division import divide
from promotions.engine.core.stacking.effects import Effect
from promotions.engine.core.stacking.steps import (
    CART,
    Plan,
    Prepared,
    Step,
    finish,
    open_lines,
    prepare,
)

MOST_ORDERED = 3


Memory = dict[object, list[Step]]


class Walk:
    """The lines of a cart and what limits have left while offers are applied to them.

    `memory` knows what groups did: a search asks again and again about the same lines.
    """

    def __init__(self, cart: CartValue, memory: Memory | None = None) -> None:
        self.lines, self.tally = open_lines(cart), Tally()
        self.memory: Memory = {} if memory is None else memory

    def apply(self, together: Sequence[Prepared]) -> list[Step]:
        """Apply one offer, or the members of a group that chooses by unit; return what they did."""
        if len(together) == 1:
            steps = reduce_together(together, self.lines, self.tally)
        else:
            key = self._key(together)
            if key not in self.memory:
                self.memory[key] = reduce_together(together, self.lines, self.tally)
            steps = self.memory[key]
        for step in steps:
            self._book(step, 1)
        return steps

    def _key(self, together: Sequence[Prepared]) -> object:
        rooms = {room.limit.limit_id: room for one in together for room in one.rooms}
        left = [(self.tally.left_minor([r]), self.tally.left_units([r])) for r in rooms.values()]
        lines = [(line.left_minor, line.personal_minor) for line in self.lines]
        return tuple(one.place.offer_id for one in together), tuple(left), tuple(lines)

    def undo(self, steps: Sequence[Step]) -> None:
        """Give back what the last steps took."""
        for step in reversed(steps):
            self._book(step, -1)

    def _book(self, step: Step, sign: int) -> None:
        if not any(step.taken):
            return
        book(step, self.lines, self.tally, sign)


def book(step: Step, lines: Sequence[OpenLine], tally: Tally, sign: int = 1) -> None:
    """Take what a step took off the lines and off its limits, or give it back (`sign` -1)."""
    one = step.prepared
    for line, part in zip(lines, step.taken, strict=True):
        line.left_minor -= sign * part
        if one.is_personal and line.personal_minor is not None:
            line.personal_minor -= sign * part
    if one.rooms:
        tally.take(one.rooms, Use(sum(step.units), sum(step.taken)), sign)


def apply_all(
    prepared: Iterable[Prepared], cart: CartValue, memory: Memory | None = None
) -> Plan | None:
    """Return what all of them do together, or None if a budget or use limit does not allow it."""
    walk, steps = Walk(cart, memory), list[Step]()
    for together in stand_together(prepared):
        steps += walk.apply(together)
    return finish(steps, walk.lines, cart)


def list_wishes(
    plan: Plan,
    cart: CartValue,
    free_offer: Callable[[Prepared], Prepared] = lambda one: one,
    free_line: Callable[[OpenLine], OpenLine] = lambda line: line,
) -> Iterator[tuple[Step, Effect]]:
    """Yield, for each offer of `plan` on products, what it would take with its bounds gone, and
    does.

    `free_offer` and `free_line` take away what bounds it; all before it has done what it did.
    """
    walk = Walk(cart)
    effects = {effect.candidate.offer.offer_id: effect for effect in plan.effects}
    for together in stand_together(prepare(effect.candidate, cart) for effect in plan.effects):
        if together[0].stage > CART:
            return
        lines = [free_line(line) for line in walk.lines]
        for wish in reduce_together([free_offer(one) for one in together], lines, walk.tally):
            yield wish, effects[wish.prepared.place.offer_id]
        walk.apply(together)


def stand_together(prepared: Iterable[Prepared]) -> Iterator[list[Prepared]]:
    """Yield the offers in the order of applying, the members of a group by unit at once."""
    ordered = sorted(prepared, key=lambda one: one.sequence)
    for _, together in groupby(ordered, key=lambda one: one.place.unit_group or one.place.offer_id):
        yield list(together)


def reduce_together(
    members: Sequence[Prepared], lines: Sequence[OpenLine], tally: Tally
) -> list[Step]:
    """Return what the members take off `lines`, each unit lowered by one of them at most.

    The best of all divisions of the units among them, where these are not too many; else the best
    one that is found by letting sets take their units first.
    """
    if len(members) == 1:
        return [members[0].reduce(lines, tally)]
    shares = divide(members, lines, tally)
    if shares is None:
        found = _search(members, lines, tally)
        return [step._replace(is_best=False) for step in _in_order(found, members)]
    own, steps = tally.copy(), list[Step]()
    for claim, counts in shares.items():
        if not any(counts):
            continue
        is_free = not claim.one.rooms
        is_all = is_free and all(counts[i] == lines[i].quantity for i in claim.at)
        step = claim.alone if is_all else claim.one.reduce(lines, own, counts)
        steps.append(step)
        _count(step, own)
    return [_mark_short(step, steps, lines, own) for step in steps]


def _mark_short(step: Step, steps: Sequence[Step], lines: Sequence[OpenLine], tally: Tally) -> Step:
    """Return the step with whether a limit keeps the offer from units it would lower more than
    those do that have them."""
    one = step.prepared
    if not one.rooms and not one.benefit.counts_units:
        return step
    whole = replace(one, rooms=()).reduce(lines, Tally())
    mine = _each_unit(whole)
    free = [line.quantity for line in lines]
    for other in steps:
        for i, saved in enumerate(_each_unit(other) if other is not step else ()):
            free[i] -= other.units[i] if saved >= mine[i] else 0
    left = tally.copy()
    _count(step, left, -1)
    return step._replace(is_short=one.reduce(lines, left, free).is_short)


def _each_unit(step: Step) -> list[float]:
    return [
        part / units if units else 0.0 for part, units in zip(step.taken, step.units, strict=True)
    ]


def _count(step: Step, tally: Tally, sign: int = 1) -> None:
    if step.prepared.rooms and any(step.taken):
        tally.take(step.prepared.rooms, Use(sum(step.units), sum(step.taken)), sign)


def _search(members: Sequence[Prepared], lines: Sequence[OpenLine], tally: Tally) -> list[Step]:
    """Return the best of one member alone, and of sets in some order with all others after them.

    A set is only made where it is worth more than the others are. With more than three offers on
    sets the order is found by adding the best one each time.
    """
    sets = [one for one in members if one.is_set]
    plain = [one for one in members if not one.is_set]
    lost = _list_lost(plain, lines, tally) if sets else [[]]

    def apply(order: Sequence[Prepared]) -> list[Step]:
        return max((_apply(order, plain, lines, tally, each) for each in lost), key=_sum)

    alone = max(([one.reduce(lines, tally)] for one in members), key=_sum)
    if len(sets) <= MOST_ORDERED:
        orders = [each for n in range(len(sets) + 1) for each in permutations(sets, n)]
        return max([*map(apply, orders), alone], key=_sum)
    best, order = apply(()), tuple[Prepared, ...]()
    while rest := [one for one in sets if one not in order]:
        found = [apply((*order, one)) for one in rest]
        better = max(range(len(rest)), key=lambda i: _sum(found[i]))
        if _sum(found[better]) <= _sum(best):
            break
        best, order = found[better], (*order, rest[better])
    return max(best, alone, key=_sum)


def _sum(steps: Sequence[Step]) -> int:
    return sum(sum(step.taken) for step in steps)


def _in_order(steps: Sequence[Step], members: Sequence[Prepared]) -> list[Step]:
    position = {one.place.offer_id: i for i, one in enumerate(members)}
    return sorted(steps, key=lambda step: position[step.prepared.place.offer_id])


def _list_lost(
    plain: Sequence[Prepared], lines: Sequence[OpenLine], tally: Tally
) -> list[list[int]]:
    """Return what a unit of each line loses in a set: the best of all others, and where some of
    these lower few units only, the best of those that lower any number too."""
    steps = [one.reduce(lines, tally) for one in plain]
    found = [_best_by_unit(steps, lines)]
    open_ = [step for step in steps if not step.prepared.benefit.counts_units]
    if len(open_) < len(steps):
        found.append(_best_by_unit(open_, lines))
    return found


def _best_by_unit(steps: Iterable[Step], lines: Sequence[OpenLine]) -> list[int]:
    best = [0] * len(lines)
    for step in steps:
        for i, (part, units) in enumerate(zip(step.taken, step.units, strict=True)):
            best[i] = max(best[i], part // units if units else 0)
    return best


def _apply(
    order: Sequence[Prepared],
    plain: Sequence[Prepared],
    lines: Sequence[OpenLine],
    tally: Tally,
    lost: Sequence[int],
) -> list[Step]:
    """Apply the sets in this order, then to each unit that is left the best of the others."""
    free, own = [line.quantity for line in lines], tally.copy()
    found: dict[int, Step] = {}
    for one in order:
        _note(one.reduce(lines, own, free, lost if any(lost) else ()), found, free, own)
    rest = list(plain)
    while rest and any(free):
        offered = [one.reduce(lines, own, free) for one in rest]
        beaten = [_lost_to_others(offered, n, lines) for n in range(len(rest))]
        offered = [
            one.reduce(lines, own, free, beaten[n]) if beaten[n] else offered[n]
            for n, one in enumerate(rest)
        ]
        winners = [_winner(offered, i) for i in range(len(lines))]
        used = [one for n, one in enumerate(rest) if n in winners]
        for n, one in enumerate(rest):
            mine = [count if winners[i] == n else 0 for i, count in enumerate(free)]
            if n not in winners:
                continue
            # One with a cap or limit has for these lines what it does not spend on others
            step = (
                one.reduce(lines, own, mine, beaten[n])
                if one.is_limited
                else _only(offered[n], mine)
            )
            _note(step, found, free, own)
        if not used or not any(step.is_short for step in found.values()):
            break
        # What has no bound may take more, of units that others were kept from
        rest = [one for one in rest if one not in used or not one.is_limited]
    return list(found.values())


def _lost_to_others(offered: Sequence[Step], n: int, lines: Sequence[OpenLine]) -> list[int]:
    """Return what the other offers take off a unit of each line, where the offer lowers only so
    many units and chooses those that gain most by it; of equal offers the first has them."""
    if not offered[n].prepared.benefit.counts_units or len(offered) == 1:
        return []
    before = _best_by_unit(offered[:n], lines)
    after = _best_by_unit(offered[n + 1 :], lines)
    return [max(one, other - 1) for one, other in zip(before, after, strict=True)]


def _winner(offered: Sequence[Step], line: int) -> int | None:
    """Return which step takes most off a unit of the line, the first of equal ones."""
    able = [n for n, step in enumerate(offered) if step.units[line]]
    return max(
        able, key=lambda n: (offered[n].taken[line] / offered[n].units[line], -n), default=None
    )


def _only(step: Step, mine: Sequence[int]) -> Step:
    taken = tuple(part if count else 0 for part, count in zip(step.taken, mine, strict=True))
    units = tuple(n if count else 0 for n, count in zip(step.units, mine, strict=True))
    return step._replace(taken=taken, units=units)


def _add(step: Step, more: Step) -> Step:
    return step._replace(
        taken=tuple(map(sum, zip(step.taken, more.taken, strict=True))),
        units=tuple(map(sum, zip(step.units, more.units, strict=True))),
    )


def _note(step: Step, found: dict[int, Step], free: list[int], tally: Tally) -> None:
    one = step.prepared
    known = found.get(one.place.offer_id)
    found[one.place.offer_id] = step if known is None else _add(known, step)
    for i, count in enumerate(step.units):
        free[i] -= count
    _count(step, tally)
