"""Feasible range of a public price, the binding rule and the rules that were relaxed."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.optimum.core.joint import DemandTerms, Segments

MAX_RUNGS = 40
# Two places of the forty are kept for the price now and the last price somebody set.
EXTRA_RUNGS = 2

# In the order in which they are named to staff. The first four are never relaxed.
RULES = (
    "floor",
    "ceiling",
    "observational",
    "cooldown",
    "step_cap",
    "competitor_band",
    "target_margin",
    "no_feasible_price",
    "not_credible",
)
RULE_BIT = {name: 1 << place for place, name in enumerate(RULES)}
# Where not all of them leave a price they give way in this order, none without need.
RELAXED_IN_ORDER = ("step_cap", "target_margin", "competitor_band")


@dataclass(frozen=True, slots=True)
class Limits:
    """What bounds the public prices of m variants, arrays (m,) in minor units.

    `floor_minor` (cost with the floor margin, law, minimum advertised price) and `ceiling_minor`
    are never passed; `rung_low/high` say how far this elasticity may move the price. `step_*`,
    `target_minor` (the margin aimed at) and `band_high` (competitors; never below the price now)
    give way in the order of RELAXED_IN_ORDER. A variant that is cooling keeps its price.
    `anchor_minor` is the last price somebody set: like the price now it is a candidate although it
    may be no price point.
    """

    current_minor: IntArray
    anchor_minor: IntArray
    floor_minor: IntArray
    ceiling_minor: IntArray
    rung_low: IntArray
    rung_high: IntArray
    step_low: IntArray
    step_high: IntArray
    band_high: IntArray
    target_minor: IntArray
    is_cooling: BoolArray

    def __len__(self) -> int:
        return len(self.current_minor)

    def take(self, where: IntArray) -> Limits:
        """Return the limits of the variants at positions `where`."""
        return replace(self, **{name: getattr(self, name)[where] for name in self.__slots__})


@dataclass(frozen=True, slots=True)
class Feasible:
    """Candidate prices (m, K), ascending and padded with the price now where `is_open` is False.

    At least one candidate of each variant is open. `low` and `high` (m,) are the limits that held
    in the end; `relaxed` (m,) has a bit of RULE_BIT for each rule that gave way. Where even the
    rules that never give way contradict each other the price now is the only candidate and
    `relaxed` says no_feasible_price.
    """

    minor: IntArray
    is_open: BoolArray
    low: IntArray
    high: IntArray
    relaxed: IntArray


def name_rules(bits: int) -> tuple[str, ...]:
    """Return the names of the rules in `bits`.

    >>> name_rules(RULE_BIT["floor"] | RULE_BIT["step_cap"])
    ('floor', 'step_cap')
    """
    return tuple(name for name in RULES if bits & RULE_BIT[name])


def find_feasible(limits: Limits, exponent: int = 2) -> Feasible:
    """Return the charm-ended prices (at most MAX_RUNGS) that every rule allows.

    The set is the ladder's price points, the price now and the anchor within max(lows)..min(highs).
    Where it is empty rules give way in RELAXED_IN_ORDER: the last one is kept first, then each one
    before it that still leaves a price. Floor and ceiling never give way.

    >>> limits = example_limits(current=400, floor=300, ceiling=500, step=0.1)
    >>> find_feasible(limits).minor[0].tolist()
    [369, 379, 389, 399, 400, 409, 419, 429, 439]
    >>> tight = find_feasible(example_limits(current=400, floor=460, ceiling=500, step=0.1))
    >>> tight.minor[0].tolist(), name_rules(int(tight.relaxed[0]))
    ([469, 479, 489, 499], ('step_cap',))
    """
    ladder = price_ladder(exponent)
    low, high, relaxed = _settle(limits, ladder)
    extras = np.stack([limits.current_minor, limits.anchor_minor], axis=1)
    is_stuck = relaxed & RULE_BIT["no_feasible_price"] > 0
    keeps = limits.is_cooling | is_stuck
    low, high = (np.where(keeps, limits.current_minor, one) for one in (low, high))
    price_points, is_rung = _price_points_between(low, high, ladder)
    inside = (extras >= low[:, None]) & (extras <= high[:, None])
    inside[:, 1] &= extras[:, 1] != extras[:, 0]
    minor = np.concatenate([price_points, extras], axis=1)
    is_open = np.concatenate([is_rung & (price_points != extras[:, :1]), inside], axis=1)
    is_open[:, :-EXTRA_RUNGS] &= price_points != extras[:, 1:]
    minor, is_open = _tidy(np.where(is_open, minor, limits.current_minor[:, None]), is_open)
    return Feasible(minor, is_open, low, high, np.where(limits.is_cooling, 0, relaxed))


def _settle(limits: Limits, ladder: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Return the limits with as few rules relaxed as leave a price, and which those were.

    A margin aimed at that cannot be had still forbids to move further away from it.
    """
    soft = {
        "step_cap": (limits.step_low, limits.step_high),
        "target_margin": (limits.target_minor, limits.ceiling_minor),
        "competitor_band": (limits.floor_minor, limits.band_high),
    }
    low = np.maximum(limits.floor_minor, limits.rung_low)
    high = np.minimum(limits.ceiling_minor, limits.rung_high)
    is_possible = _has_price(low, high, limits, ladder)
    relaxed = np.where(is_possible, 0, RULE_BIT["no_feasible_price"])
    # The rule that gives way last is kept first; one that would leave no price gives way.
    for name in reversed(RELAXED_IN_ORDER):
        tighter_low = np.maximum(low, soft[name][0])
        tighter_high = np.minimum(high, soft[name][1])
        is_kept = _has_price(tighter_low, tighter_high, limits, ladder)
        low, high = np.where(is_kept, tighter_low, low), np.where(is_kept, tighter_high, high)
        if name == "target_margin":
            calm_low = np.maximum(low, np.minimum(limits.target_minor, limits.current_minor))
            low = np.where(_has_price(calm_low, high, limits, ladder), calm_low, low)
        relaxed |= np.where(is_possible & ~is_kept, RULE_BIT[name], 0)
    return low, high, relaxed


