"""How near the optimisers come to fine grids, whether they ever break a rule, and how fast."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pricing.base.core.values import FloatArray, Policy
from pricing.optimum.core.choose import choose_public
from pricing.optimum.core.feasible import Limits
from pricing.optimum.core.joint import DemandTerms, mix_segments, personal_prices
from pricing.optimum.core.quote import constant_elasticity_price
from tests.benchmarks.measure import Figures, time_calls
from tests.factories.pricing_limits import fuzz_choices, fuzz_limits

TARGETS = {
    "optimiser_gap_to_grid": ("<=", 1e-6),
    "optimiser_violations_1e5": ("<=", 0.0),
    "reprice_100k_seconds": ("<=", 2.0),
}
CASES, GRID, ZOOMS = 400, 41, 9
VIOLATION_CASES = 100_000
ITEM_SEGMENTS, SEGMENTS = 100_000, 5


def measure() -> Figures:
    """Return the largest gap to a grid, violations of rules, and seconds."""
    return {
        "optimiser_gap_to_grid": float(f"{find_gap():.2g}"),
        "optimiser_violations_1e5": fuzz_limits(cases=VIOLATION_CASES, seed=7)
        + fuzz_choices(cases=VIOLATION_CASES, seed=8),
        "reprice_100k_seconds": round(time_repricing(), 3),
    }


def find_gap() -> float:
    """Return by how much, as a share, the best of a grid ever beats the closed form.

    The grid is zoomed in on until its steps are 1e-9 of the first; the profit has one peak.
    """
    rng = np.random.default_rng(3)
    cost, elasticity = rng.uniform(0.5, 20, (CASES, 1)), rng.uniform(1.3, 8, (CASES, 1))

    def profit(price: FloatArray) -> FloatArray:
        return np.asarray((price - cost) * (price / cost) ** -elasticity)[..., 0]

    return _gap(profit, constant_elasticity_price(cost, elasticity), cost)


def _gap(profit: Callable[[FloatArray], FloatArray], found: FloatArray, cost: FloatArray) -> float:
    """Return the largest share of the grid's best profit that `found` (cases, n) leaves."""
    low, high = cost.copy(), found * 3 + 10
    items = cost.shape[1]
    axes = np.meshgrid(*[np.linspace(0, 1, GRID)] * items, indexing="ij")
    places = np.stack([axis.ravel() for axis in axes], axis=1)  # (points, n)
    best = np.full(len(cost), -np.inf)
    for _ in range(ZOOMS):
        values = np.stack([profit(low + (high - low) * place) for place in places], axis=1)
        at = values.argmax(axis=1)
        best = np.maximum(best, values[np.arange(len(cost)), at])
        middle, step = low + (high - low) * places[at], (high - low) / (GRID - 1)
        low, high = np.maximum(middle - 2 * step, cost), middle + 2 * step
    return float(np.max(1.0 - profit(found) / best))


def time_repricing() -> float:
    """Return the seconds to choose public and personal prices of 100,000 item-segments within all
    rules: 20,000 items in 5 segments each, one in three with a randomised elasticity."""
    rng = np.random.default_rng(2)
    items = ITEM_SEGMENTS // SEGMENTS
    price = rng.integers(100, 5_000, items)
    cost = price * rng.uniform(0.4, 0.8, items)
    limits = usual_limits(price, cost)
    terms = DemandTerms(
        base_minor=price,
        cost=cost,
        floor_minor=limits.floor_minor,
        elasticity=rng.uniform(1.0, 4.0, items),
        elasticity_sd=rng.uniform(0.1, 0.6, items),
    )
    is_causal = rng.random(items) < 1 / 3
    boost = np.concatenate([np.zeros((1, items)), rng.uniform(0.0, 1.0, (SEGMENTS - 1, items))])
    segments = mix_segments(np.full(SEGMENTS, 1.0), boost)

    def reprice() -> object:
        public = choose_public(limits, terms, Policy(), is_causal=is_causal).minor
        return personal_prices(public, terms, segments, Policy())

    return _least_time(reprice)


def usual_limits(price: np.ndarray, cost: np.ndarray) -> Limits:
    """Return the usual rules around prices: 10 % steps, a competitor's band, margin and floor."""
    return Limits(
        current_minor=price,
        anchor_minor=price,
        floor_minor=np.ceil(cost * 1.02).astype(np.int64),
        ceiling_minor=(price * 1.3).astype(np.int64),
        rung_low=(price * 0.7).astype(np.int64),
        rung_high=(price * 1.3).astype(np.int64),
        step_low=np.ceil(price * 0.9).astype(np.int64),
        step_high=(price * 1.1).astype(np.int64),
        band_high=(price * 1.15).astype(np.int64),
        target_minor=np.ceil(cost * 1.1).astype(np.int64),
        is_cooling=np.zeros(len(price), dtype=bool),
    )


def _least_time(call: Callable[[], object]) -> float:
    return min(time_calls(call, calls=3, warm_up=0))
