"""Whether demand has changed: the evidence for it, what is forgotten then, and when it rings."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal

from pricing.core.arrays import FloatArray
from pricing.core.learning import AdaptivePolicy, Context, Outcomes
from pricing.core.learning.change import (
    CERTAINTY,
    TIMES_USUAL,
    Bend,
    ChangeAlarm,
    Trust,
    weigh_evidence,
)
from pricing.core.learning.fitting import Evidence
from pricing.core.learning.model import Effort
from pricing.core.learning.posterior import Coefficients, Posterior, Prior

seeds = st.integers(0, 2**32 - 1)


def _draw_curvature(rng: np.random.Generator, items: int, size: int) -> FloatArray:
    root = rng.normal(size=(items, size, size))
    return np.asarray(root @ root.transpose(0, 2, 1) + np.eye(size))


def _spread(prior: Prior, items: int) -> FloatArray:
    """Return the covariance of all items' coefficients, one below the other."""
    own = np.zeros(len(prior.mean))
    own[prior.own] = prior.own_spread**2
    return np.asarray(
        np.kron(np.ones((items, items)), np.diag(prior.spread**2))
        + np.kron(np.eye(items), np.diag(own))
    )


def _stack(curvature: FloatArray) -> FloatArray:
    items, size, _ = curvature.shape
    whole = np.zeros((items * size, items * size))
    for item, block in enumerate(curvature):
        part = slice(item * size, (item + 1) * size)
        whole[part, part] = block
    return whole


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_the_weight_of_evidence_is_that_of_the_normal_law(seed: int) -> None:
    """Recent estimates, as if drawn around what earlier ones and the prior foretell of them."""
    rng = np.random.default_rng(seed)
    items, size = 3, 2
    prior = Prior(
        rng.normal(size=size), rng.uniform(0.3, 2.0, size), rng.uniform(0.3, 1.0, 1), np.array([1])
    )
    mode = Coefficients(rng.normal(size=size), rng.normal(size=(items, 1)))
    earlier, recent = (
        Bend(rng.normal(size=(items, size)), _draw_curvature(rng, items, size)) for _ in range(2)
    )

    def foretell(bend: Bend) -> float:
        before, known = _spread(prior, items), _stack(bend.curvature)
        expected = np.tile(prior.mean, items) - mode.of_items(prior.own).ravel()
        spread = np.linalg.solve(np.eye(len(known)) + before @ known, before)
        centre = expected + spread @ (bend.gradient.ravel() - known @ expected)
        noise = np.linalg.inv(_stack(recent.curvature))
        found = noise @ recent.gradient.ravel()
        return float(multivariate_normal(centre, spread + noise).logpdf(found))

    less = earlier.trusted(Trust(0.4, np.array([0.0, 0.3])))
    told = weigh_evidence(recent, less, prior, mode) - weigh_evidence(recent, earlier, prior, mode)
    assert told == pytest.approx(foretell(less) - foretell(earlier), abs=1e-6)


@settings(max_examples=25, deadline=None)
@given(seeds)
def test_what_may_have_moved_is_known_less_by_just_that(seed: int) -> None:
    rng = np.random.default_rng(seed)
    curvature, centre = _draw_curvature(rng, 2, 3), rng.normal(size=(2, 3))
    moved = rng.uniform(0.0, 2.0, 3)
    evidence = Evidence(curvature, np.einsum("mde,me->md", curvature, centre))
    less = evidence.trusted(Trust(0.5, moved))
    known_less = 2.0 * np.linalg.inv(curvature) + np.diag(moved)
    assert np.allclose(np.linalg.inv(less.curvature), known_less)
    assert np.allclose(np.linalg.solve(less.curvature, less.pull[..., None])[..., 0], centre)


def test_full_trust_changes_nothing() -> None:
    evidence = Evidence(np.full((1, 2, 2), 3.0), np.ones((1, 2)))
    same = evidence.trusted(Trust(1.0, np.zeros(2)))
    assert np.array_equal(same.curvature, evidence.curvature)
    assert np.array_equal(same.pull, evidence.pull)


def test_the_volume_of_the_posterior_is_that_of_its_precision() -> None:
    prior = Prior(np.zeros(1), np.array([0.5]), np.array([2.0]), np.array([0]))
    posterior = Posterior.of(np.full((1, 1, 1), 3.0), prior)
    whole = np.array([[4.0 + 3.0, 3.0], [3.0, 0.25 + 3.0]])  # shared, own
    assert posterior.log_volume() == pytest.approx(np.log(np.linalg.det(whole)))
    pull = np.array([1.0, -2.0])
    told = posterior.measure(Coefficients(pull[:1], pull[None, 1:]))
    assert told == pytest.approx(pull @ np.linalg.solve(whole, pull))


def test_where_demand_moves_all_the_time_more_is_asked_for() -> None:
    alarm = ChangeAlarm()
    assert not any(alarm.update(CERTAINTY - 0.1) for _ in range(40))
    assert alarm.usual == pytest.approx(CERTAINTY - 0.1, abs=0.01)
    assert not alarm.update(CERTAINTY + TIMES_USUAL * alarm.usual - 0.1)
    calm = ChangeAlarm()
    assert not any(calm.update(-50.0) for _ in range(40))
    assert calm.usual == 0.0, "evidence against a change is no credit"
    assert calm.update(CERTAINTY)


def _live(change: bool) -> AdaptivePolicy:
    """Return a policy after 40 days; on day 30 two segments change sides, while sales in sum stay
    what they were."""
    rng = np.random.default_rng(1)
    policy = AdaptivePolicy(random_state=1, effort=Effort(refit_every=0.1))
    public, level = np.ones(2), np.array([-0.5, -2.5])
    rungs = np.outer(public, np.linspace(0.8, 1.2, 5))
    for day in range(40):
        segment, item = rng.integers(0, 2, (2, 150))
        context = Context(
            [1, 2],
            public,
            public * 0.5,
            {"segment": np.array(["new", "old"])[segment]},
            shoppers=150,
            time=float(day),
            offered=np.eye(2, dtype=bool)[item],
            rungs=rungs,
        )
        prices = np.tile(rng.choice(rungs[0], (150, 1)), 2)
        if day >= 25:
            prices = policy.propose(context).prices
        of_segment = level[::-1] if change and day >= 30 else level
        paid = prices[np.arange(150), item]
        chance = 1.0 / (1.0 + np.exp(-of_segment[segment] + 3.0 * (paid - 1.0)))
        policy.observe(Outcomes(context, prices, np.where(rng.random(150) < chance, item, -1)))
    return policy


def test_tastes_that_change_sides_are_noticed_though_sales_stay_the_same() -> None:
    assert _live(change=True).alarms > 0
    assert _live(change=False).alarms == 0
