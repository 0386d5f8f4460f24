"""When a campaign begins and ends, as staff type it: the same blanks everywhere."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from promotions.planning.api import BLANKS
from shop.doors.backoffice.campaigns.sentences import MarketContext, make_form

PLACE = MarketContext("us", "USD", "America/New_York", "en", datetime(2026, 11, 30, tzinfo=UTC))
FAR = "Choose a day from 2000-01-01 to 2036-11-29."


@pytest.mark.parametrize(
    ("starts", "ends", "errors"),
    [
        ("2000-01-01T00:00", "2036-11-29T18:00", {}),
        ("0001-01-01T00:00", "2026-12-08T00:00", {"starts_at": [FAR]}),
        ("1999-12-31T23:59", "2026-12-08T00:00", {"starts_at": [FAR]}),
        ("2026-12-08T00:00", "9999-12-31T23:59", {"ends_at": [FAR]}),
        ("2026-12-08T00:00", "2036-11-30T00:00", {"ends_at": [FAR]}),
        ("2026-12-08T00:00", "2026-12-08T00:00", {"ends_at": ["It must end after it begins."]}),
    ],
)
def test_windows_are_in_order_and_not_far(
    starts: str, ends: str, errors: dict[str, list[str]]
) -> None:
    form = make_form((BLANKS["starts_at"], BLANKS["ends_at"]), PLACE)
    filled = form({"starts_at": starts, "ends_at": ends})
    assert filled.errors == errors
    assert filled["ends_at"].value() == ends
