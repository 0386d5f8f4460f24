"""A look or a purchase moves elasticities within a minute, and counts once when it is settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import numpy as np
import pytest

from pricing.core.online import Evidence
from pricing.core.values import PriceView
from pricing.models import OnlineEvidence
from pricing.selectors.evidence import list_learned, load_evidence, newest_evidence, read_settled
from pricing.services import drain_quotes, publish_price_book, quote_variants, verify_quote
from pricing.services.learning import learn_online
from profiles.core.values import ShopperValue
from shop.kernel.arrays import hash_arrays, pack_arrays
from tests.factories.pricing import (
    NOON,
    Dairy,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_visits import ask_cheeses, buy_at

pytestmark = pytest.mark.django_db
PLACE = ("us", "online")
MINUTE = timedelta(minutes=1)


def ask(dairy: Dairy, shopper: ShopperValue) -> dict[int, PriceView]:
    views = ask_cheeses(dairy, shopper)
    drain_quotes()
    return views


def believed() -> Evidence:
    found = load_evidence(PLACE)
    assert found is not None
    return found


def settled() -> Evidence:
    return Evidence.from_arrays(read_settled(OnlineEvidence.objects.get(is_current=True)))


def level(evidence: Evidence, variant: int) -> float:
    return float(evidence.level[evidence.variant_id.tolist().index(variant)])


def test_looks_and_purchases_move_what_is_believed_within_a_minute(dairy: Dairy) -> None:
    open_dairy()
    learn_online(now=NOON - MINUTE)
    assert len(believed()) == 0
    alice = make_treated()
    views = ask(dairy, alice)
    first = learn_online(now=NOON + MINUTE)
    assert (first.exposures, first.pending, first.pending_purchases) == (0, 4, 0)
    assert believed().variant_id.tolist() == sorted(dairy.cheeses)
    after_look = believed().level_precision.copy()
    learn_online(now=NOON + 2 * MINUTE)
    assert (believed().level_precision > after_look).all()
    calm = level(believed(), dairy.brie)
    buy_at(alice, views[dairy.brie], 2)
    second = learn_online(now=NOON + 3 * MINUTE)
    assert (second.purchases, second.pending, second.pending_purchases) == (0, 4, 1)
    assert level(believed(), dairy.brie) > calm + 0.3
    assert len(settled()) == 0


def test_a_decision_is_settled_once_and_no_longer_pending(dairy: Dairy) -> None:
    open_dairy()
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
    # Run by run it says what one run at the end would have said.
    by_minute = believed()
    OnlineEvidence.objects.all().delete()
    learn_online(now=NOON + 94 * MINUTE)
    at_once = believed()
    assert np.allclose(by_minute.weighted, at_once.weighted, rtol=1e-6)
    assert np.allclose(by_minute.precision, at_once.precision, rtol=1e-3)
    assert np.allclose(by_minute.base, at_once.base)


def test_each_minute_in_which_something_happened_has_a_row_and_the_last_has_arrays(
    dairy: Dairy,
) -> None:
    open_dairy()
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
    for minutes in (2, 2, 7):
        shopper = make_treated()
        buy_at(shopper, ask(dairy, shopper)[dairy.brie], minutes)
    learn_online(now=NOON + 91 * MINUTE)
    counted = read_settled(OnlineEvidence.objects.get(is_current=True))["delay"]
    assert {at: float(counted[at]) for at in np.flatnonzero(counted).tolist()} == {2: 2.0, 7: 1.0}


def test_who_moved_is_in_a_row_the_publisher_has_not_seen(dairy: Dairy) -> None:
    open_dairy()
    learn_online(now=NOON - MINUTE)
    seen = newest_evidence(PLACE)
    shopper = make_treated()
    buy_at(shopper, ask(dairy, shopper)[dairy.brie], 1)
    # As if the publisher had last been told of steep and certain elasticities.
    learn_online(now=NOON + MINUTE)
    row = OnlineEvidence.objects.get(is_current=True)
    arrays = replace(believed(), sent_mean=np.full(4, 9.0), sent_sd=np.full(4, 0.1)).arrays()
    row.pending_arrays, row.pending_sha256 = pack_arrays(arrays), hash_arrays(arrays)
    row.save()
    report = learn_online(now=NOON + 2 * MINUTE)
    assert report.moved == 4
    assert list_learned(place=PLACE, after=seen) == set(dairy.cheeses)
    told = newest_evidence(PLACE)
    quiet = learn_online(now=NOON + 2 * MINUTE)
    assert (quiet.moved, newest_evidence(PLACE)) == (0, told)


def test_held_quotes_stay_locked_while_evidence_moves(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    views = ask(dairy, alice)
    for _ in range(20):
        shopper = make_treated()
        buy_at(shopper, ask(dairy, shopper)[dairy.brie], 1)
    now = NOON + 2 * MINUTE
    learn_online(now=now)
    publish_price_book(now=now)
    later = now + MINUTE
    again = quote_variants(context=visit(alice, later), variant_ids=dairy.cheeses).prices
    for one, view in views.items():
        assert again[one].quoted_minor <= view.quoted_minor
        kept = verify_quote(
            token=view.token, shopper_pseudonym=alice.pseudonym, variant_id=one, now=later
        )
        assert kept.quoted_minor == view.quoted_minor
