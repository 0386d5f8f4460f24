"""No feature sees sensitive products: the one place that decides it."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given

from profiles.features.core.accumulate import add_up, sum_events
from profiles.features.core.derive import derive_rows
from profiles.features.core.registry import KINDS, NO_SENSITIVE_GOODS, SensitiveProducts, columns_of
from profiles.values import EventValue, FeatureRow
from tests.factories.profiles import BRIE, MERLOT, NOON, accumulate, any_history, make_event

UTC_ZONE = ZoneInfo("UTC")
# Whatever was done with the third cheese and everything of category 30 is nobody's business.
HIDDEN = SensitiveProducts(np.array([30]), np.array([BRIE]))


def features_of(history: list[EventValue], sensitive: SensitiveProducts) -> FeatureRow:
    rows = np.zeros(len(history), dtype=np.int64)
    table = sum_events(columns_of(history), rows, 1, UTC_ZONE, sensitive)
    return next(derive_rows(table, ["alice"], NOON))


def is_hidden(event: EventValue) -> bool:
    return event.variant_id == BRIE or event.category_id == 30


@given(history=any_history())
def test_features_of_a_history_are_those_without_its_sensitive_goods(
    history: list[EventValue],
) -> None:
    """Every number, extremes and affinities too, in bulk and one by one."""
    seen = [event for event in history if not is_hidden(event)]
    row, expected = features_of(history, HIDDEN), features_of(seen, NO_SENSITIVE_GOODS)
    assert row.values == pytest.approx(expected.values, rel=1e-9, abs=1e-12)
    for name in ("category_affinity", "brand_affinity", "variant_affinity"):
        assert getattr(row, name) == pytest.approx(getattr(expected, name), rel=1e-9)
    one_by_one = add_up(accumulate(event, UTC_ZONE, HIDDEN) for event in history)
    assert one_by_one == add_up(accumulate(event, UTC_ZONE) for event in seen)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "order"])
def test_no_act_on_sensitive_goods_adds_anything(kind: str) -> None:
    event = make_event(kind, variant_id=BRIE, category_id=30, brand_id=8)
    nothing = add_up([])
    assert accumulate(event, UTC_ZONE, HIDDEN) == nothing
    assert accumulate(event, UTC_ZONE) != nothing


def test_an_order_as_a_whole_names_no_goods_and_counts() -> None:
    assert accumulate(make_event("order"), UTC_ZONE, HIDDEN).sums["order_count"] == 1.0


def test_goods_without_flags_hide_nothing() -> None:
    columns = columns_of([make_event("view", variant_id=MERLOT), make_event("search")])
    assert NO_SENSITIVE_GOODS.hide(columns).tolist() == [False, False]


def test_other_goods_have_another_fingerprint() -> None:
    moved = SensitiveProducts(np.array([30, BRIE]), np.zeros(0, dtype=np.int64))
    prints = {HIDDEN.fingerprint, NO_SENSITIVE_GOODS.fingerprint, moved.fingerprint}
    assert len(prints) == 3
    assert SensitiveProducts(np.array([30]), np.array([BRIE])).fingerprint == HIDDEN.fingerprint
