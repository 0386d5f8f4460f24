"""Choice in a category: right by an econometrics package and on known truth; habit and taste."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from statsmodels.discrete.conditional_models import ConditionalLogit

from pricing.core.demand import MultinomialLogit
from pricing.core.demand.choice import choice_chances, find_loyalty, market_shares, read_choices
from pricing.core.demand.frames import Coding

LEVELS = np.array([0.0, 0.6, -0.4, 0.3])
SLOPE, FEATURE, MEMORY = 2.5, 0.8, 0.8


def make_choices(
    seed: int,
    *,
    households: int = 150,
    visits: int = 20,
    habit: float = 0.0,
    taste_sd: float = 0.0,
    outside: bool = False,
) -> tuple[dict[str, Any], np.ndarray]:
    """Return rows of occasion and item with `chosen`, and the tastes of the households (H, J)."""
    rng = np.random.default_rng(seed)
    items = len(LEVELS)
    taste = rng.normal(0, taste_sd, (households, items))
    loyalty = np.full((households, items), 1 / items)
    prices, displays, chosen = [], [], []
    for _ in range(visits):
        price = rng.choice([1.6, 2.0, 2.4], (households, items))
        display = (rng.random((households, items)) < 0.3).astype(float)
        utility = LEVELS + taste - SLOPE * np.log(price) + FEATURE * display + habit * loyalty
        utility += rng.gumbel(size=utility.shape)
        nothing = rng.gumbel(size=households) if outside else np.full(households, -np.inf)
        taken = np.eye(items)[utility.argmax(axis=1)] * (utility.max(axis=1) > nothing)[:, None]
        bought = taken.any(axis=1, keepdims=True)
        loyalty = np.where(bought, MEMORY * loyalty + (1 - MEMORY) * taken, loyalty)
        prices.append(price)
        displays.append(display)
        chosen.append(taken)
    occasions = households * visits
    return {
        "occasion": np.repeat(np.arange(occasions), items),
        "household": np.tile(np.repeat(np.arange(households), items), visits),
        "time": np.repeat(np.arange(visits), households * items),
        "item": np.tile(np.arange(items), occasions),
        "price": np.array(prices).ravel(),
        "display": np.array(displays).ravel(),
        "chosen": np.array(chosen).ravel(),
    }, taste


def test_without_habit_and_taste_it_is_the_packages_conditional_logit() -> None:
    frame, _ = make_choices(1)
    model = MultinomialLogit(features=["display"], slope_prior=(0.0, 1e4)).fit(frame)
    dummies = np.eye(4)[frame["item"]][:, 1:]
    design = np.column_stack([dummies, -np.log(frame["price"]), frame["display"]])
    other = ConditionalLogit(frame["chosen"], design, groups=frame["occasion"]).fit(disp=0)
    assert model.is_converged_
    # The one weak prior left is that of the display effect, N(0, 3^2).
    assert model.slope_ == pytest.approx(other.params[3], abs=2e-3)
    assert model.effects_[0] == pytest.approx(other.params[4], abs=2e-3)
    assert model.levels_[1:] - model.levels_[0] == pytest.approx(other.params[:3], abs=2e-3)
    assert model.slope_sd_ == pytest.approx(other.bse[3], rel=1e-3)
    assert model.log_likelihood_ == pytest.approx(other.llf, abs=0.01)


def test_habit_and_taste_are_told_apart() -> None:
    frame, taste = make_choices(2, households=300, visits=30, habit=1.5, taste_sd=1.0)
    naive = MultinomialLogit(features=["display"], has_loyalty=True, memory=MEMORY).fit(frame)
    model = MultinomialLogit(
        features=["display"], has_loyalty=True, has_taste=True, memory=MEMORY
    ).fit(frame)
    # Without tastes of its own a household's preference looks like habit.
    assert naive.loyalty_ > 3.0
    assert model.loyalty_ == pytest.approx(1.5, abs=3 * model.loyalty_sd_)
    assert model.loyalty_sd_ < 0.2
    assert model.slope_ == pytest.approx(SLOPE, abs=3 * model.slope_sd_)
    assert model.taste_variance_ == pytest.approx(1.0, abs=0.25)
    away = taste - taste.mean(axis=1, keepdims=True)
    found = model.intercepts_ - model.intercepts_.mean(axis=1, keepdims=True)
    assert np.corrcoef(away.ravel(), found.ravel())[0, 1] > 0.8


def test_the_memory_of_a_habit_is_found() -> None:
    frame, _ = make_choices(3, households=400, visits=30, habit=3.0)
    model = MultinomialLogit(features=["display"], has_loyalty=True).fit(frame)
    assert model.memory_ in (0.7, MEMORY, 0.875)
    assert model.loyalty_ == pytest.approx(3.0, abs=0.6)


def test_intervals_of_the_slope_hold_the_truth_as_often_as_they_say() -> None:
    inside = []
    for seed in range(100, 140):
        frame, _ = make_choices(seed, households=60, visits=10, taste_sd=0.8)
        model = MultinomialLogit(features=["display"], has_taste=True).fit(frame)
        inside.append(abs(model.slope_ - SLOPE) < 1.645 * model.slope_sd_)
    assert 0.8 <= np.mean(inside) <= 1.0


def test_buying_nothing_is_a_choice_too() -> None:
    frame, _ = make_choices(4, outside=True)
    model = MultinomialLogit(features=["display"], has_outside=True).fit(frame)
    assert model.levels_ == pytest.approx(LEVELS, abs=0.25)
    assert model.slope_ == pytest.approx(SLOPE, abs=3 * model.slope_sd_)
    one = {"occasion": [0], "item": [1], "price": [2.0], "display": [0.0]}
    dear, cheap = (model.predict(price, one) for price in (2.2, 2.0))
    assert 0 < dear.mean[0] < cheap.mean[0] < 1
    assert dear.elasticity[0] == pytest.approx(-model.slope_ * (1 - dear.mean[0]))
    with pytest.raises(ValueError, match="outside"):
        MultinomialLogit().fit(frame)


def test_predictions_follow_the_rows_and_their_sd_is_the_spread_of_the_posterior() -> None:
    frame, _ = make_choices(5)
    model = MultinomialLogit(features=["display"]).fit(frame)
    some = {name: values[:40][::-1] for name, values in frame.items()}
    found = model.predict(None, some)
    by_occasion = np.bincount(some["occasion"], found.mean, 10)
    assert by_occasion == pytest.approx(np.ones(10))
    rng = np.random.default_rng(0)
    draws = []
    theta = np.concatenate([model.levels_, [model.slope_], model.effects_])
    sets = read_choices(some, ["display"], model.items_, model.households_)
    effects = model._effects(sets, sets.log_price, 0.0)
    for one in rng.multivariate_normal(theta, model.covariance_, 2_000):
        utility = one[:4] + effects @ one[4:]
        draws.append(choice_chances(utility, sets.shown, has_outside=False))
    spread = np.std(draws, axis=0)
    assert found.sd[sets.row_of] == pytest.approx(spread, rel=0.15, abs=1e-4)


def test_cross_elasticities_say_where_shoppers_go() -> None:
    frame, _ = make_choices(6)
    model = MultinomialLogit(features=["display"]).fit(frame)
    table = model.cross_elasticities(frame)
    assert (np.diag(table) < 0).all()
    assert (table[~np.eye(4, dtype=bool)] > 0).all()
    # Homogeneity: all prices up by the same share change nothing without an outside option.
    assert table.sum(axis=1) == pytest.approx(np.zeros(4), abs=1e-9)


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.floats(0.0, 0.99))
def test_loyalty_is_a_share_whatever_was_bought(seed: int, memory: float) -> None:
    frame, _ = make_choices(seed, households=5, visits=6, outside=True)
    households = Coding.learn(frame["household"])
    sets = read_choices(frame, (), Coding.learn(frame["item"]), households)
    loyalty = find_loyalty(sets, market_shares(sets), memory)
    assert loyalty.sum(axis=1) == pytest.approx(np.ones(30))
    assert (loyalty >= 0).all()
    assert loyalty[sets.starts()] == pytest.approx(np.tile(market_shares(sets), (5, 1)))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"item": [0, 0]}, "shown twice"),
        ({"chosen": [1, 1]}, "at most one"),
        ({"chosen": [0.5, 0]}, "at most one"),
        ({"price": [0.0, 1.0]}, "above zero"),
        ({"price": [np.nan, 1.0]}, "finite"),
    ],
)
def test_bad_choices_are_refused_by_name(change: dict[str, list[float]], words: str) -> None:
    good = {"occasion": [0, 0], "item": [0, 1], "price": [1.0, 2.0], "chosen": [1, 0]}
    with pytest.raises(ValueError, match=words):
        MultinomialLogit().fit(good | change)
