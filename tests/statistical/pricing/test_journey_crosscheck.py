"""Elasticities of a year of real sales, beside those of an econometrics package.

Without pooling both must agree to 1e-6, product by product. With pooling they may differ, but only
as far as the doubt of the unpooled figure allows.
"""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf
from scipy.sparse import csr_array

from pricing.demand.core.logit import HierarchicalLogit
from pricing.demand.core.objective import PenalizedLogit
from pricing.demand.core.pooled import Cells, PooledPoisson, Prior, fit_newton
from pricing.demand.core.solvers import SOLVERS
from pricing.demand.core.training_cells import COLUMNS, OWN_PRICE
from tests.statistical.pricing.journey import (
    CLUSTERS,
    TRAIN_WEEKS,
    Yardstick,
    find_moved,
    fit_champion,
    load_yardstick,
)

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
PRODUCTS = 40


@pytest.fixture(scope="module")
def yardstick() -> Yardstick:
    return load_yardstick()


@pytest.fixture(scope="module")
def champion(yardstick: Yardstick) -> tuple[PooledPoisson, np.ndarray]:
    return fit_champion(yardstick)


def moved_products(cells: Yardstick) -> np.ndarray:
    """Return the best-selling products whose price moved enough to say anything."""
    return np.flatnonzero(find_moved(cells, 0.05))[:PRODUCTS]


def regressors(design: np.ndarray, product: int) -> np.ndarray:
    """Return store-cluster intercepts, then every covariate that varies, for one product."""
    past = design[product, :, :TRAIN_WEEKS]
    clusters = np.repeat(np.eye(CLUSTERS), TRAIN_WEEKS, axis=0)
    covariates = past[:, :, 1:].reshape(len(clusters), -1)
    return np.concatenate([clusters, covariates[:, covariates.std(axis=0) > 1e-9]], axis=1)


def test_unpooled_poisson_elasticities_are_those_of_the_package_to_1e6(
    yardstick: Yardstick, champion: tuple[PooledPoisson, np.ndarray]
) -> None:
    _, design = champion
    compared = 0
    for product in moved_products(yardstick):
        x = regressors(design, product)
        y = yardstick.units[product, :, :TRAIN_WEEKS].ravel()
        other = sm.GLM(y, x, family=sm.families.Poisson()).fit(tol=1e-12, maxiter=200)
        if np.linalg.cond(x) > 1e4:  # placements that stand in for each other: many optima
            continue
        cells = Cells(x[None], y[None], np.zeros((1, len(y))), np.ones((1, len(y))))
        flat = Prior(np.zeros((1, x.shape[1])), np.eye(x.shape[1]) * 1e-10)
        start = np.zeros((1, x.shape[1]))
        start[0, :CLUSTERS] = np.log(y.mean() + 0.5)
        mode, covariance = fit_newton(cells, flat, np.ones(1), start, steps=200, tolerance=1e-12)
        price = CLUSTERS
        assert mode[0, price] == pytest.approx(other.params[price], abs=1e-6)
        assert np.sqrt(covariance[0, price, price]) == pytest.approx(other.bse[price], rel=1e-4)
        compared += 1
    assert compared >= 30


def test_the_unpooled_logit_is_that_of_the_package_to_1e6(yardstick: Yardstick) -> None:
    traffic = yardstick.units[:, :, :TRAIN_WEEKS].sum(axis=(0, 1))
    for product in moved_products(yardstick)[:15]:
        sold = yardstick.units[product, :, :TRAIN_WEEKS].sum(axis=0)
        price = yardstick.price[product, :TRAIN_WEEKS]
        gap = price / np.median(price) - 1.0
        both = np.stack([sold, traffic - sold], axis=1)
        other = sm.GLM(both, sm.add_constant(gap), family=sm.families.Binomial()).fit(tol=1e-12)
        flat = PenalizedLogit(
            item=np.zeros(TRAIN_WEEKS, dtype=np.int64),
            tilt=-gap,
            shared=csr_array((TRAIN_WEEKS, 0)),
            exposures=traffic,
            purchases=sold,
            mean=np.zeros(2),
            precision=np.full(2, 1e-10),
        )
        found = SOLVERS["newton"](flat, np.array([-4.0, 0.0]), tol=1e-8).beta
        assert found == pytest.approx([other.params[0], -other.params[1]], abs=1e-6)


