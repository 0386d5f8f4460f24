"""Watching of models: how fast they are ramped up, whether they are refitted, what is screened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from math import isfinite
from typing import Any, Literal

import numpy as np

from pricing.base.core.price_points import price_ladder
from pricing.base.core.values import BoolArray, FloatArray, IntArray
from profiles.values import Lift

# What share of shoppers each step quotes by the version on trial; the first is the shadow.
SHARES = (0.0, 0.01, 0.05, 0.25, 0.50, 1.0)
# How long each step lasts at least, in hours, and how many decisions of its own it needs.
LEAST_HOURS = (24.0, 24.0, 48.0, 72.0, 72.0)
LEAST_DECISIONS = (500, 200, 500, 1_000, 2_000)
# A shadow that would change the price by more than this on average is looked at by a person.
MOST_SHADOW_GAP = 0.05

Move = Literal["wait", "go_on", "stop"]


@dataclass(frozen=True, slots=True)
class RampState:
    """Where a trial stands: its share, hours since the step, decisions by it since then.

    `lift` compares shoppers of the version on trial with the other treated since the step; in the
    shadow it is None, and `shadow_gap` is the mean log difference of prices, `violations` how many
    of them broke a bound before the gate.
    """

    share: float
    hours: float
    decisions: int
    lift: Lift | None = None
    shadow_gap: float | None = None
    violations: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a trial does next, to which share, and why: a code that pages put into words."""

    move: Move
    share: float
    reason: str


def next_step(state: RampState) -> Verdict:
    """Return whether a trial goes on, waits or stops.

    It stops once its shoppers certainly bring less than the others, or its shadow breaks a bound.

    >>> next_step(RampState(0.0, 30.0, 600, shadow_gap=-0.01))
    Verdict(move='go_on', share=0.01, reason='long_enough')
    >>> next_step(RampState(0.05, 2.0, 100)).move
    'wait'
    """
    at = max(range(len(SHARES)), key=lambda place: (SHARES[place] <= state.share, place))
    if state.lift is not None and state.lift.is_worse:
        return Verdict("stop", 0.0, "brings_less")
    if state.violations:
        return Verdict("stop", 0.0, "breaks_bound")
    if at >= len(LEAST_HOURS):
        return Verdict("wait", state.share, "everybody")
    if state.hours < LEAST_HOURS[at]:
        return Verdict("wait", state.share, "too_short")
    if state.decisions < LEAST_DECISIONS[at]:
        return Verdict("wait", state.share, "few_decisions")
    if at == 0 and (state.shadow_gap is None or abs(state.shadow_gap) > MOST_SHADOW_GAP):
        return Verdict("wait", state.share, "far_shadow")
    return Verdict("go_on", SHARES[at + 1], "long_enough")


def join_verdicts(found: Mapping[str, Verdict], home: str) -> tuple[str, Verdict]:
    """Return what several places together say of one trial, and the place that decided.

    A reason to stop anywhere stops it everywhere. Where most shoppers are, at `home`, it is judged
    whether it goes on; another place holds it back only with enough decisions of its own, if its
    shadow is far from the prices shown there. Few decisions elsewhere hold nothing back.

    >>> on, few = Verdict("go_on", 0.01, "long_enough"), Verdict("wait", 0.0, "few_decisions")
    >>> join_verdicts({"us": on, "ca": few}, "us")
    ('us', Verdict(move='go_on', share=0.01, reason='long_enough'))
    >>> join_verdicts({"us": on, "ca": Verdict("stop", 0.0, "breaks_bound")}, "us")[0]
    'ca'
    """
    for place, verdict in found.items():
        if verdict.move == "stop":
            return place, verdict
    if found[home].move == "go_on":
        for place, verdict in found.items():
            if verdict.reason == "far_shadow":
                return place, verdict
    return home, found[home]


