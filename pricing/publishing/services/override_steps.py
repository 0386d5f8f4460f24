"""Days on which a price override reaches its target through the gate."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np

from pricing.base.core.arrays import IntArray
from pricing.base.core.values import Policy
from pricing.learning.selectors.publishing import load_past, load_shelf
from pricing.ledger.selectors.references import load_series
from pricing.optimum.core.publish import NO_LIMIT, floor_prices
from pricing.policy.core.guardrails import PublicBounds, apply_public_gate
from pricing.policy.selectors.rules import load_active_policy
from pricing.publishing.core.publishing import bound_prices

# A price that is not there by then is on its way for longer than anybody plans.
MOST_DAYS = 30


def plan_override(
    *, variant_id: int, amount_minor: int, place: tuple[str, str], now: datetime
) -> tuple[int, ...]:
    """Return the public price of today and of each day after it until a fixed price is reached.

    One price, the amount itself: it is reached at once. A last price that is not the amount: never
    within MOST_DAYS. Nothing for a variant that is not sold. For pages of staff only.
    """
    policy, shelf = load_active_policy(), load_shelf(place=place)
    shelf = shelf.take(np.flatnonzero(shelf.variants.variant_id == variant_id))
    if not len(shelf):
        return ()
    floor, _ = floor_prices(shelf.variants.cost_minor, shelf.list_minor, shelf.anchor_minor, policy)
    series = load_series(variant_id=shelf.variants.variant_id, now=now, place=place)
    past = load_past(shelf=shelf, series=series, policy=policy, now=now, place=place)
    bounds = bound_prices(past, shelf.list_minor, floor, NO_LIMIT, policy)
    return _walk(bounds, np.array([amount_minor]), policy)


def _walk(bounds: PublicBounds, asked: IntArray, policy: Policy) -> tuple[int, ...]:
    """Return the prices day by day; from the second on nothing but the last step is remembered.

    >>> one = np.array([230])
    >>> bounds = PublicBounds(one, one - 90, one, one, one, one * 0, one < 0, one * 1000)
    >>> _walk(bounds, np.array([199]), Policy())
    (207, 199)
    """
    prices = list[int]()
    while len(prices) < MOST_DAYS:
        price = apply_public_gate(asked, bounds, policy).minor
        prices.append(int(price[0]))
        is_stuck = len(prices) > 1 and prices[-1] == prices[-2]
        if price[0] == asked[0] or is_stuck:
            break
        bounds = replace(
            bounds,
            current_minor=price,
            highest_24h=price,
            lowest_24h=price,
            changes_24h=np.zeros_like(price),
            is_held=np.zeros(1, dtype=np.bool_),
        )
    return tuple(prices)
