"""Latent classes: known classes found, every step uphill, one class the plain logit."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

from pricing.core.demand import LatentClassLogit, MultinomialLogit

SLOPES, LEVELS = np.array([1.0, 4.0]), np.array([[0.0, 1.0, 0.5], [0.0, -0.5, 0.5]])
SHARE = 0.35


def make_classes(seed: int, households: int = 200, visits: int = 15) -> tuple[dict[str, Any], Any]:
    """Return rows of occasion and item, and the class of each household."""
    rng = np.random.default_rng(seed)
    kind = (rng.random(households) < SHARE).astype(int)
    owner = np.repeat(np.arange(households), visits)
    price = rng.choice([1.6, 2.0, 2.4], (len(owner), 3))
    utility = LEVELS[kind[owner]] - SLOPES[kind[owner]][:, None] * np.log(price)
    utility += rng.gumbel(size=utility.shape)
    return {
        "occasion": np.repeat(np.arange(len(owner)), 3),
        "household": np.repeat(owner, 3),
        "item": np.tile(np.arange(3), len(owner)),
        "price": price.ravel(),
        "chosen": np.eye(3)[utility.argmax(axis=1)].ravel(),
    }, kind


def test_two_kinds_of_shoppers_are_found() -> None:
    frame, kind = make_classes(1)
    model = LatentClassLogit(classes=2).fit(frame)
    assert model.slopes_ == pytest.approx(SLOPES, abs=0.6)
    assert model.share_ == pytest.approx([1 - SHARE, SHARE], abs=0.1)
    contrast = model.levels_ - model.levels_[:, :1]
    assert contrast == pytest.approx(LEVELS, abs=0.45)
    assert np.mean(model.membership_.argmax(axis=1) == kind) > 0.85
    assert 0.3 < model.count_clear() <= 1.0


def test_no_step_goes_downhill_and_the_same_seed_ends_at_the_same_place() -> None:
    frame, _ = make_classes(2, households=80)
    model = LatentClassLogit(classes=3, n_init=2).fit(frame)
    assert (np.diff(model.path_) > -1e-6).all()
    again = clone(model).fit(frame)
    assert again.slopes_.tolist() == model.slopes_.tolist()


def test_one_class_is_the_multinomial_logit() -> None:
    frame, _ = make_classes(3, households=80)
    one, plain = LatentClassLogit(classes=1).fit(frame), MultinomialLogit().fit(frame)
    assert one.slopes_[0] == pytest.approx(plain.slope_, abs=1e-6)
    assert one.log_likelihood_ == pytest.approx(plain.log_likelihood_, abs=1e-6)


def test_the_criterion_asks_for_as_many_classes_as_there_are() -> None:
    frame, _ = make_classes(4)
    bic = [LatentClassLogit(classes=classes, n_init=2).fit(frame).bic_ for classes in (1, 2, 3)]
    assert np.argmin(bic) == 1


def test_a_known_household_is_predicted_by_its_kind() -> None:
    frame, kind = make_classes(5)
    model = LatentClassLogit(classes=2).fit(frame)
    keen, calm = int(np.flatnonzero(kind == 1)[0]), int(np.flatnonzero(kind == 0)[0])
    rows = {"occasion": [0, 0, 0], "item": [0, 1, 2], "price": [2.0, 2.0, 2.0]}
    by_household = [
        model.predict(None, rows | {"household": [household] * 3})
        for household in (keen, calm, 10_000)
    ]
    for found in by_household:
        assert found.mean.sum() == pytest.approx(1.0)
    assert by_household[0].elasticity[0] < by_household[2].elasticity[0]
    assert by_household[2].elasticity[0] < by_household[1].elasticity[0] < 0.0
    higher = model.predict([2.2, 2.0, 2.0], rows | {"household": [keen] * 3})
    assert higher.mean[0] < by_household[0].mean[0]


def test_more_classes_than_households_are_refused() -> None:
    frame, _ = make_classes(6, households=3)
    with pytest.raises(ValueError, match="between one class"):
        LatentClassLogit(classes=4).fit(frame)
