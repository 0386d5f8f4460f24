"""Experiments with public prices: clusters of products are treated turn by turn, for everybody
alike.

Turns come in pairs. A coin for each cluster and pair says in which of the two turns the cluster is
treated; in the other one it is its own control. With z the outcome of a turn over the cluster's own
level before the experiment,

    d = s (z_first - z_second - m),   s = 1 if the first turn was treated, else -1

m is the mean change of all *other* clusters in that pair: season and pay day move all of them alike
and fall out, and what m holds of the effect has mean zero, because coins are independent. The mean
of d over clusters, weighted by their level, is the relative effect. Its error is that of clusters
(a cluster's pairs are not independent): as many as their weights are worth, 1 / sum of squared
weights, and the bounds are wider by Student's quantile of so many over the normal one (Carter,
Schnepel and Steigerwald, Review of Economics and Statistics 2017). They hold at every look. The
first days of each turn are washed out: who stocked up in the last turn, or did not notice yet,
counts nowhere.

References: Bojinov, Simchi-Levi and Zhao, "Design and analysis of switchback experiments",
Management Science 2023 (carry-over and randomisation by turns); Johari, Li, Liskovich and
Weintraub, "Experimental design in two-sided platforms", Management Science 2022 (why not by
shopper).
"""

from __future__ import annotations

from dataclasses import dataclass
from math import inf, sqrt

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtri, stdtrit

from profiles.experiments.core.sequences import FloatArray, IntArray
from profiles.lots import Purpose, is_first_of_pair
from shop.ground.kernel.sequences import best_rho, mixture_margin

BoolArray = NDArray[np.bool_]
# Worth fewer clusters than these, their error says nothing.
LEAST_CLUSTERS_OF_GOODS = 8


@dataclass(frozen=True, slots=True)
class CellReading:
    """The relative effect of the treatment on a cluster's outcome, with bounds at every look.

    `pairs` are the cells that count, clusters times pairs of turns. `spill` is how much a control
    cell moves if all its neighbours are treated instead of none, with a 95 % interval of one look;
    `leaks` says that the interval leaves zero out: the clusters are drawn too narrow.
    """

    effect: float
    error: float
    low: float
    high: float
    clusters: int
    pairs: int
    spill: float
    spill_low: float
    spill_high: float

    @property
    def leaks(self) -> bool:
        """Whether treated neighbours certainly move control cells."""
        return self.spill_low > 0.0 or self.spill_high < 0.0


def draw_cells(salt: str, clusters: int, turns: int) -> BoolArray:
    """Return which clusters are treated in which turn, (clusters, turns), one turn of each pair.

    >>> drawn = draw_cells("salt", 5, 4)
    >>> bool((drawn[:, 0] ^ drawn[:, 1]).all() and (drawn[:, 2] ^ drawn[:, 3]).all())
    True
    """
    return np.array(
        [[is_treated(salt, one, turn) for turn in range(turns)] for one in range(clusters)],
        dtype=np.bool_,
    ).reshape(clusters, turns)


