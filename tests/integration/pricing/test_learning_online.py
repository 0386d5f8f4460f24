"""Outcomes change elasticities by the minute: once each, and only what changed is priced anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest
from django.db import connection

from pricing.core.book import Book
from pricing.core.online import Evidence, Sightings, take_in
from pricing.models import OnlineEvidence, Quote
from pricing.selectors.evidence import (
    UntrustedEvidence,
    add_evidence,
    list_learned,
    load_evidence,
    newest_evidence,
)
from pricing.selectors.serving import get_serving
from pricing.selectors.versions import load_active_model
from pricing.services import drain_quotes, publish_price_book, quote_variants, verify_quote
from pricing.services.learning import LearningReport, learn_online
from shop.kernel.arrays import hash_arrays, pack_arrays
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_held_out,
    make_treated,
    open_dairy,
    visit,
)
from tests.factories.pricing_visits import ask_cheeses, buy_at

PLACE = ("us", "online")
AFTER = NOON + timedelta(hours=2)


def current_book() -> Book:
    return get_serving().books[PLACE][0].book


def sell_brie(dairy: Dairy, shoppers: int) -> None:
    """Everybody looks at four cheeses and buys the brie."""
    for _ in range(shoppers):
        alice = make_treated()
        buy_at(alice, ask_cheeses(dairy, alice)[dairy.brie])
    drain_quotes()


@pytest.mark.django_db
def test_an_outcome_is_taken_in_when_its_quote_has_run_out_and_never_again(dairy: Dairy) -> None:
    open_dairy()
    sell_brie(dairy, 3)
    early = learn_online(now=NOON + timedelta(minutes=89))
    assert (early.exposures, early.purchases) == (0, 0)
    assert learn_online(now=AFTER).exposures == 12
    again = learn_online(now=AFTER + timedelta(minutes=1))
    assert (again.exposures, again.purchases) == (0, 0)
    row = OnlineEvidence.objects.get(is_current=True)
    assert (row.exposures, row.purchases) == (12, 3)
    assert row.watermark == AFTER + timedelta(minutes=1) - timedelta(minutes=90)


@pytest.mark.django_db
def test_what_sold_is_believed_to_sell_more_often(dairy: Dairy) -> None:
    open_dairy()
    sell_brie(dairy, 5)
    learn_online(now=AFTER)
    known = load_evidence(PLACE)
    assert known is not None
    assert known.variant_id.tolist() == sorted(dairy.cheeses)
    level = dict(zip(known.variant_id.tolist(), known.level.tolist(), strict=True))
    assert all(
        level[dairy.brie] > level[other] + 1.0 for other in set(dairy.cheeses) - {dairy.brie}
    )


@pytest.mark.django_db
def test_the_holdout_teaches_nothing(dairy: Dairy) -> None:
    open_dairy()
    ask_cheeses(dairy, make_held_out())
    drain_quotes()
    assert Quote.objects.filter(arm="holdout").count() == 4
    assert learn_online(now=AFTER).exposures == 0
    assert load_evidence(PLACE).variant_id.tolist() == []


@pytest.mark.django_db
def test_without_a_model_nothing_is_learned(dairy: Dairy) -> None:
    assert learn_online(now=AFTER) == LearningReport(0, 0, 0, 0, AFTER - timedelta(minutes=90))
    assert OnlineEvidence.objects.count() == 0


@pytest.mark.django_db
def test_evidence_stands_on_the_model_in_use(dairy: Dairy) -> None:
    open_dairy()
    assert add_evidence(None, PLACE) is None
    model = load_active_model()
    same = add_evidence(model, PLACE)
    assert model is not None
    assert same is not None
    assert same[1] is model[1]
    sell_brie(dairy, 5)
    learn_online(now=AFTER)
    learned = add_evidence(model, PLACE)
    ids, family = np.array([dairy.brie, dairy.rye]), np.array([dairy.cheese, 0])
    before, after = model[1].elasticities(ids, family), learned[1].elasticities(ids, family)
    assert after[1][0] < before[1][0]
    assert after[0][1] == before[0][1]


@pytest.mark.django_db
def test_spoiled_evidence_is_not_believed(dairy: Dairy) -> None:
    open_dairy()
    sell_brie(dairy, 1)
    learn_online(now=AFTER)
    OnlineEvidence.objects.update(sha256="0" * 64, pending_sha256="0" * 64)
    with pytest.raises(UntrustedEvidence):
        load_evidence(PLACE)


@pytest.mark.django_db
def test_who_moved_is_told_to_the_publisher(dairy: Dairy) -> None:
    first, second = (
        OnlineEvidence.objects.create(
            market_code="us",
            channel="online",
            is_current=False,
            at=NOON,
            watermark=NOON,
            moved=moved,
            arrays=b"",
            sha256="",
        ).pk
        for moved in ([1, 2], [2, 3])
    )
    assert newest_evidence(PLACE) == second
    assert list_learned(place=PLACE, after=0) == {1, 2, 3}
    assert list_learned(place=PLACE, after=first) == {2, 3}
    assert list_learned(place=("us", "store"), after=0) == set()


@pytest.mark.django_db
def test_only_what_moved_is_priced_anew_and_held_quotes_stay_locked(dairy: Dairy) -> None:
    open_dairy()
    alice, asked = make_treated(), NOON + timedelta(minutes=30)
    look_at(alice, dairy.cheeses)
    held = quote_variants(context=visit(alice, asked), variant_ids=dairy.cheeses).prices
    first = current_book()
    model = load_active_model()
    ids = np.array([dairy.gouda])
    seen = Sightings.of_one(variant_id=dairy.gouda, family_id=dairy.cheese, log_ratio=-0.1)
    steep, _ = take_in(Evidence.nothing(model[0].id), seen, model[1])
    # As if a hundred thousand shoppers had shown that gouda's elasticity is 4.
    steep = replace(steep, weighted=np.array([400.0]), precision=np.array([100.0]))
    arrays = steep.arrays()
    OnlineEvidence.objects.create(
        market_code="us",
        channel="online",
        at=NOON + timedelta(minutes=60),
        watermark=NOON,
        moved=ids.tolist(),
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
    )
    now = NOON + timedelta(minutes=61)
    report = publish_price_book(now=now)
    assert (report.is_new, report.variants) == (True, 1)
    book = current_book()
    moved = book.terms.elasticity != first.terms.elasticity
    assert book.terms.variant_id[moved].tolist() == ids.tolist()
    assert float(book.terms.elasticity[moved][0]) == pytest.approx(3.78, abs=0.1)
    assert report.public_changes == 1
    again = quote_variants(
        context=visit(alice, now + timedelta(minutes=1)), variant_ids=dairy.cheeses
    ).prices
    assert all(again[one].quoted_minor <= view.quoted_minor for one, view in held.items())
    for one, view in held.items():
        promised = verify_quote(
            token=view.token, shopper_pseudonym=alice.pseudonym, variant_id=one, now=now
        )
        assert promised.quoted_minor == view.quoted_minor
    assert publish_price_book(now=now + timedelta(minutes=1)).is_new is False


@pytest.mark.django_db(transaction=True)
def test_two_runs_at_once_count_each_outcome_once(dairy: Dairy) -> None:
    open_dairy()
    sell_brie(dairy, 3)
    start = Barrier(2)

    def learn() -> int:
        start.wait(5)
        try:
            return learn_online(now=AFTER).exposures
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        counts = [future.result() for future in [pool.submit(learn) for _ in range(2)]]
    assert sorted(counts) == [0, 12]
    row = OnlineEvidence.objects.get(is_current=True)
    assert (row.exposures, row.purchases) == (12, 3)
