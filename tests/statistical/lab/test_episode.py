"""The rules of the game: what may be proposed."""

from __future__ import annotations

import numpy as np
import pytest

from shop.lab.agent import Context, Proposal
from shop.lab.agents import AGENTS, SHIPPED
from shop.lab.episode import Course, check_proposal, run_agent
from shop.lab.shop_path import SHOP, SHOP_AT_LIST
from shop.lab.worlds import WORLDS

RUNGS = np.array([[8.0, 9.0, np.nan], [4.0, 5.0, 6.0]])


def two_items(**changes: object) -> Context:
    """Two items, one of two shoppers sees only the first."""
    named = {"features": {}, "shoppers": 2, "offered": [[True, True], [True, False]]}
    return Context([7, 9], [9.0, 5.0], [5.0, 2.0], **(named | {"rungs": RUNGS} | changes))  # type: ignore[arg-type]  # fields of all types


def test_unoffered_items_are_not_checked() -> None:
    prices = np.array([[8.0, 6.0 * (1 + 1e-12)], [9.0, np.nan]])
    check_proposal(two_items(), Proposal(prices, np.array([[0.01, 1.0], [0.5, 0.0]])))


@pytest.mark.parametrize(
    ("prices", "chances", "sentence"),
    [
        ([[8.5, 4.0], [9.0, 5.0]], [[1, 1], [1, 1]], "1 of 3 prices.*8.5 for item 7"),
        ([[np.nan, 4.0], [9.0, 5.0]], [[1, 1], [1, 1]], "1 of 3 prices.*nan for item 7"),
        ([[6.0, 4.0], [9.0, 5.0]], [[1, 1], [1, 1]], "1 of 3 prices.*6 for item 7"),
        ([[8.0, 4.0], [9.0, 5.0]], [[0.009, 1], [1, 1]], "probability in"),
        ([[8.0, 4.0], [9.0, 5.0]], [[1.1, 1], [1, 1]], "probability in"),
        ([[8.0, 4.0], [9.0, 5.0]], [[np.nan, 1], [1, 1]], "probability in"),
        ([[8.0, 4.0]], [[1, 1]], "must have shape"),
    ],
)
def test_anything_else_is_refused(
    prices: list[list[float]], chances: list[list[float]], sentence: str
) -> None:
    with pytest.raises(ValueError, match=sentence):
        check_proposal(two_items(), Proposal(np.array(prices), np.array(chances, dtype=float)))


def test_without_rungs_only_the_probability_is_judged() -> None:
    prices = np.full((2, 2), 1.23)
    check_proposal(two_items(rungs=None), Proposal(prices, np.ones((2, 2))))


@pytest.mark.parametrize("agent", [SHIPPED, SHOP, SHOP_AT_LIST])
@pytest.mark.parametrize("world", WORLDS)
def test_our_agents_keep_the_rules_in_every_world(world: str, agent: str) -> None:
    run = run_agent(Course(world, 1, 2_000, warm=False), AGENTS[agent](1))
    assert np.all(np.isfinite(run.profit))
