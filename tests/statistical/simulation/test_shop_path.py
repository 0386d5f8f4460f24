"""The shop's own path as an agent: within its bounds, the same twice, and earning what it may."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest

from pricing.core.learning import Context, Outcomes
from pricing.core.signals import sensitivity_boost
from pricing.core.values import FloatArray
from shop.simulation.episode import Course, run_agent, run_insider
from shop.simulation.shop_path import POLICY, ShopPath
from shop.simulation.shop_path_bounds import run_within_bounds
from shop.simulation.shop_path_history import History
from shop.simulation.shop_path_looked import LookedShopPath
from shop.simulation.worlds import make_market

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


@pytest.mark.parametrize(
    ("world", "path"),
    [
        ("logit", ShopPath),
        ("competitor_war", ShopPath),
        ("categories", ShopPath),
        ("categories", LookedShopPath),
    ],
)
def test_no_price_leaves_the_shops_bounds(world: str, path: type[ShopPath]) -> None:
    agent = path(1)
    before = None
    for context, prices in live(world, 30, agent):
        shelf = agent._shelf
        assert shelf is not None
        shown, item = np.nonzero(context.is_offered())
        share = (prices / context.public_prices)[shown, item]
        public = shelf.public_minor / shelf.list_minor
        lowest = np.ceil(0.9 * shelf.public_minor) / shelf.list_minor
        assert np.all(public <= 1.0)
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


def test_training_reads_what_was_sold_and_the_mean_price_of_each_week() -> None:
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
    assert cells.shock is None


def test_foreign_history_is_read_as_an_imported_ledger() -> None:
    agent = ShopPath(1)
    for day in range(14):
        context = Context([1, 2, 3], LISTED, LISTED * 0.3, {}, shoppers=5, time=float(day))
        prices = np.tile(LISTED * (0.8 if day < 7 else 1.0), (5, 1))
        agent.observe(Outcomes(context, prices, np.array([0, 1, 2, -1, 0])))
    cells = agent._history.cells(14)
    assert cells.variant_id.tolist() == []
    agent.propose(Context([1, 2, 3], LISTED, LISTED * 0.3, {}, shoppers=5, time=14.0))
    assert agent._shelf is not None
    assert agent._shelf.public_minor.tolist() == [400, 250, 749]


def test_it_earns_more_than_public_prices_and_less_than_its_bounds_allow() -> None:
    course = Course("constant_elasticity", seed=0, visits=60_000)
    usual = run_insider(course, "usual").profit.sum()
    best = run_insider(course, "clairvoyant").profit.sum()
    gain = (run_agent(course, ShopPath(0)).profit.sum() - usual) / (best - usual)
    allowed = (run_within_bounds(course).profit.sum() - usual) / (best - usual)
    assert 0.05 < gain < allowed
    assert 0.75 < allowed < 1.0


def test_learned_from_looks_it_earns_more_than_from_weekly_sales() -> None:
    course = Course("logit", seed=0, visits=60_000)
    usual = run_insider(course, "usual").profit.sum()
    best = run_insider(course, "clairvoyant").profit.sum()
    served, looked = (
        (run_agent(course, path(0)).profit.sum() - usual) / (best - usual)
        for path in (ShopPath, LookedShopPath)
    )
    assert looked > served + 0.1


def test_where_no_segment_is_told_quotes_and_optimum_mean_the_same_by_a_signal() -> None:
    agent = ShopPath(1)
    for _context, _ in live("features", 3, agent):
        pass
    shown = agent._shown
    assert shown is None
    mean = agent._sensitivity_mean
    assert np.ptp(mean) == pytest.approx(0.0, abs=1e-12)
    context = make_market("features", Course("features", 2).setting, seed=2).arrive()
    shopper, item = np.nonzero(context.is_offered())
    signals = agent._visitors.signals(context, shopper, item)
    boost = sensitivity_boost(signals, agent.model.weights)[0]
    # Other shoppers of the same kind; a twentieth is held out and counts as without signals.
    assert mean[0] == pytest.approx(1.0 + 0.95 * boost.mean(), rel=0.05)
