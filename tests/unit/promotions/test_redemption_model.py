"""The redemption model: finds its own truth, learns from a shopper's past, knows short windows."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from promotions.core.redemption import FilteredLogit, Past, Rows

SHOPPERS, EACH = 1_500, 4


def _make(seed: int) -> tuple[Rows, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    shopper = np.repeat(np.arange(SHOPPERS), EACH)
    x = rng.normal(size=(SHOPPERS * EACH, 2))
    theta = np.repeat(rng.normal(size=SHOPPERS), EACH)
    chance = expit(-1.5 + 0.8 * x[:, 0] - 0.4 * x[:, 1] + 1.3 * theta)
    return Rows(x, shopper, np.ones(len(shopper))), rng.random(len(shopper)) < chance, chance


def _past_of(used: np.ndarray) -> Past:
    """Each shopper's last row knows the earlier ones."""
    last = np.repeat(np.arange(SHOPPERS) * EACH + EACH - 1, EACH - 1)
    earlier = (np.arange(SHOPPERS)[:, None] * EACH + np.arange(EACH - 1)).ravel()
    return Past(last, earlier, np.ones(len(last)), used[earlier])


def test_recovers_what_it_was_made_with() -> None:
    rows, used, _ = _make(1)
    model = FilteredLogit(strictness=1.0).fit(rows, used)
    assert model.tau_ == pytest.approx(1.3, abs=0.2)
    assert model.coef_ == pytest.approx([0.8, -0.4], abs=0.12)


def test_the_past_of_a_shopper_makes_the_forecast_better() -> None:
    rows, used, chance = _make(2)
    model = FilteredLogit(strictness=1.0).fit(rows, used)
    last = np.arange(SHOPPERS) * EACH + EACH - 1
    blind, told = model.predict(rows)[last], model.predict(rows, _past_of(used))[last]
    assert np.mean((told - chance[last]) ** 2) < 0.8 * np.mean((blind - chance[last]) ** 2)
    assert told.mean() == pytest.approx(used[last].mean(), abs=0.03)


def test_part_of_a_window_is_less_likely_and_gamma_is_how_much() -> None:
    rows, used, _ = _make(3)
    first = np.random.default_rng(0).random(4_000) ** (1 / 0.7)
    model = FilteredLogit().fit(rows, used, first)
    assert model.gamma_ == pytest.approx(0.7, abs=0.05)
    half = Rows(rows.features, rows.shopper, np.full(len(used), 0.5))
    assert (model.predict(half) < model.predict(rows)).all()
    none = Rows(rows.features, rows.shopper, np.zeros(len(used)))
    assert model.predict(none).max() < 1e-9


def test_nothing_to_learn_is_said() -> None:
    rows, used, _ = _make(4)
    with pytest.raises(ValueError, match="nobody or by everybody"):
        FilteredLogit().fit(rows, np.zeros(len(used), dtype=bool))