@dataclass(frozen=True, slots=True)
class RefitBounds:
    """What a refit may change by itself; beyond it people look at it first.

    `far_share` of variants may have a price more than one price point away, prices may differ by
    `price_p95` (log, 95th percentile over variants) and elasticities by `elasticity_median` (log);
    forecasts of held-out weeks may be worse by `worse_forecast` of the error of the model in use,
    90 % intervals hold `worse_coverage` less near .9. `shadow_gap` bounds the mean size (log)
    of the difference to the expected prices of decisions made lately, `lost_items` how many
    products may lose a model of their own: sales that did not arrive look like that.
    """

    far_share: float = 0.05
    price_p95: float = 0.06
    elasticity_median: float = 0.20
    worse_forecast: float = 0.10
    worse_coverage: float = 0.05
    shadow_gap: float = 0.03
    lost_items: float = 0.20


USUAL = RefitBounds()


@dataclass(frozen=True, slots=True)
class RefitShift:
    """How a refit would change m variants: shares that move a price point and more, logs of price
    moves and of elasticities (absolute; median and 95th percentile)."""

    variants: int
    moved_share: float
    far_share: float
    price_median: float
    price_p95: float
    elasticity_median: float
    elasticity_p95: float

    def as_numbers(self) -> dict[str, float]:
        """Return the figures for a model's metrics."""
        return {name: round(float(value), 5) for name, value in asdict(self).items()}


def find_excess(code: str, value: float | None, limit: float) -> dict[str, Any] | None:
    """Return {code, value, limit} if `value` is beyond `limit`, None if it is not.

    What is no finite number is beyond every limit; its value is None then, as JSON knows no other.

    >>> find_excess("wmape", 0.4, 0.5), find_excess("wmape", float("nan"), 0.5)
    (None, {'code': 'wmape', 'value': None, 'limit': 0.5})
    """
    if value is None or not isfinite(value):
        return {"code": code, "value": None, "limit": round(limit, 4)}
    is_beyond = value > limit
    return {"code": code, "value": round(value, 4), "limit": round(limit, 4)} if is_beyond else None


def compare_refit(
    before: IntArray,
    after: IntArray,
    elasticities: tuple[FloatArray, FloatArray],
    exponent: int = 2,
) -> RefitShift:
    """Return how prices (m, P) and elasticity magnitudes (m,) of a refit differ from those before.

    A variant counts by the price of its P that moves furthest. Price points are those of the
    ladder; a price between two of them stands on the lower one.

    >>> one = np.ones(2)
    >>> shift = compare_refit(np.array([[400], [399]]), np.array([[400], [369]]), (one, 1.1 * one))
    >>> shift.moved_share, shift.far_share, round(shift.elasticity_median, 4)
    (0.5, 0.5, 0.0953)
    """
    if not len(before):
        return RefitShift(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0)
    ladder = price_ladder(exponent)
    place = (np.searchsorted(ladder, prices, side="right") for prices in (before, after))
    price_points = np.abs(np.subtract(*place)).max(axis=1)
    moves = np.abs(np.log(after / before)).max(axis=1)
    old, new = elasticities
    turned = np.abs(np.log(np.maximum(new, 1e-6) / np.maximum(old, 1e-6)))
    return RefitShift(
        variants=len(before),
        moved_share=float(np.mean(moves > 0)),
        far_share=float(np.mean(price_points > 1)),
        price_median=float(np.median(moves)),
        price_p95=float(np.percentile(moves, 95)),
        elasticity_median=float(np.median(turned)),
        elasticity_p95=float(np.percentile(turned, 95)),
    )


def judge_refit(
    shift: RefitShift,
    former: Mapping[str, Any],
    metrics: Mapping[str, Any],
    bounds: RefitBounds = USUAL,
) -> list[dict[str, Any]]:
    """Return what of a refit goes beyond its bounds: {code, value, limit} each, [] if nothing does.

    `former` and `metrics` are the figures of the model in use and of the refit: forecasts are
    compared where both have them. A value that is no finite number is None.

    >>> calm = RefitShift(10, 0.1, 0.0, 0.0, 0.02, 0.05, 0.3)
    >>> judge_refit(calm, {"wmape": 0.5}, {"wmape": 0.6})
    [{'code': 'wmape', 'value': 0.6, 'limit': 0.55}]
    """
    found = [
        find_excess(name, getattr(shift, name), getattr(bounds, name))
        for name in ("far_share", "price_p95", "elasticity_median")
    ]
    if metrics.get("items", 0) < (1.0 - bounds.lost_items) * former.get("items", 0):
        least = (1.0 - bounds.lost_items) * former["items"]
        found.append({"code": "items", "value": metrics.get("items", 0), "limit": least})
    for name in ("wmape", "deviance"):
        if former.get(name) and name in metrics:
            limit = (1.0 + bounds.worse_forecast) * former[name]
            found.append(find_excess(name, metrics[name], limit))
    if former.get("coverage_90") is not None and "coverage_90" in metrics:
        found.append(_find_coverage(former["coverage_90"], metrics["coverage_90"], bounds))
    return [one for one in found if one is not None]


