"""Workers have stopped when no job began for a while, whatever the clock did meanwhile."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from shop.doors.backoffice.home.health import find_stop

NOON = datetime(2026, 12, 3, 12, tzinfo=UTC)
LATER, EARLIER = NOON + timedelta(hours=1), NOON - timedelta(hours=2)


@pytest.mark.parametrize(
    ("begun", "stopped_at"),
    [
        ([EARLIER, NOON - timedelta(minutes=14)], None),
        ([EARLIER, None], EARLIER),
        ([EARLIER, LATER], EARLIER),  # the clock was set back: a run of a later hour is no sign
        ([LATER], None),
        ([], None),
    ],
)
def test_a_later_run_is_no_sign_of_life(
    begun: list[datetime | None], stopped_at: datetime | None
) -> None:
    assert find_stop(begun, NOON) == stopped_at
