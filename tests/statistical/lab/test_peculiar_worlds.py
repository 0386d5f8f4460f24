"""What each peculiar market is there for, shown to be there."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from pricing.base.core.values import IntArray
from shop.lab.episode import Course, run_insider
from shop.lab.market import SegmentMarket
from shop.lab.setting import Setting
from shop.lab.worlds import make_market
from shop.lab.worlds.memory import ReferenceMarket, WaitingMarket
from shop.lab.worlds.moving import ShiftingMarket, WarringMarket
from shop.lab.worlds.plain import ElasticMarket, LogitMarket, ProbitMarket
from shop.lab.worlds.stock import StockMarket

pytestmark = pytest.mark.statistical


def regress_history(world: str, seed: int) -> float:
    """The slope that a logistic regression of logged sales on item and price finds."""
    columns, bought = [], []
    for outcomes in make_market(world, seed=seed).live_through(40_000):
        context = outcomes.context
        item = context.is_offered().argmax(axis=1)
        rows = np.arange(context.shoppers)
        ratio = outcomes.prices[rows, item] / context.public_prices[item]
        columns.append(np.column_stack([np.eye(context.items)[item], 1.0 - ratio]))
        bought.append(outcomes.chosen >= 0)
    model = LogisticRegression(C=100.0, max_iter=500)
    model.fit(np.concatenate(columns), np.concatenate(bought))
    return float(model.coef_[0, -1])


def test_prices_that_followed_demand_hide_the_price_response() -> None:
    exogenous = np.mean([regress_history("logit", seed) for seed in range(3)])
    endogenous = np.mean([regress_history("endogenous_history", seed) for seed in range(3)])
    assert 2.5 < exogenous < 4.0
    assert endogenous < 0.5 * exogenous


def test_probit_and_constant_elasticity_match_the_logits_elasticity() -> None:
    item, segment = np.array([0, 7, 30]), np.array([1, 3, 5])
    step = 1e-5
    logit, probit, elastic = (
        market(Setting(), 2) for market in (LogitMarket, ProbitMarket, ElasticMarket)
    )
    level = logit.chance(item, segment, np.ones(3))
    for market, expected in (
        (logit, logit.truth.slope[item, segment] * (1 - level)),
        (probit, logit.truth.slope[item, segment] * (1 - level)),
        (elastic, logit.truth.slope[item, segment]),
    ):
        assert market.chance(item, segment, np.ones(3)) == pytest.approx(level)
        above, below = (market.chance(item, segment, np.full(3, 1 + s)) for s in (step, -step))
        slope = (np.log(above) - np.log(below)) / (2 * step)
        assert -slope == pytest.approx(expected, rel=1e-4)


def test_nobody_buys_what_is_not_there_and_stock_comes_back() -> None:
    market = make_market("stock_outs", seed=1)
    left, filled = None, 0
    for day in range(31):
        context = market.arrive()
        assert context.stock is not None
        assert np.all(context.stock >= 0)
        if left is not None:
            filled += int(np.any(context.stock > left))
            assert np.all(context.stock >= left) or day % StockMarket.cycle != 0
        assert not context.is_offered()[:, context.stock == 0].any()
        chosen = market.settle(market.price("usual")).outcomes.chosen
        sold = np.bincount(chosen[chosen >= 0], minlength=context.items)
        assert np.all(sold <= context.stock)
        left = context.stock - sold
    assert filled == 3


def test_scarcity_is_priced() -> None:
    scarce, plenty = make_market("stock_outs", seed=1), make_market("logit", seed=1)
    scarce.arrive(), plenty.arrive()
    dearer = scarce.price("clairvoyant") - plenty.price("clairvoyant")
    assert np.all(dearer >= -1e-9)
    assert np.count_nonzero(dearer.max(axis=1) > 0) > 300


class Fixed:
    """Sells at the same ratio to the public price, alternating day by day if two are given."""

    def __init__(self, market: SegmentMarket, *rungs: int) -> None:
        self.market, self.rungs = market, rungs

    def earn(self, days: int) -> float:
        total, newcomers = 0.0, 0
        for day in range(days):
            context = self.market.arrive()
            newcomers += self.market.setting.batch
            assert context.rungs is not None
            prices = context.rungs[:, self.rungs[day % len(self.rungs)]]
            total += self.market.settle(np.tile(prices, (context.shoppers, 1))).profit.sum()
        return float(total)


def test_steady_prices_make_nobody_wait_and_swinging_ones_cost_sales() -> None:
    plain, waiting = (market(Setting(), 1) for market in (LogitMarket, WaitingMarket))
    assert Fixed(plain, 6).earn(20) == Fixed(waiting, 6).earn(20)
    plain, waiting = (market(Setting(), 1) for market in (LogitMarket, WaitingMarket))
    assert Fixed(waiting, 4, 8).earn(20) < 0.97 * Fixed(plain, 4, 8).earn(20)


def test_those_who_wait_come_back_the_next_day() -> None:
    market = WaitingMarket(Setting(), 1)
    sizes = []
    for price_point in (2, 10, 2):
        context = market.arrive()
        sizes.append(context.shoppers)
        assert context.rungs is not None
        market.settle(np.tile(context.rungs[:, price_point], (context.shoppers, 1)))
    assert sizes[:2] == [1_000, 1_000]
    seen_twice = 1_000 * (1 - np.exp(-3.3))  # visits whose segment saw the item the day before
    assert sizes[2] - 1_000 == pytest.approx(
        seen_twice * WaitingMarket.waiters * WaitingMarket.returning, rel=0.3
    )


class MyopicMarket(ReferenceMarket):
    """Its clairvoyant takes the best price of today and does not ask what is remembered of it."""

    def best_price_points(self) -> IntArray:
        return SegmentMarket.best_price_points(self)


def test_planning_with_price_memory_beats_myopic_and_constant_prices() -> None:
    course = Course("reference_price", 2, 60_000, warm=False)
    planned = run_insider(course, "clairvoyant").profit.sum()
    myopic = MyopicMarket(Setting(), 2)
    total = 0.0
    for _ in range(60):
        myopic.arrive()
        total += myopic.settle(myopic.price("clairvoyant")).profit.sum()
    assert total < 0.99 * planned
    for price_point in range(4, 13, 2):
        assert Fixed(ReferenceMarket(Setting(), 2), price_point).earn(60) < planned


def test_losses_weigh_more_than_gains() -> None:
    market = ReferenceMarket(Setting(), 0)
    item, segment = np.array([0]), np.array([0])
    at, up, down = (market.chance(item, segment, np.array([r])) for r in (1.0, 1.1, 0.9))

    def logit(p: np.ndarray) -> float:
        return float(np.log(p / (1 - p))[0])

    assert logit(at) - logit(up) > 1.15 * (logit(down) - logit(at))


def test_a_shift_changes_what_is_best() -> None:
    setting = replace(Setting(), shift_after=2_000)
    market = ShiftingMarket(setting, 1)
    best = []
    for _ in range(4):
        market.arrive()
        best.append(market.cell_profit().argmax(axis=2))
        market.settle(market.price("usual"))
    assert np.array_equal(best[0], best[1])
    assert np.array_equal(best[2], best[3])
    assert np.mean(best[1] != best[2]) > 0.5


def test_in_a_price_war_standing_still_is_not_best() -> None:
    market = WarringMarket(Setting(), 1)
    lowest, changed = np.full(50, np.inf), 0
    first = None
    for _ in range(60):
        context = market.arrive()
        assert context.competitor_prices is not None
        lowest = np.fmin(lowest, context.competitor_prices / context.public_prices)
        best = market.cell_profit().argmax(axis=2)
        changed += int(first is not None and not np.array_equal(first, best))
        first = best
        market.settle(market.price("usual"))
    assert np.count_nonzero(np.isnan(context.competitor_prices)) == np.count_nonzero(
        ~np.isfinite(lowest)
    )
    assert np.count_nonzero(lowest < 0.8) > 10
    assert changed > 30


def test_taste_that_no_feature_tells_apart_is_there() -> None:
    market = make_market("mixed_logit", seed=1)
    assert isinstance(market, SegmentMarket)
    item, segment = np.array([0]), np.array([0])
    ratio = np.array([0.8, 1.0, 1.25, 1.5])
    p = market.chance(item, segment, ratio)
    slopes = -np.diff(np.log(p / (1 - p))) / np.diff(ratio)
    assert np.all(np.diff(slopes) < 0)  # those who are left are less and less sensitive