def _has_price(low: IntArray, high: IntArray, limits: Limits, ladder: IntArray) -> BoolArray:
    first = np.searchsorted(ladder, low, side="left")
    last = np.searchsorted(ladder, high, side="right")
    found: BoolArray = last > first
    for one in (limits.current_minor, limits.anchor_minor):
        found = found | ((one >= low) & (one <= high))
    return found


def _price_points_between(
    low: IntArray, high: IntArray, ladder: IntArray
) -> tuple[IntArray, BoolArray]:
    """Return prices in low..high (m, K), both ends kept and every k-th between where too many."""
    most = MAX_RUNGS - EXTRA_RUNGS
    first = np.searchsorted(ladder, low, side="left")
    count = np.maximum(np.searchsorted(ladder, high, side="right") - first, 0)
    width = int(min(most, count.max(initial=0)))
    places = np.arange(width)
    spread = np.minimum(count, width)
    steps = (
        places[None, :] * np.maximum(count - 1, 0)[:, None] // np.maximum(spread - 1, 1)[:, None]
    )
    at = np.minimum(first[:, None] + steps, len(ladder) - 1)
    return ladder[at], places[None, :] < spread[:, None]


def _tidy(minor: IntArray, is_open: BoolArray) -> tuple[IntArray, BoolArray]:
    """Sort each row, open candidates first, and drop columns nobody uses."""
    order = np.argsort(np.where(is_open, minor, np.iinfo(np.int64).max), axis=1, kind="stable")
    width = max(1, int(is_open.sum(axis=1).max(initial=1)))
    order = order[:, :width]
    return np.take_along_axis(minor, order, axis=1), np.take_along_axis(is_open, order, axis=1)


def find_binding(
    limits: Limits, feasible: Feasible, wants_lower: BoolArray, wants_higher: BoolArray
) -> IntArray:
    """Return bits (m,) of the rules that kept a price from where the objective wanted it.

    `wants_lower` says that the best candidate is the lowest one and a price below would be better
    still; `wants_higher` likewise. The rules that bound are those whose limit is the tightest.
    """
    lows = {
        "floor": limits.floor_minor,
        "observational": limits.rung_low,
        "step_cap": limits.step_low,
        "target_margin": limits.target_minor,
    }
    highs = {
        "ceiling": limits.ceiling_minor,
        "observational": limits.rung_high,
        "step_cap": limits.step_high,
        "competitor_band": limits.band_high,
    }
    bits = np.zeros(len(limits), dtype=np.int64)
    for name, bound in lows.items():
        bits |= np.where(wants_lower & (bound >= feasible.low), RULE_BIT[name], 0)
    for name, bound in highs.items():
        bits |= np.where(wants_higher & (bound <= feasible.high), RULE_BIT[name], 0)
    bits &= ~feasible.relaxed
    moved = wants_lower | wants_higher
    return np.where(limits.is_cooling & moved, RULE_BIT["cooldown"], bits)


