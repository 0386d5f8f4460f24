"""The cap on what one shopper gets below the price for everybody: which lines it cut, in words.

The cut itself is made where offers are applied (`OpenLine.personal_minor`), so that budgets,
proration and the choice of the best combination know it.
"""

from __future__ import annotations

from dataclasses import replace

from promotions.core.carts import CartValue
from promotions.core.stacking_effects import Candidate
from promotions.core.stacking_steps import Plan, prepare
from promotions.core.stacking_units import apply_all, list_wishes


def say_percent(cap: int) -> str:
    """Return hundredths of a percent as people write percents.

    >>> say_percent(3_000), say_percent(1_250)
    ('30', '12.5')
    """
    return f"{cap / 100:g}"


def find_cut_lines(plan: Plan, cart: CartValue) -> frozenset[tuple[int, str]]:
    """Return the offers, each with a line, that would have taken more off it without the cap."""
    if cart.personal_cap is None:
        return frozenset()
    wishes = list_wishes(plan, cart, lambda one: replace(one, is_personal=False))
    return frozenset(
        (wish.prepared.place.offer_id, line.line_id)
        for wish, effect in wishes
        for line, wanted, part in zip(cart.lines, wish.taken, effect.taken, strict=True)
        if wanted > part
    )


def is_cut_to_nothing(candidate: Candidate, cart: CartValue) -> bool:
    """Return whether only the cap keeps the candidate from giving anything on this cart."""
    if cart.personal_cap is None or candidate.offer.audience != "personal":
        return False
    alone = apply_all([prepare(candidate, replace(cart, personal_cap=None))], cart)
    return alone is not None and any(effect.is_used for effect in alone.effects)
