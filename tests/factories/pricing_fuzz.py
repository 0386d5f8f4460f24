"""Hostile model outputs for the gates, and the count of those that got through."""

from __future__ import annotations

import numpy as np

from pricing.base.core.values import Policy
from pricing.policy.core import PublicBounds, apply_gate, apply_public_gate

CHUNK = 100_000
SPECIAL = np.array(
    [np.nan, np.inf, -np.inf, 0.0, -0.0, -1.0, 1e-300, 1e300, -1e300, 0.5, 0.49999999, 2.0**63]
)


def fuzz_gates(*, cases: int, seed: int) -> int:
    """Return how many of `cases` personal and as many public prices broke a bound."""
    rng = np.random.default_rng(seed)
    escapes = 0
    for begin in range(0, cases, CHUNK):
        size = min(CHUNK, cases - begin)
        escapes += _fuzz_personal(rng, size) + _fuzz_public(rng, size)
    return escapes


def _propose(rng: np.random.Generator, public: np.ndarray) -> np.ndarray:
    """A fifth each: special numbers, wild, near, absurd factors, bits drawn at random."""
    size = len(public)
    kinds = [
        rng.choice(SPECIAL, size),
        rng.normal(0, 1e6, size),
        public * rng.normal(1, 0.15, size),
        public * np.exp(rng.normal(0, 4, size)),
        rng.integers(0, 2**63, size, dtype=np.uint64).view(np.float64),
    ]
    return np.choose(rng.integers(0, len(kinds), size), kinds)


def _fuzz_personal(rng: np.random.Generator, size: int) -> int:
    public = rng.integers(1, 200_000, size)
    floor = rng.integers(1, 220_000, size)
    policy = Policy(personal_cap=float(rng.uniform(0, 0.3)))
    allowed, stale = rng.random(size) < 0.8, rng.random(size) < 0.1
    with np.errstate(all="ignore"):
        price = apply_gate(
            _propose(rng, public), public, floor, policy, is_allowed=allowed, is_stale=stale
        ).minor
    lowest = np.minimum(np.maximum(public * (1 - policy.personal_cap) - 1e-6, floor), public)
    broken = (price > public) | (price < lowest)
    broken |= (~allowed | stale) & (price != public)
    return int(broken.sum())


def _fuzz_public(rng: np.random.Generator, size: int) -> int:
    current = rng.integers(1, 200_000, size)
    floor = np.maximum((current * rng.uniform(0.2, 1.3, size)).astype(np.int64), 1)
    bounds = PublicBounds(
        current_minor=current,
        floor_minor=floor,
        ceiling_minor=np.maximum((current * rng.uniform(0.7, 2, size)).astype(np.int64), floor),
        highest_24h=np.ceil(current * rng.uniform(1, 1.2, size)).astype(np.int64),
        lowest_24h=np.maximum((current * rng.uniform(0.8, 1, size)).astype(np.int64), 1),
        changes_24h=rng.integers(0, 7, size),
        is_held=rng.random(size) < 0.2,
        emergency_minor=np.where(rng.random(size) < 0.1, rng.integers(1, 200_000, size), 10**9),
    )
    policy = Policy()
    allowed, stale = rng.random(size) < 0.8, rng.random(size) < 0.1
    with np.errstate(all="ignore"):
        price = apply_public_gate(
            _propose(rng, current), bounds, policy, is_allowed=allowed, is_stale=stale
        ).minor
    return int(_breaks(price, bounds, policy).sum())


def _breaks(price: np.ndarray, bounds: PublicBounds, policy: Policy) -> np.ndarray:
    """Return where a bound that may not be broken is: in the order in which bounds win."""
    current, emergency = bounds.current_minor, bounds.emergency_minor
    moved = (price != current) & (price != emergency)
    broken = (price < 1) | (price > emergency)
    broken |= moved & (bounds.is_held | (bounds.changes_24h >= policy.max_changes_per_day))
    up, down = bounds.lowest_24h * (1 + policy.step_cap), bounds.highest_24h * (1 - policy.step_cap)
    broken |= moved & (price > np.maximum(up, current) + 1e-6)
    broken |= moved & (price < np.minimum(down, current) - 1e-6)
    inside = (current >= bounds.floor_minor) & (current <= bounds.ceiling_minor)
    broken |= inside & moved & (price > bounds.ceiling_minor)
    broken |= inside & moved & (price < bounds.floor_minor)
    return broken
