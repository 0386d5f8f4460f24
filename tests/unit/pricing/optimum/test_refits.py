"""How far a refit's prices are from those of the model in use, and what is too far."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pricing.base.core.price_points import price_ladder
from pricing.optimum.core.monitoring import (
    RefitBounds,
    RefitShift,
    compare_refit,
    find_excess,
    judge_refit,
)

CALM = RefitShift(100, 0.3, 0.01, 0.0, 0.02, 0.05, 0.3)
PRICES = st.lists(st.integers(50, 5_000), min_size=1, max_size=20)


@given(PRICES, st.integers(-3, 3))
def test_a_move_of_so_many_rungs_is_counted_as_such(prices: list[int], steps: int) -> None:
    ladder = price_ladder()
    at = np.searchsorted(ladder, np.array(prices))
    before, after = ladder[at][:, None], ladder[np.maximum(at + steps, 0)][:, None]
    one = np.ones(len(prices))
    shift = compare_refit(before, after, (one, one))
    assert shift.far_share == (1.0 if abs(steps) > 1 else 0.0)
    assert shift.moved_share == (1.0 if steps else 0.0)
    assert shift.price_median == pytest.approx(np.median(np.abs(np.log(after / before))))
    assert shift.elasticity_p95 == 0.0


def test_a_variant_counts_by_the_price_that_moves_furthest() -> None:
    before = np.array([[400, 399, 389], [400, 399, 389]])
    after = np.array([[400, 399, 389], [400, 389, 359]])
    shift = compare_refit(before, after, (np.ones(2), np.array([1.0, 2.0])))
    assert (shift.moved_share, shift.far_share) == (0.5, 0.5)
    assert shift.price_p95 == pytest.approx(0.95 * np.log(389 / 359))
    assert shift.elasticity_median == pytest.approx(np.log(2) / 2)


def test_a_shop_without_goods_has_nothing_to_compare() -> None:
    none = np.zeros((0, 3), dtype=np.int64)
    assert judge_refit(compare_refit(none, none, (np.zeros(0), np.zeros(0))), {}, {}) == []


@pytest.mark.parametrize("name", ["far_share", "price_p95", "elasticity_median"])
def test_each_bound_of_prices_holds_alone(name: str) -> None:
    limit = getattr(RefitBounds(), name)
    assert judge_refit(replace(CALM, **{name: limit}), {}, {}) == []
    found = judge_refit(replace(CALM, **{name: limit + 0.01}), {}, {})
    assert found == [{"code": name, "value": pytest.approx(limit + 0.01), "limit": limit}]
    for value in (float("nan"), float("inf")):
        found = judge_refit(replace(CALM, **{name: value}), {}, {})
        assert found == [{"code": name, "value": None, "limit": limit}]


def test_goods_that_lose_their_own_model_are_counted() -> None:
    assert judge_refit(CALM, {"items": 100}, {"items": 80}) == []
    assert judge_refit(CALM, {"items": 0}, {"items": 0}) == []
    found = judge_refit(CALM, {"items": 100}, {"items": 79})
    assert found == [{"code": "items", "value": 79, "limit": 80.0}]


def test_forecasts_may_be_a_tenth_worse() -> None:
    former = {"wmape": 0.5, "deviance": 2.0, "coverage_90": 0.92}
    assert judge_refit(CALM, former, {"wmape": 0.54, "deviance": 1.0, "coverage_90": 0.84}) == []
    assert judge_refit(CALM, {}, {"wmape": 9.9}) == []
    worse = judge_refit(CALM, former, {"wmape": 0.56, "deviance": 2.3, "coverage_90": 0.98})
    assert [one["code"] for one in worse] == ["wmape", "deviance", "coverage_90"]


@pytest.mark.parametrize("value", [float("nan"), float("inf"), None])
@pytest.mark.parametrize("name", ["wmape", "deviance", "coverage_90"])
def test_a_nan_figure_is_beyond_its_bound(name: str, value: float | None) -> None:
    former = {"wmape": 0.5, "deviance": 2.0, "coverage_90": 0.92}
    (found,) = judge_refit(CALM, former, {name: value})
    assert (found["code"], found["value"]) == (name, None)
    assert json.loads(json.dumps(found, allow_nan=False)) == found


@given(st.floats(), st.floats(0, 10))
def test_only_a_number_within_its_limit_is_not_beyond_it(value: float, limit: float) -> None:
    assert (find_excess("wmape", value, limit) is None) == (value <= limit and value > -np.inf)
