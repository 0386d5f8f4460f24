"""Weeks in which products ran out teach of the days they lay there, whatever family learns."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.cells import unconstrain_units
from pricing.demand.core.families import CHALLENGERS
from pricing.demand.core.pooled import PooledPoisson
from pricing.demand.core.training_cells import OWN_PRICE
from tests.unit.pricing.demand.test_challengers import make_cells
from tests.unit.pricing.demand.test_demand import ITEMS, simulate


def test_products_sold_out_while_cheap_are_no_less_elastic() -> None:
    rng = np.random.default_rng(9)
    design, _, family, truth = simulate(9)
    rate = np.exp(1.6 - truth[:, None, None] * design[..., OWN_PRICE] + 0.5 * design[..., 2])
    is_cheap = design[..., OWN_PRICE] < -0.05
    available = np.where(is_cheap, rng.uniform(0.4, 1.0, rate.shape), 1.0)
    sold, weight = rng.poisson(rate * available).astype(float), np.ones_like(rate)
    nobody = np.zeros(ITEMS, dtype=np.int64)
    told, kept = unconstrain_units(sold, weight, available)
    taken_as_sold = PooledPoisson().fit(design, sold, family, nobody, weight)
    model = PooledPoisson().fit(design, told, family, nobody, kept)
    assert np.mean(model.elasticity_ - truth) == pytest.approx(0.0, abs=0.1)
    assert np.mean(taken_as_sold.elasticity_ - truth) < -0.8
    level = np.exp(model.coef_[:, 0]) * model.level_
    assert level.mean() == pytest.approx(np.exp(1.6), rel=0.03)
    # As many sales as there were, and doubt of as many: blown up weeks are no additional evidence.
    assert (told * kept).sum() == pytest.approx(sold.sum())
    assert np.median(model.dispersion_) < 1.1


@pytest.mark.parametrize("name", sorted(CHALLENGERS))
def test_weeks_half_sold_out_flatten_no_family(name: str) -> None:
    cells, rng = make_cells(), np.random.default_rng(3)
    share = np.where(cells["price"] < cells.groupby("item")["price"].transform("max") * 0.8, 0.5, 1)
    sold = cells.assign(purchases=rng.binomial(cells["purchases"].astype(int), share).astype(float))
    told = sold.assign(exposures=cells["exposures"] * share)
    as_sold = CHALLENGERS[name](features=["display"]).fit(sold).predict(cells["price"], cells)
    found = CHALLENGERS[name](features=["display"]).fit(told).predict(cells["price"], cells)
    # One tree has few steps left for the price: its curve is flatter than the truth.
    assert np.median(found.elasticity) == pytest.approx(-2.0, abs=0.6)
    assert np.median(as_sold.elasticity) > np.median(found.elasticity) + 0.7
