"""The shipped policy keeps its promises whatever it is asked."""

from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.learning import LEAST_PROBABILITY, AdaptivePolicy, Context, Outcomes


@st.composite
def contexts(draw: st.DrawFn) -> Context:
    n, m = draw(st.integers(0, 6)), draw(st.integers(1, 4))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    public = rng.uniform(0.01, 1e4, m)
    costs = np.where(rng.random(m) < 0.2, np.nan, public * rng.uniform(0.0, 1.5, m))
    rungs = np.where(
        rng.random((m, 5)) < 0.2, np.nan, public[:, None] * rng.uniform(0.3, 2, (m, 5))
    )
    rungs[:, 0] = public
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
        rungs=rungs if draw(st.booleans()) else None,
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
