"""Looks at public prices teach elasticities: by how sales per look moved with the price."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.demand.served import example_served
from pricing.core.online import Evidence, Sightings, learn_from, take_in
from pricing.core.online.diversion import Diversion
from pricing.core.online.evidence import LEVEL_PRECISION, integrate_levels, know_elasticities
from pricing.core.online.kinship import SHARED, Told, combine, relate

TEAS = 30
SERVED = replace(
    example_served(),
    variant_id=np.arange(TEAS),
    elasticity=np.full(TEAS, 2.0),
    elasticity_sd=np.full(TEAS, 1.0),
    **{name: np.ones(TEAS) for name in ("base_log", "usual_minor", "dispersion")},
    is_causal=np.zeros(TEAS, dtype=np.bool_),
    family_id=np.array([1]),
    family_elasticity=np.array([1.5]),
    family_elasticity_sd=np.array([1.2]),
)
FAMILY = np.ones(TEAS, dtype=np.int64)
HIGH, LOW = 500, 450


def look(
    rng: np.random.Generator,
    truth: np.ndarray,
    price: np.ndarray,
    *,
    looks: int = 400,
    by_lot: bool = True,
    anchor: int = HIGH,
) -> Sightings:
    """An hour of looks at each tea at `price`; levels differ tenfold between teas."""
    level = np.linspace(0.02, 0.2, TEAS)
    bought = rng.poisson(looks * level * np.exp(-truth * np.log(price / HIGH)))
    rungs = np.tile([HIGH, LOW, 0], (TEAS, 1))
    even = np.tile([0.5, 0.5, 0.0], (TEAS, 1))
    sure = np.stack([price == HIGH, price == LOW, price < 0], axis=1).astype(np.float64)
    return Sightings.of_looks(
        variant_id=np.arange(TEAS),
        family_id=FAMILY,
        public_minor=price,
        rung_minor=rungs,
        probability=even if by_lot else sure,
        looks=np.full(TEAS, looks),
        bought=bought,
        anchor_minor=np.full(TEAS, anchor),
    )


def watch(
    truth: np.ndarray, hours: int, *, seed: int = 1, by_lot: bool = True, moves: bool = True
) -> Evidence:
    """Hours in which each tea's price is drawn anew."""
    rng, evidence = np.random.default_rng(seed), Evidence.nothing()
    for _ in range(hours):
        price = np.where(rng.random(TEAS) < 0.5, HIGH, LOW) if moves else np.full(TEAS, HIGH)
        evidence, _ = take_in(evidence, look(rng, truth, price, by_lot=by_lot), SERVED)
    return evidence


def believe(evidence: Evidence) -> tuple[np.ndarray, np.ndarray]:
    mean, sd, _ = learn_from(SERVED, evidence).elasticities(np.arange(TEAS), FAMILY)
    return mean, sd


def test_sales_per_look_show_the_elasticity_whatever_the_level() -> None:
    truth = np.random.default_rng(3).normal(3.0, 0.6, TEAS)
    mean, sd = believe(watch(truth, 60))
    standard = (mean - truth) / sd
    assert sd.mean() < 0.55
    assert abs(standard.mean()) < 0.5
    assert (np.abs(standard) < 1.645).mean() >= 0.85
    assert np.corrcoef(mean, truth)[0, 1] > 0.5


def test_a_price_that_never_moved_says_nothing_of_elasticity() -> None:
    mean, sd = believe(watch(np.full(TEAS, 3.0), 40, moves=False))
    assert mean.tolist() == pytest.approx([2.0] * TEAS, abs=1e-6)
    assert sd.tolist() == pytest.approx([1.0] * TEAS, abs=1e-6)


def test_twice_the_visitors_are_not_twice_as_keen() -> None:
    """Sales double with the looks; by sales alone the lower price would look very strong."""
    rng, evidence = np.random.default_rng(5), Evidence.nothing()
    truth = np.full(TEAS, 1.0)
    for hour in range(60):
        price = np.full(TEAS, HIGH if hour % 2 else LOW)
        looks = 200 if hour % 2 else 400
        evidence, _ = take_in(evidence, look(rng, truth, price, looks=looks), SERVED)
    mean, _ = believe(evidence)
    assert abs(mean.mean() - 1.0) < 0.35


def test_what_a_merchant_changes_is_not_compared() -> None:
    """They ask more when more is wanted: sales double with the price, and nobody is to blame."""
    rng, truth = np.random.default_rng(5), np.full(TEAS, 2.0)
    evidence = watch(truth, 10, seed=7)
    before = believe(evidence)
    for _ in range(20):
        rush = look(rng, truth, np.full(TEAS, 900), looks=800, anchor=900)
        busy = replace(rush, looks=rush.looks / 4.0)
        evidence, _ = take_in(evidence, busy, SERVED)
    after = believe(evidence)
    assert np.allclose(after[0], before[0], atol=0.02)
    assert np.allclose(after[1], before[1], atol=0.02)
    assert np.allclose(evidence.reference, np.log(900))


def test_many_hours_say_what_one_batch_does() -> None:
    rng = np.random.default_rng(6)
    truth, both = np.full(TEAS, 2.5), Evidence.nothing()
    hours = [look(rng, truth, np.full(TEAS, price)) for price in (HIGH, LOW, HIGH, LOW)]
    for hour in hours:
        both, _ = take_in(both, hour, SERVED)
    joined = hours[0].join(hours[1]).join(hours[2]).join(hours[3])
    once, _ = take_in(Evidence.nothing(), joined, SERVED)
    (many_mean, many_sd), (one_mean, one_sd) = believe(both), believe(once)
    assert (np.abs(many_mean - one_mean) / one_sd).max() < 0.35
    assert np.abs(many_sd / one_sd - 1.0).max() < 0.15


