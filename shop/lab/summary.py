"""From runs to figures with intervals over seeds: regret, share, gain share, regret ratio."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import t as student

from pricing.base.core.values import FloatArray
from shop.lab.episode import Run
from shop.lab.grid import CourseRuns

LAST_VISITS, LATE_VISITS = 20_000, 40_000
AFTER_SHIFT = (5_000, 20_000)
# The run of somebody who knows the truth and still shows one price to all.
UNIFORM = "uniform"
_LEAST_ROOM = 0.01
FEWEST_DAYS = 10


@dataclass(frozen=True, slots=True)
class Estimate:
    """A figure with its 95 % interval over seeds; the interval is NaN for one seed."""

    value: float
    low: float
    high: float


@dataclass(frozen=True, slots=True)
class Score:
    """One agent in one world. Money is counted in units of the clairvoyant's profit per market.

    share: profit / clairvoyant profit; gain_share: (profit - usual) / (clairvoyant - usual);
    gain_late: the same over the last 40,000 visits; gain_over_uniform: the gain share over the
    best price that is equal for all; regret: 1 - share at the end; recovery: share over visits
    5,000-20,000 after the shift (NaN where there is none); improvement: the share in the last fifth
    of all visits minus that in the second fifth (NaN for fewer than ten days).
    """

    agent: str
    share_5k: Estimate
    share_20k: Estimate
    share_50k: Estimate
    share: Estimate
    share_last: Estimate
    gain_share: Estimate
    gain_late: Estimate
    gain_over_uniform: Estimate
    regret: Estimate
    recovery: Estimate
    improvement: Estimate
    conversion: float
    seconds: float  # mean time of the agent itself per run


def estimate_ratio(above: FloatArray, below: FloatArray) -> Estimate:
    """Return mean(above) / mean(below) over seeds with a 95 % jackknife t-interval.

    A ratio of means, not a mean of ratios: a market where there is little to gain would
    otherwise weigh as much as it is noisy.

    >>> estimate = estimate_ratio(np.array([0.9, 1.1]), np.array([1.0, 1.0]))
    >>> estimate.value, round(estimate.low, 2), round(estimate.high, 2)
    (1.0, -0.27, 2.27)
    """
    n = len(above)
    ratio = float(above.mean() / below.mean()) if below.mean() != 0 else float("nan")
    if n < 2:
        return Estimate(ratio, float("nan"), float("nan"))
    without = (above.sum() - above) / (below.sum() - below)
    error = float(np.sqrt((n - 1) / n * np.sum((without - without.mean()) ** 2)))
    reach = float(student.ppf(0.975, n - 1)) * error
    return Estimate(ratio, ratio - reach, ratio + reach)


def score_agent(runs: Sequence[CourseRuns], agent: str) -> Score:
    """Return the score of `agent` over runs of one world that differ by seed only."""
    course = runs[0].course
    batch, days = course.setting.batch, course.batches
    best, uniform, usual, own = (
        _stack(runs, name) for name in ("clairvoyant", "uniform", "usual", agent)
    )

    def share_until(visits: int) -> Estimate:
        end = min(days, max(1, visits // batch))
        return estimate_ratio(_sums(own, best, 0, end), np.ones(len(runs)))

    def gain_over(floor: FloatArray, begin: int = 0) -> Estimate:
        above, room = ((one - floor)[:, begin:].sum(axis=1) for one in (own, best))
        return estimate_ratio(above / total, room / total)

    total = best.sum(axis=1)
    shift = course.setting.shift_after // batch
    first, last = (shift + visits // batch for visits in AFTER_SHIFT)
    has_shift = course.world == "demand_shift" and last <= days
    nothing = Estimate(float("nan"), float("nan"), float("nan"))
    final, late = (max(0, days - visits // batch) for visits in (LAST_VISITS, LATE_VISITS))
    return Score(
        agent=agent,
        share_5k=share_until(5_000),
        share_20k=share_until(20_000),
        share_50k=share_until(50_000),
        share=share_until(days * batch),
        share_last=estimate_ratio(_sums(own, best, final, days), np.ones(len(runs))),
        gain_share=gain_over(usual),
        gain_late=gain_over(usual, late),
        gain_over_uniform=gain_over(uniform),
        regret=estimate_ratio(find_regrets(runs, agent), np.ones(len(runs))),
        recovery=estimate_ratio(_sums(own, best, first, last), np.ones(len(runs)))
        if has_shift
        else nothing,
        improvement=estimate_ratio(_improvement(own, best), np.ones(len(runs))),
        conversion=float(np.mean([_find(run, agent).sales.sum() for run in runs]) / (days * batch)),
        seconds=float(np.mean([_find(run, agent).seconds for run in runs])),
    )


def score_bounds(runs: Sequence[CourseRuns], path: str) -> Estimate | None:
    """Return the gain share that the bounds of the shop's path allow, None where nobody looked."""
    allowed = [run.bounds[path].profit.sum() for run in runs if path in run.bounds]
    if len(allowed) < len(runs):
        return None
    best, usual = (_stack(runs, name).sum(axis=1) for name in ("clairvoyant", "usual"))
    return estimate_ratio((np.array(allowed) - usual) / best, (best - usual) / best)


