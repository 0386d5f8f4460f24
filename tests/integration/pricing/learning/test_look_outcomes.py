"""Counts of impressions: only growing, sealed, joined with sales and what chance drew."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor, wait
from datetime import date, timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from pricing.api import ensure_partitions, seal_quotes, turn_price_shocks
from pricing.experiments.models.price_tests import PriceShock
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.impressions import LookSeal, PublicLook, ShockDraw
from pricing.ledger.selectors.impressions import list_price_impressions, load_public_outcomes
from shop.ground.kernel.clock import epoch_ms
from tests.factories.looks import buy_shown, count_impressions, send_back, show
from tests.factories.pricing import NOON, Dairy, make_shopper, open_dairy
from tests.factories.pricing_seals import find_changed_days
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop
from tests.factories.statements import act_before

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=3)
WINDOW = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1), "now": LATER}


def test_a_count_only_grows(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.rye])
    drain_looks()
    rows = PublicLook.objects.filter(variant_id=dairy.rye)
    for change in (
        lambda: rows.update(looks=0),
        lambda: rows.update(public_minor=1),
        rows.delete,
    ):
        with pytest.raises(IntegrityError, match="only grow"), transaction.atomic():
            change()
    rows.update(looks=5)
    assert count_impressions() == {dairy.rye: 5}


def test_days_are_sealed_and_late_looks_refused(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.rye])
    drain_looks()
    assert ensure_partitions(now=NOON, months=0) == 3
    seal_quotes(now=NOON + timedelta(days=2))
    assert LookSeal.objects.get(day=NOON.date()).rows == 1
    assert find_changed_days() == []
    show(None, [dairy.rye])
    assert drain_looks() == 0
    PublicLook.objects.update(looks=2)
    assert find_changed_days() == [date(2026, 11, 25)]


def test_a_day_is_sealed_after_a_running_count(transactional_db: None, dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.rye])
    drain_looks()
    show(None, [dairy.rye])
    sealing: list[Future[int]] = []

    def seal() -> int:
        try:
            return seal_quotes(now=NOON + timedelta(days=2))
        finally:
            connection.close()

    with ThreadPoolExecutor(1) as pool:

        def begin_sealing() -> None:
            sealing.append(pool.submit(seal))
            wait(sealing, timeout=0.5)

        with connection.execute_wrapper(act_before("TABLE incoming_look (", begin_sealing)):
            assert drain_looks() == 1
        assert sealing[0].result() == 1
    assert count_impressions() == {dairy.rye: 2}
    assert find_changed_days() == []


def test_purchases_and_returns_join_looks_of_their_hour_and_price(dairy: Dairy) -> None:
    open_dairy()
    alice, bob = make_shopper(), make_shopper()
    for _ in range(8):
        view = show(None, dairy.all)[dairy.rye]
    buy_shown(alice, view, "order-1", quantity=2)
    buy_shown(bob, view, "order-2")
    send_back(bob, view, "return-1")
    drain_looks()
    found = load_public_outcomes(**WINDOW)
    assert len(found) == len(dairy.all)
    at = found.variant_id.tolist().index(dairy.rye)
    assert (found.looks[at], found.purchases[at], found.units[at]) == (8, 2, 3)
    assert (found.paid_minor[at], found.returned_units[at], found.refunded_minor[at]) == (
        900,
        1,
        300,
    )
    assert found.units.sum() == 3
    assert found.hour_ms[at] == epoch_ms(NOON)
    assert (found.rung_minor[at].tolist(), found.propensity[at]) == ([300, 0, 0], 1.0)
    [row] = list_price_impressions(variant_id=dairy.rye, since=WINDOW["since"], now=LATER)
    assert (row.public_minor, row.looks, row.purchases, row.units) == (300, 8, 2, 3)


def test_looks_carry_the_chances_of_the_weeks_draw(db: None) -> None:
    teas = make_teas()
    open_tea_shop(teas)
    before = MONDAY - timedelta(minutes=1)
    show(None, teas, now=before)
    turn_price_shocks(now=MONDAY)
    after = MONDAY + timedelta(minutes=5)
    show(None, teas, now=after)
    drain_looks()
    shocks = dict(PriceShock.objects.values_list("variant_id", "direction"))
    draw = ShockDraw.objects.get()
    first = PublicLook.objects.filter(book_version__lt=draw.book_version)
    assert set(first.values_list("public_minor", "direction")) == {(459, 0)}
    assert all(chances == [1.0] for chances in first.values_list("rung_probabilities", flat=True))
    rows = PublicLook.objects.filter(book_version__gte=draw.book_version)
    assert dict(rows.values_list("variant_id", "direction")) == dict.fromkeys(teas, 0) | shocks
    for row in rows:
        assert row.rung_minors == [479, 459, 439]
        assert row.rung_probabilities == [0.125, 0.75, 0.125]
        assert row.public_minor == {-1: 439, 0: 459, 1: 479}[row.direction]
