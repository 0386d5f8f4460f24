"""The boosted offset: shapes a line cannot follow, without a price effect of its own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pricing.core.demand import BoostedOffset, HierarchicalLogit

ITEMS, WEEKS, EXPOSURES = 40, 52, 400


def make_cells(seed: int) -> tuple[dict[str, Any], np.ndarray, np.ndarray]:
    """Return cells where heat acts in a wave, and prices are low when it is hot; the slopes and
    the wave. A model that sees only a line in heat takes the wave for a price effect."""
    rng = np.random.default_rng(seed)
    item, week = np.repeat(np.arange(ITEMS), WEEKS), np.tile(np.arange(float(WEEKS)), ITEMS)
    heat = rng.uniform(-1, 1, len(item))
    wave = 1.2 * np.cos(3.0 * heat)
    ratio = 1.0 - 0.06 * (wave > 0.3) - rng.choice([0.0, 0.05, 0.1], len(item))
    slope = rng.normal(3.0, 0.3, ITEMS)
    eta = -3.5 + rng.normal(0, 0.5, ITEMS)[item] + wave - slope[item] * (ratio - 1.0)
    cells = {
        "item": item,
        "week": week,
        "price": 10.0 * ratio,
        "reference_price": np.full(len(item), 10.0),
        "heat": heat,
        "exposures": np.full(len(item), float(EXPOSURES)),
        "purchases": rng.binomial(EXPOSURES, 1 / (1 + np.exp(-eta))).astype(float),
    }
    return cells, slope, wave


def test_the_offset_frees_the_slope_of_what_a_line_could_not_follow() -> None:
    cells, slope, _ = make_cells(1)
    line = HierarchicalLogit(context=["heat"]).fit(cells)
    offset = BoostedOffset(features=["heat"]).fit(cells)
    small = HierarchicalLogit().fit(cells | {"offset": offset.offset_})
    rows = {"item": np.arange(ITEMS)}
    biased, free = (model.predict_slope(rows)[0].mean() - slope.mean() for model in (line, small))
    assert biased > 1.5
    assert abs(free) < 0.2
    assert offset.elasticity_ == pytest.approx(0.95 * slope.mean(), abs=0.6)


def test_no_price_effect_hides_in_the_offset() -> None:
    cells, _, wave = make_cells(2)
    offset = BoostedOffset(features=["heat"]).fit(cells)
    dear = cells | {"price": 1.5 * cells["price"]}
    assert offset.predict(dear).tolist() == offset.predict(cells).tolist()
    assert np.corrcoef(offset.offset_, wave)[0, 1] > 0.99
    assert np.abs(offset.predict(cells) - offset.offset_).mean() < 0.1


def test_a_row_is_explained_by_other_weeks_only() -> None:
    cells, _, _ = make_cells(3)
    before = BoostedOffset(features=["heat"], folds=4, gap=0, rounds=2).fit(cells).offset_
    first = cells["week"] < WEEKS / 4
    loud = cells | {"purchases": np.where(first, EXPOSURES, cells["purchases"])}
    after = BoostedOffset(features=["heat"], folds=4, gap=0, rounds=2).fit(loud)
    # What the loud weeks say about heat is not in the offsets of these very weeks.
    assert np.corrcoef(after.offset_[first], before[first])[0, 1] > 0.95
    assert np.corrcoef(after.offset_[~first], before[~first])[0, 1] < 0.95


def test_too_few_weeks_are_refused() -> None:
    cells, _, _ = make_cells(4)
    few = {name: values[cells["week"] < 4] for name, values in cells.items()}
    with pytest.raises(ValueError, match="too few"):
        BoostedOffset(features=["heat"]).fit(few)
