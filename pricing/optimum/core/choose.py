"""Choose public prices: the best feasible price if it is a credible improvement, else none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.price_points import neighbour_price_points
from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.feasible import RULE_BIT, Feasible, Limits, find_binding, find_feasible
from pricing.optimum.core.joint import DemandTerms, chance_of_gain, expected_worth, unit_worth

MATERIAL_GAIN = 1.001
# Chance that a change pays, asked of an elasticity that draws back: then the expected gain decides.
EVEN = 0.5


@dataclass(frozen=True, slots=True)
class Choice:
    """Proposed public prices (m,) in minor units, before the gate, and why.

    `candidates` are the feasible price points (m, K), `gain` the expected objective of each
    relative to the price now (1 = the same, 0 = not to be reckoned with), `chance` the probability
    that it is better at all. `bound` and `relaxed` are bits of RULE_BIT. `is_model` says that the
    objective moved the price; where it is False and the price moves, it follows the merchant's own
    price (the anchor) or a rule.
    """

    minor: IntArray
    candidates: Feasible
    gain: FloatArray
    chance: FloatArray
    bound: IntArray
    relaxed: IntArray
    is_model: BoolArray


def choose_public(
    limits: Limits,
    terms: DemandTerms,
    policy: Policy,
    *,
    is_causal: BoolArray | bool = False,
    exponent: int = 2,
) -> Choice:
    """Return the best credible public price of each variant within its limits, as if everybody
    paid it: personal prices are chosen below it afterwards (docs/adr/0190).

    Another price than the one now is taken only if the expected objective grows by MATERIAL_GAIN
    and the probability that it grows at all reaches `min_confidence`, or EVEN where a randomised
    source backs the elasticity (`is_causal`): what chance backs is as often too low as too high,
    what sales alone say may be wrong the same way everywhere. Where looks taught the elasticities,
    the caller's `policy` asks EVEN of all (`Scene.asks`, docs/pricing.md). Where nothing is better,
    an observational elasticity keeps a price away from the anchor only if it believes it better
    than the anchor. Numbers that are no numbers move nothing.

    >>> from pricing.optimum.core.feasible import example_limits
    >>> from pricing.optimum.core.joint import example_demand
    >>> limits = example_limits(current=400, floor=286, ceiling=500, step=0.1)
    >>> choose_public(limits, example_demand(), Policy(), is_causal=True).minor.tolist()
    [400]
    """
    found = find_feasible(limits, exponent)
    asked = _ask_chance(is_causal, len(limits), policy)
    gain, chance = _weigh(found, limits, terms, policy)
    is_better = found.is_open & (gain >= MATERIAL_GAIN)
    is_credible = is_better & (chance >= asked)
    rows = np.arange(len(limits))
    at = np.argmax(np.where(is_credible, gain, -np.inf), axis=1)
    has_credible = is_credible.any(axis=1)
    stays = _stay(found, limits, gain, is_causal, exponent)
    minor = np.where(has_credible, found.minor[rows, at], stays)
    wants_lower, wants_higher = _wish(minor, found, terms, policy, exponent)
    bound = find_binding(limits, found, wants_lower, wants_higher)
    doubtful = is_better.any(axis=1) & ~has_credible
    bound |= np.where(doubtful, RULE_BIT["not_credible"], 0)
    is_model = has_credible & (minor != limits.current_minor)
    return Choice(minor, found, gain, chance, bound, found.relaxed, is_model)


def _ask_chance(is_causal: BoolArray | bool, count: int, policy: Policy) -> FloatArray:
    """Return the chance of a gain that another price needs, (m, 1)."""
    asked = np.where(is_causal, min(EVEN, policy.min_confidence), policy.min_confidence)
    return np.broadcast_to(asked, count)[:, None]


def _weigh(
    found: Feasible, limits: Limits, terms: DemandTerms, policy: Policy
) -> tuple[FloatArray, FloatArray]:
    """Return gain and chance of each candidate, (m, K); 0 where a price is not above cost."""
    prices = np.concatenate([limits.current_minor[:, None], found.minor], axis=1)
    worth = _worth(prices, terms, policy)
    each = unit_worth(prices.astype(np.float64), terms.cost[:, None], policy.objective)
    is_open = (each[:, 0] > 0.0) & np.isfinite(worth).all(axis=1) & (worth[:, 0] > 0.0)
    base = np.where(is_open, worth[:, 0], 1.0)[:, None]
    gain = np.where(is_open[:, None] & (each[:, 1:] > 0.0), worth[:, 1:], 0.0) / base
    return gain, np.where(is_open[:, None], _chances(found, terms, policy), 0.0)


def _worth(price_minor: IntArray, terms: DemandTerms, policy: Policy) -> FloatArray:
    """Return the expected objective of prices (m, K), per unit sold at the base."""
    return expected_worth(
        price_minor.astype(np.float64),
        terms.base_minor[:, None].astype(np.float64),
        terms.cost[:, None],
        terms.elasticity[:, None],
        terms.elasticity_sd[:, None],
        objective=policy.objective,
    )


def _chances(found: Feasible, terms: DemandTerms, policy: Policy) -> FloatArray:
    """Return the probability (m, K) that each candidate is better than the price now."""
    width = found.minor.shape[1]
    numbers = (terms.cost, terms.elasticity, terms.elasticity_sd)
    is_finite = np.logical_and.reduce([np.isfinite(one) for one in numbers])

    def spread(one: FloatArray) -> FloatArray:
        return np.repeat(np.where(is_finite, one, 1.0), width)

    chance = chance_of_gain(
        np.repeat(terms.base_minor.astype(np.float64), width),
        found.minor.reshape(-1).astype(np.float64),
        spread(terms.cost),
        spread(terms.elasticity),
        spread(terms.elasticity_sd),
        objective=policy.objective,
    ).reshape(-1, width)
    return np.where(is_finite[:, None], chance, 0.0)


def _stay(
    found: Feasible,
    limits: Limits,
    gain: FloatArray,
    is_causal: BoolArray | bool,
    exponent: int,
) -> IntArray:
    """Return the price where nothing is a credible improvement, (m,).

    The price now, if it may stand: inside the limits and, for an observational elasticity, the
    anchor, a neighbour of it, or better than it. Else the anchor, if it is feasible. Else the price
    now, if it is inside the limits: what keeps the anchor away moves no price further from it. Else
    the best candidate.
    """
    current, anchor = limits.current_minor, limits.anchor_minor
    below, above = neighbour_price_points(anchor, exponent)
    near = (current == below) | (current == anchor) | (current == above)
    at_anchor = found.is_open & (found.minor == anchor[:, None])
    is_weighed = (gain > 0.0).any(axis=1)
    is_better = is_weighed & (np.where(at_anchor, gain, 0.0).max(axis=1) < 1.0)
    is_settled = near | is_better | np.broadcast_to(is_causal, current.shape)
    is_inside = (current >= found.low) & (current <= found.high)
    takes_anchor = (anchor >= found.low) & (anchor <= found.high)
    rows = np.arange(len(current))
    best = found.minor[rows, np.argmax(np.where(found.is_open, gain, -np.inf), axis=1)]
    moved = np.where(takes_anchor, anchor, np.where(is_inside, current, best))
    # Where prices cannot be weighed at all the candidate nearest to the price now is the safe one.
    away = np.where(found.is_open, np.abs(found.minor - current[:, None]), np.iinfo(np.int64).max)
    nearest = found.minor[rows, np.argmin(away, axis=1)]
    moved = np.where(takes_anchor | is_inside | is_weighed, moved, nearest)
    return np.where((is_settled & is_inside) | limits.is_cooling, current, moved)


def _wish(
    minor: IntArray,
    found: Feasible,
    terms: DemandTerms,
    policy: Policy,
    exponent: int,
) -> tuple[BoolArray, BoolArray]:
    """Return where the price below the lowest candidate, or above the highest, would be better."""
    lowest = np.where(found.is_open, found.minor, np.iinfo(np.int64).max).min(axis=1)
    highest = np.where(found.is_open, found.minor, 0).max(axis=1)
    at_end = np.flatnonzero((minor == lowest) | (minor == highest))
    below, _ = neighbour_price_points(lowest[at_end], exponent)
    _, above = neighbour_price_points(highest[at_end], exponent)
    prices = np.stack([minor[at_end], below, above], axis=1)
    worth = _worth(prices, terms.take(at_end), policy)
    is_low, is_high = (np.zeros(len(minor), dtype=np.bool_) for _ in range(2))
    with np.errstate(invalid="ignore"):
        needed = worth[:, 0] * MATERIAL_GAIN
        is_low[at_end] = (minor[at_end] == lowest[at_end]) & (worth[:, 1] > needed)
        is_high[at_end] = (minor[at_end] == highest[at_end]) & (worth[:, 2] > needed)
    return is_low, is_high
