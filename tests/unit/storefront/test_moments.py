"""When something ends, told by the clock of whoever reads it."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils import timezone
from django.utils.translation import override

from shop.doors.storefront.templatetags.shop_site import hour, last_day, moment

MIDNIGHT = datetime(2026, 11, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("zone", "told", "until"),
    [
        ("UTC", "Nov. 30, 2026, midnight UTC", "Nov. 29, 2026"),
        ("America/New_York", "Nov. 29, 2026, 7 p.m. EST", "Nov. 29, 2026, 7 p.m. EST"),
        ("Asia/Shanghai", "Nov. 30, 2026, 8 a.m. CST", "Nov. 30, 2026, 8 a.m. CST"),
    ],
)
def test_the_same_end_is_another_day_elsewhere(zone: str, told: str, until: str) -> None:
    with timezone.override(zone):
        assert moment(MIDNIGHT) == told
        assert last_day(MIDNIGHT) == until


def test_an_end_at_midnight_shows_the_day_before() -> None:
    with timezone.override("America/New_York"), override("zh-hans"):
        assert last_day(datetime(2026, 11, 30, 5, tzinfo=UTC)) == "2026年11月29日"
        assert hour(datetime(2026, 11, 30, 5, 30, tzinfo=UTC)) == "00:30 EST"
