"""Arms and how they compare, valid at every look: bounds of a difference, and of their sizes.

The margin is that of `shop.ground.kernel.sequences`. The sizes are tested (sample ratio mismatch)
after Lindon and Malek, "Anytime-valid inference for multinomial count data", NeurIPS 2022
(openreview a4zg0jiuVi): with the shares p under test, a Dirichlet prior with parameters a = k p
and counts n,

    B(n) = G(A) / G(A + N) · prod_i G(a_i + n_i) / G(a_i) / prod_i p_i^n_i

(G the gamma function, A and N the sums) is a martingale if p is true, so that it ever passes 1 / a
with probability a at most: 1 / max B is a p-value that holds at every look. Where shares moved,
each stretch of time has its own B and their product is a martingale too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import exp, isfinite, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaln

from profiles.values import Lift
from shop.ground.kernel.sequences import best_rho, mixture_margin

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

# The central limit theorem wants some shoppers in the smaller arm before anything is said.
LEAST_CLUSTERS = 100


@dataclass(frozen=True, slots=True)
class Arm:
    """Sums over the shoppers (clusters) of one arm.

    `visits` v and `total` y (of profit, or whatever is compared) are sums over shoppers;
    `squares` sums y², `products` y v, `visits_squared` v². A shopper comes back: visits of the same
    one are no independent observations, shoppers are.
    """

    clusters: int = 0
    visits: float = 0.0
    total: float = 0.0
    squares: float = 0.0
    products: float = 0.0
    visits_squared: float = 0.0

    @property
    def mean(self) -> float:
        """What a visit brings, 0 without visits."""
        return self.total / self.visits if self.visits > 0.0 else 0.0

    @property
    def variance(self) -> float:
        """The variance of `mean`: linearised ratio, sum over shoppers of (y - mean v)² / V²."""
        if self.visits <= 0.0 or self.clusters < 2:
            return float("inf")
        mean = self.mean
        spread = self.squares - 2.0 * mean * self.products + mean * mean * self.visits_squared
        return max(0.0, spread) / self.visits**2 * self.clusters / (self.clusters - 1)


def arm_of(total: FloatArray, visits: FloatArray, cluster: IntArray) -> Arm:
    """Return the sums of rows (n,) of one arm, by cluster.

    >>> arm_of(np.array([1.0, 2.0, 4.0]), np.ones(3), np.array([7, 7, 9])).squares
    25.0
    """
    if not len(total):
        return Arm()
    _, place = np.unique(cluster, return_inverse=True)
    y, v = np.bincount(place, total), np.bincount(place, visits)
    return Arm(
        clusters=len(y),
        visits=float(v.sum()),
        total=float(y.sum()),
        squares=float((y * y).sum()),
        products=float((y * v).sum()),
        visits_squared=float((v * v).sum()),
    )


def grow_arms(
    day: IntArray, total: FloatArray, visits: FloatArray, cluster: IntArray
) -> list[tuple[int, Arm]]:
    """Return the sums of one arm up to and including each of its days, in order of days.

    Rows (n,) in any order, none for an arm nobody was in yet; `day` is any ascending number. Each
    row is looked at once: what a shopper brought before is taken out of the squares and put back
    with what the day added.

    >>> days = grow_arms(np.array([1, 2, 2]), np.array([1.0, 2.0, 4.0]), np.ones(3),
    ...                  np.array([7, 7, 9]))
    >>> [(at, arm.clusters, arm.squares) for at, arm in days]
    [(1, 1, 1.0), (2, 2, 25.0)]
    """
    if not len(day):
        return []
    names, place = np.unique(cluster, return_inverse=True)
    y, v = np.zeros(len(names)), np.zeros(len(names))
    order = np.argsort(day, kind="stable")
    days, first = np.unique(day[order], return_index=True)
    found, at = [], Arm()
    for one, rows in zip(days.tolist(), np.split(order, first[1:]), strict=True):
        here, inverse = np.unique(place[rows], return_inverse=True)
        before = (y[here], v[here])
        y[here] += np.bincount(inverse, total[rows], len(here))
        v[here] += np.bincount(inverse, visits[rows], len(here))
        after = (y[here], v[here])
        at = Arm(
            clusters=at.clusters + int((before[1] == 0.0).sum()),
            visits=at.visits + float((after[1] - before[1]).sum()),
            total=at.total + float((after[0] - before[0]).sum()),
            squares=at.squares + float((after[0] ** 2 - before[0] ** 2).sum()),
            products=at.products + float((after[0] * after[1] - before[0] * before[1]).sum()),
            visits_squared=at.visits_squared + float((after[1] ** 2 - before[1] ** 2).sum()),
        )
        found.append((one, at))
    return found


def compare_arms(
    treated: Arm,
    holdout: Arm,
    *,
    level: float = 0.95,
    tuned_for: float = 2_000.0,
    least: int = LEAST_CLUSTERS,
) -> Lift:
    """Return the difference of means per visit, treated less holdout, with anytime-valid bounds.

    Time is counted in shoppers of the smaller arm, whose noise rules; the sequence is narrowest
    after `tuned_for` of them. `tuned_for` must not follow the data.

    >>> compare_arms(Arm(), Arm()).high
    inf
    """
    alpha = 1.0 - level
    error = sqrt(treated.variance + holdout.variance)
    count = float(min(treated.clusters, holdout.clusters))
    difference = treated.mean - holdout.mean
    half = float("inf")
    if count >= least and isfinite(error) and error > 0.0:
        half = error * mixture_margin(count, alpha, best_rho(tuned_for, alpha))
    return Lift(
        treated=treated.mean,
        holdout=holdout.mean,
        difference=difference,
        low=difference - half,
        high=difference + half,
        error=error,
        treated_shoppers=treated.clusters,
        holdout_shoppers=holdout.clusters,
        treated_visits=int(treated.visits),
        holdout_visits=int(holdout.visits),
    )


# How strongly the prior believes in the shares; what the authors use.
CONCENTRATION = 100.0
# Below this the counts are not what was meant: a fault of assignment or logging, not bad luck.
MISMATCH = 0.001


def weigh_counts(counts: NDArray[np.int64], shares: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return log B of counts (..., k) against shares (k,).

    >>> one = weigh_counts(np.array([600, 400]), np.array([0.5, 0.5]))
    >>> bool(one > np.log(1_000))
    True
    """
    prior = CONCENTRATION * shares
    logs = gammaln(prior + counts) - gammaln(prior) - counts * np.log(shares)
    total = counts.sum(axis=-1)
    found: NDArray[np.float64] = (
        logs.sum(axis=-1) + gammaln(CONCENTRATION) - gammaln(CONCENTRATION + total)
    )
    return found


def check_balance(stretches: Sequence[tuple[Sequence[int], Sequence[float]]]) -> float:
    """Return the p-value, in (0, 1], of counts and shares of each stretch without a change.

    >>> check_balance([([500, 500], [0.5, 0.5])])
    1.0
    >>> check_balance([([700, 300], [0.5, 0.5])]) < MISMATCH
    True
    """
    weight = sum(
        float(weigh_counts(np.asarray(counts, dtype=np.int64), np.asarray(shares, dtype=float)))
        for counts, shares in stretches
        if sum(counts)
    )
    return min(1.0, exp(-weight)) if weight < 700.0 else exp(-700.0)
