"""What goes together, and what is shown to whom."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.core.ranks import rank_prices
from profiles.core.recommend import blend
from profiles.core.similarity import (
    SimilarityModel,
    fit_similarity,
    similarity_arrays,
    similarity_from_arrays,
)
from shop.kernel.arrays import pack_arrays, unpack_arrays


def bought(*baskets: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return purchase counts: shopper n bought the variants of baskets[n] once each."""
    pairs = [(n, variant) for n, basket in enumerate(baskets) for variant in basket]
    shopper, variant = (np.array(column) for column in zip(*pairs, strict=True))
    return shopper, variant, np.ones(len(pairs), dtype=np.int64)


def dense_ease(baskets: list[tuple[int, ...]], ids: list[int], ridge: float) -> np.ndarray:
    """EASE as its paper writes it: B = I - P diag(1 / diag P)."""
    matrix = np.array([[np.log(2.0) * (key in basket) for key in ids] for basket in baskets])
    inverse = np.linalg.inv(matrix.T @ matrix + ridge * np.eye(len(ids)))
    weights = np.eye(len(ids)) - inverse / np.diag(inverse)
    np.fill_diagonal(weights, 0.0)
    return weights


def test_weights_are_those_of_the_paper() -> None:
    rng = np.random.default_rng(1)
    ids = [10, 20, 30, 40, 50]
    baskets = [tuple(key for key in ids if rng.random() < 0.5) or (10,) for _ in range(30)]
    model = fit_similarity(*bought(*baskets), most=5, ridge=2.0)
    expected = np.maximum(dense_ease(baskets, ids, 2.0), 0.0)
    found = np.zeros((5, 5))
    np.put_along_axis(found, model.neighbor.astype(np.int64), model.weight, axis=1)
    assert model.variant_id.tolist() == ids
    assert found == pytest.approx(expected, abs=1e-6)


def test_what_is_bought_together_is_suggested() -> None:
    baskets = [(1, 2)] * 20 + [(3, 4)] * 20 + [(1,)] * 5
    model = fit_similarity(*bought(*baskets), most=10, ridge=1.0)
    scores = model.suggest({1: 3.0})
    assert max(scores, key=scores.__getitem__) == 2
    assert 4 not in scores


def test_only_the_variants_with_most_shoppers_take_part() -> None:
    baskets = [(1, 2)] * 5 + [(2, 3)] * 4 + [(9,)]
    assert fit_similarity(*bought(*baskets), most=2).variant_id.tolist() == [1, 2]


def test_nothing_bought_suggests_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    model = fit_similarity(nothing, nothing, nothing, most=10)
    assert model.suggest({1: 1.0}) == {}


def test_unknown_interests_suggest_nothing() -> None:
    model = fit_similarity(*bought((1, 2), (1, 2)), most=10)
    assert model.suggest({999: 1.0}) == {}
    assert model.suggest({}) == {}


def test_a_stored_model_suggests_as_before() -> None:
    model = fit_similarity(*bought(*[(1, 2, 3)] * 4, (2, 3)), most=10, ridge=1.0)
    again = similarity_from_arrays(unpack_arrays(pack_arrays(similarity_arrays(model))))
    assert isinstance(again, SimilarityModel)
    assert again.suggest({1: 1.0}) == model.suggest({1: 1.0})


def shown(**changes: object) -> list[tuple[int, str]]:
    known = {
        "interests": {1: 9.0, 2: 8.0, 3: 7.0},
        "together": {11: 0.9, 12: 0.8, 1: 0.99},
        "popular": [21, 1, 22, 23],
        "allowed": range(100),
        "exclude": set(),
        "limit": 6,
    }
    return [(one.variant_id, one.reason) for one in blend(**(known | changes))]


def test_two_familiar_ones_then_one_that_goes_with_them() -> None:
    assert shown() == [
        (1, "familiar"),
        (2, "familiar"),
        (11, "goes_with"),
        (3, "familiar"),
        (12, "goes_with"),
        (21, "popular"),
    ]


def test_the_order_of_an_addition_changes_no_order() -> None:
    one, other = 0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1
    assert one > other
    alike = [(1, "familiar"), (2, "familiar")]
    assert shown(interests={2: one, 1: other}, together={}, limit=2) == alike


def test_a_stranger_sees_what_is_popular() -> None:
    assert shown(interests={}, together={}, limit=3) == [
        (21, "popular"),
        (1, "popular"),
        (22, "popular"),
    ]


def test_what_is_not_sold_or_excluded_is_not_shown() -> None:
    assert shown(allowed={2, 12, 22}, exclude={2}) == [(12, "goes_with"), (22, "popular")]


@given(
    interests=st.dictionaries(st.integers(1, 30), st.floats(0.1, 9)),
    together=st.dictionaries(st.integers(1, 30), st.floats(0.1, 9)),
    popular=st.lists(st.integers(1, 30), unique=True),
    allowed=st.sets(st.integers(1, 30)),
    exclude=st.sets(st.integers(1, 30)),
    limit=st.integers(0, 20),
)
def test_each_variant_is_shown_once_and_only_if_it_may_be(
    *,
    interests: dict[int, float],
    together: dict[int, float],
    popular: list[int],
    allowed: set[int],
    exclude: set[int],
    limit: int,
) -> None:
    result = blend(
        interests=interests,
        together=together,
        popular=popular,
        allowed=allowed,
        exclude=exclude,
        limit=limit,
    )
    ids = [one.variant_id for one in result]
    usable = ((set(interests) | set(together) | set(popular)) & allowed) - exclude
    assert len(set(ids)) == len(ids) == min(limit, len(usable))
    assert set(ids) <= usable
    scores = [one.score for one in result]
    assert scores == sorted(scores, reverse=True)


@given(st.lists(st.tuples(st.integers(1, 4), st.integers(1, 50)), min_size=1, max_size=40))
def test_price_ranks_follow_prices_inside_a_category(rows: list[tuple[int, int]]) -> None:
    category, price = (np.array(column) for column in zip(*rows, strict=True))
    ranks = rank_prices(category, price)
    assert ((ranks >= 0) & (ranks <= 1)).all()
    for one in range(len(rows)):
        for other in range(len(rows)):
            if category[one] == category[other] and price[one] < price[other]:
                assert ranks[one] < ranks[other]
            if rows[one] == rows[other]:
                assert ranks[one] == ranks[other]
