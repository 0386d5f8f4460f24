"""Random limits of public prices, and the count of choices that broke one."""

from __future__ import annotations

import numpy as np

from pricing.base.core.price_points import (
    neighbour_price_points,
    price_ladder,
    share_down,
    share_up,
)
from pricing.base.core.values import Policy
from pricing.optimum.core.choose import choose_public
from pricing.optimum.core.feasible import RULE_BIT, Feasible, Limits, find_feasible
from pricing.optimum.core.joint import DemandTerms
from pricing.optimum.core.publish import reach_of
from pricing.policy.core import PublicBounds, apply_public_gate

CHUNK = 50_000
WILD = np.array([np.nan, np.inf, -np.inf, 0.0, -1.0, 1e300, -1e300, 1e-300])
STEP, BAND, TARGET, STUCK = (
    RULE_BIT[name] for name in ("step_cap", "competitor_band", "target_margin", "no_feasible_price")
)


def draw_limits(rng: np.random.Generator, size: int, policy: Policy | None = None) -> Limits:
    """Return limits of all kinds: wide, tight, contradictory, cooling, far from their anchor."""
    policy = policy or Policy()
    current = rng.integers(5, 60_000, size)
    current = np.where(rng.random(size) < 0.6, neighbour_price_points(current)[0], current)
    anchor = np.where(rng.random(size) < 0.6, current, _near(rng, current, 0.7, 1.4))
    low, high = reach_of(current, anchor, (current, current), rng.random(size) < 0.5, policy)
    has_band = rng.random(size) < 0.4
    band = _near(rng, current, 0.6, 1.4)
    return Limits(
        current_minor=current,
        anchor_minor=anchor,
        floor_minor=_near(rng, current, 0.3, 1.15),
        ceiling_minor=_near(rng, current, 0.85, 1.8),
        rung_low=low,
        rung_high=high,
        step_low=share_up(current, 1.0 - policy.step_cap),
        step_high=np.maximum(share_down(current, 1.0 + policy.step_cap), current),
        band_high=np.where(has_band, np.maximum(share_down(band, 1.1), current), 10**9),
        target_minor=np.where(rng.random(size) < 0.5, _near(rng, current, 0.5, 1.3), 1),
        is_cooling=rng.random(size) < 0.1,
    )


def _near(rng: np.random.Generator, price: np.ndarray, low: float, high: float) -> np.ndarray:
    return np.maximum((price * rng.uniform(low, high, len(price))).astype(np.int64), 1)


def draw_terms(rng: np.random.Generator, limits: Limits, *, wild_share: float) -> DemandTerms:
    """Return demand around the price now; `wild_share` of the numbers are no numbers."""
    size = len(limits)

    def maybe_wild(values: np.ndarray) -> np.ndarray:
        return np.where(rng.random(size) < wild_share, rng.choice(WILD, size), values)

    return DemandTerms(
        base_minor=limits.current_minor,
        cost=maybe_wild(limits.current_minor * rng.uniform(0.2, 1.2, size)),
        floor_minor=limits.floor_minor,
        elasticity=maybe_wild(rng.uniform(0.2, 5, size)),
        elasticity_sd=maybe_wild(rng.uniform(0.01, 0.9, size)),
    )


def count_infeasible(limits: Limits, found: Feasible) -> int:
    """Return how many variants have an open candidate that breaks a rule that was not relaxed, an
    empty set, a rule relaxed out of order or without need, or more than forty candidates."""
    minor, is_open = found.minor, found.is_open
    ladder = price_ladder()
    known = np.isin(minor, ladder) | (minor == limits.current_minor[:, None])
    bad = is_open & ~(known | (minor == limits.anchor_minor[:, None]))
    free = ~limits.is_cooling & (found.relaxed & STUCK == 0)

    def broken(low: np.ndarray, high: np.ndarray, bit: int) -> np.ndarray:
        holds = free & (found.relaxed & bit == 0)
        return is_open & holds[:, None] & ((minor < low[:, None]) | (minor > high[:, None]))

    bad |= broken(limits.floor_minor, limits.ceiling_minor, 0)
    bad |= broken(limits.rung_low, limits.rung_high, 0)
    bad |= broken(limits.step_low, limits.step_high, STEP)
    bad |= broken(limits.floor_minor, limits.band_high, BAND)
    bad |= broken(limits.target_minor, limits.ceiling_minor, TARGET)
    bad |= _rises_from_competitors(limits, found, free)
    rests = ~free
    bad |= is_open & rests[:, None] & (minor != limits.current_minor[:, None])
    wrong = bad.any(axis=1) | ~is_open.any(axis=1) | (is_open.sum(axis=1) > 40)
    wrong |= _gives_way_without_need(limits, found, free)
    return int(wrong.sum())


