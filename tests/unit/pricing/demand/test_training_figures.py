"""What a training run says of itself: weeks, prices, families of models, shocks, size."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest

from pricing.demand.core.families import CHALLENGERS, CHAMPION
from pricing.demand.core.leaderboard import (
    Forecast,
    build_board,
    elasticity_by_department,
    price_strata,
    weekly_figures,
)
from pricing.demand.core.served import (
    MOST_LOSS,
    ServedDemand,
    compress_served,
    example_served,
    measure_loss,
)
from pricing.demand.core.training import train
from pricing.demand.core.training_cells import TrainingCells, best_sold, tabulate
from pricing.optimum.core.signals import SignalWeights
from shop.ground.kernel.arrays import hash_arrays, pack_arrays, unpack_arrays

ITEMS, WEEKS = 64, 60


def make_cells(seed: int) -> TrainingCells:
    """Return a shop whose true elasticities are -2."""
    rng = np.random.default_rng(seed)
    family = np.arange(ITEMS) % 4
    log_price = rng.choice([0.0, 0.0, -0.15], (ITEMS, WEEKS))
    log_price += rng.normal(0, 0.01, (ITEMS, WEEKS))
    display = (rng.random((ITEMS, WEEKS)) < 0.1).astype(float)
    level = np.sort(rng.normal(2.5, 0.7, ITEMS))[:, None]
    rate = np.exp(level - 2.0 * log_price + 0.4 * display)
    return TrainingCells(
        variant_id=np.arange(100, 100 + ITEMS),
        units=rng.poisson(rate).astype(float),
        price_minor=400.0 * np.exp(log_price),
        display=display,
        mailer=np.zeros((ITEMS, WEEKS)),
        on_sale=np.ones((ITEMS, WEEKS)),
        family=family,
        family_id=np.arange(4) + 50,
        department=family % 2,
        department_id=np.array([7, 9]),
        week_of_year=np.arange(WEEKS) % 53,
    )


def serve_flat(cells: TrainingCells, elasticity: float) -> ServedDemand:
    """Return a served model that believes one elasticity of all items."""
    count = len(cells.variant_id)
    return replace(
        example_served(),
        variant_id=cells.variant_id,
        elasticity=np.full(count, elasticity),
        elasticity_sd=np.full(count, 0.3),
        base_log=np.linspace(0.0, 4.0, count),
        usual_minor=np.full(count, 400.0),
        dispersion=np.ones(count),
        is_causal=np.zeros(count, dtype=np.bool_),
    )


def test_a_run_stores_its_figures_as_json() -> None:
    told: list[str] = []
    trained = train(make_cells(1), SignalWeights(), told.append)
    metrics = json.loads(json.dumps(trained.metrics))
    assert [row["week"] for row in metrics["backtest_weeks"]] == list(range(52, 60))
    for row in metrics["backtest_weeks"]:
        assert row["cells"] == ITEMS
        assert 0 < row["wmape"] < 0.6
        assert 0.6 <= row["coverage_80"] <= row["coverage_90"] <= 1.0
    assert {row["name"] for row in metrics["leaderboard"]} == set(CHALLENGERS)
    champion = next(row for row in metrics["leaderboard"] if row["name"] == CHAMPION)
    assert champion["is_champion"]
    for row in metrics["leaderboard"]:
        assert row["may_take"] is False
        if row is not champion:
            assert "no randomised prices" in row["reasons"][0]
    assert "comparing models: trees" in told
    assert [row["department_id"] for row in metrics["elasticity_by_department"]] == [7, 9]
    for row in metrics["elasticity_by_department"]:
        assert row["low"] < -2.0 < row["high"] <= 0.0
    assert abs(sum(row["bias"] for row in metrics["backtest_prices"])) < 0.3


def test_a_small_shop_has_no_leaderboard() -> None:
    cells = make_cells(5)
    few = replace(
        cells,
        **{
            name: getattr(cells, name)[:30]
            for name in ("variant_id", "units", "price_minor", "display", "mailer", "on_sale")
        },
        family=cells.family[:30],
        department=cells.department[:30],
    )
    assert build_board(few) == []


def test_cells_off_sale_are_no_rows() -> None:
    cells = make_cells(6)
    cells.on_sale[:, :10] = 0.0
    frame = tabulate(cells, best_sold(cells, 5))
    assert len(frame["item"]) == 5 * 50
    assert frame["week"].min() == 10.0
    assert set(np.unique(frame["item"])) == set(cells.variant_id[best_sold(cells, 5)].tolist())


def test_a_slope_that_is_too_flat_shows_at_low_prices() -> None:
    log_price = np.array([[-0.3, 0.0]])
    actual = 100.0 * np.exp(-2.0 * log_price)
    flat = 100.0 * np.exp(-1.0 * log_price)
    rows = price_strata(actual, flat, log_price, actual > 0)
    assert [row["bias"] for row in rows] == [pytest.approx(np.exp(-0.3) - 1.0, abs=1e-4), 0.0]


def test_a_week_without_sales_has_no_figures() -> None:
    actual = np.array([[0.0, 5.0]])
    bands = (np.zeros((1, 2)), np.full((1, 2), 9.0))
    rows = weekly_figures(actual, Forecast(actual, bands, bands), actual >= 0, 3)
    assert [row["week"] for row in rows] == [4]


def test_compressed_arrays_serve_the_same_prices_in_half_the_memory() -> None:
    served = serve_flat(make_cells(7), 1.0 / 3.0)
    small, figures = compress_served(served)
    again = ServedDemand.from_arrays(unpack_arrays(pack_arrays(small)))
    assert figures["is_compressed"]
    assert figures["memory_after"] < 0.6 * figures["memory_before"]
    assert figures["bytes_after"] < figures["bytes_before"]
    assert 0 < figures["largest_relative_loss"] < 1e-6
    assert again.elasticity.dtype == np.float64
    assert again.variant_id.dtype == np.int64
    assert again.elasticity == pytest.approx(served.elasticity, rel=1e-6)
    assert again.weights == served.weights
    assert hash_arrays(small) == hash_arrays(unpack_arrays(pack_arrays(small)))


def test_compression_that_loses_too_much_is_refused() -> None:
    served = replace(serve_flat(make_cells(8), 2.0), usual_minor=np.full(ITEMS, 1e300))
    with np.errstate(over="ignore"):
        kept, figures = compress_served(served)
    assert not figures["is_compressed"]
    assert kept["usual_minor"].dtype == np.float64
    assert measure_loss(served, ServedDemand.from_arrays(kept)) <= MOST_LOSS


def test_departments_without_sales_are_left_out() -> None:
    cells = make_cells(9)
    cells.units[cells.department == 1] = 0.0
    rows = elasticity_by_department(cells, serve_flat(cells, 2.0))
    assert [row["department_id"] for row in rows] == [7]
