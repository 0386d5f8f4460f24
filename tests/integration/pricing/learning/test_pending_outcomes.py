"""A look or a purchase moves elasticities within a minute, and counts once when it is settled."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pricing.api import drain_quotes
from pricing.base.core.values import PriceView
from pricing.learning.models.learning import OnlineEvidence
from pricing.learning.selectors.evidence import (
    read_settled,
)
from pricing.learning.services.learning import learn_online
from profiles.values import ShopperValue
from tests.factories.looks import fill_shelves
from tests.factories.pricing import (
    NOON,
    Dairy,
    make_treated,
    open_dairy,
)
from tests.factories.pricing_visits import ask_cheeses, buy_at

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
MINUTE = timedelta(minutes=1)


def ask(dairy: Dairy, shopper: ShopperValue) -> dict[int, PriceView]:
    views = ask_cheeses(dairy, shopper)
    drain_quotes()
    return views


def test_a_decision_is_settled_once_and_no_longer_pending(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    alice = make_treated()
    buy_at(alice, ask(dairy, alice)[dairy.brie], 2)
    moments = (1, 2, 45, 90, 91, 92, 94)
    reports = [learn_online(now=NOON + minutes * MINUTE) for minutes in moments]
    assert [one.exposures for one in reports] == [0, 0, 0, 0, 4, 0, 0]
    assert [one.pending for one in reports] == [4, 4, 4, 4, 0, 0, 0]
    row = OnlineEvidence.objects.get(is_current=True)
    assert (row.exposures, row.purchases) == (4, 1)
    assert (row.pending_exposures, row.pending_purchases) == (0, 0)
    # No row of the minute in which it was settled counts it twice.
    sums = [one.exposures + one.pending_exposures for one in OnlineEvidence.objects.order_by("id")]
    assert sums == [4] * len(sums)


def test_each_busy_minute_has_a_row_and_the_last_arrays(
    dairy: Dairy,
) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    learn_online(now=NOON - MINUTE)
    alice = make_treated()
    views = ask(dairy, alice)
    learn_online(now=NOON + MINUTE)
    learn_online(now=NOON + 2 * MINUTE)
    buy_at(alice, views[dairy.brie], 2)
    learn_online(now=NOON + 3 * MINUTE)
    rows = OnlineEvidence.objects.order_by("id")
    steps = rows.values_list("pending_exposures", "pending_purchases", "at")
    assert list(steps) == [
        (0, 0, NOON - MINUTE),
        (4, 0, NOON + 2 * MINUTE),
        (4, 1, NOON + 3 * MINUTE),
    ]
    assert [bool(row.arrays) for row in rows] == [False, False, True]


def test_delays_of_settled_purchases_are_learned(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    for minutes in (2, 2, 7):
        shopper = make_treated()
        buy_at(shopper, ask(dairy, shopper)[dairy.brie], minutes)
    learn_online(now=NOON + 91 * MINUTE)
    known = read_settled(OnlineEvidence.objects.get(is_current=True))
    assert known is not None
    counted = known.delays.count
    assert {at: float(counted[at]) for at in np.flatnonzero(counted).tolist()} == {2: 2.0, 7: 1.0}
