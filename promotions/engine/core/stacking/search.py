"""Branch and bound over the combinations of offers."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import combinations

from promotions.engine.core.carts import CartValue
from promotions.engine.core.stacking.rules import Category, GroupMode
from promotions.engine.core.stacking.steps import CART, NOTHING, Plan, Prepared, Step, finish
from promotions.engine.core.stacking.units import Memory, Walk, apply_all

MOST_STEPS = 2_000
MOST_MEMBERS = 6


@dataclass(frozen=True, slots=True)
class Entry:
    """A candidate in the search: the most it takes off, and (as bits) whom it excludes."""

    prepared: Prepared
    alone_minor: int
    conflicts: int

    @property
    def category(self) -> Category | None:
        """Return its category if that is counted."""
        found = self.prepared.place.category
        return None if found is None or found.max_offers is None else found


class Search:
    """The best of all allowed combinations of `entries`, which stand in the order of applying.

    `can_hurt`: an offer may be worth leaving out though nothing excludes it.
    """

    def __init__(
        self, entries: Sequence[Entry], cart: CartValue, memory: Memory, *, can_hurt: bool
    ) -> None:
        self.entries, self.cart, self.can_hurt, self.memory = entries, cart, can_hurt, memory
        self.walk, self.is_best = Walk(cart, memory), True
        self.steps: list[Step] = []
        self.counts: dict[str, int] = {}
        self.bounds = _bounds(entries)
        self.found = NOTHING
        self.left = MOST_STEPS

    def best(self) -> Plan:
        """Return the best combination."""
        start = self._greedy()
        self._keep(self._apply(start))
        self._visit(0, 0, 0)
        return self.found if self.left > 0 else self._improve()

    def _apply(self, chosen: Iterable[int]) -> Plan | None:
        return apply_all((self.entries[i].prepared for i in chosen), self.cart, self.memory)

    def _keep(self, plan: Plan | None) -> None:
        if plan is not None and plan.preference < self.found.preference:
            self.found = plan

    def _visit(self, at: int, chosen: int, taken_minor: int) -> None:
        """Decide about `entries[at:]` with `chosen` (bits) applied to the lines as they stand."""
        if taken_minor + self.bounds[at] < self.found.total_minor or self.left <= 0:
            return
        if at == len(self.entries):
            self._keep(finish(self.steps, self.walk.lines, self.cart))
            return
        self.left -= 1
        group = self.entries[at].prepared.place.unit_group
        if group:
            self._visit_group(at, chosen, taken_minor, group)
            return
        entry = self.entries[at]
        taken = None
        if self._allows(entry, chosen):
            taken = self._include([at], at + 1, chosen, taken_minor)
        if taken is None or self.can_hurt or entry.conflicts or entry.category:
            self._visit(at + 1, chosen, taken_minor)

    def _visit_group(self, at: int, chosen: int, taken_minor: int, group: str) -> None:
        """Decide about all members of a group that chooses by unit at once."""
        end = at
        while end < len(self.entries) and self.entries[end].prepared.place.unit_group == group:
            end += 1
        members = self.entries[at:end]
        is_even = len({one.conflicts for one in members}) == 1
        is_free = is_even and not (self.can_hurt or any(one.category for one in members))
        known: list[tuple[set[int], int]] = []
        for some in _subsets(range(at, end), only_all=is_free):
            if some and not self._fits_together(some, chosen):
                continue
            # Fewer offers never divide units better: neither alone nor with all that follows
            most = [taken for others, taken in known if others.issuperset(some)]
            most.append(sum(self.entries[i].alone_minor for i in some))
            if known and taken_minor + min(most) + self.bounds[end] <= self.found.total_minor:
                continue
            taken = self._include(some, end, chosen, taken_minor) if some else None
            if taken is None:
                self._visit(end, chosen, taken_minor)
            elif self.is_best:
                known.append((set(some), taken))

    def _fits_together(self, some: Sequence[int], chosen: int) -> bool:
        chosen |= sum(1 << i for i in some)
        if any(self.entries[i].conflicts & chosen for i in some):
            return False
        counts = dict(self.counts)
        for category in filter(None, (self.entries[i].category for i in some)):
            counts[category.code] = counts.get(category.code, 0) + 1
            if category.max_offers is not None and counts[category.code] > category.max_offers:
                return False
        return True

    def _include(self, some: Sequence[int], to: int, chosen: int, taken_minor: int) -> int | None:
        """Visit what follows with the entries applied, and return what they take off; None if they
        take nothing off here."""
        entries = [self.entries[i] for i in some]
        is_late = entries[0].prepared.stage > CART
        steps = self.walk.apply([entry.prepared for entry in entries])
        if not is_late and not any(any(step.taken) for step in steps):
            return None
        categories = [entry.category for entry in entries if entry.category is not None]
        for category in categories:
            self.counts[category.code] = self.counts.get(category.code, 0) + 1
        self.steps.extend(steps)
        gained = entries[0].alone_minor if is_late else sum(sum(step.taken) for step in steps)
        bits = sum(1 << i for i in some)
        self._visit(to, chosen | bits, taken_minor + gained)
        del self.steps[len(self.steps) - len(steps) :]
        for category in categories:
            self.counts[category.code] -= 1
        self.walk.undo(steps)
        self.is_best = all(step.is_best for step in steps)
        return gained

    def _allows(self, entry: Entry, chosen: int) -> bool:
        if entry.conflicts & chosen:
            return False
        category = entry.category
        if category is None or category.max_offers is None:
            return True
        return self.counts.get(category.code, 0) < category.max_offers

    def _greedy(self) -> list[int]:
        """Return the strongest ones that fit together, to begin with."""
        by_strength = sorted(
            range(len(self.entries)), key=lambda i: (-self.entries[i].alone_minor, i)
        )
        return self._fitting(by_strength)

    def _fitting(self, wanted: Iterable[int]) -> list[int]:
        chosen, kept = 0, []
        counts: dict[str, int] = {}
        for i in wanted:
            entry, category = self.entries[i], self.entries[i].category
            if entry.conflicts & chosen:
                continue
            if category is not None and category.max_offers is not None:
                if counts.get(category.code, 0) >= category.max_offers:
                    continue
                counts[category.code] = counts.get(category.code, 0) + 1
            chosen |= 1 << i
            kept.append(i)
        return kept

    def _improve(self) -> Plan:
        """Leave one out, or let one in and whom it excludes out, while that is better."""
        position = {entry.prepared.place.offer_id: i for i, entry in enumerate(self.entries)}
        better = True
        while better:
            before = self.found
            kept = [position[effect.candidate.offer.offer_id] for effect in before.effects]
            trials = [[i for i in kept if i != out] for out in kept]
            trials += [
                self._fitting([new, *kept]) for new in range(len(self.entries)) if new not in kept
            ]
            for trial in trials:
                self._keep(self._apply(trial))
            better = self.found is not before
        return self.found


def _subsets(members: Sequence[int], *, only_all: bool) -> Iterator[tuple[int, ...]]:
    """Yield which members to try together: all or none, and where some may not apply fewer.

    Of up to six members every choice, of more those without one, each alone and none.
    """
    whole = tuple(members)
    yield whole
    sizes: Iterable[int] = (0,)
    if not only_all:
        is_small = len(whole) <= MOST_MEMBERS
        sizes = range(len(whole) - 1, -1, -1) if is_small else (len(whole) - 1, 1, 0)
    for size in sizes:
        yield from combinations(whole, size)


def _bounds(entries: Sequence[Entry]) -> list[int]:
    """Return, for each position, the most that it and all after it can take off together.

    Of a group at the root that lets one member apply only the strongest counts, unless members
    are groups themselves: then several offers may apply.
    """
    paths = [entry.prepared.place.path for entry in entries]
    nested = {path[0].code for path in paths if len(path) > 1}
    bounds, strongest, whole = [0], dict[str, int](), 0
    for entry in reversed(entries):
        place = entry.prepared.place
        key = f"offer {place.offer_id}"
        if place.path and place.path[0].mode not in (GroupMode.STACK, GroupMode.BEST_UNIT):
            key = key if place.path[0].code in nested else place.path[0].code
        before = strongest.get(key, 0)
        strongest[key] = max(before, entry.alone_minor)
        whole += strongest[key] - before
        bounds.append(whole)
    return bounds[::-1]
