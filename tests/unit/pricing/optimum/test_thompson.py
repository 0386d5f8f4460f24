"""Drawn prices: exact probabilities, whole percents, never dearer for having done more."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import ndtr

from pricing.base.core.values import Policy
from pricing.optimum.core.quote import (
    VariantTerms,
    build_price_points,
    choose_price_points,
    price_point_lines,
    price_point_percents,
    quote_prices,
)
from pricing.optimum.core.signals import RAW_SIGNALS, ShopperSignals, SignalWeights
from pricing.optimum.core.thompson import (
    DRAWS,
    QUANTILES,
    Lines,
    break_points,
    draw_places,
    week_of,
)
from tests.factories.pricing import make_signals, make_terms

POLICY, WEIGHTS = Policy(exploration=0.5), SignalWeights()


def random_terms(rng: np.random.Generator, m: int) -> VariantTerms:
    public = rng.integers(20, 9_000, m)
    cost = public * rng.uniform(0.3, 1.1, m)
    return replace(
        make_terms(public),
        unit_cost=cost,
        floor_minor=np.ceil(cost * 1.02).astype(np.int64),
        elasticity=rng.gamma(3, 0.6, m) + 0.01,
        elasticity_sd=rng.uniform(0.0, 1.5, m),
        is_open=rng.random(m) < 0.95,
    )


def test_the_envelope_agrees_with_comparing_all_payoffs_of_every_draw() -> None:
    rng = np.random.default_rng(1)
    terms, boost = random_terms(rng, 300), rng.gamma(1.0, 0.6, (7, 300))
    price_points = build_price_points(terms, POLICY, np.zeros(300, dtype=np.int64))
    lines = price_point_lines(terms, price_points)
    counted = np.zeros((7, 300, price_points.minor.shape[1]), dtype=np.int64)
    z = 1.0 + boost[..., None]
    left = 0.5 * (1 - POLICY.exploration**2) * (lines.sd**2)[:, None]
    curve = lines.fixed + left * (z * lines.log_ratio) ** 2
    for quantile in QUANTILES:
        e = np.maximum(0.0, lines.mean + POLICY.exploration * lines.sd * quantile)
        payoff = np.where(lines.is_rung, curve - e[:, None] * z * lines.log_ratio, -np.inf)
        counted += np.arange(price_points.minor.shape[1]) == payoff.argmax(axis=2)[..., None]
    expected = np.where(
        price_points.is_open[:, None], counted, DRAWS * (np.arange(counted.shape[2]) == 0)
    )
    assert np.array_equal(price_point_percents(terms, price_points, boost), expected)


def exact_masses(points: np.ndarray, lines: Lines, scale: float) -> np.ndarray:
    """Return the normal mass between break points, (n, m, R): what `percents` rounds."""
    sd = np.maximum(scale * lines.sd[:, None], 1e-9)
    below = ndtr((points - lines.mean[:, None]) / sd)
    below = np.where(points < 0.0, 0.0, below)
    below[..., 0] = 0.0
    return np.diff(below, axis=-1, append=1.0)


def test_percents_are_the_exact_masses_rounded_cumulatively() -> None:
    rng = np.random.default_rng(2)
    terms = replace(random_terms(rng, 500), is_open=np.ones(500, dtype=np.bool_))
    boost = rng.gamma(1.0, 0.6, (3, 500)) + 1e-3
    price_points = build_price_points(terms, POLICY, np.zeros(500, dtype=np.int64))
    lines = price_point_lines(terms, price_points)
    masses = exact_masses(break_points(lines, boost, 0.5), lines, 0.5)
    whole = price_point_percents(terms, price_points, boost)
    open_only = price_points.is_open
    gap = np.abs(masses.cumsum(axis=2) - whole.cumsum(axis=2) / DRAWS)[:, open_only]
    assert (whole.sum(axis=2) == DRAWS).all()
    assert (whole >= 0).all()
    assert gap.max() <= 0.5 / DRAWS + 1e-12
    assert ((whole > 0) & (whole < DRAWS)).any(axis=2).mean() > 0.3


def test_every_draw_makes_the_price_its_probability_says() -> None:
    rng = np.random.default_rng(3)
    terms, boost = random_terms(rng, 200), rng.gamma(1.0, 0.6, (1, 200))
    table = build_price_points(terms, POLICY, np.zeros(200, dtype=np.int64))
    seen = np.zeros(table.minor.shape, dtype=np.int64)
    for place in range(DRAWS):
        price_points = build_price_points(terms, POLICY, np.full(200, place))
        chosen = choose_price_points(terms, price_points, boost)[0]
        position = (table.minor == chosen[:, None]).argmax(axis=1)
        seen[np.arange(200), position] += 1
    assert np.array_equal(seen, price_point_percents(terms, table, boost)[0])


sums = st.lists(st.floats(0, 500), min_size=6, max_size=6)
variants = st.builds(
    lambda public, share, elasticity, sd: make_terms(
        [public], cost_share=share, elasticity=elasticity, elasticity_sd=sd
    ),
    st.integers(20, 5_000),
    st.floats(0.3, 1.2),
    st.floats(0.05, 6),
    st.floats(0, 3),
)
policies = st.builds(
    Policy,
    exploration=st.floats(0, 1),
    personal_cap=st.floats(0.01, 0.3),
    spread_aversion=st.floats(0, 60),
    won_purchase_share=st.floats(0, 0.9),
)


@settings(deadline=None, max_examples=500)
@given(variants, policies, sums, sums, st.integers(0, DRAWS - 1))
def test_for_a_given_draw_more_activity_never_raises_a_price(
    terms: VariantTerms, policy: Policy, before: list[float], added: list[float], place: int
) -> None:
    less = make_signals(1, 1, **dict(zip(RAW_SIGNALS, before, strict=True)))
    grown = [a + b for a, b in zip(before, added, strict=True)]
    more = make_signals(1, 1, **dict(zip(RAW_SIGNALS, grown, strict=True)))
    at = np.array([place])
    low = quote_prices(more, terms, WEIGHTS, policy, place=at).quoted_minor
    high = quote_prices(less, terms, WEIGHTS, policy, place=at).quoted_minor
    assert (low <= high).all()


@settings(deadline=None, max_examples=300)
@given(variants, policies, st.floats(0, 3), st.floats(0, 3))
def test_probabilities_move_down_the_ladder_as_activity_grows(
    terms: VariantTerms, policy: Policy, less: float, added: float
) -> None:
    price_points = build_price_points(terms, policy, np.array([0]))
    before = price_point_percents(terms, price_points, np.array([[less]])).cumsum(axis=2)
    after = price_point_percents(terms, price_points, np.array([[less + added]])).cumsum(axis=2)
    assert (after <= before).all()
    assert after[..., -1].tolist() == [[DRAWS]]


def test_cutting_small_masses_would_raise_prices_with_activity() -> None:
    """Why probabilities are rounded cumulatively: the plain rule breaks the promise."""
    terms = make_terms([400], elasticity=1.8, elasticity_sd=0.9)
    price_points = build_price_points(terms, replace(POLICY, won_purchase_share=0.3), np.array([0]))
    lines = price_point_lines(terms, price_points)
    boost = np.linspace(0.05, 1.5, 4_000)[:, None]
    masses = exact_masses(break_points(lines, boost, 0.5), lines, 0.5)[:, 0]
    kept = np.where(masses < 0.01, 0.0, masses)
    cumulative = (kept / kept.sum(axis=1, keepdims=True)).cumsum(axis=1)
    assert (np.diff(cumulative, axis=0) > 1e-4).any()
    rounded = price_point_percents(terms, price_points, boost)[:, 0].cumsum(axis=1)
    assert not (np.diff(rounded, axis=0) > 0).any()


def test_a_policy_that_does_not_explore_ignores_the_draw() -> None:
    rng = np.random.default_rng(4)
    terms, boost = random_terms(rng, 300), rng.gamma(1.0, 0.6, (5, 300))
    still = Policy(exploration=0.0)
    drawn = build_price_points(terms, still, rng.integers(0, DRAWS, 300))
    assert drawn.draw is None
    expected = choose_price_points(terms, build_price_points(terms, still), boost)
    assert np.array_equal(choose_price_points(terms, drawn, boost), expected)
    tiny = build_price_points(terms, Policy(exploration=1e-9), rng.integers(0, DRAWS, 300))
    assert (choose_price_points(terms, tiny, boost) == expected).mean() > 0.999


def test_one_shopper_and_a_thousand_draw_the_same() -> None:
    rng = np.random.default_rng(5)
    terms, boost = random_terms(rng, 60), rng.gamma(1.0, 0.6, (1_000, 60))
    price_points = build_price_points(terms, POLICY, rng.integers(0, DRAWS, 60))
    together = price_point_percents(terms, price_points, boost)
    for row in (0, 17, 999):
        assert np.array_equal(
            together[row], price_point_percents(terms, price_points, boost[row : row + 1])[0]
        )
    here = np.array([7])
    alone = choose_price_points(terms.take(here), price_points.take(here), boost[:, 7:8])
    assert np.array_equal(alone[:, 0], choose_price_points(terms, price_points, boost)[:, 7])


def test_draws_are_uniform_and_differ_by_week_and_variant() -> None:
    ids = np.arange(1, 20_001)
    places = draw_places(0, ids)
    counts = np.bincount(places, minlength=DRAWS)
    assert (places.min(), places.max()) == (0, DRAWS - 1)
    assert ((counts - 200) ** 2 / 200).sum() < 150
    for other in (7, 14):
        same = (draw_places(other * 86_400_000, ids) == places).mean()
        assert abs(same - 1 / DRAWS) < 0.004
    assert np.array_equal(draw_places(0, ids[::-1]), places[::-1])


def test_of_two_shoppers_who_does_more_never_pays_more() -> None:
    """A hundred thousand pairs of different people in one week, draws included: no rise."""
    rng = np.random.default_rng(6)
    terms, place = random_terms(rng, 400), draw_places(0, np.arange(400))
    less = ShopperSignals(**{name: rng.gamma(0.7, 4.0, (250, 400)) for name in RAW_SIGNALS})
    more = ShopperSignals(
        **{name: getattr(less, name) + rng.gamma(0.5, 5.0, (250, 400)) for name in RAW_SIGNALS}
    )
    high = quote_prices(less, terms, WEIGHTS, POLICY, place=place).quoted_minor
    low = quote_prices(more, terms, WEIGHTS, POLICY, place=place).quoted_minor
    assert (low.size, int((low > high).sum())) == (100_000, 0)
    assert int((low < high).sum()) > 10_000


def test_a_week_begins_on_monday() -> None:
    day = 86_400_000
    monday = 20_780 * day  # 23 November 2026
    assert week_of(monday) == week_of(monday + 7 * day - 1) == week_of(monday - 1) + 1
