"""How the choice model is fitted: the adjustment for coefficients of which little is known."""

from __future__ import annotations

import numpy as np

from pricing.core.arrays import FloatArray
from pricing.core.learning import AdaptivePolicy, Context, Outcomes
from pricing.core.learning.layout import Layout
from pricing.core.learning.posterior import Posterior, Prior
from pricing.core.learning.rows import Rows
from pricing.core.learning.shrinkage import Spreads
from pricing.core.learning.sightings import Sightings

SLOPE = 3.0


def _see(items: int, visits: int, seed: int) -> Sightings:
    """Return what shoppers of `items` teas did at prices drawn by lot; slopes differ by 35 %."""
    rng = np.random.default_rng(seed)
    slope = SLOPE * np.exp(rng.normal(0.0, 0.35, items) - 0.35**2 / 2)
    item = np.repeat(np.arange(items), visits)
    ratio = rng.choice([0.84, 0.94, 1.06, 1.19], len(item))
    chance = 1.0 / (1.0 + np.exp(2.5 + slope[item] * (ratio - 1.0)))
    none, one = np.zeros(len(item)), np.ones(len(item))
    bought = (rng.random(len(item)) < chance).astype(float)
    features = np.zeros((len(item), 0))
    visit = np.arange(len(item))
    felt = np.zeros((len(item), 3))
    return Sightings(features, none, one, none, visit, item, ratio, none, none, bought, felt)


def _make(items: int, visits: int) -> tuple[Rows, Prior]:
    layout = Layout.of(0, items, [])
    prior = Spreads.first(layout).as_prior(layout)
    return Rows.of(_see(items, visits, 1), layout, np.zeros(4)), prior


def test_the_volume_grows_as_its_derivative_says() -> None:
    rows, prior = _make(items=2, visits=60)
    rng = np.random.default_rng(4)
    start = rng.normal(0.0, 0.1, (2, rows.layout.size))
    start[:, rows.layout.power], start[:, 0], start[:, rows.layout.width] = 0.9, -2.0, 0.9

    def volume(acting: FloatArray) -> FloatArray:
        _, chance = rows.measure(acting)
        _, curvature = rows.derive(acting, chance)
        own = prior.own
        blocks = curvature[:, own[:, None], own] + np.diag(prior.own_spread**-2)
        return np.asarray(np.linalg.slogdet(blocks)[1]) / 2.0

    _, chance = rows.measure(start)
    _, curvature = rows.derive(start, chance)
    posterior = Posterior.of(curvature, prior)
    found = rows.derive_volume(start, chance, posterior.inverse_blocks, prior.own)
    for at in (0, rows.layout.width):
        step = np.zeros(start.shape)
        step[:, at] = 1e-5
        told = (volume(start + step) - volume(start - step)) / 2e-5
        assert np.allclose(found[:, at], told, rtol=1e-5)


def test_own_coefficients_follow_the_shared_ones() -> None:
    """What depends on an item's sum of both changes less, the more the item's data decide."""
    prior = Prior(np.zeros(1), np.ones(1), np.ones(1), np.array([0]))
    narrow, wide = (Posterior.of(np.full((1, 1, 1), size), prior) for size in (9.0, 0.0))
    gradient = np.array([[2.0]])
    assert np.isclose(narrow.follow(gradient, prior.own)[0], 0.2)
    assert np.isclose(wide.follow(gradient, prior.own)[0], 2.0)


def test_many_items_with_few_sales_look_no_steeper_than_they_are() -> None:
    """Without the adjustment the mean slope of these markets comes out 6 % too steep."""
    errors = []
    for seed in range(6):
        sightings = _see(items=60, visits=300, seed=seed)
        policy = AdaptivePolicy(random_state=seed)
        for item in range(60):
            mine = np.flatnonzero(sightings.item == item)
            half = {"told apart": np.full(len(mine), 0.5)}  # so that nobody remembers
            context = Context([item], [1.0], [0.5], half, shoppers=len(mine))
            chosen = np.where(sightings.bought[mine] > 0, 0, -1)
            policy.observe(Outcomes(context, sightings.ratio[mine][:, None], chosen))
        policy.model.fit()
        layout = policy.model.layout
        # The reference price of an item is its public price, 1, where the slope is that of the log.
        slopes = np.exp(policy.model.acting[:, layout.width])
        errors.append(float(np.log(slopes.mean() / SLOPE)))
    assert abs(np.mean(errors)) < 0.035
