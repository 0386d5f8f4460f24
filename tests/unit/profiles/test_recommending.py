"""What goes together, and what is shown to whom."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.features.core.derive import rank_prices
from profiles.recommend.core.fitting import (
    USUAL,
    Lessons,
    fit_recommender,
    fit_weights,
    recommender_arrays,
    recommender_from_arrays,
)
from profiles.recommend.core.products import (
    DAY,
    Purchases,
    SimilarityModel,
    describe_products,
    fit_similarity,
    learn_lasting,
)
from profiles.recommend.core.score_features import (
    BOUND,
    KNOWN,
    NEVER_DAYS,
    NEW,
    Recommender,
    Scores,
    Weights,
)
from shop.ground.kernel.arrays import pack_arrays, unpack_arrays

IDS = np.array([10, 20, 30, 40, 50, 60])
KINDS = np.array([0, 0, 1, 1, 2, 2])
NOW = 400 * DAY + 9 * 3_600
NOBODY = Purchases.none()


def bought(*baskets: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return purchase counts: shopper n bought the variants of baskets[n] once each."""
    pairs = [(n, variant) for n, basket in enumerate(baskets) for variant in basket]
    shopper, variant = (np.array(column) for column in zip(*pairs, strict=True))
    return shopper, variant, np.ones(len(pairs))


def lines(*rows: tuple[int, int, float]) -> Purchases:
    """Return lines from (shopper, variant, days ago)."""
    shopper, variant, days = (np.array(column) for column in zip(*rows, strict=True))
    return Purchases(shopper, variant, NOW - days * DAY).sort()


def everybody() -> Purchases:
    """Sixty shoppers of two sorts: one buys 10 weekly and sometimes 20, the other 30 and 40."""
    rng = np.random.default_rng(4)
    rows: list[tuple[int, int, float]] = []
    for shopper in range(60):
        usual, other = ((10, 20), (30, 40))[shopper % 2]
        for week in range(40):
            at = week * 7 + float(rng.integers(1, 100)) / 100
            rows.append((shopper, usual, at))
            rows += [(shopper, other, at)] * (week % 4 == 0)
            rows += [(shopper, 60, at)] * int(rng.random() < 0.05)
    return lines(*rows)


@pytest.fixture(scope="module")
def learned() -> Recommender:
    return fit_recommender(everybody(), IDS, KINDS, now=NOW)[0]


@pytest.fixture(scope="module")
def of_three(learned: Recommender) -> Scores:
    """The scores of somebody who bought three products."""
    return learned.score(lines((7, 10, 3.0), (7, 30, 9.0), (7, 60, 300.0)), NOW, {})


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
    shown = model.suggest_among(np.array([20, 99]), np.array([10, 77]), np.array([3.0, 1.0]))
    assert shown == pytest.approx([3.0 * expected[0, 1], 0.0], abs=1e-6)


def test_only_the_variants_with_most_shoppers_take_part() -> None:
    baskets = [(1, 2)] * 5 + [(2, 3)] * 4 + [(9,)]
    assert fit_similarity(*bought(*baskets), most=2).variant_id.tolist() == [1, 2]


def test_a_new_products_score_is_the_sum_of_its_features(learned: Recommender) -> None:
    """The reasons are read off the features, so they must be what the score is made of."""
    past = lines((7, 10, 3.0), (7, 10, 10.0), (7, 30, 200.0))
    scores = learned.score(past, NOW, {50: 2.0, 99: 1.0})
    everything = scores.rows.list_new(np.arange(len(IDS))) @ learned.weights.new
    is_new = ~np.isin(np.arange(len(IDS)), scores.rows.known)
    assert scores.score[is_new] == pytest.approx(everything[is_new])
    known = scores.rows.known_features @ learned.weights.known
    assert scores.score[scores.rows.known] == pytest.approx(known)


