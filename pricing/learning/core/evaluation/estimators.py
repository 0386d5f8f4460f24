"""Value of a candidate policy from logged decisions: SNIPS, DR and SWITCH-DR, and their gain."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import FloatArray, IntArray
from pricing.learning.core.evaluation.intervals import Interval, bootstrap_gaps, number_groups

LEAST_EFFECTIVE_SHARE = 0.05
LARGEST_WEIGHT = 50.0
LARGEST_UNSUPPORTED = 0.01
FEWEST_CLUSTERS = 100
SWITCH_AT = 10.0


@dataclass(frozen=True, slots=True)
class Logged:
    """n logged decisions among k actions (price price points), padded with probability 0.

    `probability` (n, k) is that of the policy that decided, `candidate` (n, k) that of the one in
    question, each summing to 1; `chosen` (n,) the action taken, `reward` (n,) what it earned (minor
    units, 0 if nothing was bought); `cluster` (n,) whose decision it was, `draw_group` (n,) which
    draw made it (a variant's week); `predicted` (n, k) the reward an outcome model expects of each
    action, fitted without the cluster's own rewards.
    """

    probability: FloatArray
    candidate: FloatArray
    chosen: IntArray
    reward: FloatArray
    cluster: IntArray
    draw_group: IntArray
    predicted: FloatArray

    def __post_init__(self) -> None:
        n = len(self.reward)
        at = np.arange(n)
        shapes = {self.probability.shape, self.candidate.shape, self.predicted.shape}
        owners = {self.chosen.shape, self.cluster.shape, self.draw_group.shape}
        if len(shapes) != 1 or owners != {(n,)}:
            raise ValueError("decisions and actions have different lengths")
        if n and not (self.probability[at, self.chosen] > 0.0).all():
            raise ValueError("an action was taken that the log says was impossible")
        sums = np.concatenate([self.probability.sum(axis=1), self.candidate.sum(axis=1)])
        if not np.allclose(sums, 1.0, atol=1e-6):
            raise ValueError("probabilities of a decision do not sum to 1")

    def weights(self) -> FloatArray:
        """Return candidate over logged probability of the action taken, (n,)."""
        at = np.arange(len(self.reward))
        ratio: FloatArray = self.candidate[at, self.chosen] / self.probability[at, self.chosen]
        return ratio


@dataclass(frozen=True, slots=True)
class Support:
    """How much the log can say: effective sample size (sum w)^2 / sum w^2 and its share of n, the
    largest weight, the mean weight (1 if the log is right), and the share of the candidate's
    decisions that the log never showed."""

    decisions: int
    clusters: int
    draws: int
    effective: float
    effective_share: float
    largest_weight: float
    mean_weight: float
    unsupported: float


@dataclass(frozen=True, slots=True)
class Estimate:
    """One estimator's answer, in reward per decision: the candidate's value, and its gain over
    the policy that was logged."""

    value: Interval
    gain: Interval


@dataclass(frozen=True, slots=True)
class Evaluation:
    """The three estimates by name, what they rest on, and why no verdict may be read from them."""

    estimates: Mapping[str, Estimate]
    logged_value: float
    support: Support
    refusals: tuple[str, ...]


def evaluate(logged: Logged, *, random_state: int, resamples: int = 1_000) -> Evaluation:
    """Return what the candidate would have earned.

    SNIPS (Swaminathan and Joachims 2015) is sum w r / sum w; DR (Dudik et al. 2011) adds to the
    predicted reward the weighted error of the prediction; SWITCH-DR (Wang, Agarwal and Dudik 2017)
    leaves the correction out where the weight is above SWITCH_AT. Gains of the latter two are over
    the DR value of the logged policy. 95 % intervals by a bootstrap on clusters, wider where
    decisions share draws. A verdict is refused where the effective sample
    is below 5 % of the decisions, a weight is above 50, over 1 % of the candidate's choices were
    never shown, or there are few shoppers or draws.

    Raises ValueError for an empty log.
    """
    n = len(logged.reward)
    if not n:
        raise ValueError("no decisions were logged")
    rng = np.random.default_rng(random_state)
    at = np.arange(n)
    weight, reward = logged.weights(), logged.reward
    expected = (logged.candidate * logged.predicted).sum(axis=1)
    miss = reward - logged.predicted[at, logged.chosen]
    # The logged policy's value by the same model: what the two have in common cancels out.
    shown, one = (logged.probability * logged.predicted).sum(axis=1) + miss, np.ones(n)
    parts = {
        "SNIPS": (weight * reward, weight, reward, one),
        "DR": (expected + weight * miss, one, shown, one),
        "SWITCH-DR": (
            expected + np.where(weight <= SWITCH_AT, weight, 0.0) * miss,
            one,
            shown,
            one,
        ),
    }
    gains = np.stack([np.stack(columns, axis=1) for columns in parts.values()])
    both = np.concatenate([gains * np.array([1.0, 1.0, 0.0, 1.0]), gains])
    groups = number_groups(logged.cluster, logged.draw_group)
    found = bootstrap_gaps(both, groups, rng, resamples=resamples)
    estimates = {name: Estimate(found[at], found[len(parts) + at]) for at, name in enumerate(parts)}
    support = measure_support(logged)
    return Evaluation(estimates, float(reward.mean()), support, find_refusals(support))


def measure_support(logged: Logged) -> Support:
    """Return what the log can say about the candidate."""
    weight = logged.weights()
    n, square = len(weight), float((weight * weight).sum())
    effective = float(weight.sum()) ** 2 / square if square > 0.0 else 0.0
    unseen = np.where(logged.probability > 0.0, 0.0, logged.candidate).sum(axis=1)
    return Support(
        decisions=n,
        clusters=len(np.unique(logged.cluster)),
        draws=len(np.unique(logged.draw_group)),
        effective=effective,
        effective_share=effective / n,
        largest_weight=float(weight.max()),
        mean_weight=float(weight.mean()),
        unsupported=float(unseen.mean()),
    )


def find_refusals(support: Support) -> tuple[str, ...]:
    """Return why no verdict may be read from a log with this support; () if one may.

    >>> find_refusals(Support(1000, 500, 500, 30.0, 0.03, 60.0, 1.0, 0.2))
    ('few_effective_decisions', 'weight_too_large', 'choices_never_shown')
    """
    reasons = (
        ("few_effective_decisions", support.effective_share < LEAST_EFFECTIVE_SHARE),
        ("weight_too_large", support.largest_weight > LARGEST_WEIGHT),
        ("choices_never_shown", support.unsupported > LARGEST_UNSUPPORTED),
        ("few_shoppers", support.clusters < FEWEST_CLUSTERS),
        ("few_draws", support.draws < FEWEST_CLUSTERS),
    )
    return tuple(name for name, is_so in reasons if is_so)


def example_logged() -> Logged:
    """Return decisions of 400 shoppers between two prices, the second better by 0.5 of 1.5."""
    rng = np.random.default_rng(3)
    n = 1_200
    chosen = rng.integers(0, 2, n)
    return Logged(
        probability=np.full((n, 2), 0.5),
        candidate=np.tile([0.1, 0.9], (n, 1)),
        chosen=chosen,
        reward=1.0 + chosen + rng.normal(0.0, 0.5, n),
        cluster=np.arange(n) // 3,
        draw_group=np.arange(n),
        predicted=np.tile([1.0, 2.0], (n, 1)),
    )
