"""Quotes and the optimum mean the same by 1 + z."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pricing.base.core.price_points import price_ladder
from pricing.base.core.reference import STRATEGIES
from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.demand.core.training import prior_model
from pricing.optimum.core.batch import Book, book_arrays, read_book
from pricing.optimum.core.joint import (
    Segments,
    expected_worth,
    mix_segments,
    one_segment,
    personal_prices,
)
from pricing.optimum.core.mix import example_means, segment_mix
from pricing.optimum.core.publish import demand_terms
from pricing.optimum.core.quote import (
    VariantTerms,
    build_price_points,
    choose_price_points,
    constant_elasticity_price,
    drop_signals,
    example_terms,
    implied_cost,
    payoff_cost,
)
from pricing.optimum.core.signals import SignalWeights
from shop.lab.shop_path_book import Morning, Shelf, draft_book

SURE = Policy(exploration=0.0)
MARKETS = st.fixed_dictionaries(
    {
        "public": st.integers(150, 2_500),
        "margin": st.floats(0.05, 0.95),
        "elasticity": st.floats(0.6, 6.0),
        "doubt": st.floats(0.0, 0.5),
        "share": st.sampled_from([0.0, 0.1, 0.3]),
        "groups": st.lists(
            st.tuples(st.floats(0.1, 5), st.floats(0.0, 3.0)), min_size=1, max_size=4
        ),
    }
)


def market_of(drawn: dict[str, Any]) -> tuple[VariantTerms, Segments, FloatArray, Policy]:
    """Return the market's terms of one variant, its segments, their z (S, 1), and a policy."""
    one, public = np.ones(1), np.array([drawn["public"]])
    elasticity = drawn["elasticity"] * one
    terms = replace(
        example_terms(),
        public_minor=public,
        list_minor=public,
        floor_minor=np.ones(1, dtype=np.int64),
        unit_cost=public * (1.0 - drawn["margin"]),
        elasticity=elasticity,
        elasticity_sd=elasticity * drawn["doubt"],
    )
    sizes, boost = (np.array(column) for column in zip(*drawn["groups"], strict=True))
    policy = replace(SURE, won_purchase_share=drawn["share"])
    return terms, mix_segments(sizes, boost[:, None]), boost[:, None], policy


def quoted(terms: VariantTerms, mix: Segments, boost: FloatArray, policy: Policy) -> IntArray:
    """Return the expected best price of a member of each segment, (S, 1), as quotes choose it."""
    own = drop_signals(terms, mix.sensitivity_mean)
    return choose_price_points(own, build_price_points(own, policy), boost)


def worth_to_optimum(
    price: IntArray, terms: VariantTerms, mix: Segments, policy: Policy
) -> FloatArray:
    """Return what the optimum expects of charging each segment `price` (S, 1), (S, 1)."""
    demand = demand_terms(terms, policy, np.zeros(1))
    x = np.log(price / terms.public_minor)
    mean, sd = (one * mix.scale for one in (demand.elasticity, demand.elasticity_sd))
    worth: FloatArray = (price - demand.cost) * np.exp(
        -mean * x + 0.5 * (sd * x) ** 2 - 0.5 * policy.spread_aversion * x * x
    )
    return worth


@settings(deadline=None, max_examples=300)
@given(MARKETS)
def test_a_segments_quote_is_the_personal_price_the_optimum_meant(
    drawn: dict[str, object],
) -> None:
    terms, mix, boost, policy = market_of(drawn)
    demand = demand_terms(terms, policy, np.zeros(1))
    own = drop_signals(terms, mix.sensitivity_mean)
    # Below that cost the public price would be too high for everybody: no optimum.
    assume(demand.cost[0] >= implied_cost(own.public_minor, own.elasticity)[0])
    assert payoff_cost(own, policy) == pytest.approx(demand.cost)
    meant = personal_prices(terms.public_minor, demand, mix, policy)
    found = quoted(terms, mix, boost, policy)
    # Price points that are worth the same may change places by rounding.
    same = worth_to_optimum(found, terms, mix, policy)
    assert same == pytest.approx(worth_to_optimum(meant, terms, mix, policy), rel=1e-9)


@settings(deadline=None, max_examples=100)
@given(MARKETS)
def test_no_quote_undercuts_its_meaning_below_the_best_public_price(
    drawn: dict[str, object],
) -> None:
    terms, mix, boost, _ = market_of({**drawn, "share": 0.0, "doubt": 0.0})
    ladder = price_ladder()
    ladder = ladder[(ladder > 60) & (ladder < 12_000)]
    demand = demand_terms(terms, replace(SURE, won_purchase_share=0.0), np.zeros(1))
    base, *rest = (demand.base_minor, demand.cost, demand.elasticity, demand.elasticity_sd)
    worth = expected_worth(ladder.astype(np.float64), base.astype(np.float64), *rest)
    best = int(worth.argmax())
    assume(0 < best < len(ladder) - 1)
    terms = replace(terms, public_minor=ladder[best : best + 1])
    meant = personal_prices(terms.public_minor, demand, mix, SURE)
    found = quoted(terms, mix, boost, replace(SURE, won_purchase_share=0.0))
    assert np.all(found >= meant)
    # Whoever has no signal would pay more than what is best for all: their own best price is no
    # lower than the price point below the public one, so that the cost itself counts in quotes.
    own = drop_signals(terms, mix.sensitivity_mean)
    alone = constant_elasticity_price(own.unit_cost, own.elasticity)[0]
    if own.elasticity[0] > 1.3:
        assert alone > ladder[best - 1]
        if alone >= ladder[best]:
            assert np.array_equal(found, meant)