def _gives_way_without_need(limits: Limits, found: Feasible, free: np.ndarray) -> np.ndarray:
    """Return where a relaxed rule has a price in the set that would have kept it."""
    wrong = np.zeros(len(limits), dtype=np.bool_)
    for low, high, bit in (
        (limits.step_low, limits.step_high, STEP),
        (limits.floor_minor, limits.band_high, BAND),
        (limits.target_minor, limits.ceiling_minor, TARGET),
    ):
        keeps = (found.minor >= low[:, None]) & (found.minor <= high[:, None]) & found.is_open
        wrong |= free & (found.relaxed & bit > 0) & keeps.any(axis=1)
    return wrong


def _rises_from_competitors(limits: Limits, found: Feasible, free: np.ndarray) -> np.ndarray:
    """Return which candidates lie above the competitors' band, although a price that does not would
    have been allowed."""
    calm = limits.band_high
    low = np.maximum(limits.floor_minor, limits.rung_low)
    high = np.minimum(np.minimum(limits.ceiling_minor, limits.rung_high), calm)
    ladder = price_ladder()
    has_price_point = np.searchsorted(ladder, high, side="right") > np.searchsorted(ladder, low)
    rises: np.ndarray = (
        (free & has_price_point)[:, None] & (found.minor > calm[:, None]) & found.is_open
    )
    return rises


def fuzz_limits(*, cases: int, seed: int) -> int:
    """Return how many of `cases` random sets of limits were broken by `find_feasible`."""
    rng = np.random.default_rng(seed)
    broken = 0
    for begin in range(0, cases, CHUNK):
        limits = draw_limits(rng, min(CHUNK, cases - begin))
        broken += count_infeasible(limits, find_feasible(limits))
    return broken


def fuzz_choices(*, cases: int, seed: int) -> int:
    """Return how many of `cases` public prices, chosen from hostile numbers and gated, escaped."""
    rng = np.random.default_rng(seed)
    escapes = 0
    for begin in range(0, cases, CHUNK):
        size = min(CHUNK, cases - begin)
        policy = Policy(
            objective=rng.choice(["profit", "revenue", "units"]),
            target_margin=float(rng.uniform(0, 0.3)),
            personal_cap=float(rng.uniform(0, 0.3)),
        )
        escapes += _fuzz_choice(rng, size, policy)
    return escapes


def _fuzz_choice(rng: np.random.Generator, size: int, policy: Policy) -> int:
    limits = draw_limits(rng, size, policy)
    terms = draw_terms(rng, limits, wild_share=0.2)
    with np.errstate(all="ignore"):
        choice = choose_public(limits, terms, policy, is_causal=rng.random(size) < 0.5)
    bounds = PublicBounds(
        current_minor=limits.current_minor,
        floor_minor=limits.floor_minor,
        ceiling_minor=np.maximum(limits.ceiling_minor, limits.floor_minor),
        highest_24h=limits.current_minor,
        lowest_24h=limits.current_minor,
        changes_24h=rng.integers(0, 6, size),
        is_held=limits.is_cooling,
        emergency_minor=np.where(rng.random(size) < 0.05, limits.current_minor, 10**9),
    )
    price = apply_public_gate(choice.minor, bounds, policy).minor
    return int(_escapes(price, choice.minor, limits, bounds, policy).sum())


def _escapes(
    price: np.ndarray,
    chosen: np.ndarray,
    limits: Limits,
    bounds: PublicBounds,
    policy: Policy,
) -> np.ndarray:
    """Return where the gated price, or the choice before the gate, breaks a rule for good."""
    current = limits.current_minor
    moved = price != current
    low, high = current * (1 - policy.step_cap) - 1e-6, current * (1 + policy.step_cap) + 1e-6
    escaped = (price < 1) | (moved & ((price < low) | (price > high)))
    escaped |= moved & (bounds.is_held | (bounds.changes_24h >= policy.max_changes_per_day))
    inside = (current >= limits.floor_minor) & (current <= limits.ceiling_minor)
    escaped |= inside & ((price < limits.floor_minor) | (price > limits.ceiling_minor))
    # Before the gate: a choice that moves obeys floor, ceiling and reach, whatever the numbers are.
    moves = chosen != current
    escaped |= moves & ((chosen < limits.floor_minor) | (chosen > limits.ceiling_minor))
    escaped |= moves & ((chosen < limits.rung_low) | (chosen > limits.rung_high))
    return escaped
