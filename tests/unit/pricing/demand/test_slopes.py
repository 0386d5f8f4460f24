"""Families judged by prices that chance drew: levels and seasons are not taken for slopes."""

from __future__ import annotations

from typing import Self

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.demand.core.choice import Columns, Impressions
from pricing.demand.core.frames import Frame, Prediction
from pricing.demand.core.leaderboard import compare, judge
from pricing.demand.core.slopes import Elasticities, Shown, check_elasticities

ITEMS, DAYS, LOOKS, TRUE = 12, 28, 1_500.0, -2.5
WEEKS, FIRST_DAY = 16, 20_000.0


def show(seed: int, first_day: float = FIRST_DAY, days: int = DAYS) -> Impressions:
    """Return looks at prices that follow demand, which drifts and has a season, with a small draw
    on top; those who do much buy five times as much and are drawn twice as far."""
    rng = np.random.default_rng(seed)
    item, day, does = (one.ravel() for one in np.meshgrid(range(ITEMS), range(days), (0.0, 1.0)))
    season = 0.4 * np.sin(day / 4.0) + 0.02 * day
    base = 0.3 * season + 0.05 * rng.normal(size=len(item))
    drawn = rng.choice([-0.06, 0.06], len(item)) * (1.0 + does)
    level = -5.0 + rng.normal(0.0, 0.5, ITEMS)[item] + season + 1.6 * does
    bought = rng.binomial(int(LOOKS), np.minimum(np.exp(level + TRUE * (base + drawn)), 1.0))
    return Impressions.of(
        set_id=np.arange(len(item)), item=item, category=0 * item, family=0 * item,
        log_price=base + drawn, moved=drawn, bought=bought, weight=np.full(len(item), LOOKS),
        day=first_day + day, response=does, columns=Columns(response=("deals",)),
    )  # fmt: skip


def flat(elasticity: float) -> Elasticities:
    return Elasticities(np.arange(ITEMS), np.full(ITEMS, elasticity))


def test_a_right_slope_passes_as_often_as_its_doubt_says() -> None:
    """Prices follow the season: sales against all of the price would show half the slope."""
    checks = [
        check_elasticities([flat(TRUE)], [flat(TRUE / 2.0)], [show(seed)]) for seed in range(30)
    ]
    far = np.array([(one.factor - 1.0) / one.sd for one in checks])
    assert abs(far.mean()) < 0.8  # a hundredth of the slope: chances are not small for everybody
    assert 0.7 < far.std() < 1.35
    assert np.mean([one.p_value < 0.05 for one in checks]) <= 0.15
    assert all(one.is_better and one.days == DAYS for one in checks)


@pytest.mark.parametrize("told", [TRUE / 2.0, 2.0 * TRUE])
def test_a_wrong_slope_is_measured_and_takes_no_slot(told: float) -> None:
    found = check_elasticities([flat(told)], [flat(TRUE)], [show(1)])
    assert found.factor == pytest.approx(TRUE / told, rel=0.15)
    assert found.p_value < 1e-6
    assert found.high < 0.0
    assert not found.is_better


@settings(max_examples=15)
@given(st.integers(0, 99), st.floats(-6.0, 0.0))
def test_nobody_gains_over_the_same_elasticities(seed: int, told: float) -> None:
    found = check_elasticities([flat(told)], [flat(told)], [show(seed, days=3)])
    assert found.gain == found.low == found.high == 0.0
    assert not found.is_better


def test_too_few_purchases_tell_nothing_and_one_day_no_interval() -> None:
    seen = show(2)
    few = seen.take_sets(np.cumsum(seen.bought) < 30)
    assert few.bought.sum() > 0
    assert check_elasticities([flat(TRUE)], [flat(-1.0)], [few]) is None
    one = check_elasticities([flat(TRUE)], [flat(-1.0)], [show(2, days=1)])
    assert (one.days, one.low, one.is_better) == (1, -np.inf, False)


class Says:
    """A family that forecasts `mean` units of everything and believes one elasticity."""

    def __init__(self, elasticity: float = -1.0, mean: float = 12.0) -> None:
        self.elasticity, self.mean = elasticity, mean

    def fit(self, X: Frame, y: object = None) -> Self:  # noqa: N803 - scikit-learn's own name
        return self

    def predict(self, price: object, x: Frame) -> Prediction:
        ones = np.ones(len(x["item"]))
        return Prediction(self.mean / 500.0 * ones, 0.01 * ones, self.elasticity * ones)


def make_weeks() -> dict[str, np.ndarray]:
    item = np.repeat(np.arange(ITEMS), WEEKS)
    week = np.tile(np.arange(float(WEEKS)), ITEMS)
    sold = np.random.default_rng(3).poisson(12.0, len(item)).astype(float)
    return {"item": item, "week": week, "price": 9.0 + 0 * week, "purchases": sold} | {
        "exposures": np.full(len(item), 500.0)
    }


def test_the_slot_goes_to_the_right_slope_whatever_it_forecasts() -> None:
    models = {"forecaster": Says(-1.0), "right": Says(TRUE, mean=20.0), "steep": Says(-9.0)}
    shown = Shown(show(5, FIRST_DAY + 7 * (WEEKS - 4)), FIRST_DAY)
    board = compare(models, make_weeks(), holder="forecaster", shown=shown)
    assert [one.name for one in board][:2] == ["forecaster", "steep"]
    found = {one.name: one for one in board}
    assert judge(found["right"]).may_take
    assert found["right"].slopes is not None
    assert found["right"].slopes.factor == pytest.approx(1.0, abs=0.15)
    assert found["forecaster"].slopes.gain == 0.0
    verdict = judge(found["steep"])
    assert not verdict.may_take
    assert verdict.reasons[0].startswith("on randomised prices it is not surely better")
    assert found["right"].as_numbers()["slope_low"] > 0.0


def test_days_that_a_family_learned_from_do_not_judge_it() -> None:
    models = {"forecaster": Says(-1.0), "right": Says(TRUE)}
    learned = Shown(show(6, FIRST_DAY), FIRST_DAY)  # the first four weeks: all families saw them
    board = compare(models, make_weeks(), holder="forecaster", shown=learned)
    assert [one.slopes for one in board] == [None, None]
    assert judge(board[0]).reasons == ("no randomised prices to judge its elasticities by",)
