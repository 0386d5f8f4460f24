"""Which brand a household takes next, in a category named beforehand, one step ahead."""

from __future__ import annotations

import numpy as np
import pytest

from tests.statistical.pricing.brands import CATEGORIES, load_choices
from tests.statistical.pricing.household_choice import (
    Choices,
    HouseholdChoice,
    choose_memory,
    log_loss,
    mark_late,
)

pytestmark = [pytest.mark.statistical, pytest.mark.slow]
BRANDS, HOUSEHOLDS, TIMES = 4, 200, 24


def make_choices(seed: int, taste: float) -> Choices:
    """Return occasions of households whose tastes have the sd `taste`, the first brand's thrice."""
    rng = np.random.default_rng(seed)
    household = np.repeat(np.arange(HOUSEHOLDS), TIMES)
    log_price = rng.choice([0.0, -0.1, -0.3], (len(household), BRANDS))
    own = taste * rng.normal(size=(HOUSEHOLDS, BRANDS)) * [3.0, 1.0, 1.0, 1.0]
    utility = own[household] - 3.0 * log_price + rng.gumbel(size=log_price.shape)
    return Choices(
        household=household,
        log_price=log_price,
        context=np.zeros((len(household), BRANDS, 1)),
        chosen=utility.argmax(axis=1),
        late=mark_late(household),
    )


def test_a_variance_of_taste_for_each_brand_is_found() -> None:
    choices = make_choices(0, 0.7)
    model = HouseholdChoice(is_mixed=True).fit(choices)
    assert model.variance_[0] > 2.0 * model.variance_[1:BRANDS].max()
    assert model.fixed_[BRANDS] == pytest.approx(3.0, abs=0.5)
    assert (model.own_elasticities(choices) < 0.0).all()


def test_a_forecast_knows_only_what_came_before() -> None:
    choices = make_choices(1, 1.0)
    model = HouseholdChoice(is_mixed=True).fit(choices.take(~choices.late))
    found = model.forecast(choices)
    changed = choices.take(np.arange(len(choices.chosen)))
    last = np.flatnonzero(np.diff(changed.household, append=-1) != 0)
    changed.chosen[last] = (changed.chosen[last] + 1) % BRANDS
    assert model.forecast(changed) == pytest.approx(found, abs=1e-9)
    assert found.sum(axis=1) == pytest.approx(1.0)


def test_household_taste_and_slope_forecast_better_than_loyalty() -> None:
    choices = load_choices(CATEGORIES[2])
    past, taken = choices.take(~choices.late), choices.chosen[choices.late]
    memory = choose_memory(past)
    loyal = HouseholdChoice(is_mixed=False, memory=memory).fit(past)
    mixed = HouseholdChoice(is_mixed=True, memory=memory).fit(past)
    assert log_loss(mixed.forecast(choices), taken).mean() < 0.98 * (
        log_loss(loyal.forecast(choices), taken).mean()
    )
    for model in (loyal, mixed):
        assert (model.own_elasticities(past) < -0.5).all()