def test_features_of_a_good_bought_before_are_what_they_say(learned: Recommender) -> None:
    past = lines((7, 10, 3.0), (7, 10, 13.0), (7, 20, 13.0), (7, 99, 1.0))
    rows = learned.score(past, NOW, {}).rows
    assert rows.known.tolist() == [0, 1]
    table = dict(zip(KNOWN, rows.known_features.T, strict=True))
    assert np.exp(table["times"]) == pytest.approx([2, 1])
    assert np.exp(table["days_ago"]) == pytest.approx([3, 13])
    assert np.exp(table["baskets_ago"]) == pytest.approx([1, 2])
    assert np.exp(table["days_90"]) - 0.01 == pytest.approx(
        [0.5 ** (3 / 90) + 0.5 ** (13 / 90), 0.5 ** (13 / 90)]
    )
    assert table["once"].tolist() == [0, 1]
    assert np.exp(table["usual_gap"][1]) == pytest.approx(np.exp(learned.goods.gap[1]))
    own_gap = np.exp((np.log(10.0) + learned.goods.gap[0]) / 2)
    assert np.exp(table["overdue"][0]) == pytest.approx(3 / own_gap)
    new = dict(zip(NEW, rows.list_new(np.array([3, 4])).T, strict=True))
    assert new["kind_ago"] == pytest.approx(np.log(NEVER_DAYS))


def test_how_goods_sell_is_told_from_the_days_before() -> None:
    past = lines((1, 10, 2.0), (1, 10, 9.0), (2, 10, 20.0), (2, 20, 40.0), (1, 30, -1.0))
    products = describe_products(past, IDS, KINDS, learn_lasting(past, IDS), NOW)
    assert np.expm1(products.week).round(9).tolist() == [1, 0, 0, 0, 0, 0]
    assert np.expm1(products.month).round(9).tolist() == [3, 0, 0, 0, 0, 0]
    assert products.hours.shape == (24, 6)


def test_each_sort_of_shopper_gets_what_it_buys(learned: Recommender) -> None:
    for sort, (usual, other) in enumerate(((10, 20), (30, 40))):
        mine = everybody().take(everybody().shopper == sort)
        shown = learned.score(mine, NOW, {}).rank(3)
        assert (shown[0].variant_id, shown[0].reason) == (usual, "familiar")
        assert shown[1].variant_id == other
    stranger = learned.score(lines((99, 10, 2.0)), NOW, {}).rank(6)
    reasons = {one.variant_id: one.reason for one in stranger}
    assert reasons[10] == "familiar"
    assert reasons[20] in {"goes_with", "kind"}
    assert reasons[40] == "popular"


def test_an_inactive_shopper_gets_popular_products_and_is_told(learned: Recommender) -> None:
    shown = learned.score(NOBODY, NOW, {}).rank(6)
    assert {one.reason for one in shown} == {"popular"}


def test_what_was_just_looked_at_comes_before_what_sells_best(learned: Recommender) -> None:
    first = learned.score(NOBODY, NOW, {50: 1 / 3}).rank(1)[0]
    assert (first.variant_id, first.reason) == (50, "seen")


@given(novelty=st.floats(0.0, 50.0), limit=st.integers(1, 6))
def test_familiar_products_alone_are_no_fewer_than_mixed(
    novelty: float, limit: int, of_three: Scores
) -> None:
    """It was so once: lists that left a kind out took turns with it, and ended sooner."""
    mixed = of_three.rank(limit, novelty=novelty)
    alone = of_three.rank(limit, novelty=0.0)
    familiar = [one.variant_id for one in mixed if one.reason == "familiar"]
    assert [one.variant_id for one in alone][: len(familiar)] == familiar
    assert {one.reason for one in alone} == {"familiar"}
    assert len(alone) == min(limit, 3)


def scores_of(values: list[float], learned: Recommender) -> Scores:
    """Return scores as given, of products nobody bought."""
    scores = learned.score(NOBODY, NOW, {})
    return replace(scores, variant_id=IDS[: len(values)], score=np.array(values))


