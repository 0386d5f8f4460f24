"""How far the model acts on what it need not: a past that differed, memory, a bent price."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.core.arrays import FloatArray
from pricing.core.learning import LEAST_PROBABILITY, AdaptivePolicy, Context, Outcomes
from pricing.core.learning.averaging import ODDS, Belief, average_models
from pricing.core.learning.layout import HISTORY, Layout
from pricing.core.learning.policy import CALM
from pricing.core.learning.posterior import Posterior, Prior
from pricing.core.learning.shrinkage import Spreads

LAYOUT = Layout.of(0, 2, [])
SLOPE, USUAL, LOSS = LAYOUT.width, LAYOUT.felt.start, LAYOUT.felt.start + 1
EXTRAS = [HISTORY, LAYOUT.width + HISTORY, LAYOUT.power, *range(LAYOUT.size)[LAYOUT.felt]]


def _solve(curvature: FloatArray, best: FloatArray, prior: Prior) -> Belief:
    """Return what two items believe of which each tells -(b - best)' curvature (b - best) / 2."""
    posterior = Posterior.of(np.stack([curvature, curvature]), prior)
    pull = curvature @ best
    step = posterior.solve(
        np.tile(pull[prior.own], (2, 1)), 2.0 * pull + prior.mean * prior.spread**-2
    )
    return Belief(step, posterior, prior)


def _expect(values: dict[int, float], precision: float) -> FloatArray:
    prior = Spreads.first(LAYOUT).as_prior(LAYOUT)
    curvature, best = np.zeros((LAYOUT.size, LAYOUT.size)), prior.mean.copy()
    for at, value in values.items():
        curvature[at, at], best[at] = precision, value
    return average_models(_solve(curvature, best, prior), LAYOUT).shared


def test_without_evidence_everything_stays_where_it_was() -> None:
    prior = Spreads.first(LAYOUT).as_prior(LAYOUT)
    assert _expect({}, 0.0) == pytest.approx(prior.mean)


@pytest.mark.parametrize("power", [0.4, 0.9, 1.3])
def test_a_bend_counts_with_its_chance_by_the_integral_of_its_likelihood(power: float) -> None:
    precision, spread = 30.0, 0.3  # each of the two items has it
    k = np.linspace(-4.0, 6.0, 200_001)
    step = k[1] - k[0]
    likelihood = np.exp(-precision * (k - power) ** 2)
    bent = likelihood * np.exp(-(((k - 1.0) / spread) ** 2) / 2) / (spread * np.sqrt(2 * np.pi))
    flat = ODDS * np.exp(-precision * (1.0 - power) ** 2)
    expected = (flat + (k * bent).sum() * step) / (flat + bent.sum() * step)
    assert _expect({LAYOUT.power: power}, precision)[LAYOUT.power] == pytest.approx(expected)


def test_what_is_surely_there_is_kept_and_a_trace_is_nearly_forgotten() -> None:
    assert _expect({USUAL: 0.3}, 20_000.0)[USUAL] == pytest.approx(0.3, rel=0.02)
    assert 0.0 < _expect({USUAL: 0.02}, 1_000.0)[USUAL] < 0.005


def test_slopes_are_as_if_negative_memory_had_never_been_looked_for() -> None:
    prior = Spreads.first(LAYOUT).as_prior(LAYOUT)
    curvature, best = np.zeros((LAYOUT.size, LAYOUT.size)), prior.mean.copy()
    pair = np.ix_([SLOPE, USUAL], [SLOPE, USUAL])
    curvature[pair] = [[100.0, -90.0], [-90.0, 400.0]]
    best[SLOPE], best[USUAL] = 1.1, -0.2
    found = average_models(_solve(curvature, best, prior), LAYOUT)
    # The same evidence under a prior that knows of no memory at all.
    spread = prior.spread.copy()
    spread[LAYOUT.felt] = 1e-7
    without = _solve(curvature, best, Prior(prior.mean, spread, prior.own_spread, prior.own)).mode
    assert found.shared[USUAL] == pytest.approx(0.0, abs=1e-9)
    assert found.shared[SLOPE] == pytest.approx(without.shared[SLOPE])
    assert found.own == pytest.approx(without.own)
    assert found.shared[SLOPE] != pytest.approx(_solve(curvature, best, prior).mode.shared[SLOPE])


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=6, max_size=6),
    st.floats(0.0, 1e5),
    st.integers(0, 99),
)
def test_memory_is_never_below_none_whatever_was_seen(
    values: list[float], precision: float, seed: int
) -> None:
    prior = Spreads.first(LAYOUT).as_prior(LAYOUT)
    seen = np.random.default_rng(seed).normal(size=(40, LAYOUT.size))
    best = prior.mean.copy()
    best[EXTRAS] += values
    found = average_models(_solve(precision * seen.T @ seen / 40, best, prior), LAYOUT)
    assert np.isfinite(found.shared).all()
    assert (found.shared[LAYOUT.felt] >= -1e-6).all()


def _settle(visits: int) -> tuple[AdaptivePolicy, Context]:
    """Return a policy that saw so many visits at prices drawn by lot, and a new day."""
    rng, policy = np.random.default_rng(6), AdaptivePolicy(random_state=6)
    rungs = np.array([[8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0]])
    item, public, cost = np.array([1]), np.array([10.0]), np.array([5.0])
    today, tomorrow = (
        Context(item, public, cost, {}, visits, time, rungs=rungs) for time in (0.0, 1.0)
    )
    prices = rungs[0, rng.integers(0, 7, (visits, 1))]
    chance = 1.0 / (1.0 + np.exp(1.0 + 4.0 * (prices[:, 0] / 10.0 - 1.0)))
    chosen = np.where(rng.random(visits) < chance, 0, -1)
    policy.observe(Outcomes(today, prices, chosen))
    return policy, tomorrow


def test_shocks_shrink_with_the_doubt_to_the_least_that_may_be_told() -> None:
    policy, context = _settle(visits=1_000)
    rare = policy.propose(context).probabilities.min()
    doubt = policy.model.find_doubt(np.array([[1.0, 0.0, 0.0]]))
    assert LEAST_PROBABILITY / policy.shocks < doubt / CALM < 1.0
    assert rare == pytest.approx(policy.shocks * doubt / CALM)
    policy, context = _settle(visits=20_000)
    assert policy.propose(context).probabilities.min() == pytest.approx(LEAST_PROBABILITY)
    policy.shocks = 0.0
    assert policy.propose(context).probabilities.min() == 1.0


def test_prices_are_chosen_by_the_average() -> None:
    model = _settle(visits=1_000)[0].model
    model.fit()
    believed, acting = model.mode.shared[LAYOUT.power], model.acting[0, LAYOUT.power]
    assert abs(believed - 1.0) > 0.01
    assert abs(acting - 1.0) < 0.5 * abs(believed - 1.0), "the market is a logit"
