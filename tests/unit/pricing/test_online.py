"""Evidence of outcomes: it finds the elasticity that chance shows, and doubts after a change."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.core.demand.served import example_served
from pricing.core.online import Evidence, Report, Sightings, learn_from, take_in

ITEMS = 40
SERVED = replace(
    example_served(),
    variant_id=np.arange(ITEMS),
    elasticity=np.full(ITEMS, 2.0),
    elasticity_sd=np.full(ITEMS, 1.0),
    **{name: np.ones(ITEMS) for name in ("base_log", "usual_minor", "dispersion")},
    is_causal=np.zeros(ITEMS, dtype=np.bool_),
)
FAMILY = np.ones(ITEMS, dtype=np.int64)


def see(
    rng: np.random.Generator, count: int, truth: np.ndarray, *, level: float = 0.15
) -> Sightings:
    """Shoppers whose interest lowers their price and makes them buy anyway: a trap."""
    variant = rng.integers(0, ITEMS, count)
    boost = rng.exponential(0.7, count)
    rungs = -np.array([0.0, 0.03, 0.06, 0.1])
    # Two rungs that interest leads to, and a draw between them.
    first = np.minimum((boost * 2).astype(int), 2)
    chance = rng.choice([0.3, 0.5, 0.7], count)
    drawn = first + (rng.random(count) < chance)
    ratio = rungs[drawn] * (1.0 + boost)
    mean = ((1.0 - chance) * rungs[first] + chance * rungs[first + 1]) * (1.0 + boost)
    rate = level * (1.0 + boost) ** 0.8 * np.exp(-truth[variant] * ratio)
    bought = rng.random(count) < np.minimum(rate, 1.0)
    return Sightings(
        variant_id=variant,
        family_id=np.ones(count, dtype=np.int64),
        category_id=-variant - 1,
        together=np.zeros(count),
        log_ratio=ratio,
        centered=ratio - mean,
        interest=np.log1p(boost),
        bought=bought.astype(np.float64),
        public_log=np.full(count, np.log(400.0)),
        looks=np.ones(count),
        is_look=np.zeros(count),
        anchor_minor=np.full(count, 400),
    )


def learn(batches: list[Sightings]) -> tuple[Evidence, list[Report]]:
    evidence, reports = Evidence.nothing(), []
    for batch in batches:
        evidence, report = take_in(evidence, batch, SERVED)
        reports.append(report)
    return evidence, reports


def cut(seen: Sightings, pieces: int) -> list[Sightings]:
    edges = np.linspace(0, len(seen), pieces + 1).astype(int)
    return [
        Sightings(**{name: getattr(seen, name)[a:b] for name in Sightings.__slots__})
        for a, b in pairwise(edges.tolist())
    ]


def test_chance_shows_the_elasticity_although_interest_buys_and_pays_less() -> None:
    rng = np.random.default_rng(5)
    truth = np.where(np.arange(ITEMS) % 2 == 0, 1.2, 3.2)
    evidence, _ = learn(cut(see(rng, 240_000, truth, level=0.06), 12))
    mean, sd, _ = learn_from(SERVED, evidence).elasticities(np.arange(ITEMS), FAMILY)
    assert (sd < 0.8).all()
    standard = (mean - truth) / sd
    assert abs(standard.mean()) < 0.6
    assert (np.abs(standard) < 1.645).mean() >= 0.85
    # Closer to the truth than the prior was, although these siblings are less alike than believed.
    assert np.abs(mean - truth).mean() < 0.75 * np.abs(2.0 - truth).mean()


def test_many_batches_say_what_one_does() -> None:
    rng = np.random.default_rng(6)
    seen = see(rng, 20_000, np.full(ITEMS, 2.5))
    one, many = learn([seen])[0], learn(cut(seen, 10))[0]
    means = [
        learn_from(SERVED, each).elasticities(np.arange(ITEMS), FAMILY)[0] for each in (one, many)
    ]
    sds = [
        learn_from(SERVED, each).elasticities(np.arange(ITEMS), FAMILY)[1] for each in (one, many)
    ]
    assert np.abs(means[0] - means[1]).max() < 0.25
    assert np.abs(sds[0] / sds[1] - 1.0).max() < 0.05


def test_the_order_in_a_batch_does_not_matter() -> None:
    seen = see(np.random.default_rng(7), 2_000, np.full(ITEMS, 2.0))
    order = np.random.default_rng(8).permutation(len(seen))
    turned = Sightings(**{name: getattr(seen, name)[order] for name in Sightings.__slots__})
    one, other = learn([seen])[0], learn([turned])[0]
    assert np.allclose(one.weighted, other.weighted, rtol=0, atol=1e-9)
    assert np.allclose(one.precision, other.precision, rtol=0, atol=1e-9)


def test_a_certain_price_teaches_nothing_about_elasticity() -> None:
    seen = replace(
        see(np.random.default_rng(9), 5_000, np.full(ITEMS, 2.0)), centered=np.zeros(5_000)
    )
    evidence, report = take_in(Evidence.nothing(), seen, SERVED)
    mean, sd, _ = learn_from(SERVED, evidence).elasticities(np.arange(ITEMS), FAMILY)
    assert mean.tolist() == pytest.approx([2.0] * ITEMS, abs=1e-9)
    assert sd.tolist() == pytest.approx([1.0] * ITEMS, abs=1e-12)
    assert report.moved.tolist() == []


def test_an_alarm_rings_when_the_market_changes_and_doubles_the_doubt() -> None:
    rng = np.random.default_rng(10)
    calm = [see(rng, 2_000, np.full(ITEMS, 2.0)) for _ in range(40)]
    changed = [see(rng, 2_000, np.full(ITEMS, 2.0), level=0.05) for _ in range(10)]
    evidence, reports = learn(calm)
    assert [len(report.alarmed) for report in reports] == [0] * 40
    before = learn_from(SERVED, evidence).elasticities(np.arange(ITEMS), FAMILY)[1]
    rang, at = False, evidence
    for batch in changed:
        at, report = take_in(at, batch, SERVED)
        if len(report.alarmed):
            rang = True
            break
    assert rang
    after = learn_from(SERVED, at).elasticities(np.arange(ITEMS), FAMILY)[1]
    assert (after > 1.5 * before).all()
    assert len(report.moved) == ITEMS


def test_a_new_model_is_trusted_again_and_keeps_the_evidence() -> None:
    evidence, _ = learn([see(np.random.default_rng(11), 3_000, np.full(ITEMS, 2.0))])
    doubted = replace(evidence, trust=np.full(ITEMS, 0.25))
    nothing = cut(see(np.random.default_rng(1), 2, np.full(ITEMS, 2.0)), 2)[0]
    none = Sightings(**{name: getattr(nothing, name)[:0] for name in Sightings.__slots__})
    same, _ = take_in(doubted, none, SERVED)
    fresh, _ = take_in(doubted, none, SERVED, model_version=9)
    assert same.trust.tolist() == [0.25] * ITEMS
    assert (fresh.trust.tolist(), fresh.model_version) == ([1.0] * ITEMS, 9)
    assert np.array_equal(fresh.precision, evidence.precision)


def test_evidence_fades_by_half_in_sixty_days() -> None:
    evidence, _ = learn([see(np.random.default_rng(12), 3_000, np.full(ITEMS, 2.0))])
    none = cut(see(np.random.default_rng(12), 1, np.full(ITEMS, 2.0)), 1)[0]
    none = Sightings(**{name: getattr(none, name)[:0] for name in Sightings.__slots__})
    old, report = take_in(evidence, none, SERVED, days=60.0)
    assert np.allclose(old.precision, evidence.precision / 2.0)
    assert (report.exposures, report.purchases) == (0, 0)


def test_what_moved_is_sent_once() -> None:
    rng = np.random.default_rng(13)
    seen = see(rng, 60_000, np.full(ITEMS, 3.5))
    evidence, report = take_in(Evidence.nothing(), seen, SERVED)
    assert len(report.moved) > ITEMS / 2
    tiny = cut(see(rng, 50, np.full(ITEMS, 3.5)), 1)[0]
    _, again = take_in(evidence, tiny, SERVED)
    assert len(again.moved) < len(report.moved) / 4


def test_families_without_evidence_keep_the_models_numbers_to_the_bit() -> None:
    evidence, _ = learn([Sightings.of_one(variant_id=3, family_id=1, log_ratio=-0.1)])
    learned = learn_from(SERVED, evidence)
    ids, elsewhere = np.array([2, 99]), np.array([5, 5])
    for own, known in zip(
        learned.elasticities(ids, elsewhere), SERVED.elasticities(ids, elsewhere), strict=True
    ):
        assert own.tolist() == known.tolist()


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 10_000), st.integers(1, 300))
def test_whatever_is_seen_the_posterior_is_sane(seed: int, count: int) -> None:
    rng = np.random.default_rng(seed)
    seen = see(rng, count, rng.uniform(0.1, 8.0, ITEMS), level=float(rng.uniform(0.0, 1.0)))
    evidence, report = take_in(Evidence.nothing(), seen, SERVED)
    mean, sd, _ = learn_from(SERVED, evidence).elasticities(np.arange(ITEMS), FAMILY)
    assert np.isfinite(mean).all()
    assert ((mean >= 0.05) & (mean < 20.0)).all()
    assert ((sd > 0.0) & (sd <= 1.0)).all()
    assert evidence.variant_id.tolist() == sorted(set(seen.variant_id.tolist()))
    assert report.purchases == int(seen.bought.sum())


def test_arrays_hold_the_whole_evidence() -> None:
    evidence, _ = learn([see(np.random.default_rng(14), 500, np.full(ITEMS, 2.0))])
    back = Evidence.from_arrays(evidence.arrays())
    assert all(
        np.array_equal(getattr(back, name), getattr(evidence, name)) for name in Evidence.__slots__
    )