def _find_coverage(former: float, held: float | None, bounds: RefitBounds) -> dict[str, Any] | None:
    """Return what is wrong with the share that 90 % intervals hold: too far from .9, either way."""
    limit = abs(former - 0.9) + bounds.worse_coverage
    distance = None if held is None else abs(held - 0.9)
    found = find_excess("coverage_90", distance, limit)
    if found is None:
        return None
    value = None if found["value"] is None else held
    return found | {"value": value, "limit": round(0.9 - limit, 4)}


@dataclass(frozen=True, slots=True)
class Limits:
    """What a draft may not do. Shares are fractions.

    `widest_sd`: a posterior sd above this share of its elasticity says nothing; a draft in which
    more than `most_share` of the model's moves are stopped is stopped as a whole, from
    `least_moves` on.
    """

    widest_sd: float = 1.5
    most_share: float = 0.10
    least_moves: int = 20


@dataclass(frozen=True, slots=True)
class Breach:
    """Variants of a draft, (m,), that one rule stops."""

    kind: str
    where: BoolArray


def screen_prices(
    *,
    old_minor: IntArray,
    new_minor: IntArray,
    floor_minor: IntArray,
    most_minor: IntArray,
    least_minor: IntArray,
    elasticity: FloatArray,
    elasticity_sd: FloatArray,
    is_model: BoolArray,
    limits: Limits,
) -> tuple[Breach, ...]:
    """Return what is wrong with new prices, arrays (m,), one breach for each rule that stops any.

    `most_minor` and `least_minor` are the bounds of a day's step. Moves of people (`is_model`
    False) are not judged by step and posterior: they bound themselves.

    >>> one = np.array([400, 400])
    >>> [found.kind for found in screen_prices(
    ...     old_minor=one, new_minor=np.array([460, 399]), floor_minor=one - 100,
    ...     most_minor=one + 40, least_minor=one - 40, elasticity=np.array([2.0, np.nan]),
    ...     elasticity_sd=np.ones(2), is_model=np.ones(2, dtype=bool), limits=Limits())]
    ['step', 'number']
    """
    moved = new_minor != old_minor
    is_number = np.isfinite(elasticity) & np.isfinite(elasticity_sd) & (elasticity > 0.0)
    is_wide = is_number & (elasticity_sd > limits.widest_sd * np.where(is_number, elasticity, 1))
    found = {
        "step": moved & is_model & ((new_minor > most_minor) | (new_minor < least_minor)),
        # A price that was below its floor before may stay there or rise towards it.
        "margin": moved & is_model & (new_minor < floor_minor) & (new_minor < old_minor),
        "number": ~is_number | (new_minor <= 0),
        "posterior": moved & is_model & is_wide,
    }
    return tuple(Breach(kind, where) for kind, where in found.items() if where.any())


def hold_moves(breaches: tuple[Breach, ...], is_move: BoolArray, limits: Limits) -> BoolArray:
    """Return which variants keep their price, (m,): those of any breach, or all that move.

    `is_move` (m,) are the model's moves. So many breaches at once are a fault of the draft, not of
    single variants.

    >>> moves = np.ones(30, dtype=bool)
    >>> few, many = moves.cumsum() <= 2, moves.cumsum() <= 4
    >>> [int(hold_moves((Breach("step", one),), moves, Limits()).sum()) for one in (few, many)]
    [2, 30]
    """
    held = np.zeros(len(is_move), dtype=np.bool_)
    for breach in breaches:
        held |= breach.where
    moves, stopped = int(is_move.sum()), int((held & is_move).sum())
    if moves >= limits.least_moves and stopped > limits.most_share * moves:
        return held | is_move
    return held
