"""Days of arrival in words."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from django.utils.translation import override

from orders.values import DeliveryOption
from shop.doors.storefront.templatetags.arrivals import describe_arrival

MONDAY = datetime(2026, 11, 30, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("days", "english", "chinese"),
    [
        ((0, 0), "today", "今天"),
        ((0, 1), "by Tue, Dec 1", "最晚12月1日周二"),
        ((2, 2), "Wed, Dec 2", "12月2日周三"),
        ((1, 3), "Tue, Dec 1\u2009–\u2009Thu, Dec 3", "12月1日周二至3日周四"),
    ],
)
def test_arrival_names_days(days: tuple[int, int], english: str, chinese: str) -> None:
    option = DeliveryOption("van", "Van", 499, 499, None, 0, *days, needs_address=True)
    assert describe_arrival(option, now=MONDAY, locale="en_US") == english
    with override("zh-hans"):
        assert describe_arrival(option, now=MONDAY, locale="zh_Hans_CN") == chinese
