"""The adaptive policy keeps its promises whatever it is asked."""

from __future__ import annotations

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.lab.agent import LEAST_PROBABILITY, AdaptivePolicy, Context, Outcomes


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    n, m = draw(st.integers(0, 6)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    public = rng.uniform(0.01, 1e4, m)
    costs = np.where(rng.random(m) < 0.2, np.nan, public * rng.uniform(0.0, 1.5, m))
    price_points = np.where(
        rng.random((m, 5)) < 0.2, np.nan, public[:, None] * rng.uniform(0.3, 2, (m, 5))
    )
    price_points[:, 0] = public
    numbers = rng.normal(0, 10 ** rng.uniform(-3, 6), n)
    return Context(
        item_ids=rng.permutation(9)[:m],
        public_prices=public,
        costs=costs,
        features={
            "number": np.where(rng.random(n) < 0.3, np.nan, numbers),
            "text": rng.choice(["app", "web", None], n),
        },
        shoppers=n,
        time=float(rng.uniform(0, 1000)),
        competitor_prices=np.where(rng.random(m) < 0.5, np.nan, public * rng.lognormal(0, 3, m)),
        offered=rng.random((n, m)) < 0.7 if draw(st.booleans()) else None,
        rungs=price_points if draw(st.booleans()) else None,
    )


@settings(max_examples=40, deadline=None)
@given(st.lists(contexts(), min_size=1, max_size=4))
def test_prices_are_feasible_and_probabilities_exact(days: list[Context]) -> None:
    policy = AdaptivePolicy(random_state=3)
    for context in days:
        prices, probabilities = policy.propose(context)
        assert prices.shape == probabilities.shape == (context.shoppers, context.items)
        assert np.all(np.isfinite(prices) & (prices > 0))
        assert np.all((probabilities >= LEAST_PROBABILITY) & (probabilities <= 1.0))
        if context.rungs is None:
            assert np.all(prices <= context.public_prices)
        else:
            for column, ladder in enumerate(context.rungs):
                assert np.isin(prices[:, column], ladder).all()
        chosen = np.where(context.is_offered().any(axis=1), context.is_offered().argmax(axis=1), -1)
        policy.observe(Outcomes(context, prices, chosen))


def live(policy: AdaptivePolicy, days: int, seed: int, *, shoppers: int = 60) -> list[np.ndarray]:
    """Let a policy price some days of a small market; return the prices it showed."""
    rng, shown = np.random.default_rng(seed), []
    for day in range(days):
        context = Context(
            item_ids=[4, 9, 2],
            public_prices=[10.0, 4.0, 2.5],
            costs=[5.0, 2.0, np.nan],
            features={
                "channel": rng.choice(["app", "web"], shoppers),
                "age": rng.normal(size=shoppers),
            },
            shoppers=shoppers,
            time=float(day),
        )
        prices, _ = policy.propose(context)
        shown.append(prices)
        policy.observe(Outcomes(context, prices, rng.integers(-1, 3, shoppers)))
    return shown


def test_the_same_seed_and_history_give_the_same_prices() -> None:
    first, second = (live(AdaptivePolicy(random_state=5), 6, 1) for _ in range(2))
    assert np.array_equal(first, second)
    assert not np.array_equal(first, live(AdaptivePolicy(random_state=6), 6, 1))


def test_a_policy_read_from_arrays_goes_on_where_it_stood() -> None:
    policy = AdaptivePolicy(random_state=5)
    live(policy, 6, 1)
    stored = io.BytesIO()
    np.savez(stored, **policy.to_arrays())
    stored.seek(0)
    with np.load(stored, allow_pickle=False) as arrays:
        restored = AdaptivePolicy.from_arrays(arrays)
    assert np.array_equal(live(policy, 4, 2), live(restored, 4, 2))


def test_items_and_features_may_appear_midway() -> None:
    policy = AdaptivePolicy(random_state=5)
    live(policy, 3, 1)
    context = Context(
        item_ids=[9, 77],
        public_prices=[4.0, 30.0],
        costs=[2.0, 29.0],
        features={"weather": ["rain", None], "age": [np.nan, np.inf]},
        shoppers=2,
        time=3.0,
    )
    prices, probabilities = policy.propose(context)
    assert np.all((prices >= context.costs) & (prices <= context.public_prices))
    policy.observe(Outcomes(context, prices, [1, -1]))
    assert np.all(probabilities >= LEAST_PROBABILITY)
    assert live(policy, 1, 3)[0].shape == (60, 3)


@pytest.mark.parametrize("chosen", [-1, 0])
def test_nobody_buying_or_everybody_breaks_nothing(chosen: int) -> None:
    policy = AdaptivePolicy(random_state=5)
    context = Context([1], [10.0], [4.0], {"constant": np.ones(200)}, shoppers=200)
    for _ in range(5):
        prices, _ = policy.propose(context)
        policy.observe(Outcomes(context, prices, np.full(200, chosen)))
    assert np.all(np.isfinite(prices) & (prices >= 7.0) & (prices <= 10.0))


def test_probabilities_are_those_of_the_draw() -> None:
    policy = AdaptivePolicy(random_state=5)
    context = Context([1], [10.0], [4.0], {}, shoppers=40_000)
    prices, probabilities = policy.propose(context)
    shown, count = np.unique(prices, return_counts=True)
    assert len(shown) == 4
    for price, times in zip(shown, count, strict=True):
        likely = probabilities[prices == price]
        assert np.ptp(likely) == 0.0
        assert times / 40_000 == pytest.approx(likely[0], abs=0.01)


def test_the_last_units_cost_more() -> None:
    policy = AdaptivePolicy(random_state=5, shocks=0.0)
    rng = np.random.default_rng(3)
    public, left = np.array([10.0]), 60.0
    price_points = np.array([[8.0, 9.0, 10.0, 11.0, 12.0, 13.0]])
    for day in range(12):
        left = 60.0 if day % 5 == 0 else left
        context = Context(
            [1], public, [5.0], {}, 100, time=float(day), stock=[left], rungs=price_points
        )
        prices, _ = policy.propose(context)
        bought = rng.random(100) < 1.0 / (1.0 + np.exp(0.5 + 9.0 * (prices[:, 0] / 10.0 - 1.0)))
        bought &= np.cumsum(bought) <= left
        left -= bought.sum()
        policy.observe(Outcomes(context, prices, np.where(bought, 0, -1)))
    plenty = Context([1], public, [5.0], {}, 100, time=12.0, stock=[1e6], rungs=price_points)
    few = Context([1], public, [5.0], {}, 100, time=12.0, stock=[5.0], rungs=price_points)
    dear = float(np.median(policy.propose(few).prices))
    assert dear > float(np.median(policy.propose(plenty).prices))
