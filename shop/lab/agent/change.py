"""Test for a change of demand: recent purchases against the fit's predictions, by product.

What the fit of the day foretold is held against what was bought then. One account says that it was
right; the other that the level of each good, or of each good among shoppers of one kind, has moved
by a factor drawn from a gamma law with mean 1, so that what is bought is negative binomial. The log
of the ratio of both is a Bayes factor (West, Harrison, "Monitoring and adaptation in Bayesian
forecasting models", JASA 1986): tastes that change without moving their mean show in it.
"""

from __future__ import annotations

import numpy as np
from scipy.special import gammaln

from pricing.base.core.values import FloatArray, IntArray

WINDOWS = (150.0, 400.0)  # purchases of late that are looked at
MOVED = 6.0  # shape of the gamma law: levels move by some 40 %
CERTAINTY = 6.0  # log Bayes factor from which demand is taken to have changed
# A market that moves all the time has changed when this many times its usual log Bayes factor are
# exceeded by so much; the usual one follows each new one with this speed.
TIMES_USUAL, SPEED = 2.0, 0.2


def weigh_change(expected: FloatArray, bought: FloatArray) -> float:
    """Return the log Bayes factor of moved levels by cell (c,).

    >>> weigh_change(np.full(20, 9.0), np.full(20, 9.0)) < -5.0
    True
    >>> weigh_change(np.full(20, 9.0), np.tile([3.0, 15.0], 10)) > 5.0
    True
    """
    seen = expected > 0.0
    e, n = expected[seen], bought[seen]
    told = gammaln(n + MOVED) - gammaln(MOVED) - (n + MOVED) * np.log1p(e / MOVED)
    return float((told - n * np.log(MOVED) + e).sum())


class ChangeAlarm:
    """Rings where a log Bayes factor is far above what is usual in a market.

    >>> alarm = ChangeAlarm()
    >>> [alarm.update(sure) for sure in (0.5, 12.0, 12.0, 12.0, 12.0)]
    [False, True, True, False, False]
    """

    def __init__(self) -> None:
        """Start in a market that does not move."""
        self.usual = 0.0
        # Of late, by row: good, kind of shopper, chance foretold, bought, visits until then.
        self.rows = np.zeros((0, 5))

    def watch(
        self, slot: IntArray, kind: IntArray, expected: FloatArray, bought: FloatArray, visits: int
    ) -> None:
        """Take in rows (R,) of `visits` visits."""
        before = self.rows[-1, 4] if len(self.rows) else 0.0
        fresh = np.column_stack([slot, kind, expected, bought, np.full(len(slot), before + visits)])
        rows = np.concatenate([self.rows, fresh])
        since = np.cumsum(rows[::-1, 3])[::-1]
        self.rows = rows[since <= 2.0 * WINDOWS[-1]] if since[0] > 3.0 * WINDOWS[-1] else rows

    def find(self) -> tuple[float, int]:
        """Return what speaks most for a change of late, and how many visits ago it was."""
        since = np.cumsum(self.rows[::-1, 3])[::-1]
        best = (-np.inf, 0)
        for wanted in WINDOWS:
            late = self.rows[since <= wanted]
            if not len(late) or since[0] < wanted:
                break
            kinds = int(late[:, 1].max()) + 1
            earlier = len(self.rows) - len(late)
            start = self.rows[earlier - 1, 4] if earlier else 0.0
            for cell in (late[:, 0], late[:, 0] * kinds + late[:, 1]):
                group = cell.astype(np.int64)
                sure = weigh_change(np.bincount(group, late[:, 2]), np.bincount(group, late[:, 3]))
                best = max(best, (sure, int(self.rows[-1, 4] - start)))
        return best

    def update(self, sure: float) -> bool:
        """Take in a log Bayes factor; return whether to alarm."""
        is_high = sure >= CERTAINTY + TIMES_USUAL * self.usual
        self.usual += SPEED * (max(sure, 0.0) - self.usual)
        return is_high

    def forget(self) -> None:
        """Look only at what comes from now on."""
        self.rows = self.rows[:0]
