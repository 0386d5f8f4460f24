"""What price floors kept offers from taking off a cart, so that the cart can say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from promotions.core.answers import Floored
from promotions.core.carts import CartValue
from promotions.core.evaluate_answers import sum_lines
from promotions.core.open_lines import OpenLine
from promotions.core.stacking_effects import Candidate
from promotions.core.stacking_steps import Plan, Step, open_lines, prepare
from promotions.core.stacking_units import apply_all, list_wishes
from promotions.core.tally import Tally


def find_floored(
    plan: Plan, losers: Iterable[Candidate], cart: CartValue, language: str
) -> tuple[Floored, ...]:
    """Return the offers, each with a line, that would have taken more without the floors.

    Of those applied, and of `losers` those that only a floor keeps from giving anything. What an
    offer takes off other lines instead is no loss.
    """
    left = sum_lines(plan, cart.lines)
    found: list[Floored] = []
    if not any(left[line.line_id] <= line.floor_minor * line.quantity for line in cart.lines):
        return ()
    for wish, effect in list_wishes(plan, cart, free_line=_without_floor):
        found += _compare(wish, effect.taken, cart, language)
    nothing = (0,) * len(cart.lines)
    for candidate in losers:
        if is_floored_to_nothing(candidate, cart):
            lines = [_without_floor(line) for line in open_lines(cart)]
            wish = prepare(candidate, cart).reduce(lines, Tally())
            found += _compare(wish, nothing, cart, language)
    return tuple(found)


def _without_floor(line: OpenLine) -> OpenLine:
    return replace(line, floor_minor=0)


def is_floored_to_nothing(candidate: Candidate, cart: CartValue) -> bool:
    """Return whether only floors keep the candidate from giving anything on this cart."""
    bare = replace(cart, lines=tuple(replace(line, floor_minor=0) for line in cart.lines))
    alone = apply_all([prepare(candidate, bare)], bare)
    return alone is not None and any(effect.is_used for effect in alone.effects)


def _compare(wish: Step, taken: Sequence[int], cart: CartValue, language: str) -> list[Floored]:
    if sum(wish.taken) <= sum(taken):
        return []
    offer = wish.prepared.candidate.offer
    return [
        Floored(offer.offer_id, line.line_id, offer.label(language))
        for line, wanted, part in zip(cart.lines, wish.taken, taken, strict=True)
        if wanted > part
    ]
