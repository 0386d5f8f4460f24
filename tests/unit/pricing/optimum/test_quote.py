"""Personal prices: never above public, never higher for having done more, the same one or many."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pricing.base.core.values import Policy
from pricing.optimum.core.batch import ShopperFeatures, popular_by_category, price_shoppers
from pricing.optimum.core.quote import VariantTerms, build_price_points, payoff_ratios, quote_prices
from pricing.optimum.core.signals import (
    RAW_SIGNALS,
    ShopperSignals,
    SignalWeights,
    find_kin,
    gather_signals,
    group_kin,
    sensitivity_boost,
)
from tests.factories.pricing import make_signals, make_terms

WEIGHTS, POLICY = SignalWeights(), Policy()


def random_terms(rng: np.random.Generator, m: int) -> VariantTerms:
    public = rng.integers(20, 9_000, m)
    cost = public * rng.uniform(0.3, 1.1, m)
    return replace(
        make_terms(public),
        unit_cost=cost,
        floor_minor=np.ceil(cost * 1.02).astype(np.int64),
        elasticity=rng.gamma(3, 0.6, m) + 0.01,
        elasticity_sd=rng.uniform(0.01, 1.5, m),
        is_open=rng.random(m) < 0.95,
    )


def random_signals(rng: np.random.Generator, n: int, m: int) -> ShopperSignals:
    return ShopperSignals(**{name: rng.gamma(0.7, 4.0, (n, m)) for name in RAW_SIGNALS})


def test_a_million_random_prices_stay_between_cap_and_public() -> None:
    rng = np.random.default_rng(1)
    terms, signals = random_terms(rng, 1_000), random_signals(rng, 1_000, 1_000)
    quoted = quote_prices(signals, terms, WEIGHTS, POLICY).quoted_minor
    public = terms.public_minor[None, :]
    lowest = np.minimum(np.ceil(public * 0.9 - 1e-9), public)
    assert (quoted <= public).all()
    assert (quoted >= lowest).all()
    assert (quoted >= np.minimum(terms.floor_minor, public)).all()
    assert (quoted < public).mean() > 0.2


@pytest.mark.parametrize("name", RAW_SIGNALS)
def test_more_of_any_behavior_never_raises_a_price(name: str) -> None:
    rng = np.random.default_rng(RAW_SIGNALS.index(name))
    terms, signals = random_terms(rng, 400), random_signals(rng, 250, 400)
    more = replace(signals, **{name: getattr(signals, name) + rng.gamma(1, 5, (250, 400))})
    before = quote_prices(signals, terms, WEIGHTS, POLICY).quoted_minor
    after = quote_prices(more, terms, WEIGHTS, POLICY).quoted_minor
    assert int((after > before).sum()) == 0
    assert int((after < before).sum()) > 0


sums = st.lists(st.floats(0, 500), min_size=6, max_size=6)
variants = st.builds(
    lambda public, share, elasticity, sd: make_terms(
        [public], cost_share=share, elasticity=elasticity, elasticity_sd=sd
    ),
    st.integers(20, 5_000),
    st.floats(0.3, 1.2),
    st.floats(0.05, 6),
    st.floats(0, 2),
)


@settings(deadline=None, max_examples=200)
@given(variants, sums, sums)
def test_monotone_for_any_variant(
    terms: VariantTerms, before: list[float], added: list[float]
) -> None:
    less = make_signals(1, 1, **dict(zip(RAW_SIGNALS, before, strict=True)))
    grown = [a + b for a, b in zip(before, added, strict=True)]
    more = make_signals(1, 1, **dict(zip(RAW_SIGNALS, grown, strict=True)))
    low = quote_prices(more, terms, WEIGHTS, POLICY).quoted_minor
    high = quote_prices(less, terms, WEIGHTS, POLICY).quoted_minor
    assert (low <= high).all()


def test_without_a_signal_everybody_pays_the_public_price() -> None:
    terms = random_terms(np.random.default_rng(2), 500)
    quoted = quote_prices(make_signals(3, 500), terms, WEIGHTS, POLICY).quoted_minor
    assert (quoted == terms.public_minor).all()


def test_garbage_signals_make_no_price() -> None:
    terms = make_terms([400, 400, 400])
    signals = make_signals(1, 3, activity=5.0)
    broken = replace(signals, family=np.array([[np.nan, np.inf, -3.0]]))
    assert (quote_prices(broken, terms, WEIGHTS, POLICY).quoted_minor == 400).all()


def test_garbage_models_make_no_price() -> None:
    signals = make_signals(1, 4, activity=9.0, family=9.0)
    terms = make_terms([400] * 4)
    broken = replace(
        terms,
        elasticity=np.array([np.nan, -1.0, np.inf, 1.8]),
        unit_cost=np.array([260.0, 260.0, 260.0, np.nan]),
    )
    quoted = quote_prices(signals, broken, WEIGHTS, POLICY).quoted_minor
    assert quoted.tolist() == [[400] * 4]


def test_one_shopper_and_a_thousand_give_the_same_bits() -> None:
    rng = np.random.default_rng(3)
    terms, signals = random_terms(rng, 130), random_signals(rng, 700, 130)
    price_points = build_price_points(terms, POLICY)
    boost = sensitivity_boost(signals, WEIGHTS)
    together = quote_prices(signals, terms, WEIGHTS, POLICY)
    payoffs = payoff_ratios(terms, price_points, boost)
    for n in range(0, 700, 37):
        own = ShopperSignals(**{k: getattr(signals, k)[n : n + 1] for k in RAW_SIGNALS})
        alone = quote_prices(own, terms, WEIGHTS, POLICY)
        assert (alone.quoted_minor[0] == together.quoted_minor[n]).all()
        for m in range(0, 130, 29):
            here = np.array([m])
            one = payoff_ratios(
                terms.take(here), price_points.take(here), boost[n : n + 1, m : m + 1]
            )
            assert (one[0, 0] == payoffs[n, m]).all()


def test_the_batch_path_prices_pairs_as_the_page_does() -> None:
    rng = np.random.default_rng(4)
    terms = replace(random_terms(rng, 300), category_id=rng.integers(1, 20, 300))
    family_of = {one: one // 4 for one in range(1, 20)}
    shoppers = [
        ShopperFeatures(
            shopper_id=number,
            values={"activity": rng.gamma(2, 2), "discounted": rng.gamma(2, 20)},
            category_affinity={int(c): rng.gamma(1, 4) for c in rng.integers(1, 20, 5)},
            variant_affinity={int(v): rng.gamma(1, 3) for v in rng.integers(1, 300, 9)},
        )
        for number in range(40)
    ]
    popular = popular_by_category(terms.category_id, rng.random(300))
    booked = {
        (entry.shopper_id, variant): minor
        for entry in price_shoppers(
            shoppers, terms, popular, family_of, weights=WEIGHTS, policy=POLICY
        )
        for variant, minor in zip(
            entry.variant_id.tolist(), entry.quoted_minor.tolist(), strict=True
        )
    }
    assert len(booked) > 200
    for shopper in shoppers:
        signals = gather_signals(
            [shopper.values],
            [(shopper.category_affinity, shopper.variant_affinity)],
            terms.variant_id,
            terms.category_id,
            family_of,
        )
        page = quote_prices(signals, terms, WEIGHTS, POLICY).quoted_minor[0]
        own = {v: p for (s, v), p in booked.items() if s == shopper.shopper_id}
        assert own == {v: int(page[v - 1]) for v in own}


@given(
    interest=st.dictionaries(st.integers(1, 40), st.floats(0, 1e9), max_size=40),
    family_of=st.dictionaries(st.integers(1, 40), st.integers(1, 45), max_size=40),
    shelf=st.lists(st.integers(1, 45), min_size=1, max_size=12),
)
def test_a_pages_kin_is_enough_for_its_signals(
    interest: dict[int, float], family_of: dict[int, int], shelf: list[int]
) -> None:
    categories = np.array(shelf)
    kin = find_kin(categories, family_of, group_kin(family_of))
    some = {one: interest[one] for one in reversed(kin) if one in interest}
    ids = np.arange(len(shelf))
    part, whole = (
        gather_signals([{}], [(known, {})], ids, categories, family_of)
        for known in (some, interest)
    )
    assert (part.category == whole.category).all()
    assert (part.family == whole.family).all()


def test_negative_or_infinite_weights_are_refused() -> None:
    for broken in (-0.1, float("nan"), float("inf")):
        with pytest.raises(ValueError, match="family"):
            SignalWeights(family=broken)
    with pytest.raises(ValueError, match="deals_scale"):
        SignalWeights(deals_scale=0.0)
