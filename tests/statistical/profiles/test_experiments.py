"""Claims about experiments on simulated shoppers: false alarms, coverage, gained power.

The proof of peeking is vectorised over 1,000 A/A experiments of 30 days with a look each day; what
it computes is checked against the functions the shop calls.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from profiles.experiments.core.adaptive import compare_adaptive, score_units, thompson_shares
from profiles.experiments.core.estimates import Estimate, Sample, adjust, compare
from profiles.experiments.core.power import Design, estimate_need
from profiles.experiments.core.sequences import weigh_counts
from profiles.experiments.core.switchback import draw_cells, read_cells
from shop.ground.kernel.sequences import best_rho, mixture_margin

pytestmark = pytest.mark.statistical
FloatArray = NDArray[np.float64]

RUNS, DAYS, DAILY = 1_000, 30, 40
PLANNED = DAYS * DAILY / 2


class Looks(NamedTuple):
    """Each A/A experiment at each of its daily looks, (runs, days)."""

    z: FloatArray
    fewest: NDArray[np.int64]
    treated: NDArray[np.int64]
    adjusted_z: FloatArray


def simulate(rng: np.random.Generator, runs: int) -> tuple[NDArray[np.bool_], FloatArray]:
    """Return who is treated (runs, shoppers), and what each bought by each day (.., days).

    Shoppers come on their day, who buys does so on any later day, amounts are log-normal: sums
    of a shopper go on growing, as they do in a shop.
    """
    shoppers = DAYS * DAILY
    comes = np.repeat(np.arange(DAYS), DAILY)
    shape = (runs, shoppers, DAYS)
    chance = np.where(rng.random((runs, shoppers, 1)) < 0.4, 0.25, 0.02)
    buys = rng.random(shape, dtype=np.float32) < chance
    spent = np.exp(0.8 * rng.standard_normal(shape, dtype=np.float32)) * buys
    spent *= (np.arange(DAYS) >= comes[:, None]).astype(np.float32)
    return rng.random((runs, shoppers)) < 0.5, np.cumsum(spent, axis=2)


def look(rng: np.random.Generator, runs: int) -> Looks:
    """Return the statistics of every look, as `compare` and `adjust` compute them."""
    treated, spent = simulate(rng, runs)
    comes = np.repeat(np.arange(DAYS), DAILY)
    past = spent[:, :, -1] + rng.normal(0.0, 1.5, treated.shape)
    z, adjusted, fewest, counts = [], [], [], []
    for day in range(DAYS):
        here = comes <= day
        arms = [(here & side).astype(np.float64) for side in (~treated, treated)]
        y, x = spent[:, :, day].astype(np.float64), past
        z.append(_z(y, arms))
        middles = [(x * arm).sum(axis=1) / arm.sum(axis=1) for arm in arms]
        means = [(y * arm).sum(axis=1) / arm.sum(axis=1) for arm in arms]
        products, squares = np.zeros(runs), np.zeros(runs)
        for arm, middle, mean in zip(arms, middles, means, strict=True):
            inside = (x - middle[:, None]) * arm
            products += (inside * (y - mean[:, None])).sum(axis=1)
            squares += (inside * inside).sum(axis=1)
        adjusted.append(_z(y - (products / squares)[:, None] * x, arms))
        sizes = np.stack([arm.sum(axis=1) for arm in arms]).astype(np.int64)
        fewest.append(sizes.min(axis=0))
        counts.append(sizes[1])
    return Looks(*(np.stack(one, axis=1) for one in (z, fewest, counts, adjusted)))


def _z(y: FloatArray, arms: list[FloatArray]) -> FloatArray:
    means, errors = [], []
    for arm in arms:
        count = arm.sum(axis=1)
        mean = (y * arm).sum(axis=1) / count
        spread = (((y - mean[:, None]) * arm) ** 2).sum(axis=1)
        means.append(mean)
        errors.append(spread / (count * (count - 1.0)))
    error = np.sqrt(errors[0] + errors[1])
    # On the first day of some nobody has bought yet.
    return (means[1] - means[0]) / np.where(error > 0.0, error, np.inf)


@pytest.fixture(scope="module")
def looks() -> Looks:
    """A thousand A/A experiments, in parts that fit into memory."""
    rng = np.random.default_rng(20261126)
    parts = [look(rng, 50) for _ in range(RUNS // 50)]
    return Looks(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def ring(z: FloatArray, fewest: NDArray[np.int64], alpha: float) -> float:
    """Return the share of experiments in which the sequence left zero out at any look."""
    rho = best_rho(PLANNED, alpha)
    margin = np.vectorize(lambda count: mixture_margin(float(count), alpha, rho))(fewest)
    return float(((np.abs(z) > margin) & (fewest >= 100)).any(axis=1).mean())


def test_daily_looks_at_nothing_ring_once_in_twenty_at_most(looks: Looks) -> None:
    assert ring(looks.z, looks.fewest, 0.05) <= 0.05
    assert ring(looks.adjusted_z, looks.fewest, 0.05) <= 0.05


def test_a_peeking_t_test_goes_wrong_on_the_same_experiments(looks: Looks) -> None:
    # The positive control: the simulation can ring, and one look at the end is right.
    seen = looks.fewest >= 100
    assert ((np.abs(looks.z) > 1.96) & seen).any(axis=1).mean() > 0.15
    assert 0.03 < (np.abs(looks.z[:, -1]) > 1.96).mean() < 0.07


def test_the_balance_check_rings_as_seldom_as_it_says(looks: Looks) -> None:
    total = np.arange(1, DAYS + 1) * DAILY
    counts = np.stack([total - looks.treated, looks.treated], axis=-1)
    weight = weigh_counts(counts, np.array([0.5, 0.5]))
    assert (weight.max(axis=1) > np.log(20.0)).mean() <= 0.05
    # A hundredth of one arm lost in logging is found sooner or later: the control.
    lost = counts * 400 * np.array([1.0, 0.97])
    found = weigh_counts(lost.astype(np.int64), np.array([0.5, 0.5]))
    assert (found.max(axis=1) > np.log(1_000.0)).mean() > 0.95


def test_the_simulation_computes_what_the_shop_computes() -> None:
    rng = np.random.default_rng(7)
    found = look(rng, 2)
    again = np.random.default_rng(7)
    treated, spent = simulate(again, 2)
    past = spent[:, :, -1] + again.normal(0.0, 1.5, treated.shape)
    y, x, one = spent[0, :, -1].astype(np.float64), past[0], np.ones(DAYS * DAILY)
    sides = [~treated[0], treated[0]]
    for given, z in ((None, found.z[0, -1]), (x, found.adjusted_z[0, -1])):
        samples = [Sample(y[s], one[s], None if given is None else given[s], one[s]) for s in sides]
        control, arm = adjust(samples)[0]
        result = compare(arm, control, tuned_for=PLANNED)
        assert result.difference / result.error == pytest.approx(z, rel=2e-3)


def test_the_past_makes_intervals_narrower_without_bias() -> None:
    rng = np.random.default_rng(3)
    effects, kept = [], []
    for _ in range(200):
        past = rng.gamma(2.0, 5.0, 2_000)
        now = 0.8 * past + rng.gamma(2.0, 1.5, 2_000)
        side = rng.random(2_000) < 0.5
        now[side] += 0.5
        both = [Sample(now[s], np.ones(s.sum()), past[s], np.ones(s.sum())) for s in (~side, side)]
        (control, arm), left = adjust(both)
        effects.append(arm.mean - control.mean)
        kept.append(left)
    assert abs(np.mean(effects) - 0.5) < 4 * np.std(effects) / np.sqrt(200)
    assert 0.10 < np.mean(kept) < 0.16  # 1 - r² of the simulation is .123


def test_the_estimated_units_give_the_wanted_power() -> None:
    rng = np.random.default_rng(5)
    design = Design(mean=10.0, spread=4.0, effect=0.05, daily_units=100.0)
    need = estimate_need(design)
    arm = need.treated_units
    z = rng.normal(0.5 / (4.0 * np.sqrt(2.0 / arm)), 1.0, 20_000)
    rho = best_rho(float(arm), 0.05)
    assert (z > mixture_margin(float(arm), 0.05, rho)).mean() == pytest.approx(0.8, abs=0.012)


def bandit(rng: np.random.Generator, effect: float, turns: int = 10) -> tuple[float, float, bool]:
    """Return naive and scored difference of a two-armed bandit, and whether bounds ever erred."""
    arm, value, shares, turn = (np.zeros(0) for _ in range(4))
    share, erred, scored = 0.5, False, 0.0
    for at in range(turns):
        new = (rng.random(100) < share).astype(np.int64)
        arm, turn = np.r_[arm, new].astype(np.int64), np.r_[turn, np.full(100, at)]
        value = np.r_[value, rng.normal(1.0 + effect * new, 1.0)]
        shares = np.r_[shares, np.full(100, share)]
        rows = np.stack([1.0 - shares, shares], axis=1)
        found = compare_adaptive(score_units(arm, value, rows, turn), 1, 0, tuned_for=1_000.0)
        scored = found.difference
        erred |= not found.low <= effect <= found.high
        means = np.array([value[arm == one].mean() for one in (0, 1)])
        errors = np.array([value[arm == one].std() / np.sqrt((arm == one).sum()) for one in (0, 1)])
        share = float(thompson_shares(means, errors, 0.1, rng)[1])
    return float(means[1] - means[0]), scored, erred


@pytest.mark.parametrize("effect", [0.0, 0.2])
def test_a_bandit_may_be_read_at_every_turn(effect: float) -> None:
    rng = np.random.default_rng(11)
    found = np.array([bandit(rng, effect) for _ in range(200)])
    assert found[:, 2].mean() <= 0.05
    error = found[:, 1].std() / np.sqrt(200)
    assert abs(found[:, 1].mean() - effect) < 4 * error


def switchback(
    rng: np.random.Generator, effect: float, spill: float = 0.0
) -> tuple[float, bool, bool]:
    """Return the estimate over 24 clusters and 12 turns, whether it ever erred, whether it leaks.

    Levels differ twentyfold, a season moves all clusters alike, and each has a memory of its own.
    """
    clusters, turns = 24, 12
    drawn = draw_cells(str(rng.integers(10**9)), clusters, turns)
    level = np.exp(rng.uniform(0.0, 3.0, clusters))
    season = np.cumsum(rng.normal(0.0, 0.15, turns))
    memory = np.zeros((clusters, turns))
    for at in range(1, turns):
        memory[:, at] = 0.6 * memory[:, at - 1] + rng.normal(0.0, 0.1, clusters)
    between = np.roll(np.eye(clusters), 1, axis=1)
    near = between @ drawn
    sold = level[:, None] * (1.0 + season + memory + effect * drawn - spill * near * ~drawn)
    erred, found = False, None
    for until in range(2, turns + 1, 2):
        near_by = between if until == turns else None
        found = read_cells(sold[:, :until], level, drawn[:, :until], near_by, tuned_for=144.0)
        erred |= not found.low <= effect <= found.high
    assert found is not None
    return found.effect, erred, found.leaks


@pytest.mark.parametrize("effect", [0.0, 0.15])
def test_clusters_turn_by_turn_find_the_effect_whatever_the_season(effect: float) -> None:
    rng = np.random.default_rng(13)
    found = np.array([switchback(rng, effect) for _ in range(300)])
    assert found[:, 1].mean() <= 0.05
    assert abs(found[:, 0].mean() - effect) < 4 * found[:, 0].std() / np.sqrt(300)
    assert found[:, 2].mean() < 0.10  # an interval of one look at 95 %


def test_sales_that_only_moved_are_told() -> None:
    rng = np.random.default_rng(17)
    found = np.array([switchback(rng, 0.15, spill=0.15) for _ in range(60)])
    assert found[:, 2].mean() > 0.6


def test_bounds_of_a_ratio_hold_where_its_difference_does() -> None:
    arm, control = Estimate(1.3, 0.05, 900, 1.3), Estimate(1.0, 0.04, 900, 1.0)
    found = compare(arm, control, tuned_for=900.0)
    # Fieller's bounds: the ratios whose own difference has a bound just at zero.
    margin = mixture_margin(900.0, 0.05, best_rho(900.0, 0.05))
    for bound in (found.relative_low, found.relative_high):
        gap = abs(1.3 - (1.0 + bound) * 1.0)
        assert gap == pytest.approx(margin * np.hypot(0.05, (1.0 + bound) * 0.04))
