"""Which offers combine, and which allowed combination is best for the shopper.

Rules: an exclusive offer stands alone; of the "best" offers of one group at most one applies; the
others stack. In a combination, benefits on units and lines come before those on the cart; within
a stage higher priority first, then the older offer. The best combination takes most off; ties go
to fewer offers, then to the lower offer ids. So the result is a function of the sets of lines and
offers, not of their order.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import chain, combinations, product
from math import prod

from promotions.core.benefits import OpenLine, reduce_lines
from promotions.core.carts import EVERYTHING, CartLineValue
from promotions.core.circumstances import Failure
from promotions.core.limits import Tally, Use
from promotions.core.values import OfferValue, Stacking, Target

EXHAUSTIVE_UP_TO = 6
MAX_CHOICES = 512


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer whose condition holds, with the coupon that unlocked it."""

    offer: OfferValue
    coupon_code: str | None = None
    coupon_id: int | None = None


@dataclass(frozen=True, slots=True)
class Plan:
    """A combination: for each candidate in the order applied, what it takes off each line."""

    steps: tuple[tuple[Candidate, tuple[int, ...]], ...]
    total_minor: int

    @property
    def preference(self) -> tuple[int, int, tuple[int, ...]]:
        """Return the sort key: most off, then fewest offers, then oldest offers."""
        ids = tuple(sorted(candidate.offer.offer_id for candidate, _ in self.steps))
        return -self.total_minor, len(ids), ids


NOTHING = Plan((), 0)


def best_plan(candidates: Sequence[Candidate], lines: Sequence[CartLineValue]) -> Plan:
    """Return the best allowed combination of `candidates` on `lines` (in canonical order).

    Up to EXHAUSTIVE_UP_TO stacking candidates every subset is tried. Beyond, all of them are
    taken together when no cap, budget or partial cart scope can make one spoil another, else a
    search drops one at a time while that helps. Groups whose choices would exceed
    MAX_CHOICES are first cut down to their members that are strongest alone.
    """
    if not candidates:
        return NOTHING
    alone = [c for c in candidates if c.offer.stacking is Stacking.EXCLUSIVE]
    stack = [c for c in candidates if c.offer.stacking is Stacking.STACK]
    plans = [apply_candidates((candidate,), lines) for candidate in alone]
    for chosen in _one_per_group(candidates, lines):
        plans.extend(_with_stack(chosen, stack, lines))
    allowed = [plan for plan in plans if plan is not None]
    return min(allowed, key=lambda plan: plan.preference, default=NOTHING)


def apply_candidates(
    candidates: Iterable[Candidate], lines: Sequence[CartLineValue]
) -> Plan | None:
    """Return what `candidates` take off together, or None if a budget or use limit is exceeded.

    A candidate that takes nothing off is left out of the plan: it must not use up its coupon.
    """
    open_lines = [
        OpenLine(line.line_id, line.quantity, line.value_minor, line.floor_minor * line.quantity)
        for line in lines
    ]
    steps: list[tuple[Candidate, tuple[int, ...]]] = []
    spent: dict[int, int] = {}
    tally = Tally()
    for candidate in sorted(candidates, key=_sequence):
        offer = candidate.offer
        touched = [i for i, line in enumerate(lines) if offer.scope.covers(line)]
        taken = [0] * len(lines)
        for i, part in zip(
            touched, reduce_lines(offer.benefit, [open_lines[i] for i in touched]), strict=True
        ):
            taken[i] = part
            open_lines[i].left_minor -= part
        spent[offer.campaign_id] = spent.get(offer.campaign_id, 0) + sum(taken)
        if offer.left_minor is not None and spent[offer.campaign_id] > offer.left_minor:
            return None
        if not any(taken):
            continue
        if not tally.take(offer.rooms, Use(count_units(taken, lines), sum(taken))):
            return None
        steps.append((candidate, tuple(taken)))
    return Plan(tuple(steps), sum(sum(taken) for _, taken in steps))