def example_limits(*, current: int, floor: int, ceiling: int, step: float) -> Limits:
    """Return the limits of one variant for examples."""
    one = np.array([current])
    wide_low, wide_high = one * 0 + 1, one * 0 + 10**9
    return Limits(
        current_minor=one,
        anchor_minor=one,
        floor_minor=np.array([floor]),
        ceiling_minor=np.array([ceiling]),
        rung_low=wide_low,
        rung_high=wide_high,
        step_low=np.array([int(np.ceil(current * (1 - step)))]),
        step_high=np.array([int(current * (1 + step))]),
        band_high=wide_high,
        target_minor=wide_low,
        is_cooling=np.array([False]),
    )


# Half the width of a 90 % interval of a normal posterior, in standard deviations.
NORMAL_90 = 1.6448536269514722
NODES, WEIGHTS = np.polynomial.hermite_e.hermegauss(7)
LEAST_ELASTICITY = 0.05
FIGURES = ("units", "revenue", "profit")


@dataclass(frozen=True, slots=True)
class Effect:
    """Changes (m, 3): low, mean and high of a 90 % interval.

    `share` maps each of FIGURES to its relative change (0.02 is 2 % more); `weekly` to its change
    in a week, units or minor units, NaN where weekly units are not known.
    """

    share: dict[str, FloatArray]
    weekly: dict[str, FloatArray]


def expect_effect(
    before: IntArray,
    after: IntArray,
    terms: DemandTerms,
    segments: Segments,
    *,
    weekly_units: FloatArray,
) -> Effect:
    """Return the effect of moving the segments' prices from `before` to `after`, both (S, m).

    q_s(p) = w_s (p / base)^(-e scale_s), e ~ N(elasticity, sd^2) held above LEAST_ELASTICITY. The
    mean is Gauss-Hermite over e (7 nodes); the ends are the changes at the 5 % and 95 % quantiles
    of e. `terms.cost` is the unit cost itself; `weekly_units` (m,) sell now.

    >>> from pricing.optimum.core.joint import example_demand, one_segment
    >>> effect = expect_effect(
    ...     np.array([[400]]), np.array([[389]]), example_demand(), one_segment(1),
    ...     weekly_units=np.array([10.0]),
    ... )
    >>> effect.share["units"].round(3).tolist(), effect.weekly["profit"].round(0).tolist()
    ([[0.086, 0.096, 0.106]], [[-16.0, -5.0, 6.0]])
    """
    ends = np.array([-NORMAL_90, NORMAL_90])
    nodes = np.concatenate([NODES, ends])
    mass = WEIGHTS / WEIGHTS.sum()
    shares: dict[str, list[FloatArray]] = {name: [] for name in FIGURES}
    bases: dict[str, list[FloatArray]] = {name: [] for name in FIGURES}
    for node in nodes:
        e = np.maximum(terms.elasticity + node * terms.elasticity_sd, LEAST_ELASTICITY)
        old, new = _totals(before, terms, segments, e), _totals(after, terms, segments, e)
        for name in FIGURES:
            shares[name].append(new[name] / old["units"] - old[name] / old["units"])
            bases[name].append(old[name] / old["units"])
    share, weekly = {}, {}
    for name in FIGURES:
        change = np.stack(shares[name])
        level = np.abs(np.tensordot(mass, np.stack(bases[name])[: len(mass)], axes=1))
        mean = np.tensordot(mass, change[: len(mass)], axes=1)
        band = np.stack([change[-2:].min(axis=0), mean, change[-2:].max(axis=0)], axis=1)
        share[name] = band / np.maximum(level, 1e-9)[:, None]
        weekly[name] = band * weekly_units[:, None]
    return Effect(share, weekly)


def _totals(
    price: IntArray, terms: DemandTerms, segments: Segments, elasticity: FloatArray
) -> dict[str, FloatArray]:
    paid = price.astype(np.float64)
    units = segments.weight * (paid / terms.base_minor) ** (-elasticity * segments.scale)
    return {
        "units": units.sum(axis=0),
        "revenue": (units * paid).sum(axis=0),
        "profit": (units * (paid - terms.cost)).sum(axis=0),
    }
