"""A whole read-out: every arm against the plain one, guards, balance, and what follows from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from profiles.experiments.core.adaptive import compare_adaptive, score_units
from profiles.experiments.core.estimates import Comparison, adjust, compare, spend_alpha
from profiles.experiments.core.metrics import METRICS, Metric, take_sample
from profiles.experiments.core.sequences import MISMATCH, FloatArray, IntArray, check_balance

Verdict = Literal["mismatch", "harmed", "wins", "loses", "few", "open"]


@dataclass(frozen=True, slots=True)
class Promise:
    """What was registered, as far as reading needs it. `guards` are tolerated relative losses.

    `planned_units` (of all arms) makes the sequences narrowest where the plan ends.
    """

    arms: tuple[str, ...]
    control: int
    primary: str
    guards: Mapping[str, float]
    alpha: float
    planned_units: int
    least_share: float
    is_adaptive: bool = False


@dataclass(frozen=True, slots=True)
class Units:
    """The n measured units: arm (place in the row of arms), revision of the shares they drew under
    (both (n,)), and their columns after and before, (n,) each. `shares` are by revision, (k,) each.
    """

    arm: IntArray
    revision: IntArray
    after: Mapping[str, FloatArray]
    before: Mapping[str, FloatArray] | None
    shares: Mapping[int, Sequence[float]]


@dataclass(frozen=True, slots=True)
class MetricReading:
    """One metric of one arm against the plain arm; `tolerance` only for a guard.

    A guard is harmed once the arm is certainly worse than it may be.
    """

    arm: str
    metric: str
    comparison: Comparison
    tolerance: float | None = None

    @property
    def is_better(self) -> bool:
        """Whether the arm is certainly better."""
        return _is_better(METRICS[self.metric], self.comparison)

    @property
    def is_worse(self) -> bool:
        """Whether the arm is certainly worse."""
        return _is_worse(METRICS[self.metric], self.comparison)

    @property
    def is_harmed(self) -> bool:
        """Whether a guard is certainly worse than it may be."""
        if self.tolerance is None:
            return False
        found = self.comparison
        if METRICS[self.metric].is_more_better:
            return found.relative_high < -self.tolerance
        return found.relative_low > self.tolerance


@dataclass(frozen=True, slots=True)
class Reading:
    """All that may be said at one look. `counts` are measured units by arm."""

    counts: tuple[int, ...]
    balance: float
    primary: tuple[MetricReading, ...]
    guards: tuple[MetricReading, ...]

    @property
    def is_balanced(self) -> bool:
        """Whether every arm got the units it was meant to get, as far as one can tell."""
        return self.balance >= MISMATCH

    @property
    def verdict(self) -> Verdict:
        """What follows, by urgency: nothing may be read from arms that are not comparable."""
        if not self.is_balanced:
            return "mismatch"
        if any(one.is_harmed for one in self.guards):
            return "harmed"
        if any(one.is_better for one in self.primary):
            return "wins"
        if self.primary and all(one.is_worse for one in self.primary):
            return "loses"
        if not any(isfinite(one.comparison.low) for one in self.primary):
            return "few"
        return "open"

    @property
    def winner(self) -> str | None:
        """The best of the arms that are certainly better than the plain one."""
        better = [one for one in self.primary if one.is_better]
        if self.verdict != "wins":
            return None
        sign = METRICS[better[0].metric].sign
        return max(better, key=lambda one: sign * one.comparison.difference).arm


def read_units(promise: Promise, units: Units, exposed: Mapping[int, Sequence[int]]) -> Reading:
    """Return the read-out of units, `exposed` being all exposures by revision and arm.

    Balance is judged on all exposures; differences on the units that may be measured. Errors are
    spent over arms and metrics so that all sequences together err at most `alpha`.

    >>> promise = Promise(("plain", "new"), 0, "conversion", {}, 0.05, 400, 0.1)
    >>> units = Units(np.repeat([0, 1], 200), np.ones(400, dtype=np.int64),
    ...               {"orders": np.repeat([0.0, 1.0, 0.0, 1.0], [160, 40, 60, 140])}, None,
    ...               {1: (0.5, 0.5)})
    >>> found = read_units(promise, units, {1: (200, 200)})
    >>> found.verdict, found.winner, round(found.primary[0].comparison.difference, 2)
    ('wins', 'new', 0.5)
    """
    others = [at for at in range(len(promise.arms)) if at != promise.control]
    main, guard = spend_alpha(promise.alpha, len(others), len(promise.guards))
    metrics: list[tuple[str, float, float | None]] = [(promise.primary, main, None)]
    metrics += [(code, guard, loss) for code, loss in sorted(promise.guards.items())]
    found = [_read_metric(promise, units, code, alpha, loss) for code, alpha, loss in metrics]
    stretches = [(counts, units.shares[revision]) for revision, counts in sorted(exposed.items())]
    return Reading(
        counts=tuple(np.bincount(units.arm, minlength=len(promise.arms)).tolist()),
        balance=check_balance(stretches),
        primary=tuple(found[0]),
        guards=tuple(one for readings in found[1:] for one in readings),
    )


def _read_metric(
    promise: Promise, units: Units, code: str, alpha: float, loss: float | None
) -> list[MetricReading]:
    metric = METRICS[code]
    others = [at for at in range(len(promise.arms)) if at != promise.control]
    if promise.is_adaptive:
        scores = _score(metric, units)
        found = [
            compare_adaptive(
                scores, at, promise.control, alpha=alpha, tuned_for=float(promise.planned_units)
            )
            for at in others
        ]
    else:
        found = _compare_fixed(promise, units, metric, others, alpha)
    return [
        MetricReading(promise.arms[at], code, one, loss)
        for at, one in zip(others, found, strict=True)
    ]


def _compare_fixed(
    promise: Promise, units: Units, metric: Metric, others: Sequence[int], alpha: float
) -> list[Comparison]:
    samples = []
    for at in range(len(promise.arms)):
        mine = units.arm == at
        before = None if units.before is None else _take(units.before, mine)
        samples.append(take_sample(metric, _take(units.after, mine), before))
    estimates, kept = adjust(samples)
    tuned_for = max(1.0, promise.planned_units * promise.least_share)
    return [
        compare(
            estimates[at],
            estimates[promise.control],
            alpha=alpha,
            tuned_for=tuned_for,
            kept_variance=kept,
        )
        for at in others
    ]


def _score(metric: Metric, units: Units) -> FloatArray:
    sample = take_sample(metric, units.after, None)
    shares = np.array([units.shares[one] for one in units.revision.tolist()], dtype=float)
    count = len(next(iter(units.shares.values())))
    return score_units(units.arm, sample.top, shares.reshape(-1, count), units.revision)


def _take(columns: Mapping[str, FloatArray], mine: NDArray[np.bool_]) -> dict[str, FloatArray]:
    return {name: column[mine] for name, column in columns.items()}


def _is_better(metric: Metric, found: Comparison) -> bool:
    return found.low > 0.0 if metric.is_more_better else found.high < 0.0


def _is_worse(metric: Metric, found: Comparison) -> bool:
    return found.high < 0.0 if metric.is_more_better else found.low > 0.0
