"""Value of an item's last units before the next delivery."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent.contract import Context

STEPS = 24  # values of a unit that are tried
COUNTED_FROM = 1.0  # days an item must have been watched


class StockWatch:
    """Learns how often items are visited and how long deliveries last.

    A delivery is an increase of stock; the mean time between two of one item, over all items, is
    what the next one is expected after. Until two deliveries of an item were seen, stock is taken
    to last.
    """

    def __init__(self) -> None:
        """Know nothing."""
        # Per item: stock and time last seen, time of the last delivery, days and visits counted.
        self.items = np.zeros((0, 5))
        self.cycles = np.zeros(2)  # number, total days
        self.is_watched = False

    def learn(self, context: Context, slot: IntArray) -> None:
        """Take in one context's stock and visits."""
        if context.stock is None:
            return
        self.is_watched = True
        missing = int(slot.max(initial=-1)) + 1 - len(self.items)
        if missing > 0:
            fresh = np.tile([np.nan, np.nan, np.nan, 0.0, 0.0], (missing, 1))
            self.items = np.concatenate([self.items, fresh])
        known = self.items[slot]
        stock, visits = context.stock, context.is_offered().sum(axis=0)
        days = np.nan_to_num(context.time - known[:, 1])
        known[:, 3] += np.where(known[:, 0] > 0, days, 0.0)
        known[:, 4] += visits
        is_delivered = stock > known[:, 0]
        waited = (context.time - known[:, 2])[is_delivered & np.isfinite(known[:, 2])]
        self.cycles += (len(waited), float(waited.sum()))
        known[is_delivered | np.isnan(known[:, 0]), 2] = context.time
        known[:, 0], known[:, 1] = stock, context.time
        self.items[slot] = known

    def expect_visits(self, slot: IntArray, time: float) -> FloatArray:
        """Return the visits expected until the next delivery, (m,), 0 where nothing is known."""
        if not self.cycles[0]:
            return np.zeros(len(slot))
        _, _, _, days, visits = self.items[slot].T
        rate = np.where(days >= COUNTED_FROM, visits / np.maximum(days, COUNTED_FROM), 0.0)
        expected: FloatArray = rate * self.expect_days(slot, time)
        return expected

    def expect_days(self, slot: IntArray, time: float) -> FloatArray:
        """Return the days until the next delivery, (m,), NaN where nothing is known."""
        if not self.cycles[0]:
            return np.full(len(slot), np.nan)
        cycle = self.cycles[1] / self.cycles[0]
        waited = np.nan_to_num(time - self.items[slot, 2])
        left: FloatArray = np.maximum(cycle - waited, cycle / 20.0)
        return left


def value_units(
    chance: FloatArray, margin: FloatArray, visits: FloatArray, stock: FloatArray
) -> FloatArray:
    """Return the shadow price of a unit of each item, (m,).

    The least value v, of STEPS between 0 and the highest margin, with which the best price point
    for margin - v sells no more than `stock` in `visits` visits: the multiplier of the stock
    constraint (Gallego, van Ryzin, "Optimal dynamic pricing of inventories", Management Science
    1994). `chance` and `margin` are (m, k); margin is -inf where a price point is not feasible.

    >>> chance, margin = np.array([[0.4, 0.1]]), np.array([[1.0, 2.0]])
    >>> value_units(chance, margin, np.array([100.0]), np.array([99.0])).tolist()
    [0.0]
    >>> value_units(chance, margin, np.array([100.0]), np.array([20.0])).round(2).tolist()
    [0.75]
    """
    feasible = np.isfinite(margin)
    known = np.where(feasible, margin, 0.0)
    values = np.maximum(known.max(axis=1), 0.0)[:, None] * np.linspace(
        0.0, 1.0, STEPS, endpoint=False
    )
    gain = (known[:, None, :] - values[:, :, None]) * chance[:, None, :]
    gain = np.where(feasible[:, None, :], gain, -np.inf)
    best = gain.argmax(axis=2)
    sold = visits[:, None] * np.take_along_axis(chance, best, axis=1)
    is_enough = sold <= stock[:, None]
    first = np.where(is_enough.any(axis=1), is_enough.argmax(axis=1), STEPS - 1)
    worth: FloatArray = np.take_along_axis(values, first[:, None], axis=1)[:, 0]
    return worth
