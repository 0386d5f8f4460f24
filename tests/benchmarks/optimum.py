"""How near the optimisers come to fine grids, whether they ever break a rule, and how fast."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.optimum import (
    DemandTerms,
    Limits,
    choose_public,
    constant_elasticity_price,
    logit_price,
    mix_segments,
    mnl_common_slope_prices,
    mnl_own_slopes_prices,
    mnl_profit,
)
from pricing.core.values import Policy
from tests.benchmarks.measure import Figures, time_calls
from tests.factories.pricing_limits import fuzz_choices, fuzz_limits

TARGETS = {
    "optimiser_gap_to_grid": ("<=", 1e-6),
    "optimiser_violations_1e5": ("<=", 0.0),
    "closed_form_quotes_1m_seconds": ("<=", 1.0),
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
        "closed_form_quotes_1m_seconds": round(time_closed_forms(), 3),
        "reprice_100k_seconds": round(time_repricing(), 3),
    }


def find_gap() -> float:
    """Return by how much, as a share, the best of a grid ever beats a closed form.

    Grids are zoomed in on until their steps are 1e-9 of the first: one price for logit and constant
    elasticity, two prices together for the multinomial logits. Profits are unimodal in them.
    """
    rng = np.random.default_rng(3)
    cost, intercept = rng.uniform(0.5, 20, (CASES, 2)), rng.uniform(-2, 8, (CASES, 2))
    slope, elasticity = rng.uniform(0.2, 3, (CASES, 2)), rng.uniform(1.3, 8, CASES)
    shared = np.repeat(slope[:, :1], 2, axis=1)
    c = cost[:, :1]

    def constant_elasticity(price: FloatArray) -> FloatArray:
        return np.asarray((price - c) * (price / c) ** -elasticity[:, None])[..., 0]

    def multinomial(items: int, b: FloatArray) -> Callable[[FloatArray], FloatArray]:
        kept = slice(None, items)
        return lambda price: mnl_profit(price, cost[:, kept], intercept[:, kept], b[:, kept])

    single = logit_price(cost, intercept, slope)[:, :1]
    return max(
        _gap(multinomial(1, slope), single, c),
        _gap(constant_elasticity, constant_elasticity_price(c, elasticity[:, None]), c),
        _gap(multinomial(2, shared), mnl_common_slope_prices(cost, intercept, shared[:, 0]), cost),
        _gap(multinomial(2, slope), mnl_own_slopes_prices(cost, intercept, slope), cost),
    )


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


def time_closed_forms() -> float:
    """Return the seconds for a million quotes by the logit's closed form."""
    rng = np.random.default_rng(1)
    cost, intercept = rng.uniform(1.0, 9.0, 1_000_000), rng.normal(1.0, 1.0, 1_000_000)
    slope = rng.uniform(0.2, 2.0, 1_000_000)
    return _least_time(lambda: logit_price(cost, intercept, slope))


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
    boost = np.concatenate([np.zeros((1, items)), rng.uniform(0.0, 1.0, (SEGMENTS - 1, items))])
    segments = mix_segments(np.full(SEGMENTS, 1.0), boost)
    is_causal = rng.random(items) < 1 / 3
    return _least_time(
        lambda: choose_public(limits, terms, segments, Policy(), is_causal=is_causal)
    )


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
        band_low=(price * 0.8).astype(np.int64),
        band_high=(price * 1.15).astype(np.int64),
        target_minor=np.ceil(cost * 1.1).astype(np.int64),
        is_cooling=np.zeros(len(price), dtype=bool),
    )


def _least_time(call: Callable[[], object]) -> float:
    return min(time_calls(call, calls=3, warm_up=0))
