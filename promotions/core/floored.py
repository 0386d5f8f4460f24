"""What price floors kept offers from taking off a cart, so that the cart can say so."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from promotions.core.answers import Floored
from promotions.core.carts import CartValue
from promotions.core.evaluate_answers import sum_lines
from promotions.core.open_lines import OpenLine
from promotions.core.stacking_effects import Candidate
from promotions.core.stacking_steps import CART, Plan, Prepared, apply_all, open_lines, prepare


def find_floored(
    plan: Plan, losers: Iterable[Candidate], cart: CartValue, language: str
) -> tuple[Floored, ...]:
    """Return the offers, each with a line, that would have taken more without the floors.

    Of those applied, and of `losers` those that only a floor keeps from giving anything. What an
    offer takes off other lines instead is no loss.
    """
    left = sum_lines(plan, cart.lines)
    is_near = any(left[line.line_id] <= line.floor_minor * line.quantity for line in cart.lines)
    lines, found = open_lines(cart), list[Floored]()
    if not is_near:
        return ()
    for effect in plan.effects:
        step = prepare(effect.candidate, cart)
        if step.stage > CART:
            break
        found += _compare(step, lines, effect.taken, language)
        step.take(lines, effect.taken)
    nothing = (0,) * len(lines)
    for candidate in losers:
        if is_floored_to_nothing(candidate, cart):
            found += _compare(prepare(candidate, cart), open_lines(cart), nothing, language)
    return tuple(found)


def is_floored_to_nothing(candidate: Candidate, cart: CartValue) -> bool:
    """Return whether only floors keep the candidate from giving anything on this cart."""
    bare = replace(cart, lines=tuple(replace(line, floor_minor=0) for line in cart.lines))
    alone = apply_all([prepare(candidate, bare)], bare)
    return alone is not None and any(effect.is_used for effect in alone.effects)


def _compare(
    step: Prepared, lines: Sequence[OpenLine], taken: Sequence[int], language: str
) -> list[Floored]:
    wished = step.reduce([replace(line, floor_minor=0) for line in lines])
    if sum(wished) <= sum(taken):
        return []
    offer = step.candidate.offer
    return [
        Floored(offer.offer_id, line.line_id, offer.label(language))
        for line, wish, part in zip(lines, wished, taken, strict=True)
        if wish > part
    ]
