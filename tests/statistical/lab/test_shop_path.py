"""The shop's own path as an agent: within its bounds, the same twice, and earning what it may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pricing.base.core.values import FloatArray
from shop.lab.agent import Context, Outcomes
from shop.lab.episode import Course, run_agent, run_insider
from shop.lab.setting import Setting
from shop.lab.shop_path import AT_LIST, POLICY, ShopPath
from shop.lab.shop_path_bounds import cut_off, run_within_bounds
from shop.lab.shop_path_history import History
from shop.lab.worlds import make_market
from shop.lab.worlds.plain import LogitMarket

pytestmark = pytest.mark.statistical
LISTED = np.array([4.0, 2.5, 7.49])


def live(world: str, days: int, agent: ShopPath) -> Iterator[tuple[Context, FloatArray]]:
    """Yield the context and prices of each of some days in a market."""
    market = make_market(world, Course(world, 1).setting, seed=1)
    for _ in range(days):
        context = replace(market.arrive(), rungs=None)
        prices = agent.propose(context).prices
        yield context, prices
        agent.observe(market.settle(prices).outcomes)


@pytest.mark.parametrize("world", ["logit", "competitor_war", "categories"])
def test_no_price_leaves_the_shops_bounds(world: str) -> None:
    agent = ShopPath(1)
    before = None
    for context, prices in live(world, 15, agent):
        shelf = agent._shelf
        assert shelf is not None
        shown, item = np.nonzero(context.is_offered())
        share = (prices / context.public_prices)[shown, item]
        public = shelf.public_minor / shelf.list_minor
        lowest = np.ceil(0.9 * shelf.public_minor) / shelf.list_minor
        assert np.all(public <= 1.0 + agent.policy.ceiling_over_list + 1e-9)
        assert np.all((share <= public[item] + 1e-9) & (share >= lowest[item] - 1e-9))
        if before is not None:
            assert np.all(np.abs(public / before - 1.0) <= POLICY.step_cap + 1e-9)
        before = public


def test_the_same_state_and_history_give_the_same_prices() -> None:
    one, other = (list(live("logit", 12, ShopPath(3))) for _ in range(2))
    assert all(np.array_equal(a[1], b[1]) for a, b in zip(one, other, strict=True))
    third = list(live("logit", 12, ShopPath(4)))
    assert not all(np.array_equal(a[1], b[1]) for a, b in zip(one, third, strict=True))


def test_nobody_without_signals_pays_less_than_everybody() -> None:
    agent = ShopPath(1)
    visitors = Context([1, 2, 3], LISTED, LISTED * 0.3, features={}, shoppers=40)
    proposal = agent.propose(visitors)
    assert np.array_equal(proposal.prices, np.tile(LISTED, (40, 1)))
    assert np.all(proposal.probabilities == 1.0)


def test_training_reads_weekly_sales_and_mean_prices() -> None:
    history = History(np.array([7, 9]), np.array([1, 1]))
    for day in range(21):
        if day in (0, 3, 10):
            history.note_prices(day, np.array([400, 200]) - 10 * day)
        history.note_sales(day, np.array([3.0, 2.0]), np.array([1_200.0, 400.0]), None, np.ones(2))
    cells = history.cells(21)
    assert cells.variant_id.tolist() == [7, 9]
    assert cells.units[:, -3:].tolist() == [[21.0] * 3, [14.0] * 3]
    assert cells.units[:, :-3].sum() == 0.0
    means = [(3 * 400 + 4 * 370) / 7, (3 * 370 + 4 * 300) / 7, 300.0]
    assert cells.price_minor[0, -3:] == pytest.approx(means)


def test_no_price_moves_before_anything_was_learned() -> None:
    """As in the shop, which moves none without a model: a prior alone had raised most of them."""
    agent, market = ShopPath(4), make_market("logit", seed=4)
    proposal = agent.propose(replace(market.arrive(), rungs=None))
    assert agent._shelf is not None
    assert agent._shelf.public_minor.tolist() == agent._shelf.list_minor.tolist()
    for _ in range(12):
        agent.observe(market.settle(proposal.prices).outcomes)
        proposal = agent.propose(replace(market.arrive(), rungs=None))
    assert agent._shelf.public_minor.tolist() != agent._shelf.list_minor.tolist()


def test_foreign_history_is_read_as_an_imported_ledger() -> None:
    agent = ShopPath(1)
    for day in range(14):
        context = Context([1, 2, 3], LISTED, LISTED * 0.3, {}, shoppers=5, time=float(day))
        prices = np.tile(LISTED * (0.8 if day < 7 else 1.0), (5, 1))
        agent.observe(Outcomes(context, prices, np.array([0, -1, 2, -1, -1])))
    cells = agent._history.cells(14)
    assert cells.variant_id.tolist() == []
    agent.propose(Context([1, 2, 3], LISTED, LISTED * 0.3, {}, shoppers=5, time=14.0))
    assert agent._shelf is not None
    assert agent._shelf.public_minor.tolist() == [400, 250, 749]


def test_the_path_earns_between_public_prices_and_its_bounds() -> None:
    course = Course("constant_elasticity", seed=0, visits=30_000)
    usual = run_insider(course, "usual").profit.sum()
    best = run_insider(course, "clairvoyant").profit.sum()
    gain = (run_agent(course, ShopPath(0)).profit.sum() - usual) / (best - usual)
    at_list, allowed = (
        (run_within_bounds(course, one).profit.sum() - usual) / (best - usual)
        for one in (AT_LIST, POLICY)
    )
    assert 0.05 < gain < allowed
    assert 0.75 < at_list < allowed < 1.0


def test_bounds_allow_the_best_price_first_and_personal_below() -> None:
    market = LogitMarket(Setting(), 4)
    listed = market.arrive().public_prices
    shown = market.now.item
    public = np.clip(market.price("uniform"), 0.7 * listed, 1.1 * listed)
    alone = cut_off(market, listed, replace(POLICY, personal_cap=0.0))
    assert np.array_equal(alone[:, shown], public[:, shown])
    personal = cut_off(market, listed, POLICY)
    assert np.all((personal <= public + 1e-12) & (personal >= 0.9 * public - 1e-12))
    assert np.count_nonzero(personal < public - 1e-9) > 100


def test_it_learns_who_minds_prices_and_what_siblings_lose() -> None:
    """Prices of the warm start were drawn by lot, so that they tell truly."""
    market, agent = LogitMarket(Setting(), 1), ShopPath(1)
    for outcomes in market.live_through(20_000):
        agent.observe(outcomes)
    context = replace(market.arrive(), rungs=None)
    agent.propose(context)
    assert agent._response is not None
    slopes = np.log(market.truth.slope).mean(axis=0)
    learned = np.log(1.0 + agent._response)
    assert np.corrcoef(slopes, learned)[0, 1] > 0.8
    assert np.all(agent._response >= 0.0)


def test_a_nightly_fit_keeps_prices_fresh_without_weekly_training() -> None:
    agent = ShopPath(1)
    for context, _ in live("logit", 10, agent):
        day = int(context.time)
    assert agent._shelf is not None
    agent._model_day, learner = day - 15, agent._learner
    assert 0 < learner.fitted_day <= day
    for fitted_day, is_stale in ((learner.fitted_day, False), (day - 15, True)):
        learner.fitted_day = fitted_day
        agent._publish(context, agent._shelf, day)
        assert agent._is_stale(day) == is_stale


def test_quotes_and_public_price_share_one_elasticity() -> None:
    """The mean of 1 + z over buyers brings the market's elasticity back to one without signals."""
    market, agent = make_market("features", seed=1), ShopPath(1)
    for outcomes in market.live_through(12_000):
        agent.observe(outcomes)
    context = replace(market.arrive(), rungs=None)
    agent.propose(context)
    assert agent._response is not None
    assert agent._response.max() > 0.0
    boost = agent._boost(context)
    assert agent._sensitivity_mean == pytest.approx(1.0 + boost.mean(), rel=0.15)


