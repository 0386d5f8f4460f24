"""Turns of experiments as randomised weeks: the mean falls out, coins count once."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.core.demand.arm_weeks import ArmSpells, spread_spells
from pricing.core.demand.causal import Residuals, count_draws, residualized_elasticity, slope_pairs
from pricing.core.demand.debias import MIN_SHOCKS, shock_debias

DAY = 86_400.0
EDGES = np.array([0.0, 7.0, 14.0, 21.0]) * DAY
MIDDLE = ((EDGES[:-1] + EDGES[1:]) / 2.0).astype(np.int64)
HALF = np.log(400 / 380) / 2.0


def spells_of(*rows: tuple[int, float, float, bool, int]) -> ArmSpells:
    """Spells (item, first day, last day, is cheaper, coin) of goods at 4.00 or 3.80."""
    table = np.array(rows, dtype=np.float64).reshape(-1, 5)
    low = table[:, 3] > 0
    return ArmSpells(
        variant_id=table[:, 0].astype(np.int64),
        begin=table[:, 1] * DAY,
        end=table[:, 2] * DAY,
        shown_minor=np.where(low, 380.0, 400.0),
        other_minor=np.where(low, 400.0, 380.0),
        coin=table[:, 4].astype(np.int64),
    )


def test_a_turn_that_begins_within_a_week_has_the_part_its_days_had() -> None:
    spells = spells_of((0, 5, 12, True, 1), (0, 12, 19, False, 1))
    found = spread_spells(spells, spells.variant_id, 1, EDGES, MIDDLE)
    assert found.shock[0] == pytest.approx([-2 / 7 * HALF, (-5 + 2) / 7 * HALF, 5 / 7 * HALF])
    # The price is read in the middle: at 4.00, 3.80, 4.00.
    assert found.shift[0] == pytest.approx(2 * HALF * np.array([-2 / 7, 2 / 7, 0.0]))
    # Two sevenths, or three, of a move are too little to be called a draw.
    assert found.coin[0].tolist() == [0, 0, 1]


def test_the_plain_arm_is_a_draw_as_well_and_both_sum_to_nothing() -> None:
    spells = spells_of((0, 0, 7, True, 1), (0, 7, 14, False, 1), (1, 0, 7, False, 2))
    found = spread_spells(spells, spells.variant_id, 2, EDGES, MIDDLE)
    assert found.shock == pytest.approx(np.array([[-HALF, HALF, 0.0], [HALF, 0.0, 0.0]]))
    assert found.coin.tolist() == [[1, 1, 0], [2, 0, 0]]
    assert not found.shift.any()


def make_residuals(draw: np.ndarray | None) -> Residuals:
    """Twenty goods over four weeks that all move together by one coin for each pair of weeks."""
    rng = np.random.default_rng(5)
    shock = np.tile(HALF * np.array([1.0, -1.0, -1.0, 1.0]), 20)
    item = np.repeat(np.arange(20), 4)
    return Residuals(
        sales=-2.0 * shock + rng.normal(0.0, 0.01, 80),
        price=shock + rng.normal(0.0, 0.01, 80),
        shock=shock,
        instruments=np.zeros((80, 0)),
        item=item,
        items=np.arange(20),
        category=np.zeros(20, dtype=np.int64),
        categories=np.arange(1),
        draw=draw,
    )


def test_goods_that_share_a_coin_are_one_draw_and_no_surer_than_one() -> None:
    own = slope_pairs(make_residuals(None))
    assert (own.draws.tolist(), int(own.shocks.sum())) == ([80], 80)
    shared = slope_pairs(make_residuals(np.tile([1, 1, 2, 2], 20)))
    assert (shared.draws.tolist(), int(shared.shocks.sum())) == ([2], 80)
    assert shared.slope.tolist() == own.slope.tolist()
    assert shared.covariance[:, 1, 1] == pytest.approx(40.0 * own.covariance[:, 1, 1])
    assert shared.covariance[:, 0, 0].tolist() == own.covariance[:, 0, 0].tolist()
    assert shock_debias(own).is_randomized.all()
    assert not shock_debias(shared).is_randomized.any()
    weak = make_residuals(np.tile([1, 1, 0, 0], 20))
    assert [one.tolist() for one in count_draws(weak)] == [[1], [80]]
    mixed = make_residuals(np.tile([-1, -1, 3, 3], 20))
    assert count_draws(mixed)[0].tolist() == [41]


def test_an_experiment_in_a_good_season_is_no_answer_to_prices() -> None:
    """Sales are high while it runs, in both arms: what chance did has mean zero and is clean."""
    rng = np.random.default_rng(9)
    items, weeks = 30, 24
    item, week = np.repeat(np.arange(items), weeks), np.tile(np.arange(float(weeks)), items)
    runs = week >= 12
    sign = np.where(rng.random((items, weeks // 2)) < 0.5, 1.0, -1.0)
    coin = np.repeat(sign, 2, axis=1) * np.tile([1.0, -1.0], weeks // 2)
    shock = np.where(runs, HALF * coin.ravel(), 0.0)
    price = shock - np.where(runs, HALF, 0.0)
    sales = -2.0 * price + 0.8 * runs + rng.normal(0.0, 0.05, len(week))
    draw = np.where(runs, 1 + item * weeks + week // 2, 0).astype(np.int64)
    frame = {
        "item": item,
        "week": week,
        "category": np.zeros(len(item), dtype=np.int64),
        "log_sales": sales,
        "log_price": price,
        "shock": shock,
        "draw": draw,
        "noise": rng.normal(size=len(item)),
    }
    pairs = residualized_elasticity(frame, controls=["noise"])
    assert pairs.draws.tolist() == [items * 6]
    assert pairs.draws[0] >= MIN_SHOCKS
    assert np.median(pairs.slope[:, 1]) == pytest.approx(-2.0, abs=0.25)
    # Against the price without experiment, as a shock is told, the season would be the answer.
    naive = frame | {"shock": price, "log_price": price}
    assert np.median(residualized_elasticity(naive, controls=["noise"]).slope[:, 1]) < -4.0
