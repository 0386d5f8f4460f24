"""Segments, their names, and tags: pure functions on features."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from profiles.features.core.derive import VALUE_NAMES
from profiles.segments.core.rules import RULES, fit_thresholds, share_of, tag_shopper
from profiles.segments.core.segmentation import (
    SEGMENT_FEATURES,
    Clusters,
    SegmentModel,
    fit_clusters,
    match_codes,
    model_arrays,
    model_from_arrays,
    name_segments,
)
from profiles.values import FeatureRow
from shop.ground.kernel.arrays import pack_arrays, unpack_arrays
from tests.factories.profiles import BREAD, CHEESE, NOON, WINE

BARGAIN = {"orders": 12.0, "spend": 40_000, "discount_share": 0.8, "basket_lines": 5.0}
FAMILY = {"orders": 10.0, "spend": 160_000, "discount_share": 0.3, "basket_lines": 30.0}
RARE = {"orders": 1.5, "spend": 3_000, "discount_share": 0.35, "basket_lines": 4.0}
OTHERS = {
    "price_level": 0.5,
    "weekend_share": 0.3,
    "category_breadth": 20.0,
    "brand_focus": 0.1,
    "tenure_days": 300.0,
    "recency": 0.9,
    "days_since_order": 3.0,
    "order_interval_days": 7.0,
}


def shoppers(seed: int, *kinds: Mapping[str, float], each: int = 60) -> NDArray[np.float64]:
    """Return features of shoppers scattered about each kind, 5 % wide."""
    rng = np.random.default_rng(seed)
    rows = []
    for kind in kinds:
        middle = np.array([(OTHERS | dict(kind)).get(name, 0.0) for name in VALUE_NAMES])
        rows.append(middle * rng.normal(1, 0.05, (each, len(middle))))
    return np.concatenate(rows)


def model_of(clusters: Clusters, codes: tuple[str, ...]) -> SegmentModel:
    return SegmentModel(codes, clusters.centroids, clusters.mean, clusters.scale, {})


def kinds_found(clusters: Clusters, each: int = 60) -> list[int]:
    """Return the label of each kind; fails if a kind was torn apart."""
    groups = clusters.labels.reshape(-1, each)
    assert all(len(set(group.tolist())) == 1 for group in groups)
    return [int(group[0]) for group in groups]


def test_kinds_that_differ_are_told_apart() -> None:
    clusters = fit_clusters(shoppers(1, BARGAIN, FAMILY, RARE), grid=(2, 3, 4, 5), seed=7)
    assert len(clusters.centroids) == 3
    assert sorted(kinds_found(clusters)) == [0, 1, 2]


def test_the_same_input_and_seed_give_the_same_segments() -> None:
    values = shoppers(2, BARGAIN, FAMILY, RARE)
    one, two = (fit_clusters(values, grid=(3, 4), seed=7) for _ in range(2))
    assert np.array_equal(one.centroids, two.centroids)
    assert one.silhouettes == two.silhouettes


def test_codes_survive_a_refit_in_another_order_on_other_shoppers() -> None:
    first = fit_clusters(shoppers(3, BARGAIN, FAMILY, RARE), grid=(3,), seed=1)
    bargain, family, rare = kinds_found(first)
    names = {bargain: "bargain", family: "family", rare: "rare"}
    model = model_of(first, tuple(names[n] for n in range(3)))

    again = fit_clusters(shoppers(4, RARE, FAMILY, BARGAIN), grid=(3,), seed=99)
    codes = match_codes(again, model)

    assert [codes[label] for label in kinds_found(again)] == ["rare", "family", "bargain"]


def test_a_new_kind_gets_no_old_code() -> None:
    first = fit_clusters(shoppers(5, BARGAIN, FAMILY), grid=(2,), seed=1)
    model = model_of(first, ("one", "two"))
    again = fit_clusters(shoppers(6, BARGAIN, FAMILY, RARE), grid=(3,), seed=1)
    codes = match_codes(again, model)
    assert sorted(code for code in codes if code) == ["one", "two"]
    assert codes[kinds_found(again)[2]] is None


def test_a_first_fit_has_no_codes_yet() -> None:
    clusters = fit_clusters(shoppers(5, BARGAIN, FAMILY), grid=(2,), seed=1)
    assert match_codes(clusters, None) == (None, None)


def test_a_feature_nobody_differs_in_does_no_harm() -> None:
    values = shoppers(7, BARGAIN, FAMILY)
    values[:, VALUE_NAMES.index("weekend_share")] = 0.25
    clusters = fit_clusters(values, grid=(2,), seed=1)
    assert np.isfinite(clusters.centroids).all()


def test_a_stored_model_assigns_as_before() -> None:
    values = shoppers(8, BARGAIN, FAMILY, RARE)
    model = model_of(fit_clusters(values, grid=(3,), seed=1), ("a", "b", "c"))
    again = model_from_arrays(unpack_arrays(pack_arrays(model_arrays(model))))
    assert again.codes == ("a", "b", "c")
    assert np.array_equal(again.assign(values), model.assign(values))


def test_a_model_of_other_features_is_refused() -> None:
    arrays = model_arrays(
        model_of(fit_clusters(shoppers(8, BARGAIN, RARE), grid=(2,), seed=1), ("a", "b"))
    )
    arrays["features"] = np.array(["orders"])
    with pytest.raises(ValueError, match="other features"):
        model_from_arrays(arrays)


def test_one_shopper_is_assigned_as_all_are() -> None:
    values = shoppers(9, BARGAIN, FAMILY, RARE)
    model = model_of(fit_clusters(values, grid=(3,), seed=1), ("a", "b", "c"))
    together = [model.codes[n] for n in model.assign(values)]
    alone = [model.assign_one(dict(zip(VALUE_NAMES, row, strict=True))) for row in values.tolist()]
    assert alone == together


def test_who_never_ordered_has_no_segment() -> None:
    model = model_of(fit_clusters(shoppers(9, BARGAIN, RARE), grid=(2,), seed=1), ("a", "b"))
    assert model.assign_one(dict.fromkeys(VALUE_NAMES, 0.0)) is None


def centroid(**traits: float) -> list[float]:
    return [traits.get(name, 0.0) for name in SEGMENT_FEATURES]


def names_of(*centroids: list[float], taken: tuple[str, ...] = ()) -> list[tuple[str, str]]:
    width = len(SEGMENT_FEATURES)
    named = name_segments(np.array(centroids), np.zeros(width), np.ones(width), taken)
    return [(name.name, name.name_zh) for name in named]


def test_names_say_what_sets_a_segment_apart() -> None:
    assert names_of(
        centroid(discount_share=1.5, orders=-1.0, spend=0.2),
        centroid(basket_lines=2.0),
        centroid(orders=0.1),
    ) == [
        ("Mostly on offer, occasional visits", "多买特价、偶尔来"),
        ("Full baskets", "大购物篮"),
        ("Typical shoppers", "典型顾客"),
    ]


def test_no_two_segments_are_called_alike() -> None:
    same = centroid(orders=1.0)
    names = [name for name, _ in names_of(same, same, same, same, taken=("Frequent visits",))]
    assert len(set(names)) == 4
    assert "Frequent visits" not in names


@given(
    st.lists(
        st.lists(st.floats(-3, 3), min_size=len(SEGMENT_FEATURES), max_size=len(SEGMENT_FEATURES)),
        min_size=1,
        max_size=12,
    )
)
def test_every_segment_gets_a_name_of_its_own(centroids: list[list[float]]) -> None:
    names = [name for name, _ in names_of(*centroids)]
    assert len(set(names)) == len(centroids)
    assert all(names)


def row(**values: float) -> FeatureRow:
    affinity = {CHEESE: 2.0, BREAD: 1.0, WINE: 1.0}
    return FeatureRow(
        shopper="alice",
        as_of=NOON,
        values=dict.fromkeys(VALUE_NAMES, 0.0) | OTHERS | values,
        category_affinity=affinity,
    )


THRESHOLDS = {rule.threshold_name: 1e9 if rule.quantile > 0.5 else -1.0 for rule in RULES}


@pytest.mark.parametrize(
    ("values", "thresholds", "expected"),
    [
        ({"orders": 5, "weekend_share": 0.5}, {"weekend:weekend_share": 0.5}, ("weekend",)),
        ({"orders": 5, "weekend_share": 0.49}, {"weekend:weekend_share": 0.5}, ()),
        ({"orders": 0.9, "weekend_share": 0.9}, {"weekend:weekend_share": 0.5}, ()),
        ({"orders": 5}, {"fresh_food:fresh_share": 0.25}, ("fresh_food",)),
        ({"orders": 5}, {"fresh_food:fresh_share": 0.26}, ()),
        ({"orders": 5, "basket_lines": 2}, {"quick_trip:basket_lines": 3.0}, ("quick_trip",)),
        ({"orders": 5, "tenure_days": 30}, {}, ("new_here",)),
        ({"orders": 5, "days_since_order": 31, "order_interval_days": 10}, {}, ()),
        ({"orders": 0, "days_since_order": 3_650, "order_interval_days": 0}, {}, ()),
    ],
)
def test_tags_follow_their_rules(
    values: dict[str, float], thresholds: dict[str, float], expected: tuple[str, ...]
) -> None:
    assert tag_shopper(row(**values), THRESHOLDS | thresholds, {BREAD}) == expected


def test_thresholds_are_quantiles_of_who_ordered_enough() -> None:
    values = np.zeros((11, len(VALUE_NAMES)))
    values[:, VALUE_NAMES.index("orders")] = 5.0
    values[:, VALUE_NAMES.index("weekend_share")] = np.linspace(0, 1, 11)
    values[10, VALUE_NAMES.index("orders")] = 0.5  # too few: left out
    thresholds = fit_thresholds(values, np.linspace(0, 0.1, 11))
    assert thresholds["weekend:weekend_share"] == pytest.approx(0.675)
    assert thresholds["fresh_food:fresh_share"] == 0.15  # never below what the words promise


def test_without_shoppers_there_are_no_thresholds_and_no_tags() -> None:
    assert fit_thresholds(np.zeros((0, len(VALUE_NAMES))), np.zeros(0)) == {}
    assert tag_shopper(row(orders=5), {}, set()) == ()


def test_the_share_of_nothing_is_nothing() -> None:
    assert share_of({}, {1}) == 0.0
