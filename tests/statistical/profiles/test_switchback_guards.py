"""Claims about guards and balance of experiments with public prices, on simulated clusters.

24 clusters of unequal size in 12 turns, looked at after every pair. A season moves all clusters,
each has a memory of its own, returns and impressions hang on what is sold and shown.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from numpy.typing import NDArray

from profiles.experiments.core.assignment import check_served
from profiles.experiments.core.metrics import CELL_METRICS, CellColumn, CellGuard, read_cell_guards
from profiles.experiments.core.sequences import check_balance

pytestmark = pytest.mark.statistical
FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
CLUSTERS, TURNS = 24, 12
PAIRS = CLUSTERS * TURNS / 2
# What the cheaper arm does to the one metric that is planted as harm.
HARM = {code: 0.4 if code in ("return_rate", "stock_out_share") else -0.3 for code in CELL_METRICS}


def draw(rng: np.random.Generator) -> BoolArray:
    """Return fair coins for each cluster and pair of turns: one of the two is cheaper."""
    first = rng.random((CLUSTERS, TURNS // 2)) < 0.5
    return np.stack([first, ~first], axis=2).reshape(CLUSTERS, TURNS)


def wander(rng: np.random.Generator, treated: BoolArray, effect: float) -> FloatArray:
    """Return a season for all, a memory of each cluster, and the effect where it is cheaper."""
    memory = np.zeros((CLUSTERS, TURNS))
    for at in range(1, TURNS):
        memory[:, at] = 0.6 * memory[:, at - 1] + rng.normal(0.0, 0.08, CLUSTERS)
    season = np.cumsum(rng.normal(0.0, 0.1, TURNS))
    found: FloatArray = np.exp(season + memory) * (1.0 + effect * treated)
    return found


def simulate(
    rng: np.random.Generator, treated: BoolArray, harm: Mapping[str, float]
) -> dict[str, CellColumn]:
    """Return the columns of all guards; `harm` is the relative change of a metric."""
    level = np.exp(rng.uniform(3.0, 6.0, CLUSTERS))

    def grow(code: str) -> FloatArray:
        return level[:, None] * wander(rng, treated, harm.get(code, 0.0))

    sold = rng.poisson(grow("units_per_shopper")).astype(np.float64)
    impressions = rng.poisson(20.0 * grow("")).astype(np.float64)
    # What a look earns is what its products earn, as long as impressions stay as they are.
    each = wander(rng, treated, harm.get("margin_per_look", harm.get("margin_per_shopper", 0.0)))
    chance = np.minimum(0.08 * (1.0 + harm.get("return_rate", 0.0) * treated), 1.0)
    hours = np.repeat(24.0 * np.ceil(level / 20.0)[:, None], TURNS, axis=1)
    out = np.minimum(0.1 * wander(rng, treated, harm.get("stock_out_share", 0.0)), 1.0)
    known: dict[str, FloatArray] = {
        "units": sold,
        "units_sold": sold,
        "units_returned": rng.binomial(sold.astype(np.int64), chance).astype(np.float64),
        "revenue": 4.0 * grow("revenue_per_shopper"),
        "margin": 0.05 * impressions * each,
        "looks": impressions,
        "neighbor_revenue": 9.0 * grow("neighbor_revenue"),
        "hours": hours,
        "hours_sold_out": hours * out,
    }
    scale = {"revenue": 4.0, "neighbor_revenue": 9.0}
    return {name: CellColumn(turns, scale.get(name, 1.0) * level) for name, turns in known.items()}


def read_each_pair(
    columns: Mapping[str, CellColumn], treated: BoolArray, alpha: float
) -> list[tuple[CellGuard, ...]]:
    """Return the guards, tolerating nothing, after every pair of turns."""
    return [
        read_cell_guards(
            dict.fromkeys(CELL_METRICS, 0.0),
            {name: CellColumn(one.turns[:, :until], one.level) for name, one in columns.items()},
            treated[:, :until],
            alpha=alpha,
            tuned_for=PAIRS,
        )
        for until in range(2, TURNS + 1, 2)
    ]


def test_guards_read_after_every_pair_ring_rarely() -> None:
    rng, runs = np.random.default_rng(21), 1_000
    price_point = dict.fromkeys(CELL_METRICS, 0)
    for _ in range(runs):
        treated = draw(rng)
        impressions = read_each_pair(simulate(rng, treated, {}), treated, alpha=0.05)
        for code in CELL_METRICS:
            price_point[code] += any(
                one.reading.low > 0.0 or one.reading.high < 0.0
                for guards in impressions
                for one in guards
                if one.metric.code == code
            )
    assert max(price_point.values()) / runs <= 0.05
    assert {*price_point} == {*CELL_METRICS}


def test_all_guards_together_keep_to_the_error_they_are_given() -> None:
    rng, runs, price_point = np.random.default_rng(22), 1_000, 0
    for _ in range(runs):
        treated = draw(rng)
        impressions = read_each_pair(simulate(rng, treated, {}), treated, 0.05 / len(CELL_METRICS))
        price_point += any(one.is_harmed for guards in impressions for one in guards)
    assert price_point / runs <= 0.05


@pytest.mark.parametrize("code", sorted(CELL_METRICS))
def test_harm_to_a_guard_is_found_and_named(code: str) -> None:
    rng, runs = np.random.default_rng(23), 20
    found = []
    for _ in range(runs):
        treated = draw(rng)
        columns = simulate(rng, treated, {code: HARM[code]})
        last = read_each_pair(columns, treated, 0.01 / len(CELL_METRICS))[-1]
        found.append({one.metric.code for one in last if one.is_harmed})
    assert np.mean([code in one for one in found]) >= 0.9


def test_the_relative_change_of_a_ratio_is_what_was_planted() -> None:
    rng, runs, found = np.random.default_rng(24), 60, []
    for _ in range(runs):
        treated = draw(rng)
        # More is sold where it is cheaper: only the ratio is worse by two fifths.
        columns = simulate(rng, treated, {"return_rate": 0.4, "units_per_shopper": 0.3})
        guards = read_each_pair(columns, treated, alpha=0.05)[-1]
        found += [one.reading.effect for one in guards if one.metric.code == "return_rate"]
    # Over the ratio of both arms together, which is itself higher than the plain arm's.
    middle = (1.3 * 1.4 + 1.0) / (1.3 + 1.0)
    harmonic = 2.0 * 1.3 / (1.3 + 1.0) / (2.3 / 2.0)
    wanted = 0.4 / middle * harmonic
    assert abs(np.mean(found) - wanted) < 4.0 * np.std(found) / np.sqrt(runs)


def test_lost_looks_of_one_arm_are_a_fault() -> None:
    rng, runs = np.random.default_rng(25), 200
    told, lost, naive = 0, 0, 0
    for _ in range(runs):
        treated = draw(rng)
        impressions = simulate(rng, treated, {})["looks"].turns
        told += read_impressions(impressions, treated) == "looks"
        lost += read_impressions(impressions * np.where(treated, 0.5, 1.0), treated) == "looks"
        counts = [int(impressions[~treated].sum()), int(impressions[treated].sum())]
        naive += check_balance([(counts, (0.5, 0.5))]) < 0.001
    assert told == 0
    assert lost / runs > 0.95
    # The test of exposures takes every look for a draw of its own, and finds faults in nothing.
    assert naive / runs > 0.4


def read_impressions(looks: FloatArray, treated: BoolArray) -> str:
    return check_served(
        treated,
        np.zeros((CLUSTERS, TURNS)),
        (),
        CellColumn(looks, looks.mean(axis=1)),
        tuned_for=PAIRS,
    ).fault
