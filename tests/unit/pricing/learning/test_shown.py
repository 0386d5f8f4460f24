"""What was shown and sold as impressions: every look once, in the set it was in."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.impressions import HOUR_MS
from pricing.demand.core.choice import Impressions
from pricing.learning.core.shown import (
    COLUMNS,
    DAY_MS,
    HISTORY_DAYS,
    SetRows,
    ShownRows,
    describe,
    find_moved,
    forget_old,
    forget_products,
    place_in_catalogue,
    read_decided,
    read_public,
)
from pricing.optimum.core.signals import RAW_SIGNALS, SIGNALS, ShopperSignals, SignalWeights
from pricing.optimum.core.signals import sensitivity_boost as boost_of


def rows(variant: list[int], seen: list[float], bought: list[float], hour: int = 1) -> ShownRows:
    n, one = len(variant), np.ones(len(variant), dtype=np.int64)
    return ShownRows(
        variant_id=np.array(variant),
        category_id=one,
        family_id=one,
        at_ms=hour * HOUR_MS * one,
        price_minor=400 * one,
        anchor_minor=400 * one,
        competitor_minor=np.full(n, np.nan),
        moved=np.full(n, np.nan),
        seen=np.array(seen),
        bought=np.array(bought),
        share=np.ones(n),
    )


def list_sets(seen: Impressions) -> list[tuple[float, list[int], list[float]]]:
    return [
        (
            round(weight, 9),
            seen.item[seen.set_of == at].tolist(),
            seen.bought[seen.set_of == at].round(9).tolist(),
        )
        for at, weight in enumerate(seen.weight.tolist())
    ]


def test_looks_belong_to_sets_of_their_hour_or_stand_alone() -> None:
    hour = np.full(6, HOUR_MS)
    sets = SetRows(
        set_id=np.array([0, 0, 1, 1, 2, 2]),
        hour_ms=np.concatenate([hour[:4], 2 * hour[4:]]),  # the last is of another hour
        book_version=np.ones(6, dtype=np.int64),
        variant_id=np.array([1, 2, 2, 9, 1, 2]),  # of 9 no look was told: it was sold out
        pages=np.array([6.0, 6.0, 3.0, 3.0, 5.0, 5.0]),
    )
    seen = read_public(rows([1, 2, 3], [10, 10, 4], [1, 2, 0]), np.ones(3, dtype=np.int64), sets)
    assert list_sets(seen) == [
        (6.0, [1, 2], [0.6, 1.2]),
        (4.0, [2], [0.8]),  # three pages beside what was sold out, and one alone
        (4.0, [1], [0.4]),
        (4.0, [3], [0.0]),
    ]
    assert not seen.shopper.any()
    assert not seen.response.any()


@given(st.lists(st.integers(0, 6), min_size=4, max_size=4), st.integers(0, 20))
def test_no_look_and_no_purchase_is_lost_or_doubled(pages: list[int], bought: int) -> None:
    impressions = [float(pages[0] + pages[1] + 2), float(pages[0] + pages[2]), float(pages[3])]
    shown = rows([1, 2, 3], impressions, [float(min(bought, impressions[0])), 0.0, 0.0])
    shown = shown.take(shown.seen > 0)
    sets = SetRows(
        set_id=np.array([0, 0, 1, 2]),
        hour_ms=np.full(4, HOUR_MS),
        book_version=np.ones(4, dtype=np.int64),
        variant_id=np.array([1, 2, 1, 2]),
        pages=np.array([pages[0], pages[0], pages[1], pages[2]], dtype=np.float64),
    )
    some = sets.pages > 0
    sets = SetRows(*(getattr(sets, name)[some] for name in SetRows.__slots__))
    seen = read_public(shown, np.ones(len(shown), dtype=np.int64), sets)
    for variant, look in zip(shown.variant_id.tolist(), shown.seen.tolist(), strict=True):
        at = seen.item == variant
        assert np.isclose(seen.weight[seen.set_of][at].sum(), look)
    assert np.isclose(seen.bought.sum(), shown.bought.sum())


def test_products_of_one_page_are_one_choice() -> None:
    signals = ShopperSignals(*(np.full((1, 4), 2.0) for _ in RAW_SIGNALS))
    shown = rows([1, 2, 3, 1], [1, 1, 1, 1], [1, 1, 0, 0])
    seen = read_decided(shown, np.array([5, 5, 6, 5]), signals)
    assert list_sets(seen) == [(2.0, [1, 2], [1.0, 1.0]), (1.0, [3], [0.0])]
    assert seen.columns == COLUMNS
    assert (seen.shopper == 1.0).all()
    assert not len(
        read_decided(shown.take(np.zeros(0, dtype=np.int64)), shown.family_id[:0], signals)
    )


def test_open_looks_count_by_share_and_their_purchases_whole() -> None:
    signals = ShopperSignals(*(np.full((1, 3), 2.0) for _ in RAW_SIGNALS))
    shown = replace(rows([1, 2, 3], [8, 4, 1], [1, 0, 0]), share=np.array([0.25, 0.5, 0.5]))
    decided = read_decided(shown, np.array([5, 6, 6]), signals)
    assert list_sets(decided) == [(1.0, [1], [1.0]), (0.5, [2, 3], [0.0, 0.0])]
    public = read_public(shown, np.ones(3, dtype=np.int64), no_sets())
    assert list_sets(public) == [(2.0, [1], [1.0]), (2.0, [2], [0.0]), (0.5, [3], [0.0])]


@given(
    st.lists(st.floats(0, 50), min_size=6, max_size=6),
    st.integers(0, 5),
    st.floats(0, 50),
)
def test_more_of_anything_never_lowers_a_response_column(
    sums: list[float], which: int, more: float
) -> None:
    def columns(values: list[float]) -> np.ndarray:
        return describe(ShopperSignals(*(np.array([[one]]) for one in values)))[1]

    grown = [one + more * (at == which) for at, one in enumerate(sums)]
    assert (columns(grown) >= columns(sums) - 1e-12).all()
    assert columns(grown).max() <= 1.0


def test_the_columns_are_what_weights_of_quotes_weigh() -> None:
    rng = np.random.default_rng(3)
    signals = ShopperSignals(*(rng.gamma(1.0, 2.0, (1, 20)) for _ in RAW_SIGNALS))
    learned = dict(zip(SIGNALS, (0.4, 0.0, 1.1, 0.0, 0.3), strict=True))
    boost = boost_of(signals, SignalWeights(**learned))[0]
    level, response = describe(signals)
    assert level.shape == (20, len(COLUMNS.goods))
    assert np.allclose(response @ np.array(list(learned.values())), boost)


def test_what_is_known_counts_where_interest_has_no_weight() -> None:
    one = np.array([[2.0]])
    signals = ShopperSignals(one, one, 0 * one, 0 * one, one, 0 * one)
    weights = SignalWeights(deals=0.5, offers=0.0, category=0.0, family=0.0, variant=0.0)
    assert boost_of(signals, weights)[0, 0] > 0.0


def test_what_chance_did_is_told_where_it_could_do_something() -> None:
    price_points = np.array([[400, 360, 0], [400, 0, 0], [400, 360, 0]])
    chances = np.array([[0.5, 0.5, 0.0], [1.0, 0.0, 0.0], [1.0, 0.0, 0.0]])
    moved = find_moved(np.array([360, 400, 400]), price_points, chances)
    assert np.allclose(moved, [np.log(0.9) / 2.0, np.nan, np.nan], equal_nan=True)


def test_old_goods_and_old_days_are_let_go() -> None:
    days = [
        read_public(
            rows([1, 2], [3, 3], [0, 0], hour=24 * day), np.ones(2, dtype=np.int64), no_sets()
        )
        for day in (0, 50, 200)
    ]
    seen = days[0].join(*days[1:])
    assert seen.day.tolist() == [0, 0, 50, 50, 200, 200]
    assert set(forget_old(seen, 200.0 + 1e-3, 100).day.tolist()) == {50, 200}
    assert HISTORY_DAYS < 200.0
    assert set(forget_old(seen, 201.0, 2).day.tolist()) == {200}
    assert set(forget_products(seen, np.array([2])).item.tolist()) == {1}
    assert forget_products(seen, np.array([2])).set_of.tolist() == [0, 1, 2]
    here = place_in_catalogue(seen, np.array([2]), np.array([8]), np.array([9]))
    assert (set(here.item), set(here.category), set(here.family)) == ({2}, {8}, {9})
    assert here.day.tolist() == [0, 50, 200]
    assert DAY_MS == 24 * HOUR_MS


def no_sets() -> SetRows:
    none = np.zeros(0, dtype=np.int64)
    return SetRows(none, none, none, none, np.zeros(0))
