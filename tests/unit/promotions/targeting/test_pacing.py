"""Pacing: a wrong price of money rights itself, and money that is not there is not spent."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from promotions.targeting.core.exploration import Beliefs, believe_like, draw_effect, steer_price
from tests.factories.offer_worlds import make_offers, run_online, share_of_money


@pytest.mark.parametrize("wrong_by", [0.5, 2.0])
def test_a_price_wrong_by_two_costs_little_and_never_overspends(wrong_by: float) -> None:
    value, cost = make_offers(40_000, 20, seed=4)
    budget = share_of_money(cost, 0.1)
    found = run_online(value, cost, budget=budget, wrong_by=wrong_by, block=50)
    assert 0.999 * budget < found.spend <= budget
    assert found.value > 0.997 * found.optimum


@given(spend=st.floats(0, 1e6), target=st.floats(1e-3, 1e6), price=st.floats(1e-6, 1e6))
def test_the_price_moves_with_what_was_spent(spend: float, target: float, price: float) -> None:
    found = steer_price(price, spend, target, blocks=0)
    assert (found - price) * (spend - target) >= 0
    assert price / 2.8 < found < price * 2.8


def test_a_new_offer_is_believed_to_resemble_its_kind() -> None:
    found = believe_like([[1, 1, 0], [0, 0, 1]], [1.4, 1.6, 0.2], [0.05, 0.05, 0.05])
    assert found.mean == pytest.approx([1.5, 0.2], abs=1e-3)
    assert (found.variance > 0.1).all()


def test_thompson_sampling_finds_the_better_new_offer() -> None:
    rng = np.random.default_rng(0)
    beliefs, truth = Beliefs(np.ones(3), np.full(3, 0.25)), np.array([0.4, 1.5, 0.9])
    given_to: list[NDArray[np.int64]] = []
    for turn in range(60):
        told = [*zip(beliefs.mean.tolist(), np.sqrt(beliefs.variance).tolist(), strict=True)]
        drawn = [
            [draw_effect(*one, str(unit), str(turn), str(at)) for at, one in enumerate(told)]
            for unit in range(50)
        ]
        choice = np.argmax(drawn, axis=1)
        given_to.append(np.bincount(choice, minlength=3))
        with np.errstate(divide="ignore", invalid="ignore"):
            error = 2.0 / np.sqrt(given_to[-1])
        beliefs = beliefs.update(truth + error * rng.standard_normal(3), error)
    assert np.sum(given_to[:5], axis=0)[0] > 0
    assert np.sum(given_to[-10:], axis=0)[1] > 0.9 * 500
