"""The clairvoyant's prices against brute force, and who chooses what."""

from __future__ import annotations

from itertools import product

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from shop.lab.substitutes import choose_best_price_points, draw_choices
from shop.lab.worlds.browsing import sweep_price_points


def try_all(attraction: np.ndarray, margin: np.ndarray) -> float:
    """The best profit of all combinations of price points."""
    items, price_points = attraction.shape
    best = -np.inf
    for chosen in product(range(price_points), repeat=items):
        v = np.array([attraction[j, k] for j, k in enumerate(chosen)])
        m = np.array([margin[j, k] for j, k in enumerate(chosen)])
        best = max(best, float(v @ m / (1 + v.sum())))
    return best


@given(
    seed=st.integers(0, 2**32 - 1),
    items=st.integers(1, 4),
    rungs=st.integers(1, 5),
    shift=st.sampled_from([0.0, -0.4, -2.0]),
)
@settings(max_examples=150, deadline=None)
def test_the_best_rungs_are_those_that_trying_all_finds(
    seed: int, items: int, rungs: int, shift: float
) -> None:
    rng = np.random.default_rng(seed)
    attraction = np.exp(rng.normal(-0.5, 1.5, (1, items, rungs)))
    margin = rng.uniform(0.0, 1.0, (1, items, rungs)) + shift  # some or all may lose money
    chosen, profit = choose_best_price_points(attraction, margin)
    v = np.take_along_axis(attraction, chosen[..., None], 2)[0, :, 0]
    m = np.take_along_axis(margin, chosen[..., None], 2)[0, :, 0]
    assert abs(profit[0] - v @ m / (1 + v.sum())) < 1e-12
    assert abs(profit[0] - try_all(attraction[0], margin[0])) < 1e-9


def test_substitutes_are_priced_together_not_one_by_one() -> None:
    attraction = np.array([[[4.0, 1.0], [4.0, 1.0]]])
    margin = np.array([[[0.5, 0.75], [0.5, 0.75]]])
    alone, _ = choose_best_price_points(attraction[:, :1], margin[:, :1])
    together, profit = choose_best_price_points(attraction, margin)
    assert (alone.tolist(), together.tolist()) == ([[0]], [[1, 1]])
    assert profit.tolist() == [0.5]


def test_unoffered_items_and_missing_prices_are_left_out() -> None:
    attraction = np.array([[[1.0, np.nan], [9.0, 9.0]]])
    margin = np.array([[[0.5, 9.0], [9.0, 9.0]]])
    price_points, profit = choose_best_price_points(
        attraction, margin, offered=np.array([[True, False]])
    )
    assert (price_points[0, 0], profit.tolist()) == (0, [0.25])
    nothing = choose_best_price_points(attraction, margin, offered=np.zeros((1, 2), dtype=bool))[1]
    assert nothing.tolist() == [0.0]


def test_one_price_for_all_is_each_items_best() -> None:
    rng = np.random.default_rng(3)
    attraction, margin = np.exp(rng.normal(-1, 1, (40, 2, 4))), rng.uniform(0, 1, (2, 4))
    best = max(
        product(range(4), repeat=2),
        key=lambda pair: earn(attraction, margin, np.array(pair)),
    )
    assert sweep_price_points(attraction, margin).tolist() == list(best)


def earn(attraction: np.ndarray, margin: np.ndarray, rungs: np.ndarray) -> float:
    """The mean profit if everybody sees these price points."""
    v = attraction[:, np.arange(2), rungs]
    return float(np.mean(v @ margin[np.arange(2), rungs] / (1 + v.sum(axis=1))))


def test_choices_come_as_often_as_their_probability_says() -> None:
    luck = (np.arange(10_000) + 0.5) / 10_000
    chosen, chance = draw_choices(np.tile([1.0, 0.0, 2.0], (10_000, 1)), luck)
    assert chance[0].tolist() == [0.25, 0.0, 0.5]
    counts = [int(np.count_nonzero(chosen == column)) for column in (-1, 0, 1, 2)]
    assert counts == [2_500, 2_500, 0, 5_000]
