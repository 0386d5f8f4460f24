"""Off-policy intervals hold the truth as often as they say: ten policies in a known market."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.special import expit, softmax

from pricing.learning.core.evaluation.candidates import cross_fit_chances
from pricing.learning.core.evaluation.estimators import Logged, evaluate

Floats = NDArray[np.float64]
LADDER = np.log(np.array([1.0, 0.98, 0.96, 0.94, 0.92, 0.9]))
PRICE, COST = np.exp(LADDER) * 400.0, 260.0
RUNS, SHOPPERS, VISITS, GOODS = 120, 500, 5, 400


def chances(z: Floats, habit: Floats) -> Floats:
    """Return the true chance to buy at each price point: no logit fits it, since response bends."""
    bend = 1.5 * np.maximum(0.0, -LADDER - 0.05)
    slope = (1.8 * (1.0 + z))[:, None]
    return expit(-1.6 + habit[:, None] - slope * 2.0 * LADDER + 6.0 * bend * (z > 0.5)[:, None])


def log_policy(z: Floats) -> Floats:
    """Return whole percents, 0 or at least 1: prices far from the best one are never shown."""
    best = np.minimum(5.0, 6.0 * z)
    likely = softmax(-0.5 * (np.arange(6) - best[:, None]) ** 2 / 1.6**2, axis=1)
    steps = np.floor(100.0 * likely.cumsum(axis=1) + 0.5)
    steps[:, -1] = 100.0
    return np.diff(steps, axis=1, prepend=0.0) / 100.0


def candidates(z: Floats, logged: Floats) -> Mapping[str, Floats]:
    """Return ten policies whose choices the log has shown."""
    position = np.arange(6)
    seen = logged > 0.0

    def spread(center: Floats, width: float) -> Floats:
        score = -0.5 * (position - center[:, None]) ** 2 / width**2
        return softmax(np.where(seen, score, -np.inf), axis=1)

    sharp = logged**2
    return {
        "as logged": logged,
        "sharper": sharp / sharp.sum(axis=1, keepdims=True),
        "flat": seen / seen.sum(axis=1, keepdims=True),
        "deeper": spread(np.minimum(5.0, 6.0 * z + 1.0), 1.2),
        "shallower": spread(np.maximum(0.0, 6.0 * z - 1.0), 1.2),
        "best guess": spread(np.minimum(5.0, 5.0 * z), 0.8),
        "nearly surest": spread(np.argmax(logged, axis=1).astype(float), 0.4),
        "middle": spread(np.full(len(z), 2.5), 1.0),
        "timid": spread(3.0 * z, 1.0),
        "bold": spread(np.minimum(5.0, 8.0 * z), 1.0),
    }


def make_visits(rng: np.random.Generator, shoppers: int) -> tuple[Floats, Floats, NDArray]:
    """Return z and habit of each visit; a shopper's visits are alike."""
    owner = np.repeat(np.arange(shoppers), VISITS)
    z = np.clip(rng.gamma(2.0, 0.25, shoppers)[owner] + rng.normal(0, 0.05, len(owner)), 0.02, 2)
    return z, rng.normal(0.0, 0.5, shoppers)[owner], owner


def find_truth() -> dict[str, float]:
    """Return each policy's gain over the log, from 300,000 visits and exact chances."""
    z, habit, _ = make_visits(np.random.default_rng(99), 60_000)
    profit = chances(z, habit) * (PRICE - COST)
    logged = log_policy(z)
    base = float((logged * profit).sum(axis=1).mean())
    return {
        name: float((one * profit).sum(axis=1).mean()) - base
        for name, one in candidates(z, logged).items()
    }


def run_once(seed: int, truth: Mapping[str, float]) -> Mapping[str, list[bool]]:
    """Return for each estimator which of the ten gains its interval holds."""
    rng = np.random.default_rng(seed)
    z, habit, owner = make_visits(rng, SHOPPERS)
    logged = log_policy(z)
    n = len(z)
    # One draw for a variant and week, whoever looks.
    products = rng.integers(0, GOODS, n)
    drawn = (rng.integers(0, 100, GOODS) + 0.5)[products] / 100.0
    chosen = (drawn[:, None] > logged.cumsum(axis=1)).sum(axis=1).clip(max=5)
    bought = rng.random(n) < chances(z, habit)[np.arange(n), chosen]
    chance = cross_fit_chances(
        z[:, None], np.tile(LADDER, (n, 1)), chosen=chosen, bought=bought, cluster=owner
    )
    reward = np.where(bought, (PRICE - COST)[chosen], 0.0)
    held: dict[str, list[bool]] = {}
    for name, policy in candidates(z, logged).items():
        log = Logged(logged, policy, chosen, reward, owner, products, chance * (PRICE - COST))
        found = evaluate(log, random_state=10_000 + seed, resamples=400)
        for estimator, estimate in found.estimates.items():
            gain = estimate.gain
            held.setdefault(estimator, []).append(gain.low <= truth[name] <= gain.high)
    return held


def measure_coverage(runs: int) -> dict[str, float]:
    """Return how often the 95 % intervals of each estimator hold the true gain."""
    truth = find_truth()
    held: dict[str, list[bool]] = {}
    for seed in range(runs):
        for estimator, ones in run_once(seed, truth).items():
            held.setdefault(estimator, []).extend(ones)
    return {estimator: float(np.mean(ones)) for estimator, ones in held.items()}


@pytest.mark.slow
def test_95_percent_intervals_cover_93_to_97_of_100_times() -> None:
    for estimator, share in measure_coverage(RUNS).items():
        assert 0.93 <= share <= 0.97, (estimator, share)
