"""The one definition of features."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.features.core.accumulate import (
    LONG_SUMS,
    SHORT_SUMS,
    NamedSums,
    WeighedEvents,
    add_up,
    named_sums,
    sum_events,
    table_of_one,
)
from profiles.features.core.derive import VALUE_NAMES, derive, derive_rows, derive_sums
from profiles.features.core.registry import (
    FEATURES,
    KINDS,
    NO_SENSITIVE_GOODS,
    Feature,
    UnknownFeature,
    check_feature,
    check_registry,
    columns_of,
    require_features,
)
from profiles.values import EventValue, FeatureRow
from tests.factories.profiles import (
    CHEDDAR,
    CHEESE,
    GOUDA,
    NOON,
    accumulate,
    any_event,
    any_history,
    make_event,
)

UTC_ZONE = ZoneInfo("UTC")
NEW_YORK = ZoneInfo("America/New_York")
MONOTONE = [name for name in VALUE_NAMES if FEATURES[name].is_monotone]
DAY = timedelta(days=1)


def features(history: list[EventValue], as_of: datetime = NOON) -> FeatureRow:
    rows = np.zeros(len(history), dtype=np.int64)
    table = sum_events(columns_of(history), rows, 1, UTC_ZONE, NO_SENSITIVE_GOODS)
    return next(derive_rows(table, ["alice"], as_of))


def test_a_view_is_worth_half_after_two_weeks() -> None:
    assert features([make_event("view")]).values["activity"] == 1.0
    assert features([make_event("view", NOON - 14 * DAY)]).values["activity"] == pytest.approx(0.5)


def test_spend_is_worth_half_after_ninety_days() -> None:
    history = [make_event("purchase", NOON - 90 * DAY, paid_minor=800, list_minor=1_000)]
    assert features(history).values["spend"] == pytest.approx(400.0)


def test_shares_do_not_fade() -> None:
    history = [
        make_event("purchase", NOON - 200 * DAY, paid_minor=300, list_minor=400),
        make_event(
            "purchase", NOON - 200 * DAY, paid_minor=600, is_discounted=False, list_minor=600
        ),
    ]
    values = features(history).values
    assert values["discount_share"] == pytest.approx(0.5)
    assert values["savings_share"] == pytest.approx(0.1)


def test_price_level_is_the_mean_rank_of_what_was_bought() -> None:
    ranks = [0.0, 1.0, 0.5, None]
    history = [make_event("purchase", price_rank=rank) for rank in ranks]
    assert features(history).values["price_level"] == pytest.approx(0.5)
    assert features([make_event("view")]).values["price_level"] == 0.5


def test_order_rhythm_and_recency() -> None:
    history = [make_event("order", NOON - days * DAY) for days in (30, 20, 10)]
    values = features(history).values
    assert values["order_interval_days"] == pytest.approx(10.0)
    assert values["days_since_order"] == pytest.approx(10.0)
    assert values["tenure_days"] == pytest.approx(30.0)
    assert values["recency"] == pytest.approx(2 ** (-10 / 14))


def test_the_weekend_is_where_the_shop_is() -> None:
    sunday_night = datetime(2026, 11, 22, 23, tzinfo=NEW_YORK)
    order = make_event("order", sunday_night)
    assert accumulate(order, NEW_YORK).sums["weekend_orders"] > 0
    assert "weekend_orders" not in accumulate(order, UTC_ZONE).sums


def test_interest_weighs_purchases_more_than_views() -> None:
    row = features([make_event("view"), make_event("purchase", variant_id=GOUDA)])
    assert row.variant_affinity == {CHEDDAR: pytest.approx(1.0), GOUDA: pytest.approx(3.0)}
    assert row.category_affinity == {CHEESE: pytest.approx(4.0)}


def test_breadth_is_the_effective_number_of_categories() -> None:
    history = [make_event("view", category_id=n) for n in range(5)]
    assert features(history).values["category_breadth"] == pytest.approx(5.0)
    assert features(history[:1] * 3).values["category_breadth"] == pytest.approx(1.0)


@given(history=any_history())
def test_one_by_one_equals_all_at_once(history: list[EventValue]) -> None:
    total = add_up(accumulate(event, NEW_YORK) for event in history)
    state = NamedSums(
        sums=total.sums | total.highs | total.lows,
        categories=total.categories,
        brands=total.brands,
        variants=total.variants,
    )
    one = next(derive_rows(table_of_one(state), ["alice"], NOON))
    rows = np.zeros(len(history), dtype=np.int64)
    table = sum_events(columns_of(history), rows, 1, NEW_YORK, NO_SENSITIVE_GOODS)
    many = next(derive_rows(table, ["alice"], NOON))
    assert one.values == pytest.approx(many.values, rel=1e-9, abs=1e-12)
    assert one.variant_affinity == pytest.approx(many.variant_affinity, rel=1e-9)


@given(history=any_history(), days=st.integers(0, 60))
def test_sums_as_of_a_day_know_nothing_later(history: list[EventValue], days: int) -> None:
    moment = NOON - timedelta(days=days)
    past = [event for event in history if event.occurred_at <= moment]
    weighed, alone = (
        WeighedEvents.of(
            columns_of(events), np.zeros(len(events), np.int64), 1, NEW_YORK, NO_SENSITIVE_GOODS
        )
        for events in (history, past)
    )
    known = named_sums(weighed.sum_until(moment.timestamp()), 0)
    assert known == named_sums(alone.sum_until(np.inf), 0)  # the same bits


@given(history=any_history())
def test_sums_survive_being_stored(history: list[EventValue]) -> None:
    rows = np.zeros(len(history), dtype=np.int64)
    table = sum_events(columns_of(history), rows, 1, UTC_ZONE, NO_SENSITIVE_GOODS)
    again = table_of_one(named_sums(table, 0))
    one, other = (next(derive_rows(t, ["alice"], NOON)) for t in (table, again))
    assert one.values == other.values
    assert one.category_affinity == other.category_affinity


@given(history=any_history())
def test_a_part_of_a_profile_equals_the_whole(history: list[EventValue]) -> None:
    rows = np.zeros(len(history), dtype=np.int64)
    table = sum_events(columns_of(history), rows, 1, UTC_ZONE, NO_SENSITIVE_GOODS)
    state = named_sums(table, 0)
    whole = derive(state, "alice", NOON)
    names = [name for name in SHORT_SUMS + LONG_SUMS if name in VALUE_NAMES]
    part = derive_sums(state, names, "alice", NOON)
    assert part.values == {name: whole.values[name] for name in names}
    assert part.category_affinity == whole.category_affinity
    assert part.variant_affinity == whole.variant_affinity


def test_a_share_needs_the_whole_profile() -> None:
    with pytest.raises(KeyError, match="brand_focus"):
        derive_sums(NamedSums({}, {}, {}, {}), ["brand_focus"], "alice", NOON)


@given(histories=st.lists(any_history(max_size=12), min_size=1, max_size=5))
def test_shoppers_do_not_see_each_other(histories: list[list[EventValue]]) -> None:
    events = [event for history in histories for event in history]
    owners = [row for row, history in enumerate(histories) for _ in history]
    table = sum_events(
        columns_of(events),
        np.array(owners, dtype=np.int64),
        len(histories),
        UTC_ZONE,
        NO_SENSITIVE_GOODS,
    )
    together = list(derive_rows(table, [str(n) for n in range(len(histories))], NOON))
    for history, row in zip(histories, together, strict=True):
        alone = features(history)
        assert row.values == pytest.approx(alone.values, rel=1e-9, abs=1e-12)
        assert row.brand_affinity == pytest.approx(alone.brand_affinity, rel=1e-9)


@given(history=any_history(), new=any_event())
def test_one_more_event_never_lowers_a_feature_of_a_price(
    history: list[EventValue], new: EventValue
) -> None:
    """Loyalty never costs: whatever is done, no feature that may make a price falls."""
    before, after = features(history), features([*history, new])
    for name in MONOTONE:
        assert after.values[name] >= before.values[name] * (1 - 1e-12), name
    for affinity in ("category_affinity", "brand_affinity", "variant_affinity"):
        old, grown = getattr(before, affinity), getattr(after, affinity)
        assert all(grown[key] >= value * (1 - 1e-12) for key, value in old.items())


@given(history=any_history(), new=any_event())
def test_a_later_copy_of_an_event_lowers_no_feature(
    history: list[EventValue], new: EventValue
) -> None:
    early = replace(new, occurred_at=new.occurred_at - 5 * DAY)
    recent, old = features([*history, new]), features([*history, early])
    for name in set(MONOTONE) - {"tenure_days"}:
        assert recent.values[name] >= old.values[name] * (1 - 1e-12), name


def test_weights_stay_finite_for_decades() -> None:
    for year in (1995, 2060):
        row = features(
            [make_event("view", datetime(year, 1, 1, tzinfo=UTC))], datetime(year, 1, 2, tzinfo=UTC)
        )
        assert 0.9 < row.values["activity"] < 1.0


def test_every_derived_feature_is_registered() -> None:
    affinities = {"category_affinity", "brand_affinity", "variant_affinity"}
    assert set(FEATURES) == set(VALUE_NAMES) | affinities
    check_registry()


@pytest.mark.parametrize(
    ("name", "purpose"),
    [("income", "price"), ("discount_share", "price"), ("spend", "marketing")],
)
def test_an_unlisted_feature_or_purpose_is_refused(name: str, purpose: str) -> None:
    with pytest.raises(UnknownFeature):
        require_features([name], purpose=purpose)


def _feature(**changes: object) -> Feature:
    known = {
        "name": "spend",
        "purposes": frozenset({"price"}),
        "source": "purchases",
        "sensitivity": "low",
        "is_monotone": True,
        "meaning": "money",
    }
    return Feature(**(known | changes))


@pytest.mark.parametrize(
    "feature",
    [
        _feature(name="device_type"),
        _feature(name="zip"),
        _feature(is_monotone=False),
        _feature(purposes=frozenset()),
        _feature(purposes=frozenset({"resale"})),
        _feature(sensitivity="high"),
        _feature(source=""),
    ],
    ids=["device", "place", "can_fall", "no_purpose", "wrong_purpose", "sensitive", "no_source"],
)
def test_some_features_cannot_be_registered(feature: Feature) -> None:
    with pytest.raises(UnknownFeature):
        check_feature(feature)


def test_kinds_of_the_table_and_of_features_are_the_same() -> None:
    assert len(set(KINDS)) == 12
