"""The simulated markets: the clairvoyant is never beaten, luck is shared, and worlds differ."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest

from shop.lab.agent import Context, Outcomes, Proposal
from shop.lab.baselines import BASELINES
from shop.lab.episode import Course, Run, run_agent, run_insider
from shop.lab.market import Insight
from shop.lab.setting import Setting, calibrate, draw_truth, read_calibration
from shop.lab.worlds import WORLDS, make_market
from tests.statistical.lab.documented import read_table

pytestmark = pytest.mark.statistical
# What is shown today changes tomorrow: there only sums over time can be compared.
REMEMBERING = {"reference_price", "stock_outs", "strategic_waiters"}
VISITS = 40_000


@cache
def knows(world: str, seed: int, insight: Insight) -> Run:
    """The run of somebody who knows the truth."""
    return run_insider(Course(world, seed, VISITS, warm=True), insight)


def earn(world: str, seed: int, insight: Insight) -> float:
    """The whole profit of somebody who knows the truth."""
    return float(knows(world, seed, insight).profit.sum())


class Lots:
    """Draws every price by lot from the price points."""

    def __init__(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)

    def propose(self, context: Context) -> Proposal:
        assert context.rungs is not None
        price_points = self.rng.integers(
            0, context.rungs.shape[1], (context.shoppers, context.items)
        )
        prices = context.rungs[np.arange(context.items), price_points]
        return Proposal(prices, np.full(prices.shape, 1 / context.rungs.shape[1]))

    def observe(self, outcomes: Outcomes) -> None:
        pass


@pytest.mark.parametrize("world", WORLDS)
def test_the_clairvoyant_is_never_beaten(world: str) -> None:
    course = Course(world, 5, VISITS, warm=True)
    best = knows(world, 5, "clairvoyant").profit
    rivals = [knows(world, 5, "uniform"), knows(world, 5, "usual"), run_agent(course, Lots(1))]
    rivals += [run_agent(course, BASELINES[name](5)) for name in ("pooled_greedy", "beta_ts")]
    for rival in rivals:
        assert rival.profit.sum() < best.sum()
        if world not in REMEMBERING:
            assert np.all(rival.profit <= best + 1e-9)


ANCHORS = {row["market"]: row for row in read_table("The markets")}


@pytest.mark.parametrize("world", WORLDS)
def test_conversion_and_what_there_is_to_gain_are_as_documented(world: str) -> None:
    seeds = range(3)
    sales = np.mean([knows(world, seed, "usual").sales.sum() / VISITS for seed in seeds])
    shares = [
        np.mean([earn(world, seed, one) / earn(world, seed, "clairvoyant") for seed in seeds])
        for one in ("usual", "uniform")
    ]
    row = ANCHORS[world]
    conversion, usual, uniform = (float(row[name]) for name in ("conversion", "nothing", "uniform"))
    assert sales == pytest.approx(conversion, rel=0.15)
    assert shares == [pytest.approx(usual, abs=0.04), pytest.approx(uniform, abs=0.025)]


def test_every_pair_of_worlds_differs() -> None:
    others = [world for world in WORLDS if world != "demand_shift"]  # it shifts after 50,000 visits
    assert len({earn(world, 0, "clairvoyant") for world in others}) == len(others)
    usual = earn("logit", 0, "usual")
    # At public prices these look like the logit: they differ in what other prices do.
    alike = {world for world in WORLDS if earn(world, 0, "usual") == pytest.approx(usual)}
    assert alike == {"logit", "probit", "constant_elasticity", "demand_shift"}


@pytest.mark.parametrize("world", WORLDS)
def test_a_seed_fixes_everything_and_another_changes_it(world: str) -> None:
    setting = Setting(batch=300)
    runs = [
        run_agent(Course(world, seed, 900, warm=False, setting=setting), Lots(1))
        for seed in (1, 1, 2)
    ]
    assert runs[0].profit.tolist() == runs[1].profit.tolist()
    assert runs[0].sales.tolist() == runs[1].sales.tolist()
    assert runs[0].profit.tolist() != runs[2].profit.tolist()


@pytest.mark.parametrize("world", [world for world in WORLDS if world not in REMEMBERING])
def test_shoppers_and_luck_are_the_same_whatever_is_shown(world: str) -> None:
    cheap, dear = (make_market(world, seed=3) for _ in range(2))
    for _ in range(3):
        one, other = cheap.arrive(), dear.arrive()
        assert one.is_offered().tolist() == other.is_offered().tolist()
        for name, values in one.features.items():
            assert values.tolist() == other.features[name].tolist()
        assert one.rungs is not None
        low = cheap.settle(np.tile(one.rungs[:, 0], (one.shoppers, 1))).outcomes.chosen
        high = dear.settle(np.tile(one.rungs[:, -1], (one.shoppers, 1))).outcomes.chosen
        assert np.count_nonzero(low >= 0) > np.count_nonzero(high >= 0)
        if world != "categories":  # there a dearer substitute may lose to the outside option
            assert np.all(low[high >= 0] == high[high >= 0])


@pytest.mark.parametrize("world", WORLDS)
def test_expected_profit_is_what_is_earned_in_the_long_run(world: str) -> None:
    market, earned, expected, variance = make_market(world, seed=11), 0.0, 0.0, 0.0
    for _ in range(40):
        context = market.arrive()
        settlement = market.settle(Lots(2).propose(context).prices)
        buyers = np.flatnonzero(settlement.outcomes.chosen >= 0)
        items = settlement.outcomes.chosen[buyers]
        margin = settlement.outcomes.prices[buyers, items] - context.costs[items]
        earned += float(margin.sum())
        expected += float(settlement.profit.sum())
        variance += float((margin**2).sum())
    assert abs(earned - expected) < 4 * np.sqrt(variance)


def test_a_price_that_is_none_is_refused() -> None:
    for world in ("logit", "categories"):
        market = make_market(world)
        context = market.arrive()
        with pytest.raises(ValueError, match="positive number"):
            market.settle(np.zeros((context.shoppers, context.items)))


def test_sizes_are_arguments() -> None:
    setting = Setting(items=7, segments=2, rungs=5, batch=50, conversion=0.2)
    for world in WORLDS:
        context = make_market(world, setting, seed=1).arrive()
        assert (context.items, context.shoppers) == (7, 50)
        assert context.rungs is not None
        assert context.rungs.shape == (7, 5)
        assert context.rungs[:, 2].tolist() == context.public_prices.tolist()


def test_an_unknown_world_is_named_with_those_there_are() -> None:
    with pytest.raises(KeyError, match="no world 'mars'; there are: logit, probit"):
        make_market("mars")


def test_mean_conversion_at_public_prices_is_exact() -> None:
    truth = draw_truth(Setting(), np.random.default_rng(4))
    weight = truth.popularity[:, None] * truth.segment_share
    chance = 1 / (1 + np.exp(-truth.intercept))
    assert float(np.sum(weight * chance)) == pytest.approx(0.07, abs=1e-9)


def test_the_calibrated_market_has_the_elasticities_of_real_sales() -> None:
    figures = read_calibration()
    setting = calibrate(Setting(), figures)
    elasticities = []
    for seed in range(20):
        truth = draw_truth(setting, np.random.default_rng(seed))
        chance = 1 / (1 + np.exp(-truth.intercept))
        elasticities.append(truth.slope * (1 - chance))
    quantiles = np.quantile(np.concatenate(elasticities), [0.1, 0.5, 0.9])
    # A log-normal law is laid through the outer quantiles: it keeps the middle and their ratio.
    measured = [figures["elasticity"][name] for name in ("p10", "p50", "p90")]
    assert quantiles[1] == pytest.approx(measured[1], rel=0.06)
    assert quantiles[2] / quantiles[0] == pytest.approx(measured[2] / measured[0], rel=0.15)