def test_the_mean_of_all_buyers_is_kept_and_holdouts_count() -> None:
    mix = mix_segments(np.array([5.0, 1.0, 2.0]), np.array([[0.0, 1], [2.0, 0], [0.5, 3]]))
    assert mix.sensitivity_mean == pytest.approx([(5 + 3 + 3) / 8, (10 + 1 + 8) / 8])
    assert mix.take(np.array([1])).sensitivity_mean == pytest.approx([19 / 8])
    assert one_segment(3).sensitivity_mean.tolist() == [1.0, 1.0, 1.0]
    shelf = np.array([5]), {5: 1}, SignalWeights()
    half, none = (
        segment_mix(example_means(), *shelf, holdout_share=share).sensitivity_mean
        for share in (0.5, 0.0)
    )
    assert none > 1.3
    assert half == pytest.approx((1.0 + none) / 2.0)


def test_an_average_member_is_as_sensitive_as_the_market() -> None:
    mix = mix_segments(np.array([3.0, 1.0]), np.array([[0.0], [1.0]]))
    own = drop_signals(example_terms(), mix.sensitivity_mean)
    members = own.elasticity * np.array([1.0, 2.0])
    assert own.elasticity == pytest.approx([1.8 / 1.25])
    assert own.elasticity_sd == pytest.approx([0.4 / 1.25])
    assert (mix.weight[:, 0] * members).sum() == pytest.approx(1.8)


def test_equal_signals_leave_the_work_to_the_public_price() -> None:
    """Best at 400, and all members alike: nobody needs a discount, so nobody gets one."""
    terms = replace(example_terms(), unit_cost=np.array([400 * (1 - 1 / 3.0)]))
    terms = replace(terms, elasticity=np.array([3.0]), elasticity_sd=np.zeros(1))
    mix, boost = mix_segments(np.ones(1), np.ones((1, 1))), np.ones((1, 1))
    policy = replace(SURE, won_purchase_share=0.0)
    assert quoted(terms, mix, boost, policy).tolist() == [[400]]
    market = choose_price_points(terms, build_price_points(terms, policy), boost)
    assert market.tolist() == [[369]]


def make_book(mean: FloatArray) -> Book:
    none = np.zeros(1, dtype=np.int64)
    return Book(
        version=1,
        model_version=1,
        policy_version=1,
        currency="USD",
        learned_ms=1,
        terms=example_terms(),
        sensitivity_mean=mean,
        references=dict.fromkeys(STRATEGIES, none),
        measure_amount=np.ones(1),
        measure_unit=np.zeros(1, dtype=np.int8),
        is_test=np.zeros(1, dtype=np.bool_),
        sku=np.array(["a"]),
        segments=(),
        segment_minor=np.zeros((0, 1), dtype=np.int64),
        family_of={},
        paths={},
        weights=SignalWeights(),
    )


def test_a_book_keeps_means_and_older_ones_have_ones() -> None:
    arrays = book_arrays(make_book(np.array([1.25])))
    told = {"version": 1, "model_version": 1, "policy_version": 1, "currency": "USD"}
    again = read_book(arrays, **told, exponent=2, trained_ms=1)
    assert again.sensitivity_mean.tolist() == [1.25]
    assert again.terms.elasticity.tolist() == [1.8]
    del arrays["sensitivity_mean"]
    old = read_book(arrays, **told, exponent=2, trained_ms=1)
    assert old.sensitivity_mean.tolist() == [1.0]
    assert old.terms.elasticity.tolist() == [1.8]


def test_only_the_quotes_of_the_judged_path_are_divided() -> None:
    ids, price, none = np.array([7]), np.array([400]), np.zeros(1, dtype=np.int64)
    shelf = Shelf(ids, np.array([5]), np.array([1]), price, np.array([280]), price, none, none)
    mix = mix_segments(np.array([3.0, 1.0]), np.array([[0.0], [1.0]]))
    morning = Morning(
        policy=SURE,
        served=prior_model(SignalWeights()),
        is_stale=False,
        segments=mix,
        competitor_minor=None,
        stock=None,
        second=0,
        seed="market",
        week=None,
        ends_shocks=False,
    )
    with_segments, terms = draft_book(shelf, morning)
    alike = replace(mix, sensitivity_mean=np.ones(1))
    without, market = draft_book(shelf, replace(morning, segments=alike))
    assert np.array_equal(with_segments.public_minor, without.public_minor)
    assert terms.elasticity == pytest.approx(market.elasticity / 1.25)
    assert terms.elasticity_sd == pytest.approx(market.elasticity_sd / 1.25)