@given(
    values=st.lists(st.floats(-3, 3), min_size=1, max_size=6),
    appeal=st.lists(st.floats(0, 1), min_size=6, max_size=6),
    mask=st.lists(st.booleans(), min_size=6, max_size=6),
    limit=st.integers(1, 8),
)
def test_price_and_margin_move_a_good_within_the_bound_only(
    values: list[float], appeal: list[float], mask: list[bool], limit: int, learned: Recommender
) -> None:
    scores = scores_of(values, learned)
    allowed = np.array(mask[: len(values)])
    shown = scores.rank(limit, allowed=allowed, appeal=np.array(appeal[: len(values)]))
    ids = [one.variant_id for one in shown]
    usable = [pk for pk, is_ok in zip(IDS.tolist(), allowed.tolist(), strict=False) if is_ok]
    assert len(set(ids)) == len(ids) == min(limit, len(usable))
    assert set(ids) <= set(usable)
    chance = dict(zip(IDS.tolist(), np.exp(values).tolist(), strict=False))
    order = [*ids, *(pk for pk in usable if pk not in ids)]
    for first, one in enumerate(ids):
        for other in order[first + 1 :]:
            assert chance[one] * (1 + BOUND) >= chance[other] * (1 - 1e-6)
    assert [one.score for one in shown] == sorted((one.score for one in shown), reverse=True)


def test_margin_decides_between_equals(learned: Recommender) -> None:
    appeal = np.array([0.0, 1.0, 0.5])
    near = scores_of([0.05, 0.0, 0.0], learned).rank(3, appeal=appeal)
    assert [one.variant_id for one in near] == [20, 10, 30]
    far = scores_of([0.2, 0.0, 0.0], learned).rank(3, appeal=appeal)
    assert [one.variant_id for one in far] == [10, 20, 30]


def test_the_order_of_an_addition_changes_no_order(learned: Recommender) -> None:
    one, other = 0.1 + 0.2 + 0.3, 0.3 + 0.2 + 0.1
    assert one > other
    alike = scores_of([other, one], learned).rank(2)
    assert [each.variant_id for each in alike] == [10, 20]


def test_weights_are_found_again_and_otherwise_stay_as_usual() -> None:
    rng = np.random.default_rng(2)
    truth = Weights(USUAL.known.copy(), np.zeros(len(NEW)))
    truth.known[1] += 1.5
    size = np.full(400, 30)
    features = np.zeros((size.sum(), len(KNOWN) + len(NEW)), np.float32)
    features[:, 1:4] = rng.normal(size=(size.sum(), 3))
    utility = features[:, : len(KNOWN)] @ truth.known + rng.gumbel(size=size.sum())
    chosen = np.zeros(size.sum(), dtype=bool)
    chosen[np.arange(400) * 30 + utility.reshape(400, 30).argmax(axis=1)] = True
    found = fit_weights(Lessons(features, chosen, size), USUAL)
    assert found.known[1:4] == pytest.approx(truth.known[1:4], abs=0.2)
    assert found.known[4:] == pytest.approx(USUAL.known[4:], abs=1e-3)
    assert found.new == pytest.approx(USUAL.new, abs=1e-3)


def test_few_baskets_teach_no_weights_and_many_do() -> None:
    few = everybody().take(everybody().shopper < 20)
    model, baskets = fit_recommender(few, IDS, KINDS, now=NOW)
    assert (baskets, model.weights) == (0, USUAL)
    rows = [
        (shopper, 10 + 10 * (shopper % 5), 7.0 * k + 1) for shopper in range(150) for k in range(9)
    ]
    model, baskets = fit_recommender(lines(*rows), IDS, KINDS, now=NOW)
    assert baskets == 150
    assert not np.allclose(model.weights.known, USUAL.known)


def test_a_stored_recommender_recommends_as_before(learned: Recommender) -> None:
    again = recommender_from_arrays(unpack_arrays(pack_arrays(recommender_arrays(learned))))
    past = lines((7, 10, 3.0), (7, 30, 9.0))
    assert again is not None
    assert again.score(past, NOW, {}).rank(6) == learned.score(past, NOW, {}).rank(6)
    assert recommender_from_arrays({"variant_id": IDS}) is None


def test_nothing_sold_is_nothing_learned() -> None:
    model, baskets = fit_recommender(NOBODY, np.zeros(0, np.int64), np.zeros(0, np.int64), now=0.0)
    assert (baskets, model.score(NOBODY, NOW, {}).rank(5)) == (0, [])
    assert isinstance(model.similar, SimilarityModel)


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