def is_treated(salt: str, cluster: int, turn: int) -> bool:
    """Return whether a cluster is treated in a turn (both counted from 0).

    >>> is_treated("salt", 3, 0) != is_treated("salt", 3, 1)
    True
    """
    is_first = is_first_of_pair(turn // 2, Purpose.TURN, salt, str(cluster))
    return is_first != bool(turn % 2)


def find_turn(day: int, period_days: int, wash_out_days: int) -> tuple[int, bool]:
    """Return the turn of a day since the start (0 is the first), and whether it is washed out.

    >>> [find_turn(day, 7, 1) for day in (0, 1, 6, 7)]
    [(0, True), (0, False), (0, False), (1, True)]
    """
    turn, into = divmod(day, period_days)
    return turn, into < wash_out_days


def read_cells(
    outcome: FloatArray,
    level: FloatArray,
    treated: BoolArray,
    between: FloatArray | None = None,
    *,
    alpha: float = 0.05,
    tuned_for: float = 100.0,
) -> CellReading:
    """Return the effect from outcomes a counted day, (c, t), and levels before the start, (c,).

    `treated` (c, t) is what was drawn, `between` (c, c) how clusters hang together. Clusters
    without a level and an odd last turn do not count. `tuned_for` pairs must be fixed beforehand.

    >>> drawn = draw_cells("salt", 30, 8)
    >>> rng = np.random.default_rng(1)
    >>> sold = 100.0 * (1.0 + 0.1 * drawn + rng.normal(0.0, 0.02, (30, 8)))
    >>> found = read_cells(sold, np.full(30, 100.0), drawn)
    >>> round(found.effect, 2), found.low > 0.08
    (0.1, True)
    """
    is_known = level > 0.0
    turns = outcome.shape[1] // 2 * 2
    z = outcome[is_known, :turns] / level[is_known, None]
    drawn, weight = treated[is_known, :turns], level[is_known]
    count, pairs = len(weight), turns // 2
    spill = _read_spill(z, drawn, _narrow(between, is_known))
    if count < 2 or not pairs:
        return CellReading(0.0, inf, -inf, inf, count, 0, *spill)
    effect, error = _estimate(z, drawn, weight)
    half = error * widen(weight, count * pairs, alpha, tuned_for) if error > 0.0 else inf
    return CellReading(effect, error, effect - half, effect + half, count, count * pairs, *spill)


def widen(weight: FloatArray, cells: int, alpha: float, tuned_for: float) -> float:
    """Return how many errors the bounds are away from the effect: infinite for too few clusters.

    >>> round(widen(np.ones(24), 96, 0.05, 96.0), 2), widen(np.ones(7), 28, 0.05, 28.0)
    (3.2, inf)
    """
    worth = float(weight.sum() ** 2 / (weight @ weight))
    if worth < LEAST_CLUSTERS_OF_GOODS:
        return inf
    few = float(stdtrit(worth - 1.0, 1.0 - alpha / 2.0) / ndtri(1.0 - alpha / 2.0))
    return few * mixture_margin(float(cells), alpha, best_rho(tuned_for, alpha))


def compare_turns(
    outcome: FloatArray, level: FloatArray, treated: BoolArray
) -> tuple[tuple[float | None, float | None], ...]:
    """Return, turn by turn, what treated and plain clusters earned over their level before.

    None where a turn had no such cluster.

    >>> drawn = np.array([[True], [False]])
    >>> compare_turns(np.array([[12.0], [9.0]]), np.array([10.0, 10.0]), drawn)
    ((1.2, 0.9),)
    """
    known = level > 0.0
    rows, drawn, weight = outcome[known], treated[known], level[known]

    def share(at: int, chosen: BoolArray) -> float | None:
        base = float(weight[chosen].sum())
        return float(rows[chosen, at].sum()) / base if base > 0.0 else None

    return tuple((share(at, drawn[:, at]), share(at, ~drawn[:, at])) for at in range(rows.shape[1]))


def _narrow(between: FloatArray | None, is_known: BoolArray) -> FloatArray | None:
    return None if between is None else between[np.ix_(is_known, is_known)]


def _estimate(z: FloatArray, drawn: BoolArray, weight: FloatArray) -> tuple[float, float]:
    """Return the weighted mean of d and its error by clusters."""
    share = weight / weight.sum()
    change = z[:, 0::2] - z[:, 1::2]
    total = share @ change
    others = (total - share[:, None] * change) / (1.0 - share)[:, None]
    sign = np.where(drawn[:, 0::2], 1.0, -1.0)
    mine = (sign * (change - others)).mean(axis=1)
    effect = float(share @ mine)
    spread = float(((share * (mine - effect)) ** 2).sum())
    return effect, sqrt(spread / (1.0 - float(share @ share)))


def _read_spill(
    z: FloatArray, drawn: BoolArray, between: FloatArray | None
) -> tuple[float, float, float]:
    """Return the slope of control cells on the share of their neighbours that is treated."""
    if between is None or not z.size:
        return 0.0, -inf, inf
    near = between @ drawn
    free = ~drawn & (between.sum(axis=1) > 0.0)[:, None]
    x, y = np.where(free, near, np.nan), np.where(free, z, np.nan)
    counted = free.sum(axis=0) > 1
    if counted.sum() < 1:
        return 0.0, -inf, inf
    x, y = x[:, counted], y[:, counted]
    # Within turn and cluster: two rounds of centring, which is exact once cells are balanced.
    for _ in range(20):
        for axis in (0, 1):
            x, y = (one - _mean(one, axis) for one in (x, y))
    x, y = np.nan_to_num(x), np.nan_to_num(y)
    spread = float((x * x).sum())
    if spread <= 1e-12:
        return 0.0, -inf, inf
    slope = float((x * y).sum()) / spread
    left = ((y - slope * x) * x).sum(axis=1)
    error = sqrt(float((left * left).sum())) / spread
    return slope, slope - 1.96 * error, slope + 1.96 * error


def _mean(values: FloatArray, axis: int) -> FloatArray:
    known = ~np.isnan(values)
    total = np.where(known, values, 0.0).sum(axis=axis, keepdims=True)
    return np.asarray(total / np.maximum(known.sum(axis=axis, keepdims=True), 1))


def cluster_items(
    first: IntArray, second: IntArray, weight: FloatArray, kin: IntArray, most: int
) -> IntArray:
    """Return the cluster of each of n products, (n,), numbered from 0 by first appearance.

    A cheaper good takes sales from its siblings. If they stood in different cells, the experiment
    would count as a gain what only moved; in one cluster they move together.

    Products of one `kin` (n,), substitutes for each other, are never parted, however many they are.
    Then pairs (e,) with the largest weight (co-views, co-purchases, similarity) are joined first,
    as long as no cluster grows beyond `most` products; pairs without weight join nothing.

    >>> cluster_items(np.array([0, 1, 2]), np.array([1, 2, 3]), np.array([9.0, 1.0, 5.0]),
    ...               np.arange(5), most=2).tolist()
    [0, 0, 1, 1, 2]
    >>> none = np.array([], dtype=np.int64)
    >>> cluster_items(none, none, none.astype(float), np.array([7, 7, 8, 7]), most=2).tolist()
    [0, 0, 1, 0]
    """
    count, firsts = len(kin), np.unique(kin, return_index=True, return_inverse=True)
    parent = firsts[1][firsts[2]].tolist()
    size = np.bincount(parent, minlength=count).tolist()

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for at in np.argsort(-weight, kind="stable").tolist():
        if weight[at] <= 0.0:
            break
        left, right = root(int(first[at])), root(int(second[at]))
        if left != right and size[left] + size[right] <= most:
            small, large = sorted((left, right))
            parent[large] = small
            size[small] += size[large]
    roots = np.array([root(one) for one in range(count)], dtype=np.int64)
    return np.unique(roots, return_inverse=True)[1].astype(np.int64)


def weigh_between(
    first: IntArray, second: IntArray, weight: FloatArray, cluster: IntArray
) -> FloatArray:
    """Return how strongly clusters hang together, (c, c): each row adds up to 1, or is all zero.

    >>> weigh_between(np.array([0, 1]), np.array([1, 2]), np.array([1.0, 3.0]),
    ...               np.array([0, 0, 1])).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    count = int(cluster.max()) + 1 if len(cluster) else 0
    found = np.zeros((count, count))
    left, right = cluster[first], cluster[second]
    apart = left != right
    np.add.at(found, (left[apart], right[apart]), weight[apart])
    np.add.at(found, (right[apart], left[apart]), weight[apart])
    total = found.sum(axis=1, keepdims=True)
    return np.divide(found, total, out=np.zeros_like(found), where=total > 0.0)
