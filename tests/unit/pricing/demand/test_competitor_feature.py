"""Competitors' prices as a feature of demand: without them a price that follows them misleads."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.demand.core.cells import competitor_matrix
from pricing.demand.core.families import make_families
from pricing.demand.core.training import train
from pricing.demand.core.training_cells import TrainingCells, name_features, tabulate
from pricing.optimum.core.signals import SignalWeights

ITEMS, WEEKS = 40, 80


def make_cells(*, is_known: bool) -> TrainingCells:
    """A shop of elasticity -2 that follows competitors half way, and sells more when they rise."""
    rng = np.random.default_rng(4)
    competitor = rng.normal(0.0, 0.15, (ITEMS, WEEKS))
    log_price = 0.5 * competitor + rng.normal(0.0, 0.05, (ITEMS, WEEKS))
    rate = np.exp(4.0 - 2.0 * log_price + 1.5 * competitor)
    ones = np.ones((ITEMS, WEEKS))
    number = np.zeros(ITEMS, dtype=np.int64)
    return TrainingCells(
        variant_id=np.arange(1, ITEMS + 1),
        units=rng.poisson(rate).astype(float),
        price_minor=400.0 * np.exp(log_price),
        display=0.0 * ones,
        mailer=0.0 * ones,
        on_sale=ones,
        family=number,
        family_id=np.array([5]),
        department=number,
        department_id=np.array([7]),
        week_of_year=np.arange(WEEKS) % 52,
        competitor=competitor if is_known else None,
    )


def fit_served(cells: TrainingCells) -> np.ndarray:
    return train(cells, SignalWeights(), lambda _: None).served.elasticity


@pytest.mark.parametrize("name", ["pooled_poisson", "hierarchical_logit", "linear"])
def test_models_of_demand_use_what_competitors_asked(name: str) -> None:
    cells = make_cells(is_known=True)
    frame = tabulate(cells, np.arange(ITEMS))
    model = make_families(name_features(cells))[name].fit(frame, frame["purchases"])
    few = {column: values[:50] for column, values in frame.items()}
    found = model.predict(few["price"], few).elasticity
    assert np.median(found) == pytest.approx(-2.0, abs=0.35)


def test_what_is_served_is_trained_with_competitors() -> None:
    served = fit_served(make_cells(is_known=True))
    misled = fit_served(make_cells(is_known=False))
    assert np.median(served) == pytest.approx(2.0, abs=0.25)
    assert np.median(misled) < 1.0


def test_the_column_is_there_only_where_somebody_spoke() -> None:
    assert name_features(make_cells(is_known=False)) == ("display", "mailer")
    assert name_features(make_cells(is_known=True)) == ("display", "mailer", "competitor")
    frame = tabulate(make_cells(is_known=True), np.array([3]))
    assert frame["competitor"].tolist() == make_cells(is_known=True).competitor[3].tolist()


def test_a_competitor_price_holds_until_the_next() -> None:
    words = (np.array([1, 1, 1]), np.array([0, 3, 5]), np.array([4.0, 4.0, 8.0]))
    found = competitor_matrix(*words, items=3, weeks=7)
    assert found[1] == pytest.approx([0, 0, 0, 0, 0, np.log(2), np.log(2)])
    assert not found[[0, 2]].any()
