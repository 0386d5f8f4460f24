"""What is refused at the door, and why."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from profiles.events.core import (
    SCHEMAS,
    EventRefused,
    clean_event,
    correct_clock,
    is_crawler,
    scrub_query,
)
from tests.factories.profiles import CHEDDAR, NOON, make_view

MINUTE = timedelta(minutes=1)


def refusal(raw: Any) -> str:
    with pytest.raises(EventRefused) as refused:
        clean_event(raw, now=NOON, sent_at=None)
    return refused.value.code


CASES = [
    ("not_an_object", ["view"], "wrong_type"),
    ("no_kind", {"id": "x"}, "unknown_kind"),
    ("kind_is_a_list", make_view(kind=["view"]), "unknown_kind"),
    ("other_kind", make_view(kind="dance"), "unknown_kind"),
    ("purchase", make_view(kind="purchase"), "shop_only"),
    ("order", make_view(kind="order"), "shop_only"),
    ("return", make_view(kind="return"), "shop_only"),
    ("price_from_a_browser", make_view(paid_minor=1), "unknown_field"),
    ("view_of_nothing", make_view(variant_id=None), "missing_field"),
    ("search_without_words", {**make_view(kind="search"), "variant_id": None}, "missing_field"),
    ("no_id", make_view(id=None), "missing_field"),
    ("no_time", make_view(occurred_at=None), "missing_field"),
    ("id_is_no_uuid", make_view(id="12345"), "wrong_type"),
    ("id_is_a_number", make_view(id=5), "wrong_type"),
    ("variant_is_text", make_view(variant="101"), "wrong_type"),
    ("variant_is_true", make_view(variant=True), "wrong_type"),
    ("variant_is_huge", make_view(variant=2**63), "wrong_type"),
    ("variant_is_negative", make_view(variant=-1), "wrong_type"),
    ("no_offset", make_view(occurred_at="2026-11-25T12:00:00"), "wrong_type"),
    ("time_is_nonsense", make_view(occurred_at="yesterday"), "wrong_type"),
    ("time_is_a_number", make_view(occurred_at=1.0), "wrong_type"),
    ("zero_pieces", make_view(kind="cart_add", quantity=0), "out_of_range"),
    ("too_many_pieces", make_view(kind="cart_add", quantity=1_000), "out_of_range"),
    ("offer_too_long", make_view(kind="offer_view", offer_ref="x" * 65), "wrong_type"),
    ("zero_character", make_view(kind="offer_view", offer_ref="a\x00b"), "wrong_type"),
    ("first_day_of_time", make_view(occurred_at="0001-01-01T00:00:00+14:00"), "too_old"),
    ("last_day_of_time", make_view(occurred_at="9999-12-31T23:59:59-14:00"), "clock_ahead"),
]


@pytest.mark.parametrize(("_case", "raw", "code"), CASES, ids=[case[0] for case in CASES])
def test_a_wrong_event_is_refused_with_its_reason(_case: str, raw: Any, code: str) -> None:
    assert refusal(raw) == code


def test_a_right_event_is_read_as_it_is() -> None:
    event = clean_event(
        make_view(kind="cart_add", quantity=3, id="0198c5e0-0000-7000-8000-000000000001"),
        now=NOON,
        sent_at=None,
    )
    assert event.id == UUID("0198c5e0-0000-7000-8000-000000000001")
    assert (event.kind, event.variant_id, event.quantity) == ("cart_add", CHEDDAR, 3)
    assert (event.occurred_at, event.is_adjusted) == (NOON, False)


@given(
    raw=st.dictionaries(
        st.sampled_from(["id", "kind", "occurred_at", "variant_id", "query", "quantity", "x"]),
        st.none()
        | st.booleans()
        | st.integers()
        | st.text("a\x00é5-", max_size=40)
        | st.floats()
        | st.sampled_from(sorted(SCHEMAS))
        | st.lists(st.integers(), max_size=2),
    )
)
def test_no_input_breaks_the_door(raw: dict[str, Any]) -> None:
    with suppress(EventRefused):
        assert clean_event(raw, now=NOON, sent_at=None).kind in SCHEMAS


CLOCKS = [
    ("right", NOON - MINUTE, None, (NOON - MINUTE, False)),
    ("two_minutes_ahead", NOON + 2 * MINUTE, None, (NOON, True)),
    ("travel_time", NOON - MINUTE, NOON - timedelta(seconds=1), (NOON - MINUTE, False)),
    ("an_hour_fast", NOON + 59 * MINUTE, NOON + 60 * MINUTE, (NOON - MINUTE, True)),
    ("a_year_slow", NOON - timedelta(days=365), NOON - timedelta(days=365), (NOON, True)),
    ("a_week_ago", NOON - timedelta(days=7), None, (NOON - timedelta(days=7), False)),
]


@pytest.mark.parametrize(("_case", "at", "sent", "expected"), CLOCKS, ids=[c[0] for c in CLOCKS])
def test_clocks_are_corrected(
    _case: str, at: datetime, sent: datetime | None, expected: tuple[datetime, bool]
) -> None:
    assert correct_clock(at, sent, NOON) == expected


@given(
    at=st.datetimes(timezones=st.just(UTC)), sent=st.none() | st.datetimes(timezones=st.just(UTC))
)
def test_an_accepted_event_is_neither_future_nor_too_old(
    at: datetime, sent: datetime | None
) -> None:
    try:
        corrected, _ = correct_clock(at, sent, NOON)
    except (EventRefused, OverflowError):
        return
    assert NOON - timedelta(days=7) <= corrected <= NOON


@pytest.mark.parametrize(
    ("user_agent", "expected"),
    [
        ("Mozilla/5.0 (compatible; bingbot/2.0)", True),
        ("AhrefsBot/7.0", True),
        ("Mozilla/5.0 HeadlessChrome/142.0 Safari/537.36", False),
        ("Mozilla/5.0 (Linux; Android 15; Cubot Note) Chrome/142", False),
        ("Fairtag/1.0 CFNetwork", False),
        ("", False),
    ],
)
def test_robots_that_say_so_are_known(user_agent: str, expected: bool) -> None:
    assert is_crawler(user_agent) is expected


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("brie", "brie"),
        ("  red   wine ", "red wine"),
        ("alice@example.com cheddar", "cheddar"),
        ("call +1 (555) 123-4567 now", "call now"),
        ("7 up 330 ml", "7 up 330 ml"),
        ("奶酪 250克", "奶酪 250克"),
    ],
)
def test_searches_lose_what_names_a_person(typed: str, kept: str) -> None:
    assert scrub_query(typed) == kept
