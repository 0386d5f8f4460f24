"""Looks at public prices change elasticities: each hour once, as soon as it is counted."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pricing.learning.models.learning import OnlineEvidence
from pricing.learning.services.impression_counts import drain_looks
from pricing.learning.services.learning import learn_online
from tests.factories.looks import buy_shown, fill_shelves, show
from tests.factories.pricing import NOON, Dairy, make_shopper, open_dairy

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")


def at(minutes: float, start: datetime = NOON) -> datetime:
    return start + timedelta(minutes=minutes)


def counts() -> tuple[int, int, int, int]:
    row = OnlineEvidence.objects.get(is_current=True)
    return row.exposures, row.purchases, row.pending_exposures, row.pending_purchases


def test_an_hour_of_looks_counts_once_for_good(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    alice = make_shopper()
    for minute in (5, 55):
        views = show(None, [dairy.brie, dairy.rye], now=at(minute))
    buy_shown(alice, views[dairy.brie], "order-1", now=at(55))
    drain_looks()
    learn_online(now=at(57))
    assert counts() == (0, 0, 4, 1)
    # The first look can no longer be bought at, the last one of the hour can.
    learn_online(now=at(100))
    assert counts() == (0, 0, 4, 1)
    show(None, [dairy.rye], now=at(65))
    drain_looks()
    learn_online(now=at(151))
    assert counts() == (4, 1, 1, 0)
    learn_online(now=at(211))
    assert counts() == (5, 1, 0, 0)
    learn_online(now=at(212))
    assert counts() == (5, 1, 0, 0)
