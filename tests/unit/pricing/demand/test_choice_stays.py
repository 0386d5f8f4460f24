"""Slopes that stay: levels are fitted on, what a price does is left alone, by minutes too."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pricing.demand.core.choice import (
    ChoiceFit,
    Columns,
    Impressions,
    fit_choice,
    pack_fit,
    read_fit,
    update_choice,
    widen_doubt,
)
from pricing.learning.core.nights import fit_night
from tests.unit.pricing.demand.choice_worlds import World

ITEMS, SETS, SHIFT = 12, 600, 0.8


def see(seed: int, *, shift: float = 0.0, steeper: float = 1.0, first: float = 0.0) -> Impressions:
    """Return sets of four products over thirty days; `deals` makes shoppers steeper."""
    rng = np.random.default_rng(seed)
    world = World.of(np.random.default_rng(1), ITEMS, categories=3)
    world = replace(world, level=world.level + shift, slope=steeper * world.slope)
    deals = rng.random((SETS, 1))
    day = first + np.arange(SETS) * 30 // SETS
    seen = world.visit(rng, SETS, 4, weight=40, response=deals, w=[0.5], day=day)
    return replace(seen, columns=Columns(response=("deals",)))


@pytest.fixture(scope="module")
def learned() -> ChoiceFit:
    return fit_choice(see(2))


def slopes_of(fit: ChoiceFit) -> np.ndarray:
    return fit.at.item[fit.tree.find("item", np.arange(ITEMS)), 1]


def level_of(fit: ChoiceFit) -> float:
    return float(fit.at.item[:, 0].mean())


def test_levels_are_fitted_and_slopes_stay_to_the_bit(learned: ChoiceFit) -> None:
    later = see(3, shift=SHIFT, steeper=1.6, first=30.0)
    moved = fit_choice(later, start=learned)
    assert (slopes_of(moved) - slopes_of(learned)).mean() > 0.3
    stays = fit_choice(later, start=learned, slopes_stay=True)
    assert (slopes_of(stays) == slopes_of(learned)).all()
    assert stays.response == learned.response
    assert stays.bend == learned.bend
    assert (stays.doubt.item[:, 1, 1] == learned.doubt.item[:, 1, 1]).all()
    assert level_of(stays) - level_of(learned) == pytest.approx(SHIFT, abs=0.2)
    # A second night of the same, and one after it that learns again.
    again = fit_choice(later, start=stays, slopes_stay=True)
    assert (slopes_of(again) == slopes_of(learned)).all()
    awake = fit_choice(later, start=again)
    assert (slopes_of(awake) - slopes_of(learned)).mean() > 0.3


def test_minutes_leave_slopes_that_stay(learned: ChoiceFit) -> None:
    night = fit_choice(see(3, first=30.0), start=learned, slopes_stay=True)
    stored = read_fit(pack_fit(night))
    assert stored.slopes_stay
    later = update_choice(stored, see(4, shift=SHIFT, steeper=1.6, first=60.0))
    assert (slopes_of(later) == slopes_of(learned)).all()
    assert later.doubt.item[:, 1, 1] == pytest.approx(learned.doubt.item[:, 1, 1])
    assert level_of(later) > level_of(night) + 0.2
    free = update_choice(replace(stored, slopes_stay=False), see(4, steeper=1.6, first=60.0))
    assert (slopes_of(free) != slopes_of(learned)).any()


def test_an_alarm_doubts_levels_where_slopes_stay(learned: ChoiceFit) -> None:
    night = fit_choice(see(3, first=30.0), start=learned, slopes_stay=True)
    wide = widen_doubt(night, night.tree.family, 4.0)
    assert (wide.doubt.item[:, 1, 1] == night.doubt.item[:, 1, 1]).all()
    assert wide.doubt.item[:, 0, 0] == pytest.approx(4.0 * night.doubt.item[:, 0, 0])
    later = update_choice(wide, see(4, shift=SHIFT, first=60.0))
    assert (slopes_of(later) == slopes_of(learned)).all()
    assert later.doubt.item[:, 1, 1] == pytest.approx(learned.doubt.item[:, 1, 1])


def test_a_new_product_has_the_slope_of_its_category(learned: ChoiceFit) -> None:
    later = see(5, first=30.0)
    new = replace(later, item=np.where(later.item == 0, 99, later.item))
    fit = fit_choice(new, start=learned, slopes_stay=True)
    one, ids = np.array([99]), later.category[later.item == 0][:1]
    expected = learned.coefficients(one, ids, later.family[:1])[0][0, 1]
    assert fit.at.item[fit.tree.find("item", one), 1].tolist() == [expected]


def test_a_night_without_one_before_learns_as_ever(learned: ChoiceFit) -> None:
    seen = see(2)
    first = fit_night(seen, weekly=None, start=None, day=30.0, slopes_stay=True)
    usual = fit_night(seen, weekly=None, start=None, day=30.0)
    assert (slopes_of(first.fit) == slopes_of(usual.fit)).all()
    later = see(3, steeper=1.6, first=30.0)
    second = fit_night(later, weekly=None, start=first.fit, day=60.0, slopes_stay=True)
    assert (slopes_of(second.fit) == slopes_of(first.fit)).all()
    assert second.checks == []
