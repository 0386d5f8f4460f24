"""The logit of looks: right where the truth is known, and not misled by who gets which price."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.special import expit

from pricing.core.demand.look_cells import (
    EVERYBODY,
    HALF_LIFE_DAYS,
    STRATA,
    USUAL_STEP,
    LookCells,
    find_strata,
)
from pricing.core.demand.look_logit import DOUBT, fit_looks
from tests.factories.look_markets import ITEMS, LISTED, ask, count, fit, make_market, serve

KEYS = ("variant_id", "family_id", "stratum", "price_minor")


def test_elasticities_are_found_as_well_as_their_doubt_says() -> None:
    wrong, inside = [], []
    for seed in range(4):
        cells, slope = make_market(seed)
        chance, elasticity, sd = ask(fit(cells), LISTED)
        off = elasticity - slope * (1.0 - chance)
        wrong.append(off.mean())
        inside.append(np.abs(off) <= 1.645 * sd)
    assert abs(np.mean(wrong)) < 0.15
    assert 0.82 <= np.mean(inside) <= 0.97


def test_an_elasticity_is_that_at_the_price_of_now() -> None:
    model = fit(make_market(0)[0])
    chance, dear, _ = ask(model, 1_000.0)
    more, cheap, _ = ask(model, 800.0)
    assert np.all(cheap < dear)
    assert np.all(more > chance)
    assert cheap / (1.0 - more) / 0.8 == pytest.approx(dear / (1.0 - chance), rel=1e-9)


def test_who_gets_the_lower_price_does_not_pass_for_what_it_does() -> None:
    """Those with a higher boost pay a tenth less and buy half as much again, whatever the price."""
    rng = np.random.default_rng(3)
    axes = np.meshgrid(np.arange(ITEMS), np.arange(2), np.arange(3), indexing="ij")
    item, keen, week = (axis.ravel() for axis in axes)
    price = np.where(keen, 900, 1_000) - 60 * week
    chance = expit(-2.6 + 0.5 * keen - 2.0 * (price / LISTED - 1.0))
    looks = np.full(len(item), 800.0)
    bought = rng.binomial(800, chance).astype(np.float64)
    told, blurred = (
        ask(fit(count(item, stratum, price, looks, bought)), LISTED)[1].mean()
        for stratum in (keen, np.zeros_like(keen))
    )
    assert told == pytest.approx(1.85, abs=0.25)
    assert blurred > 3.0


@given(st.lists(st.floats(0.001, 50.0), min_size=1, max_size=60), st.floats(0.01, 100.0))
@settings(max_examples=100, deadline=None)
def test_strata_are_equal_parts_of_a_day_that_do_not_move_when_all_boosts_grow(
    boosts: list[float], growth: float
) -> None:
    boost = np.round(np.array(boosts), 3)
    strata = find_strata(boost)
    assert strata.min() > EVERYBODY
    assert strata.max() < STRATA
    assert np.array_equal(find_strata(boost * growth), strata)
    order = np.argsort(boost)
    assert (np.diff(strata[order]) >= 0).all()
    assert all(len(set(strata[boost == one].tolist())) == 1 for one in boost.tolist())


def test_strata_are_of_about_the_same_size() -> None:
    strata = find_strata(np.random.default_rng(1).gamma(1.0, 1.0, 8_000))
    assert np.bincount(strata).tolist() == [1_000] * STRATA


@given(
    st.lists(st.tuples(*[st.integers(0, 2)] * 3, st.booleans()), max_size=30), st.integers(0, 30)
)
@settings(max_examples=60, deadline=None)
def test_cells_hold_each_key_once_and_lose_nothing(
    seen: list[tuple[int, int, int, bool]], cut: int
) -> None:
    rows = np.array(seen, dtype=np.int64).reshape(-1, 4)
    ones = np.ones(len(rows))

    def part(where: slice, days: float) -> LookCells:
        variant, stratum, price, bought = rows[where].T
        return count(variant, stratum, 100 + price, ones[where], bought.astype(float), days=days)

    whole = part(slice(None), 0.0)
    both = part(slice(None, cut), 0.0).join(part(slice(cut, None), 0.0))
    keys = np.stack([getattr(whole, name) for name in KEYS], axis=1)
    assert len(np.unique(keys, axis=0)) == len(whole)
    assert whole.looks.sum() == len(rows)
    assert whole.bought.sum() == rows[:, 3].sum()
    for name in (*KEYS, "looks", "bought"):
        assert np.array_equal(getattr(whole, name), getattr(both, name))


def test_what_was_seen_a_half_life_ago_counts_half() -> None:
    one = np.ones(1, dtype=np.int64)
    old = count(one, one, 100 * one, np.full(1, 8.0), np.full(1, 4.0), days=10.0)
    new = count(one, one, 100 * one, np.full(1, 1.0), np.zeros(1), days=HALF_LIFE_DAYS)
    both = old.join(new)
    assert (both.looks.tolist(), both.bought.tolist()) == ([5.0], [2.0])
    assert both.days == HALF_LIFE_DAYS + 5.0


def test_more_sold_than_shown_counts_as_sold_each_time() -> None:
    one = np.ones(1, dtype=np.int64)
    cells = count(one, one, one, np.full(1, 2.0), np.full(1, 3.0))
    assert cells.bought.tolist() == [2.0]


def make_remembering(seed: int, memory: float) -> LookCells:
    """Return cells of ITEMS goods of slope 3 at five prices that were new, then usual."""
    rng = np.random.default_rng(seed)
    item, rung, is_usual = (
        axis.ravel() for axis in np.meshgrid(np.arange(ITEMS), np.arange(5), np.arange(2))
    )
    price = LISTED - 60 * rung
    usual = np.rint(np.log(price / LISTED) / USUAL_STEP).astype(np.int64) * is_usual
    felt = memory * usual * USUAL_STEP
    chance = expit(-2.6 - (3.0 + memory) * (price / LISTED - 1.0) + felt)
    shown = np.full(len(item), 2_000.0)
    bought = rng.binomial(shown.astype(int), chance).astype(np.float64)
    return count(item, np.full(len(item), EVERYBODY), price, shown, bought, usual=usual)


def test_what_a_cut_wins_before_it_is_the_usual_price_does_not_count_as_lasting() -> None:
    model = fit(make_remembering(5, memory=2.0))
    chance, elasticity, _ = ask(model, LISTED)
    assert model.memory == pytest.approx(2.0, abs=0.4)
    assert np.mean(elasticity / (1.0 - chance)) == pytest.approx(3.0, abs=0.4)


def test_where_nobody_remembers_no_memory_is_believed_in() -> None:
    model = fit(make_remembering(6, memory=0.0))
    assert model.memory == 0.0
    chance, elasticity, _ = ask(model, LISTED)
    assert np.mean(elasticity / (1.0 - chance)) == pytest.approx(3.0, abs=0.3)


def test_a_variant_never_seen_takes_the_word_of_its_family_and_more_doubt() -> None:
    model = fit(make_market(1)[0])
    served = serve(model, np.array([999, 3, 7]))
    assert served.variant_id.tolist() == [3, 7, 999]
    mean, sd, depth = served.elasticities(np.array([3, 999, 1_234]), np.ones(3, dtype=np.int64))
    assert depth.tolist() == [0, 0, 1]
    assert mean[1] == pytest.approx(mean[2])
    assert sd[0] < sd[1] == pytest.approx(sd[2])
    assert not served.is_causal.any()
    weekly = np.exp(served.base_log[:2])
    expected = model.weekly_looks[[3, 7]] * ask(model, LISTED)[0][[3, 7]]
    assert weekly == pytest.approx(expected)


def test_few_looks_leave_what_weekly_sales_said_and_many_do_not() -> None:
    few = make_market(4, looks=0.1)[0]
    many, slope = make_market(4, looks=2_000.0)
    for weekly in (1.5, 4.0):
        _, told, sd = ask(fit(few, weekly), LISTED, weekly)
        assert told.mean() == pytest.approx(weekly, abs=0.5 * DOUBT)
        assert sd.mean() > 0.8 * DOUBT
        chance, found, _ = ask(fit(many, weekly), LISTED, weekly)
        assert found.mean() == pytest.approx((slope * (1.0 - chance)).mean(), abs=0.15)


def test_what_weekly_sales_said_of_one_good_counts_where_it_was_hardly_seen() -> None:
    cells = make_market(5)[0]
    rare = cells.take(cells.variant_id > 0)
    weekly = np.where(np.arange(ITEMS) == 0, 4.0, 2.0)
    row = rare.variant_id
    model = fit_looks(rare, np.full(len(rare), float(LISTED)), weekly[row])
    item, listed = np.arange(ITEMS), np.full(ITEMS, float(LISTED))
    _, found, _ = model.market(item, np.ones_like(item), listed, listed, weekly)
    assert found[0] - found[1:].mean() == pytest.approx(2.0, abs=0.3)


def test_without_looks_there_is_nothing_to_fit() -> None:
    with pytest.raises(ValueError, match="there are no cells to learn from"):
        fit(LookCells.nothing())