def test_products_shown_together_form_one_set_without_sold_out_ones() -> None:
    public = np.array([4.0, 2.5, 7.0])
    offered = np.array([[True, True, False], [False, False, True], [True, True, False]])
    context = Context(
        np.array([7, 9, 11]),
        public,
        public * 0.5,
        features={"segment": np.array(["a", "b", "a"])},
        shoppers=3,
        competitor_prices=np.array([3.6, np.nan, 7.0]),
        stock=np.array([1.0, 5.0, 5.0]),
        offered=offered,
    )
    agent = ShopPath(1)
    agent.observe(Outcomes(context, np.tile(public * 0.9, (3, 1)), np.array([0, -1, 1])))
    (seen,) = agent._learner._days
    # The first visitor took the last piece of item 7: the third saw item 9 alone.
    assert seen.set_of.tolist() == [0, 0, 1, 2]
    assert seen.item.tolist() == [7, 9, 11, 9]
    assert seen.bought.tolist() == [1.0, 0.0, 0.0, 1.0]
    assert seen.log_price == pytest.approx(np.log([0.9] * 4), abs=2e-3)
    assert seen.rival == pytest.approx([np.log(0.9), np.nan, 0.0, np.nan], nan_ok=True)
    assert len(set(seen.category[[0, 1, 3]])) == 1
    assert seen.columns.response == ("segment=a", "segment=b")
    assert seen.response.tolist() == [[1.0, 0.0], [1.0, 0.0], [0.0, 1.0], [1.0, 0.0]]
