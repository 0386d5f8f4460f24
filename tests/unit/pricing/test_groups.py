"""Elasticities of groups of shoppers: right on known truth, modest about what few sales say."""

from __future__ import annotations

import numpy as np
import pytest

from pricing.core.demand.groups import GroupElasticities, describe_groups, group_elasticities

ITEMS, WEEKS = 60, 26


def make_sales(
    seed: int, elasticity: list[float], rate: list[float]
) -> tuple[np.ndarray, np.ndarray]:
    """Return log prices (N, T) and units (G, N, T) of groups; a shock nobody records moves all."""
    rng = np.random.default_rng(seed)
    shock = rng.normal(0, 0.4, (ITEMS, WEEKS))
    # Prices follow demand: the common elasticity is hopeless, differences are not.
    price = 0.1 * shock + rng.choice([0.0, -0.2], (ITEMS, WEEKS))
    price -= price.mean(axis=1, keepdims=True)
    taste = rng.normal(0, 0.3, (len(rate), ITEMS, 1))
    mean = np.array(rate)[:, None, None] * np.exp(taste + shock)
    units = rng.poisson(mean * np.exp(-np.array(elasticity)[:, None, None] * price))
    return price, units.astype(float)


def find(price: np.ndarray, own: np.ndarray, total: np.ndarray) -> GroupElasticities:
    return group_elasticities(price, own, total, np.full(ITEMS, 2.0), np.full(ITEMS, 0.01))


def test_intervals_of_segments_hold_the_truth_as_often_as_they_say() -> None:
    truth = [1.4, 2.0, 2.6]
    inside = []
    for seed in range(40):
        price, own = make_sales(seed, truth, [6.0, 6.0, 6.0])
        found = find(price, own, own.sum(axis=0))
        inside.append((found.low < -np.array(truth)) & (-np.array(truth) < found.high))
        assert np.argsort(found.elasticity).tolist() == [2, 1, 0]
    assert 0.82 <= np.mean(inside) <= 0.97


def test_groups_that_do_not_differ_are_not_told_apart() -> None:
    price, own = make_sales(50, [2.0, 2.0, 2.0, 2.0], [0.3, 0.5, 1.0, 6.0])
    found = find(price, own, own.sum(axis=0))
    assert found.elasticity == pytest.approx([-2.0] * 4, abs=0.1)
    assert (found.low < -2.0).all()
    assert (found.high > -2.0).all()


def test_overlapping_tags_are_each_against_all_others() -> None:
    price, parts = make_sales(51, [1.2, 2.0, 2.8], [8.0, 8.0, 8.0])
    calm_or_usual = parts[0] + parts[1]
    own = np.stack([calm_or_usual, parts[1] + parts[2], parts[2]])
    found = find(price, own, parts.sum(axis=0))
    assert found.elasticity == pytest.approx([-1.6, -2.4, -2.8], abs=0.15)


def test_a_group_that_bought_nothing_or_everything_says_nothing() -> None:
    price, parts = make_sales(52, [1.5, 2.5], [8.0, 8.0])
    total = parts.sum(axis=0)
    found = find(price, np.stack([parts[1], np.zeros_like(total), total]), total)
    assert found.units.tolist() == [parts[1].sum(), 0.0, total.sum()]
    assert found.difference[1:].tolist() == pytest.approx([0.0, 0.0], abs=1e-6)
    assert found.elasticity[2] == pytest.approx(-2.0, abs=1e-6)
    assert np.isfinite(found.low).all()


def test_rows_stand_steepest_first_with_what_randomised_prices_back() -> None:
    price, parts = make_sales(53, [1.5, 2.5], [8.0, 8.0])
    found = find(price, parts, parts.sum(axis=0))
    rows = describe_groups(["calm", "keen"], [30, 40], found, found.units * np.array([0.0, 1.0]))
    assert [(row["code"], row["shoppers"], row["causal_share"]) for row in rows] == [
        ("keen", 40, 1.0),
        ("calm", 30, 0.0),
    ]
