"""The gate: the last check that every price obeys all bounds.

Two gates with one promise each. Personal: floor <= quoted <= public, and not below the personal
cap. Public: floor <= public <= ceiling, inside the step cap of a day, no more often than allowed,
never above an emergency cap. What is no price at all (NaN, infinite, zero, negative, absurd,
stale) is answered with the public price as it is.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from pricing.base.core.price_points import NOT_A_PRICE, share_down, share_up, to_minor
from pricing.base.core.values import BoolArray, IntArray, Policy

# Two gates with one promise each. Personal: floor <= quoted <= public, and not below the personal
# cap. Public: floor <= public <= ceiling, inside the step cap of a day, no more often than
# allowed, never above an emergency cap. What is no price at all (NaN, infinite, zero, negative,
# absurd, stale) is answered with the public price as it is.

# A proposal this many times off the public price is a bug, not a price.
ABSURD_FACTOR = 5.0

ACTIONS = (
    "not_a_price",
    "absurd",
    "stale_model",
    "not_allowed",
    "above_public",
    "below_cap",
    "below_floor",
    "above_ceiling",
    "above_emergency_cap",
    "step_cap",
    "hold",
    "too_many_changes",
)
BIT = {name: 1 << place for place, name in enumerate(ACTIONS)}


@dataclass(frozen=True, slots=True)
class Gated:
    """Prices after the gate (minor units) and what it did: bits of ACTIONS, 0 where nothing."""

    minor: IntArray
    actions: IntArray


def name_actions(bits: int) -> tuple[str, ...]:
    """Return the names of the actions in `bits`.

    >>> name_actions(BIT["absurd"] | BIT["below_floor"])
    ('absurd', 'below_floor')
    """
    return tuple(name for name in ACTIONS if bits & BIT[name])


def apply_gate(
    proposed: ArrayLike,
    public_minor: IntArray,
    floor_minor: IntArray,
    policy: Policy,
    *,
    is_allowed: BoolArray | bool = True,
    is_stale: BoolArray | bool = False,
) -> Gated:
    """Return personal prices that obey every bound; the last step of every quote.

    `proposed` are float minor units of any shape that broadcasts with the others. `is_allowed`
    False (consent, jurisdiction, kill switch, holdout, sensitive products) answers with the public
    price, as does a stale model. The lower bound is max(floor, (1 - cap) * public) but never above
    the public price.

    >>> public, floor = np.array([400, 400, 400]), np.array([300, 300, 390])
    >>> gated = apply_gate([389.0, np.nan, 380.0], public, floor, Policy())
    >>> gated.minor.tolist(), [name_actions(int(a)) for a in gated.actions]
    ([389, 400, 390], [(), ('not_a_price',), ('below_floor',)])
    """
    minor = to_minor(proposed)
    public, floor = np.broadcast_arrays(public_minor, floor_minor)
    shape = np.broadcast_shapes(minor.shape, public.shape)
    minor, public, floor = (np.broadcast_to(a, shape) for a in (minor, public, floor))
    allowed, stale = np.broadcast_to(is_allowed, shape), np.broadcast_to(is_stale, shape)
    actions = np.zeros(shape, dtype=np.int64)

    refused = _refuse(minor, public, actions)
    actions[stale] |= BIT["stale_model"]
    actions[~allowed] |= BIT["not_allowed"]
    price = np.where(refused | stale | ~allowed, public, minor)

    price = _hold_below(price, public, actions, "above_public")
    capped = share_up(public, 1.0 - policy.personal_cap)
    price = _hold_above(price, np.minimum(capped, public), actions, "below_cap")
    price = _hold_above(price, np.minimum(floor, public), actions, "below_floor")
    return Gated(minor=price, actions=actions)


@dataclass(frozen=True, slots=True)
class PublicBounds:
    """What bounds the public price of m variants, all (m,) in minor units.

    `highest_24h` and `lowest_24h` are the extremes of the public price in the last 24 hours, the
    price now included; `changes_24h` counts its changes; `is_held` says that the last change is
    younger than the hold; `emergency_minor` is a legal ceiling (a huge number where there is none).
    """

    current_minor: IntArray
    floor_minor: IntArray
    ceiling_minor: IntArray
    highest_24h: IntArray
    lowest_24h: IntArray
    changes_24h: IntArray
    is_held: BoolArray
    emergency_minor: IntArray


def apply_public_gate(
    proposed: ArrayLike,
    bounds: PublicBounds,
    policy: Policy,
    *,
    is_allowed: BoolArray | bool = True,
    is_stale: BoolArray | bool = False,
) -> Gated:
    """Return public prices that obey every bound, shape (m,).

    Order, from the weakest bound to the strongest: floor and ceiling, then hold and number of
    changes (no change at all), then the step cap, then the legal emergency cap, which wins over
    everything. A floor or ceiling that lies further than a step away is approached step by step.

    >>> one = np.array([400])
    >>> bounds = PublicBounds(one, one - 100, one + 100, one, one, one * 0, one < 0, one * 1000)
    >>> apply_public_gate([520.0], bounds, Policy()).minor.tolist()
    [440]
    >>> apply_public_gate([np.inf], bounds, Policy()).minor.tolist()
    [400]
    """
    minor, current = to_minor(proposed), bounds.current_minor
    shape = current.shape
    minor = np.broadcast_to(minor, shape)
    allowed, stale = np.broadcast_to(is_allowed, shape), np.broadcast_to(is_stale, shape)
    actions = np.zeros(shape, dtype=np.int64)

    refused = _refuse(minor, current, actions)
    actions[stale] |= BIT["stale_model"]
    actions[~allowed] |= BIT["not_allowed"]
    price = np.where(refused | stale | ~allowed, current, minor)

    price = _hold_above(price, bounds.floor_minor, actions, "below_floor")
    price = _hold_below(price, bounds.ceiling_minor, actions, "above_ceiling")
    price = _freeze(price, current, bounds.is_held, actions, "hold")
    is_full = bounds.changes_24h >= policy.max_changes_per_day
    price = _freeze(price, current, is_full, actions, "too_many_changes")
    highest = share_down(bounds.lowest_24h, 1.0 + policy.step_cap)
    lowest = share_up(bounds.highest_24h, 1.0 - policy.step_cap)
    # Staying is always allowed: the cap limits moves, it makes none.
    highest, lowest = np.maximum(highest, current), np.minimum(lowest, current)
    price = _hold_below(price, highest, actions, "step_cap")
    price = _hold_above(price, lowest, actions, "step_cap")
    price = _hold_below(price, bounds.emergency_minor, actions, "above_emergency_cap")
    return Gated(minor=price, actions=actions)


def _refuse(minor: IntArray, anchor: IntArray, actions: IntArray) -> BoolArray:
    """Mark what is no price or absurdly far from `anchor`; return where."""
    is_none = minor == NOT_A_PRICE
    far = (minor > anchor * ABSURD_FACTOR) | (minor * ABSURD_FACTOR < anchor)
    is_absurd = far & ~is_none
    actions[is_none] |= BIT["not_a_price"]
    actions[is_absurd] |= BIT["absurd"]
    refused: BoolArray = is_none | is_absurd
    return refused


def _hold_below(price: IntArray, bound: IntArray, actions: IntArray, name: str) -> IntArray:
    actions[price > bound] |= BIT[name]
    return np.minimum(price, bound)


def _hold_above(price: IntArray, bound: IntArray, actions: IntArray, name: str) -> IntArray:
    actions[price < bound] |= BIT[name]
    return np.maximum(price, bound)


def _freeze(
    price: IntArray, current: IntArray, where: BoolArray, actions: IntArray, name: str
) -> IntArray:
    actions[where & (price != current)] |= BIT[name]
    return np.where(where, current, price)
