"""Branch and bound over the combinations of offers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from promotions.core.carts import CartValue
from promotions.core.stacking_rules import Category, GroupMode
from promotions.core.stacking_steps import (
    CART,
    NOTHING,
    Plan,
    Prepared,
    apply_all,
    finish,
    open_lines,
)

MOST_STEPS = 2_000


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

    def __init__(self, entries: Sequence[Entry], cart: CartValue, *, can_hurt: bool) -> None:
        self.entries, self.cart, self.can_hurt = entries, cart, can_hurt
        self.lines = open_lines(cart)
        self.steps: list[tuple[Prepared, tuple[int, ...]]] = []
        self.counts: dict[str, int] = {}
        self.bounds = _bounds(entries)
        self.found = NOTHING
        self.left = MOST_STEPS

    def best(self) -> Plan:
        """Return the best combination."""
        start = self._greedy()
        self._keep(apply_all((self.entries[i].prepared for i in start), self.cart))
        self._visit(0, 0, 0)
        return self.found if self.left > 0 else self._improve()

    def _keep(self, plan: Plan | None) -> None:
        if plan is not None and plan.preference < self.found.preference:
            self.found = plan

    def _visit(self, at: int, chosen: int, taken_minor: int) -> None:
        """Decide about `entries[at:]` with `chosen` (bits) applied to the lines as they stand."""
        if taken_minor + self.bounds[at] < self.found.total_minor or self.left <= 0:
            return
        if at == len(self.entries):
            self._keep(finish(self.steps, self.lines, self.cart))
            return
        self.left -= 1
        entry = self.entries[at]
        is_in = self._allows(entry, chosen) and self._include(at, chosen, taken_minor)
        if not is_in or self.can_hurt or entry.conflicts or entry.category:
            self._visit(at + 1, chosen, taken_minor)

    def _include(self, at: int, chosen: int, taken_minor: int) -> bool:
        """Visit what follows with the entry applied; False if it takes nothing off here."""
        entry = self.entries[at]
        prepared, category = entry.prepared, entry.category
        is_late = prepared.stage > CART
        taken = (0,) * len(self.lines) if is_late else prepared.reduce(self.lines)
        if not is_late and not any(taken):
            return False
        prepared.take(self.lines, taken)
        if category is not None:
            self.counts[category.code] = self.counts.get(category.code, 0) + 1
        self.steps.append((prepared, taken))
        gained = entry.alone_minor if is_late else sum(taken)
        self._visit(at + 1, chosen | 1 << at, taken_minor + gained)
        self.steps.pop()
        if category is not None:
            self.counts[category.code] -= 1
        prepared.take(self.lines, (-part for part in taken))
        return True

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
                self._keep(apply_all((self.entries[i].prepared for i in trial), self.cart))
            better = self.found is not before
        return self.found


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
        if place.path and place.path[0].mode is not GroupMode.STACK:
            key = key if place.path[0].code in nested else place.path[0].code
        before = strongest.get(key, 0)
        strongest[key] = max(before, entry.alone_minor)
        whole += strongest[key] - before
        bounds.append(whole)
    return bounds[::-1]
