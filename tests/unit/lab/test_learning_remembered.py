"""What shoppers remember of prices, as the policy keeps track of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from shop.lab.agent import Context
from shop.lab.agent.remembered import (
    FADING,
    LASTING,
    LOSS,
    MOST_GROUPS,
    SPEED,
    USUAL,
    WAITING,
    PriceMemory,
    find_felt,
    foresee_felt,
)


def _ask(**features: Sequence[str] | Sequence[float]) -> Context:
    told = {name: np.array(values) for name, values in features.items()}
    return Context([1], [2.0], [1.0], told, shoppers=max(len(values) for values in told.values()))


def test_groups_are_told_apart_by_texts_and_whole_numbers() -> None:
    memory = PriceMemory()
    first = memory.find_groups(_ask(segment=["new", "old", "new"], tier=[1, 1, 2]))
    assert first is not None
    assert first.tolist() == [0, 2, 1]
    again = memory.find_groups(_ask(segment=["old"], tier=[1]))
    assert again is not None
    assert again.tolist() == [2]


def test_where_other_numbers_tell_shoppers_apart_nothing_is_remembered() -> None:
    memory = PriceMemory()
    assert memory.find_groups(_ask(age=[20.5, 30.0])) is None
    assert np.isnan(memory.recall(np.array([0]), None, 1.0)).all()
    assert find_felt(np.array([0.3]), np.array([np.nan, np.nan])).tolist() == [[0.0, 0.0, 0.0]]


def test_too_many_groups_are_none() -> None:
    memory = PriceMemory()
    assert memory.find_groups(_ask(code=list(range(MOST_GROUPS)))) is not None
    assert memory.find_groups(_ask(code=[MOST_GROUPS])) is None


def test_the_usual_price_moves_with_sightings_and_the_lowest_fades() -> None:
    memory = PriceMemory()
    slot, group = np.array([2, 2]), np.array([0, 0])
    memory.learn(slot, group, np.array([-0.1, -0.3]), time=4.0)
    usual, lowest = memory.recall(slot[:1], group[:1], time=14.0)[0]
    assert usual == pytest.approx((1.0 - (1.0 - SPEED) ** 2) * -0.2)
    assert lowest == pytest.approx(-0.3 + 10.0 * FADING)
    memory.learn(slot[:1], group[:1], np.array([0.0]), time=104.0)
    assert memory.recall(slot[:1], group[:1], time=104.0)[0, 1] == 0.0, "long forgotten"
    assert np.isnan(memory.recall(np.array([0]), group[:1], time=104.0)[0, 1]), "another item"


def test_nobody_waits_for_a_price_nobody_saw() -> None:
    fresh = PriceMemory().recall(np.array([0]), np.array([0]), 0.0)[0]
    felt = find_felt(np.array([-0.2, 0.1]), fresh)
    assert felt.tolist() == [[0.0, 0.0, 0.0], [0.0, 0.1, 0.0]]


def test_a_price_that_stays_becomes_the_usual_one() -> None:
    remembered = np.array([-0.1, -0.3])
    today = find_felt(np.array([-0.2, 0.1]), remembered)
    assert today.round(9).tolist() == [[0.1, 0.0, 1.0], [0.1, 0.2, 1.0]]
    later = foresee_felt(np.array([-0.2, 0.1]), remembered)
    assert later[:, USUAL].tolist() == pytest.approx(
        [LASTING * 0.1 + (1 - LASTING) * 0.2, LASTING * 0.1 - (1 - LASTING) * 0.1]
    )
    assert later[:, LOSS].tolist() == pytest.approx([0.0, LASTING * 0.2])
    assert later[:, WAITING].tolist() == [LASTING, LASTING]


def test_a_memory_read_from_arrays_is_the_same() -> None:
    memory = PriceMemory()
    group = memory.find_groups(_ask(segment=["new", "old"]))
    memory.learn(np.array([0, 1]), group, np.array([-0.2, 0.1]), time=3.0)
    again = PriceMemory.from_arrays(memory.to_arrays())
    assert again.groups == memory.groups
    assert np.array_equal(again.cells, memory.cells, equal_nan=True)