def find_regrets(runs: Sequence[CourseRuns], agent: str) -> FloatArray:
    """Return 1 - share of each seed, (seeds,)."""
    best, own = _stack(runs, "clairvoyant"), _stack(runs, agent)
    return np.asarray(1.0 - own.sum(axis=1) / best.sum(axis=1))


def compare_regret(
    runs: Sequence[CourseRuns], agent: str, rivals: Sequence[str]
) -> tuple[str, Estimate]:
    """Return the best rival of one world and the agent's regret as a multiple of that rival's.

    The best rival is the one with the least mean regret, known only afterwards.
    """
    regrets = {rival: find_regrets(runs, rival) for rival in rivals}
    best = min(regrets, key=lambda rival: float(regrets[rival].mean()))
    return best, estimate_ratio(find_regrets(runs, agent), regrets[best])


@dataclass(frozen=True, slots=True)
class WorldsRegret:
    """Regret as a multiple of the best rival's in each world: mean over worlds, and the worst."""

    mean: float
    worst: float
    worst_world: str
    worst_rival: str


def compare_worlds(
    worlds: Sequence[Sequence[CourseRuns]], agent: str, rivals: Sequence[str]
) -> WorldsRegret:
    """Return how the regret of `agent` compares in worlds, each with the rival best there."""
    found = []
    for runs in worlds:
        rival, ratio = compare_regret(runs, agent, rivals)
        start = "warm" if runs[0].course.warm else "cold"
        found.append((ratio.value, f"{runs[0].course.world}/{start}", rival))
    worst = max(found)
    return WorldsRegret(float(np.mean([ratio for ratio, _, _ in found])), *worst)


def trace_shares(
    runs: Sequence[CourseRuns], agent: str, below: str | None
) -> tuple[FloatArray, FloatArray]:
    """Return, by day, the mean over seeds of the cumulative share, or of the gain share over
    `below` ("usual" or "uniform"), and half the width of its 95 % interval."""
    best, own = (np.cumsum(_stack(runs, name), axis=1) for name in ("clairvoyant", agent))
    floor = np.zeros_like(best) if below is None else np.cumsum(_stack(runs, below), axis=1)
    above, room = (own - floor) / best, (best - floor) / best
    pairs = [
        # In the first days who invests in the future may earn less than who does nothing.
        estimate_ratio(above[:, day], room[:, day])
        if room[:, day].mean() > _LEAST_ROOM
        else Estimate(float("nan"), float("nan"), float("nan"))
        for day in range(best.shape[1])
    ]
    return (
        np.array([pair.value for pair in pairs]),
        np.array([pair.high - pair.value for pair in pairs]),
    )


def _improvement(own: FloatArray, best: FloatArray) -> FloatArray:
    """Return the share in the last fifth of the days minus that in the second, (seeds,)."""
    days = own.shape[1]
    if days < FEWEST_DAYS:
        return np.full(len(own), np.nan)
    fifth = days // 5
    return _sums(own, best, days - fifth, days) - _sums(own, best, fifth, 2 * fifth)


def _stack(runs: Sequence[CourseRuns], name: str) -> FloatArray:
    """Return profits by day, (seeds, days)."""
    return np.stack([_find(run, name).profit for run in runs])


def _find(runs: CourseRuns, name: str) -> Run:
    """Return the run of an agent or of an insider."""
    return next(run for key, run in (*runs.insiders.items(), *runs.agents.items()) if key == name)


def _sums(own: FloatArray, best: FloatArray, first: int, last: int) -> FloatArray:
    return np.asarray(own[:, first:last].sum(axis=1) / best[:, first:last].sum(axis=1))