def test_pooling_moves_an_elasticity_no_further_than_its_doubt_allows(
    yardstick: Yardstick, champion: tuple[PooledPoisson, np.ndarray]
) -> None:
    model, design = champion
    away, sds = [], []
    for product in moved_products(yardstick):
        x = regressors(design, product)
        y = yardstick.units[product, :, :TRAIN_WEEKS].ravel()
        other = sm.GLM(y, x, family=sm.families.Poisson()).fit(scale="X2")
        away.append(other.params[CLUSTERS] - model.coef_[product, OWN_PRICE])
        sds.append(other.bse[CLUSTERS])
    away, sds = np.array(away), np.array(sds)
    # Season is in the one and not in the other: hence three standard errors, not two.
    assert np.mean(np.abs(away) < 3.0 * sds) >= 0.85
    assert abs(np.average(away, weights=1.0 / sds**2)) < 0.35


def test_the_global_elasticity_is_near_that_of_a_mixed_model(
    yardstick: Yardstick, champion: tuple[PooledPoisson, np.ndarray]
) -> None:
    model, design = champion
    past = design[:, :, :TRAIN_WEEKS].mean(axis=1)
    frame = pd.DataFrame(
        {name: past[:, :, at].ravel() for at, name in enumerate(COLUMNS) if at > 0}
    )
    frame["product"] = np.repeat(np.arange(len(past)), TRAIN_WEEKS)
    frame["log_units"] = np.log(yardstick.units[:, :, :TRAIN_WEEKS].sum(axis=1).ravel() + 0.5)
    formula = "log_units ~ log_price + display + mailer + rival_log_price"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # statsmodels warns when a random effect is near zero
        mixed = smf.mixedlm(formula, frame, groups=frame["product"], re_formula="~log_price").fit(
            method="lbfgs"
        )
    assert mixed.params["log_price"] == pytest.approx(model.hierarchy_.mean[OWN_PRICE], abs=0.35)
    assert mixed.params["log_price"] < -1.0


def test_the_hierarchical_logit_agrees_with_the_champion_on_real_sales(
    yardstick: Yardstick, champion: tuple[PooledPoisson, np.ndarray]
) -> None:
    model, _ = champion
    products, weeks = len(yardstick.price), TRAIN_WEEKS
    units = yardstick.units[:, :, :weeks].sum(axis=1)
    cells = {
        "item": np.repeat(np.arange(products), weeks),
        "category": np.repeat(yardstick.category, weeks),
        "price": yardstick.price[:, :weeks].ravel(),
        "display": yardstick.display[:, :, :weeks].mean(axis=1).ravel(),
        "mailer": yardstick.mailer[:, :, :weeks].mean(axis=1).ravel(),
        "exposures": np.full(products * weeks, 20.0 * units.max()),
        "purchases": units.ravel(),
    }
    logit = HierarchicalLogit(context=["display", "mailer"], overdispersed=True).fit(cells)
    usual = {
        "item": np.arange(products),
        "display": np.zeros(products),
        "mailer": np.zeros(products),
    }
    elasticity = logit.predict(logit.reference_price_, usual).elasticity
    moved = find_moved(yardstick, 0.05)
    assert np.corrcoef(-elasticity[moved], model.elasticity_[moved])[0, 1] > 0.6
    assert np.median(-elasticity[moved]) == pytest.approx(np.median(model.elasticity_), abs=0.4)
    # Sales come in clumps: taken for independent draws they overrule pooling, signs included.
    believed = HierarchicalLogit(context=["display", "mailer"]).fit(cells)
    assert logit.dispersion_ > 1.3
    assert logit.wrong_sign_share_ <= 0.06
    assert believed.wrong_sign_share_ >= 2 * logit.wrong_sign_share_