def count_units(taken: Sequence[int], lines: Sequence[CartLineValue]) -> int:
    """Return how many units are on the lines of which something is taken off."""
    return sum(line.quantity for line, part in zip(lines, taken, strict=True) if part)


def find_full_limit(candidate: Candidate, lines: Sequence[CartLineValue]) -> Failure:
    """Return which limit is too small for what the offer would take off this cart."""
    offer = candidate.offer
    unlimited = replace(candidate, offer=replace(offer, rooms=(), left_minor=None))
    plan = apply_candidates((unlimited,), lines)
    for _, taken in () if plan is None else plan.steps:
        use = Use(count_units(taken, lines), sum(taken))
        refusals = [room.refusal(use) for room in offer.rooms]
        return next(filter(None, refusals), Failure("budget_spent"))
    return Failure("budget_spent")


def _sequence(candidate: Candidate) -> tuple[int, int, int]:
    offer = candidate.offer
    return int(offer.benefit.target is Target.CART), -offer.priority, offer.offer_id


def _one_per_group(
    candidates: Sequence[Candidate], lines: Sequence[CartLineValue]
) -> Iterable[tuple[Candidate, ...]]:
    groups: dict[str, list[Candidate]] = {}
    for candidate in candidates:
        if candidate.offer.stacking is Stacking.BEST:
            groups.setdefault(candidate.offer.stacking_group, []).append(candidate)
    keep = max((len(members) for members in groups.values()), default=0)
    while keep > 1 and prod(min(keep, len(m)) + 1 for m in groups.values()) > MAX_CHOICES:
        keep -= 1
    choices = [[None, *_strongest(groups[name], lines, keep)] for name in sorted(groups)]
    for choice in product(*choices):
        yield tuple(candidate for candidate in choice if candidate is not None)


def _strongest(
    members: list[Candidate], lines: Sequence[CartLineValue], keep: int
) -> list[Candidate]:
    if len(members) <= keep:
        return members
    alone = [(apply_candidates((member,), lines) or NOTHING, member) for member in members]
    alone.sort(key=lambda pair: (-pair[0].total_minor, pair[1].offer.offer_id))
    return [member for _, member in alone[:keep]]


def _with_stack(
    chosen: tuple[Candidate, ...], stack: list[Candidate], lines: Sequence[CartLineValue]
) -> list[Plan | None]:
    if len(stack) <= EXHAUSTIVE_UP_TO and any(map(_may_spoil, (*chosen, *stack))):
        sizes = range(len(stack) + 1)
        subsets = chain.from_iterable(combinations(stack, size) for size in sizes)
        return [apply_candidates((*chosen, *subset), lines) for subset in subsets]
    together = apply_candidates((*chosen, *stack), lines)
    if not any(map(_may_spoil, (*chosen, *stack))):
        return [together]
    return [_drop_while_better(chosen, stack, lines)]


def _may_spoil(candidate: Candidate) -> bool:
    """Return whether the candidate could make another one worth less than it adds itself.

    Uncapped reductions of single lines only ever lower a line, and what follows never turns a
    lower line into a higher one; an amount or share of the whole cart depends on its sum alone.
    """
    offer = candidate.offer
    if offer.left_minor is not None or offer.benefit.cap_minor is not None or offer.rooms:
        return True
    return offer.benefit.target is Target.CART and offer.scope != EVERYTHING


def _drop_while_better(
    chosen: tuple[Candidate, ...], stack: list[Candidate], lines: Sequence[CartLineValue]
) -> Plan:
    kept = sorted(stack, key=_sequence)
    best = apply_candidates((*chosen, *kept), lines)
    while kept:
        trials = [(kept[:i] + kept[i + 1 :]) for i in range(len(kept))]
        plans = [(apply_candidates((*chosen, *trial), lines), trial) for trial in trials]
        found = [(plan, trial) for plan, trial in plans if plan is not None]
        if not found:
            kept = kept[:-1]
            continue
        plan, trial = min(found, key=lambda pair: pair[0].preference)
        if best is not None and plan.preference >= best.preference:
            break
        best, kept = plan, trial
    return best or NOTHING
