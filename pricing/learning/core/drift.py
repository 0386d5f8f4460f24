"""An alarm for markets that change: CUSUM on calibrated residuals."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray

BLOCK = 30.0  # expected purchases that make one residual
SLACK, THRESHOLD = 0.5, 24.0  # seasons that the model misses stay below, new tastes do not
WARM_UP = 5


class DriftAlarm:
    """Two-sided CUSUM (Page 1954) on the level of sales and on their response to price.

    Residuals are summed until about BLOCK purchases were expected, then divided by their running
    scale, so that overdispersion alone rings no alarm.

    >>> alarm = DriftAlarm()
    >>> calm = [alarm.update(np.array([s, -s]), np.array([30.0, 30.0])) for s in (3.0, -3.0) * 9]
    >>> any(calm), any(alarm.update(np.array([25.0, 0.0]), np.ones(2) * 30.0) for _ in range(9))
    (False, True)
    """

    def __init__(self) -> None:
        """Start calm."""
        self.sums = np.zeros((2, 2))  # residual sum and variance of level, price
        self.cusum = np.zeros((2, 2))  # upward, downward
        self.scale = np.ones(2)  # running variance of standardised residuals
        self.blocks = 0

    def update(self, residual: FloatArray, variance: FloatArray) -> bool:
        """Take in residual sums (level, price) and their variances; return whether to alarm."""
        self.sums += np.stack([residual, variance])
        if self.sums[1, 0] < BLOCK:
            return False
        standard = self.sums[0] / np.sqrt(np.maximum(self.sums[1], 1e-9))
        calibrated = np.clip(standard / np.sqrt(np.maximum(self.scale, 1.0)), -5.0, 5.0)
        self.sums = np.zeros((2, 2))
        self.blocks += 1
        self.scale += (np.minimum(standard**2, 9.0 * self.scale) - self.scale) / 50.0
        if self.blocks <= WARM_UP:
            return False
        push = np.stack([calibrated, -calibrated]) - SLACK
        self.cusum = np.maximum(self.cusum + push, 0.0)
        if self.cusum.max() < THRESHOLD:
            return False
        self.cusum, self.blocks = np.zeros((2, 2)), 0
        return True

    def to_array(self) -> FloatArray:
        """Return the state as one array of 11 numbers."""
        return np.concatenate(
            [self.sums.ravel(), self.cusum.ravel(), self.scale, [float(self.blocks)]]
        )

    @classmethod
    def from_array(cls, state: FloatArray) -> DriftAlarm:
        """Return the alarm that `to_array` described."""
        alarm = cls()
        alarm.sums, alarm.cusum = state[:4].reshape(2, 2).copy(), state[4:8].reshape(2, 2).copy()
        alarm.scale, alarm.blocks = state[8:10].copy(), int(state[10])
        return alarm
