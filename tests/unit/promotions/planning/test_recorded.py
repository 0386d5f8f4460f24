"""What a draft would have changed on recorded carts, with intervals that hold."""

from __future__ import annotations

import numpy as np
import pytest

from promotions.planning.core.recorded import Outcome, forecast, forecast_stock


def make_outcome(day: int = 0, *, cost: int = 100, is_reached: bool = True, **more: int) -> Outcome:
    return Outcome(
        day=day,
        shopper_id=more.get("shopper", day),
        value_minor=1_000,
        is_reached=is_reached,
        cost_minor=cost if is_reached else 0,
        margin_before_minor=300,
        margin_minor=300 - (cost if is_reached else 0),
        spent_minor=cost if is_reached else 0,
    )


def rng() -> np.random.Generator:
    return np.random.default_rng(20_261_126)


def test_the_estimate_is_the_recorded_window_itself() -> None:
    outcomes = [make_outcome(day, is_reached=day % 4 == 0) for day in range(40)]
    found = forecast(outcomes, rng=rng())
    assert (found.carts, found.people) == (40, 10)
    assert found.uptake.estimate == 0.25
    assert (found.cost_minor.estimate, found.margin_minor.estimate) == (1_000.0, 11_000.0)
    assert found.margin_change_minor.estimate == -1_000.0
    assert found.uptake.low < 0.25 < found.uptake.high
    assert (found.spent_out, found.spent_out_day) == (0.0, None)


def test_the_budget_ends_the_draft_at_the_exceeding_cart() -> None:
    found = forecast([make_outcome(day) for day in range(10)], budget_minor=450, rng=rng())
    assert found.cost_minor.estimate == 400.0
    assert found.cost_minor.high <= 450.0
    assert found.spent_out == pytest.approx(0.97, abs=0.03)
    assert found.spent_out_day in (3, 4, 5)


def test_eighty_percent_intervals_cover_eight_times_in_ten() -> None:
    world, hits = np.random.default_rng(5), 0
    for _ in range(200):
        taken = world.poisson(120)
        is_reached = world.random(taken) < 0.3
        outcomes = [make_outcome(i, is_reached=bool(one)) for i, one in enumerate(is_reached)]
        found = forecast(outcomes, rng=world, draws=300).cost_minor
        hits += found.low <= 120 * 0.3 * 100 <= found.high
    assert 0.75 <= hits / 200 <= 0.85


def test_stock_runs_out_where_more_was_sold_than_is_there() -> None:
    chance = forecast_stock(np.array([10, 10, 0]), np.array([3, 40, 0]), rng=rng())
    assert chance[0] > 0.98
    assert chance[1:].tolist() == [0.0, 0.0]


def test_each_day_has_its_interval_and_gifts_add_up() -> None:
    carts = [Outcome(day, 1, 1_000, True, 100, 300, 200, spent_minor=100) for day in (0, 0, 2) * 20]
    found = forecast(carts, budget_minor=100_000, rng=np.random.default_rng(1), draws=500)
    assert [(one.day, one.uses.estimate) for one in found.days] == [(0, 40.0), (1, 0.0), (2, 20.0)]
    assert [one.given_minor.estimate for one in found.days] == [4_000.0, 4_000.0, 6_000.0]
    assert [one.margin_minor.estimate for one in found.days] == [8_000.0, 0.0, 4_000.0]
    assert all(one.uses.low < one.uses.estimate < one.uses.high for one in found.days[::2])
    assert found.days[-1].given_minor == found.cost_minor
