"""Shelves of substitutes: the clairvoyant is exact, luck follows chances, and each market has what
its name says."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from shop.lab.agent import Context, Outcomes
from shop.lab.baselines.refitted import RefittedLogit
from shop.lab.episode import Course, run_agent, run_insider
from shop.lab.setting import Setting
from shop.lab.worlds.shelves import SHELF_WORLDS, SHELVES, ShelfMarket, Shelves
from tests.statistical.lab.documented import read_table

pytestmark = pytest.mark.statistical


def open_market(world: str, seed: int = 5, batch: int = 400) -> ShelfMarket:
    """A market with fewer visits a day."""
    return ShelfMarket(SHELVES[world], world, Setting(batch=batch), seed)


def expect(market: ShelfMarket, prices: np.ndarray) -> np.ndarray:
    """Profit of each visit of today by the choice model written out once more, (n,)."""
    rows, products = np.arange(len(prices))[:, None], market._columns[market.now.shelf]
    shown = prices[rows, products]
    v = market.attraction((shown / market.public[products])[..., None])[..., 0]
    margin = shown - (market.cost * market.public)[products]
    return np.asarray((v * margin).sum(axis=1) / (1.0 + v.sum(axis=1)))


@pytest.mark.parametrize("world", SHELF_WORLDS)
def test_nobody_earns_more_on_any_visit_than_the_clairvoyant(world: str) -> None:
    market, rng = open_market(world), np.random.default_rng(1)
    for _ in range(3):
        context = market.arrive()
        assert context.rungs is not None
        best = market.price("clairvoyant")
        top = expect(market, best)
        items = np.arange(context.items)
        for share in (0.05, 0.3, 1.0):  # from one good's price moved to all drawn by lot
            lots = context.rungs[items, rng.integers(0, context.rungs.shape[1], best.shape)]
            moved = np.where(rng.random(best.shape) < share, lots, best)
            assert np.all(expect(market, moved) <= top + 1e-12)
        for insight in ("uniform", "usual"):
            assert np.all(expect(market, market.price(insight)) <= top + 1e-12)
        assert market.settle(best).profit == pytest.approx(top)


@pytest.mark.parametrize("world", ["wide_shelves", "hidden_taste", "gaps_in_stock", "whole_shop"])
def test_choices_follow_the_stated_chances(world: str) -> None:
    market, rng = open_market(world, batch=1_000), np.random.default_rng(2)
    sold, chance, spread = np.zeros(50), np.zeros(50), np.zeros(50)
    for _ in range(20):
        context = market.arrive()
        assert context.rungs is not None
        price_points = rng.integers(0, context.rungs.shape[1], (context.shoppers, context.items))
        prices = context.rungs[np.arange(context.items), price_points]
        products = market._columns[market.now.shelf]
        rows = np.arange(context.shoppers)[:, None]
        v = market.attraction((prices[rows, products] / market.public[products])[..., None])[..., 0]
        p = v / (1.0 + v.sum(axis=1, keepdims=True))
        chosen = market.settle(prices).outcomes.chosen
        sold += np.bincount(chosen[chosen >= 0], minlength=50)
        for total, part in ((chance, p), (spread, p * (1.0 - p))):
            np.add.at(total, products, part)
        assert context.is_offered()[chosen >= 0, chosen[chosen >= 0]].all()
    assert np.all(np.abs(sold - chance) <= 4.5 * np.sqrt(spread) + 1e-9)


def test_all_a_market_may_have_is_absent_unless_asked_for() -> None:
    plain = ShelfMarket(Shelves(season=0.0), "plain", Setting(batch=200), 3)
    first, days = plain.arrive(), [plain.arrive() for _ in range(5)]
    assert first.competitor_prices is None
    assert first.stock is None
    assert not plain._today().any()
    assert not plain.now.liking.any()
    sizes = {int(row.sum()) for context in (first, *days) for row in context.is_offered()}
    assert sizes == {5, 8, 12, 20}


def test_each_market_has_what_its_name_says() -> None:
    wide = open_market("wide_shelves").arrive()
    assert {int(row.sum()) for row in wide.is_offered()} == {20, 10}
    gaps = open_market("gaps_in_stock", batch=20)
    seen = [gaps.arrive() for _ in range(200)]
    missing = [context.stock == 0.0 for context in seen if context.stock is not None]
    assert np.mean(missing) == pytest.approx(0.15, abs=0.03)
    assert not any((c.is_offered() & (c.stock == 0.0)).any() for c in seen if c.stock is not None)
    rivals = open_market("family_rivals").arrive().competitor_prices
    assert rivals is not None
    assert 0.6 < np.isfinite(rivals).mean() < 0.95
    hidden = open_market("hidden_taste")
    hidden.arrive()
    assert hidden.now.liking.std() == pytest.approx(0.7, rel=0.1)


def test_new_goods_come_once_and_stay() -> None:
    setting = Setting(batch=500, shift_after=2_000)
    market = ShelfMarket(SHELVES["new_goods"], "new_goods", setting, 1)
    kinds = [int(market.arrive().is_offered().any(axis=0).sum()) for _ in range(6)]
    assert kinds[0] == kinds[3] < kinds[4] == kinds[5] == 50


def test_prices_of_history_followed_the_seasons_where_it_says_so() -> None:
    def follow(world: str) -> float:
        market, pairs = open_market(world, batch=50), []
        for outcomes in market.live_through(50 * 60):
            step = np.log(outcomes.prices[0] / market.public)
            day = int(outcomes.context.time)
            market.day, now = day, market.day
            pairs.append((step, market._season()[market._shelf_of]))
            market.day = now
        steps, seasons = (np.concatenate(one) for one in zip(*pairs, strict=True))
        return float(np.corrcoef(steps, seasons)[0, 1])

    assert follow("seasonal_history") > 0.5
    assert abs(follow("family_seasons")) < 0.1


@pytest.mark.parametrize("world", ["bent_features", "whole_shop"])
def test_a_seed_fixes_everything_whatever_is_shown(world: str) -> None:
    one, other = open_market(world), open_market(world)
    for _ in range(3):
        left, right = one.arrive(), other.arrive()
        assert np.array_equal(left.is_offered(), right.is_offered())
        for name, values in left.features.items():
            assert values.tolist() == right.features[name].tolist()
        one.settle(one.price("usual"))
        other.settle(other.price("clairvoyant"))
        assert np.array_equal(one.attraction(one.ladder), other.attraction(other.ladder))
    assert open_market(world, seed=6).public.tolist() != one.public.tolist()


ANCHORS = {row["market"]: row for row in read_table("Shelves of substitutes")}


def test_the_table_of_shelves_names_all_of_them_in_order() -> None:
    assert list(ANCHORS) == list(SHELF_WORLDS)


@pytest.mark.parametrize("world", SHELF_WORLDS)
def test_conversion_and_what_there_is_to_gain_are_as_documented(world: str) -> None:
    course = Course(world, 4, 4_000, warm=False)
    best, uniform, usual = (run_insider(course, one) for one in ("clairvoyant", "uniform", "usual"))
    row = ANCHORS[world]
    shares = [one.profit.sum() / best.profit.sum() for one in (usual, uniform)]
    assert usual.sales.sum() / 4_000 == pytest.approx(float(row["conversion"]), abs=0.05)
    assert shares[0] == pytest.approx(float(row["nothing"]), abs=0.05)
    assert shares[1] == pytest.approx(float(row["uniform"]), abs=0.03)


def test_the_refitted_logit_finds_a_market_that_is_a_logit() -> None:
    """Where taste is linear in features and their products, it is nearly the clairvoyant."""
    has = replace(SHELVES["wide_shelves"], sizes=(5,), season=0.0, bends=0.0)
    market, agent = partial(ShelfMarket, has, "plain"), RefittedLogit()
    setting, shares = Setting(items=10, batch=1_000), []
    run, known = market(setting, 3), market(setting, 3)
    for outcomes in run.live_through(15_000):
        agent.observe(outcomes)
    for _ in known.live_through(15_000):
        pass
    for _ in range(3):
        context: Context = run.arrive()
        known.arrive()
        settlement = run.settle(agent.propose(context).prices)
        best = known.settle(known.price("clairvoyant")).profit.sum()
        shares.append(settlement.profit.sum() / best)
        agent.observe(settlement.outcomes)
    assert np.mean(shares) > 0.98


def test_the_gradient_of_the_refitted_logit_is_right() -> None:
    agent, rng = RefittedLogit(), np.random.default_rng(1)
    context = Context(
        np.arange(3),
        np.array([4.0, 2.5, 7.0]),
        np.array([2.0, 1.0, 3.0]),
        features={"visits": rng.poisson(3.0, 40), "channel": rng.choice(["app", "web"], 40)},
        shoppers=40,
        competitor_prices=np.array([3.8, np.nan, 7.5]),
    )
    prices = context.public_prices * rng.uniform(0.8, 1.2, (40, 3))
    agent.observe(Outcomes(context, prices, rng.integers(-1, 3, 40)))
    (data,) = agent._days
    mode = rng.normal(0.0, 0.3, 3 + 6 + 2 * data.shoppers.shape[1])
    _, gradient = agent._loss(mode, data, 3)
    for at in range(len(mode)):
        step = np.zeros(len(mode))
        step[at] = 1e-5
        ends = (agent._loss(mode + one * step, data, 3)[0] for one in (1, -1))
        up, down = ends
        assert gradient[at] == pytest.approx((up - down) / 2e-5, rel=1e-4, abs=1e-5)


def test_the_refitted_logit_keeps_the_rules_with_gaps_and_rivals() -> None:
    run = run_agent(Course("whole_shop", 1, 2_000, warm=False), RefittedLogit())
    assert np.all(np.isfinite(run.profit))
