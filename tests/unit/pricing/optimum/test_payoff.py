"""The posterior expectation of demand, and the chance of an improvement, against draws."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.optimum.core.quote import expected_demand_ratio, improvement_probability


def test_expected_demand_is_the_mean_over_posterior_draws() -> None:
    draws = np.random.default_rng(3).normal(1.8, 0.4, 400_000)
    x = np.log(0.9)
    sampled = np.exp(-draws * x).mean()
    one = np.ones((1, 1))
    found = expected_demand_ratio(np.array([[x]]), 1.8 * one, 0.4 * one, 0 * one)
    assert float(found[0, 0]) == pytest.approx(sampled, rel=1e-3)


def test_improvement_probability_is_the_share_of_draws_that_improve() -> None:
    draws = np.random.default_rng(4).normal(1.8, 0.5, 400_000)
    for other in (3.6, 3.9, 4.1, 4.4):
        gain = (other - 2.2) / (4.0 - 2.2) * (other / 4.0) ** -draws
        found = improvement_probability(*(np.array([v]) for v in (4.0, other, 2.2, 1.8, 0.5)))
        assert float(found[0]) == pytest.approx(float((gain > 1).mean()), abs=0.005)
