"""What the agent makes columns of, which of them stay, and what it keeps of what was seen."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.values import FloatArray, IntArray
from shop.lab.agent import LEAST_PROBABILITY, AdaptivePolicy, Context, Outcomes
from shop.lab.agent.learner import LEAST_DAYS
from shop.lab.agent.policy import CALM
from shop.lab.agent.seen import Seen, join_seen
from shop.lab.agent.shelves import ALONE, Shelves

GOODS = 6
RUNGS = np.tile([8.0, 9.0, 10.0, 11.0, 12.0, 13.0, 14.0], (GOODS, 1))


def ask(day: int, features: dict[str, FloatArray], item: IntArray) -> Context:
    """Return a day on which each visit looks at one of six products."""
    ten = np.full(GOODS, 10.0)
    offered = item[:, None] == np.arange(GOODS)
    return Context(
        np.arange(GOODS), ten, ten / 2.0, features, len(item), day, rungs=RUNGS, offered=offered
    )


def watch(
    days: int,
    visits: int,
    *,
    memory: float = 0.0,
    traits: int = 0,
    past: tuple[int, float] = (99, 4.0),
) -> AdaptivePolicy:
    """Return a policy that saw prices of products drawn anew each day. The product of the first two
    `traits` moves the level; shoppers compare with the price of the day before; prices before day
    `past` were somebody else's, and slopes were that then."""
    rng, policy, usual = np.random.default_rng(6), AdaptivePolicy(random_state=6), np.zeros(GOODS)
    for day in range(days):
        told = {name: rng.normal(size=visits) for name in "abc"[:traits]}
        item = rng.integers(0, GOODS, visits)
        context = ask(day, told, item)
        if day == past[0]:
            policy.propose(context)
        price = rng.choice(RUNGS[0], GOODS)
        slope = past[1] if day < past[0] else 4.0
        index = memory * usual - 1.0 - slope * (price / 10.0 - 1.0)
        chance = 1.0 / (1.0 + np.exp(-index[item] - (told["a"] * told["b"] if traits else 0.0)))
        chosen = np.where(rng.random(visits) < chance, item, -1)
        policy.observe(Outcomes(context, np.tile(price, (visits, 1)), chosen))
        usual = np.log(price / 10.0)
    policy.propose(ask(days, {}, np.zeros(1, dtype=np.int64)))
    return policy


def test_products_that_earn_are_kept_and_others_go() -> None:
    plan = watch(6, 600, traits=3).learner.plan
    assert "a*b" in plan.names.shopper
    assert "a*c" not in plan.names.shopper
    assert {"a", "b", "c"} <= set(plan.names.public), "features themselves stay"


def test_memory_of_prices_is_used_only_where_it_predicts() -> None:
    assert watch(24, 600, memory=3.0).learner.plan.has_memory
    assert not watch(24, 600).learner.plan.has_memory
    assert not watch(LEAST_DAYS - 1, 600, memory=3.0).learner.plan.has_memory
    assert not watch(24, 600, memory=3.0, traits=2).learner.plan.has_memory, "who is who?"


def test_purchase_history_is_used_only_where_it_predicts() -> None:
    assert watch(24, 600, past=(8, 0.5)).learner.plan.has_history
    assert not watch(24, 600, past=(8, 4.0)).learner.plan.has_history


def _settle(visits: int) -> tuple[AdaptivePolicy, Context]:
    """Return a policy that saw so many visits at prices drawn by lot, and a new day."""
    rng, policy = np.random.default_rng(6), AdaptivePolicy(random_state=6)
    today, tomorrow = (
        Context([1], [10.0], [5.0], {}, visits, time, rungs=RUNGS[:1]) for time in (0.0, 1.0)
    )
    prices = RUNGS[0, rng.integers(0, 7, (visits, 1))]
    chance = 1.0 / (1.0 + np.exp(1.0 + 4.0 * (prices[:, 0] / 10.0 - 1.0)))
    chosen = np.where(rng.random(visits) < chance, 0, -1)
    policy.observe(Outcomes(today, prices, chosen))
    return policy, tomorrow


def test_shocks_shrink_with_the_doubt_to_a_minimum() -> None:
    policy, context = _settle(visits=1_000)
    rare = policy.propose(context).probabilities.min()
    doubt = policy.learner.doubt
    assert LEAST_PROBABILITY / policy.shocks < doubt / CALM < 1.0
    assert rare == pytest.approx(policy.shocks * doubt / CALM)
    policy, context = _settle(visits=20_000)
    assert policy.propose(context).probabilities.min() == pytest.approx(LEAST_PROBABILITY)
    policy.shocks = 0.0
    assert policy.propose(context).probabilities.min() == 1.0


@given(st.lists(st.sets(st.integers(0, 7), min_size=1, max_size=3), max_size=9))
def test_goods_that_met_in_any_way_are_one_family(meetings: list[set[int]]) -> None:
    shelves, slot = Shelves(), np.arange(8)
    shelves.meet(slot, np.zeros((1, 8), dtype=np.bool_))
    groups: list[set[int]] = [{one} for one in range(8)]
    for meeting in meetings:
        seen = np.array(sorted(meeting))
        shelves.meet(seen, np.ones((1, len(seen)), dtype=np.bool_))
        touched = [group for group in groups if group & meeting]
        groups = [group for group in groups if not group & meeting] + [set().union(*touched)]
    found = shelves.find(slot)
    for group in groups:
        wanted = min(group) + 1 if len(group) > 1 else ALONE
        assert found[sorted(group)].tolist() == [wanted] * len(group)


def _see(visits: int, features: dict[str, FloatArray]) -> Seen:
    rows = np.arange(visits)
    one, none = np.ones(visits), np.zeros(visits)
    felt = np.zeros((visits, 3))
    return Seen(features, rows * 1.0, none, one, rows, rows, none, none, none, felt)


def test_what_was_seen_joins_and_is_cut_by_visits() -> None:
    joined = join_seen([_see(2, {"a": np.ones(2)}), _see(3, {"b": np.array(["x", "y", "z"])})])
    assert np.isnan(joined.features["a"][2:]).all()
    late = joined.take(slice(3, None))
    assert late.features["b"].tolist() == ["y", "z"]
    assert (late.set_of.tolist(), late.item.tolist()) == ([0, 1], [1, 2])
    assert joined.doubt_all_but(2, 0.5).trust.tolist() == [0.5, 0.5, 0.5, 1.0, 1.0]
    assert Seen.from_arrays(joined.to_arrays()).features["b"].tolist() == [
        "nan",
        "nan",
        "x",
        "y",
        "z",
    ]
