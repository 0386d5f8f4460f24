"""Published agents: they learn what their papers say, and tell the truth about probabilities."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from shop.lab.agent import Context, Outcomes
from shop.lab.baselines import BASELINES, rmlp
from shop.lab.baselines.pooled import ChoiceModel, PooledGreedy
from shop.lab.baselines.price_tests import RandomPriceTests
from shop.lab.baselines.rmlp import RegularisedLikelihood, fit_l1_logit
from shop.lab.baselines.rows import Rows
from shop.lab.baselines.single import BetaThompson, LogitThompson
from shop.lab.episode import Course, run_agent, run_insider
from shop.lab.worlds import WORLDS, make_market

pytestmark = pytest.mark.statistical
LADDER = np.array([8.0, 9.0, 10.0, 11.0, 12.0])


def offer(shoppers: int, items: int = 1, **changes: object) -> Context:
    """A context of items at 10.00 that cost 6.00, on five price points."""
    named: dict[str, object] = {
        "item_ids": np.arange(items),
        "public_prices": np.full(items, 10.0),
        "costs": np.full(items, 6.0),
        "features": {},
        "shoppers": shoppers,
        "rungs": np.tile(LADDER, (items, 1)),
    }
    return Context(**(named | changes))  # type: ignore[arg-type]  # fields of all types


@pytest.mark.parametrize("name", BASELINES)
def test_every_shown_price_has_the_probability_it_was_drawn_with(name: str) -> None:
    agent = BASELINES[name](3)
    for outcomes in make_market("logit", seed=3).live_through(2_000):
        agent.observe(outcomes)
    context = make_market("logit", seed=3).arrive()
    proposal = agent.propose(context)
    shopper, item = np.nonzero(context.is_offered())
    shown = proposal.prices[shopper, item]
    assert context.rungs is not None
    assert np.all(np.isclose(shown[:, None], context.rungs[item]).any(axis=1))
    assert np.all(proposal.probabilities[shopper, item] >= 0.01)
    assert np.all(proposal.probabilities[shopper, item] <= 1.0)


@pytest.mark.parametrize("name", ["beta_ts", "logit_ts", "rps"])
def test_prices_come_as_often_as_their_probability_says(name: str) -> None:
    agent, rng = BASELINES[name](5), np.random.default_rng(5)
    context = offer(4_000)
    prices = rng.choice(LADDER, (4_000, 1))
    bought = rng.random(4_000) < 0.3 - 0.02 * prices[:, 0]
    agent.observe(Outcomes(context, prices, np.where(bought, 0, -1)))
    proposal = agent.propose(offer(20_000))
    told = 0.0
    for price in np.unique(proposal.prices):
        drawn = proposal.prices[:, 0] == price
        (share,) = np.unique(proposal.probabilities[drawn])
        assert abs(drawn.mean() - share) < 4 * np.sqrt(share * (1 - share) / 20_000) + 1e-9
        told += share
    assert told == pytest.approx(1.0, abs=0.02)


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("world", WORLDS)
def test_every_baseline_runs_in_every_world_without_history(name: str, world: str) -> None:
    run = run_agent(Course(world, 1, 2_000, warm=False), BASELINES[name](1))
    assert run.profit.shape == (2,)
    assert np.all(np.isfinite(run.profit))


@pytest.mark.parametrize("name", BASELINES)
def test_what_is_missing_or_new_is_no_reason_to_fail(name: str) -> None:
    agent = BASELINES[name](1)
    features = {"channel": np.array(["web", "app"]), "age_days": np.array([3.0, np.nan])}
    first = offer(2, 2, features=features, costs=np.array([np.nan, 6.0]))
    agent.observe(Outcomes(first, agent.propose(first).prices, np.array([0, -1])))
    later = {"channel": np.array(["kiosk", "app"]), "age_days": np.array([1e9, 0.0])}
    second = offer(2, 2, features=later, offered=np.array([[True, False], [False, False]]))
    proposal = agent.propose(second)
    assert np.all(np.isfinite(proposal.prices))
    agent.observe(Outcomes(second, proposal.prices, np.array([-1, -1])))
    third = offer(2, 2, features=later, competitor_prices=np.array([9.0, np.nan]))
    assert np.all(agent.propose(third).prices > 0)


def test_without_rungs_prices_are_discounts_of_at_most_ten_percent() -> None:
    agent = PooledGreedy(1)
    prices = agent.propose(offer(50, 3, rungs=None)).prices
    assert np.all((prices >= 9.0 - 1e-9) & (prices <= 10.0))


def test_the_choice_model_finds_the_parameters_of_a_multinomial_logit() -> None:
    rng, model = np.random.default_rng(8), ChoiceModel(3, 3, spread=3.0)
    truth = np.array([-1.0, 0.8, -0.4, 3.0, 0.6, -0.5])
    for _ in range(40):
        shopper = np.repeat(np.arange(1_000), 2)
        one_hot = np.tile(np.eye(2), (1_000, 1))
        columns = np.concatenate([np.ones((2_000, 1)), one_hot], axis=1)
        ratio = rng.uniform(0.7, 1.4, 2_000)
        v = np.exp(columns @ truth[:3] - (ratio - 1) * (columns @ truth[3:])).reshape(-1, 2)
        chance = v / (1 + v.sum(axis=1, keepdims=True))
        luck = rng.random(1_000)
        bought = np.zeros((1_000, 2), dtype=bool)
        bought[:, 0] = luck < chance[:, 0]
        bought[:, 1] = (luck >= chance[:, 0]) & (luck < chance.sum(axis=1))
        rows = Rows(shopper, np.tile([0, 1], 1_000), columns, columns)
        model.update(rows, ratio, bought.ravel())
    # Only sums are identified: common term plus the item's own.
    found = [model.mean[0] + model.mean[1:3], model.mean[3] + model.mean[4:6]]
    assert found[0] == pytest.approx([-0.2, -1.4], abs=0.05)
    assert found[1] == pytest.approx([3.6, 2.5], abs=0.25)


def test_the_l1_fit_agrees_with_scikit_learn() -> None:
    rng = np.random.default_rng(2)
    x = np.column_stack([np.ones(4_000), rng.normal(size=(4_000, 3)), rng.uniform(-1, 1, 4_000)])
    truth = np.array([-1.0, 0.7, 0.0, -0.4, 2.0])
    bought = rng.random(4_000) < 1 / (1 + np.exp(-x @ truth))
    ours = fit_l1_logit(x, bought, None)
    theirs = LogisticRegression(C=1e6, max_iter=1_000, fit_intercept=False).fit(x, bought).coef_[0]
    assert ours == pytest.approx(theirs, abs=0.02)


def test_thompson_sampling_finds_the_best_price_and_the_slope() -> None:
    rng = np.random.default_rng(9)
    arms, curve = BetaThompson(1), LogitThompson(1)
    chance = np.array([0.60, 0.55, 0.45, 0.20, 0.05])  # best at 10.00: 1.80 a visit
    for agent in (arms, curve):
        for _ in range(20):
            context = offer(1_000)
            prices = agent.propose(context).prices
            price_point = np.abs(prices - LADDER).argmin(axis=1)
            bought = rng.random(1_000) < chance[price_point]
            agent.observe(Outcomes(context, prices, np.where(bought, 0, -1)))
    prices = arms.propose(offer(1_000)).prices
    assert np.mean(prices == 10.0) > 0.9
    slope = curve._mean[0, 1]
    assert 4.0 < slope < 12.0  # between the neighbours of the optimum the true one is about 8


def test_shocks_correct_a_slope_that_history_got_wrong() -> None:
    courses = [Course("endogenous_history", seed, 40_000, warm=True) for seed in range(2)]
    for course in courses:
        shocked, greedy = RandomPriceTests(course.seed), PooledGreedy(course.seed)
        assert run_agent(course, shocked).profit.sum() > run_agent(course, greedy).profit.sum()
        assert shocked.correction > 0.05


def test_rmlp_refits_at_the_end_of_episodes_that_double() -> None:
    agent = RegularisedLikelihood(1)
    fits = []
    for _ in range(15):
        context = offer(500, features={"x": np.linspace(-1, 1, 500)})
        proposal = agent.propose(context)
        agent.observe(Outcomes(context, proposal.prices, np.full(500, -1)))
        theta = agent._theta
        fits.append(None if theta is None else id(theta))
    assert [fits[n] != fits[n - 1] for n in range(1, 15)] == [
        n in {1, 5, 13}
        for n in range(1, 15)  # after 1,000, then 2,000 more, then 4,000 more
    ]


def test_rmlp_keeps_an_even_sample_of_everything_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rmlp, "MOST_ROWS", 2_000)
    agent = RegularisedLikelihood(1)
    for part in range(14):  # episodes end after 1,000, 3,000 and 7,000 visits
        context = offer(500, features={"part": np.full(500, part / 4)})
        agent.observe(Outcomes(context, agent.propose(context).prices, np.full(500, -1)))
    (levels, _, _), *later = agent._rows
    assert not later
    parts, counts = np.unique(levels[:, 2], return_counts=True)
    assert parts.tolist() == [part / 4 for part in range(14)]
    assert counts.sum() == 2_000
    assert np.all(np.abs(counts - 2_000 / 14) < 45)


def test_learning_pays_where_it_should() -> None:
    """A small market: pooled beats unpooled beats arms; all but arms beat doing nothing."""
    shares: dict[str, list[float]] = {name: [] for name in BASELINES}
    for seed in range(2):
        course = Course("logit", seed, 40_000, warm=True)
        best = run_insider(course, "clairvoyant").profit.sum()
        for name, make in BASELINES.items():
            shares[name].append(float(run_agent(course, make(seed)).profit.sum() / best))
    mean = {name: float(np.mean(values)) for name, values in shares.items()}
    assert mean["pooled_greedy"] > 0.955
    assert mean["rps"] > 0.95
    assert mean["pooled_greedy"] > mean["best_uniform"] > mean["logit_ts"] > mean["static"]
    assert mean["rmlp"] > mean["static"] > mean["beta_ts"]