def test_chance_backs_an_elasticity_and_moves_of_our_own_do_not() -> None:
    ids, truth = np.arange(TEAS), np.full(TEAS, 2.5)
    drawn = learn_from(SERVED, watch(truth, 30))
    moved = learn_from(SERVED, watch(truth, 30, by_lot=False))
    assert drawn.backed_by_chance(ids, FAMILY).all()
    assert not moved.backed_by_chance(ids, FAMILY).any()
    assert not drawn.backed_by_chance(ids, FAMILY + 1).any()
    # Both learned as much, but only one may move a price by more than a rung.
    assert moved.elasticities(ids, FAMILY)[1].mean() < 0.8


def test_siblings_nobody_looked_at_follow_their_family() -> None:
    evidence = watch(np.full(TEAS, 4.0), 40)
    learned = learn_from(SERVED, evidence)
    new, elsewhere = np.array([900]), np.array([901])
    mean, sd, depth = learned.elasticities(new, np.array([1]))
    assert (mean[0] > 2.0, sd[0] < 1.2, depth.tolist()) == (True, True, [1])
    other, _, _ = learned.elasticities(elsewhere, np.array([2]))
    assert other.tolist() == [1.2]


def test_weekly_sales_and_looks_of_the_same_weeks_count_once() -> None:
    """The model's word on a tea is dropped for the family's once looks say more than it does."""
    sure = replace(SERVED, elasticity=np.full(TEAS, 9.0), elasticity_sd=np.full(TEAS, 0.25))
    evidence, ids = watch(np.full(TEAS, 2.0), 300), np.arange(TEAS)
    public = integrate_levels(evidence).precision - evidence.precision
    says_more = public > 1.0 / 0.25**2 - 1.0 / 1.2**2
    mean, _, _ = learn_from(sure, evidence).elasticities(ids, FAMILY)
    assert (5 < says_more.sum() < TEAS - 5, mean[says_more].max() < 3.5) == (True, True)
    assert mean[~says_more].min() > 5.5


def test_evidence_stored_before_looks_counted_goes_on() -> None:
    evidence = watch(np.full(TEAS, 2.0), 2)
    names = (
        "anchor_minor",
        "reference",
        "level_weighted",
        "cross",
        "public_weighted",
        "public_precision",
    )
    old = {
        name: array
        for name, array in evidence.arrays().items()
        if name not in (*names, "randomized", "look")
    }
    read = Evidence.from_arrays(old)
    assert np.isnan(read.reference).all()
    assert integrate_levels(read).precision.tolist() == read.precision.tolist()
    rng = np.random.default_rng(2)
    went_on, _ = take_in(read, look(rng, np.full(TEAS, 2.0), np.full(TEAS, LOW)), SERVED)
    assert np.allclose(went_on.reference, np.log(LOW))
    assert np.isfinite(believe(went_on)[0]).all()


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 6))
def test_kinship_is_the_posterior_of_the_whole_family(seed: int, count: int) -> None:
    """Against the joint normal of all siblings, solved as one system."""
    rng = np.random.default_rng(seed)
    mean, sd = rng.uniform(0.5, 4.0, count), rng.uniform(0.2, 2.0, count)
    precision = rng.exponential(3.0, count) * (rng.random(count) < 0.8)
    weighted = precision * rng.normal(2.0, 1.5, count)
    told = Told(mean, sd, weighted, precision)
    kin = relate(
        np.ones(count, dtype=np.int64),
        (mean, sd),
        know_elasticities(weighted, precision),
        randomized=precision,
        expected=Diversion(np.array([1]), np.zeros(1), np.ones(1)),
    )
    found = combine(told, np.repeat(kin.mean, count), np.repeat(kin.variance, count))
    prior = np.outer(sd, sd) * SHARED + np.diag(sd**2 * (1.0 - SHARED))
    covariance = np.linalg.inv(np.linalg.inv(prior) + np.diag(precision))
    dense = covariance @ (np.linalg.solve(prior, mean) + weighted)
    assert np.allclose(found[0], dense, rtol=1e-6, atol=1e-8)
    assert np.allclose(found[1], np.sqrt(np.diag(covariance)), rtol=1e-6)


def test_levels_are_integrated_out_exactly() -> None:
    evidence = watch(np.full(TEAS, 2.0), 5)
    known = integrate_levels(evidence)
    weighted, precision = known.weighted, known.precision
    for at in range(TEAS):
        matrix = np.array(
            [
                [evidence.level_precision[at] + LEVEL_PRECISION, -evidence.cross[at]],
                [-evidence.cross[at], evidence.public_precision[at] + 0.7],
            ]
        )
        vector = np.array(
            [
                evidence.level_weighted[at] + LEVEL_PRECISION * evidence.base_level,
                evidence.public_weighted[at] + 0.7 * 2.0,
            ]
        )
        joint = np.linalg.solve(matrix, vector)[1]
        assert (weighted[at] + 1.4) / (precision[at] + 0.7) == pytest.approx(joint, rel=1e-9)
        assert precision[at] + 0.7 == pytest.approx(1.0 / np.linalg.inv(matrix)[1, 1], rel=1e-9)
