"""Prices that an agent may choose: price points, floors, and the trust rule."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray
from shop.lab.agent.contract import Context

LADDER = 13  # price points of the agent's own ladder
COST_SHARE = 0.6  # of the public price, where no cost at all is known


@dataclass(frozen=True, slots=True, eq=False)
class Ladder:
    """The prices each item may take, ascending, (m, k); and the unit cost they are judged by."""

    prices: FloatArray  # (m, k) the highest price repeats where an item has fewer
    is_feasible: BoolArray  # (m, k) repeats are not feasible
    costs: FloatArray  # (m,)
    is_assumed: BoolArray  # (m,) the cost is not known


def build_ladder(context: Context, cap: float, margin: float) -> Ladder:
    """Return the feasible prices of a context.

    Without price points: LADDER even steps from (1 - cap) of the public price up to it, lifted to
    the floor cost * (1 + margin); an item whose floor lies above its public price keeps that price.
    With price points: those at or above the floor; where none is, the highest.

    >>> context = Context([1], [10.0], [8.0], {}, shoppers=1)
    >>> ladder = build_ladder(context, cap=0.3, margin=0.05)
    >>> ladder.prices[ladder.is_feasible].round(2).tolist()
    [8.4, 8.5, 8.75, 9.0, 9.25, 9.5, 9.75, 10.0]
    """
    public, floor = context.public_prices, np.nan_to_num(context.costs) * (1.0 + margin)
    if context.rungs is None:
        steps = 1.0 - cap * np.linspace(1.0, 0.0, LADDER)
        steps[-1] = 1.0
        prices = np.maximum(public[:, None] * steps, np.minimum(floor, public)[:, None])
    else:
        prices = np.sort(context.rungs, axis=1)
        highest = np.nanmax(prices, axis=1, initial=-np.inf)
        prices = np.where(np.isnan(prices), highest[:, None], prices)
    is_new = np.diff(prices, axis=1, append=np.inf) > 0
    # Of equal prices the last one counts: the highest price point is then always the last column.
    is_feasible = is_new & (prices >= floor[:, None] * (1.0 - 1e-12))
    is_feasible[:, -1] |= ~is_feasible.any(axis=1)
    costs, is_assumed = assume_costs(context)
    return Ladder(prices, is_feasible, costs, is_assumed)


def assume_costs(context: Context) -> tuple[FloatArray, BoolArray]:
    """Return unit costs with the unknown ones assumed, (m,), and which were.

    An unknown cost takes the median cost share of the items whose cost is known, else COST_SHARE.

    >>> assume_costs(Context([1, 2], [10.0, 20.0], [5.0, float("nan")], {}, shoppers=0))[0].tolist()
    [5.0, 10.0]
    """
    is_assumed = np.isnan(context.costs)
    known = context.costs[~is_assumed] / context.public_prices[~is_assumed]
    share = float(np.median(np.minimum(known, 1.0))) if len(known) else COST_SHARE
    return np.where(is_assumed, share * context.public_prices, context.costs), is_assumed
