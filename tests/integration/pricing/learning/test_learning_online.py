"""Outcomes change elasticities by the minute: once each, and only what changed is priced anew."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import numpy as np
import pytest
from django.db import connection

from pricing.api import drain_quotes, publish_price_book, quote_variants, verify_quote
from pricing.demand.selectors.versions import load_active_model
from pricing.learning.core.taught import View
from pricing.learning.models.learning import OnlineEvidence
from pricing.learning.selectors.evidence import (
    UntrustedEvidence,
    add_evidence,
    list_learned,
    newest_evidence,
)
from pricing.learning.services.learning import LearningReport, learn_online
from pricing.ledger.models.quotes import Quote
from pricing.optimum.core.batch import Book
from pricing.quoting.selectors.serving import get_serving
from tests.factories.choices import store_night, store_view
from tests.factories.looks import fill_shelves
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_held_out,
    make_model,
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
def test_an_outcome_is_learned_once_when_its_quote_has_expired(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
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
def test_without_a_model_nothing_is_learned(dairy: Dairy) -> None:
    assert learn_online(now=AFTER) == LearningReport(0, 0, 0, 0, AFTER - timedelta(minutes=90))
    assert OnlineEvidence.objects.count() == 0


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
def test_the_holdout_is_counted_among_what_was_shown(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    ask_cheeses(dairy, make_held_out())
    drain_quotes()
    assert Quote.objects.filter(arm="holdout").count() == 4
    assert learn_online(now=AFTER).exposures == 4


@pytest.mark.django_db
def test_without_a_night_elasticities_are_the_models_own(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    assert add_evidence(None, PLACE) is None
    sell_brie(dairy, 5)
    learn_online(now=AFTER)
    model = load_active_model()
    same = add_evidence(model, PLACE)
    assert model is not None
    assert same is not None
    assert same[1] is model[1]


@pytest.mark.django_db
def test_spoiled_evidence_is_not_believed(dairy: Dairy) -> None:
    open_dairy()
    learn_online(now=AFTER)
    OnlineEvidence.objects.update(sha256="0" * 64)
    with pytest.raises(UntrustedEvidence):
        learn_online(now=AFTER)
    OnlineEvidence.objects.all().delete()
    store_night()
    store_view(View.nothing(), [])
    OnlineEvidence.objects.update(pending_sha256="0" * 64)
    with pytest.raises(UntrustedEvidence):
        add_evidence(load_active_model(), PLACE)


@pytest.mark.django_db
def test_only_changed_products_are_repriced_and_held_quotes_stay(dairy: Dairy) -> None:
    open_dairy()
    fill_shelves(dairy.all)
    make_model(dict.fromkeys(dairy.all, 1.8), trained_at=NOON)
    fit, _ = store_night()
    publish_price_book(now=NOON + timedelta(minutes=20))
    alice, asked = make_treated(), NOON + timedelta(minutes=30)
    look_at(alice, dairy.cheeses)
    held = quote_variants(context=visit(alice, asked), variant_ids=dairy.cheeses).prices
    first = current_book()
    ids = np.array([dairy.gouda])
    store_view(View(np.array([fit]), ids, np.array([3.6]), np.array([0.1])), ids.tolist())
    now = NOON + timedelta(minutes=61)
    report = publish_price_book(now=now)
    assert (report.is_new, report.variants) == (True, 1)
    book = current_book()
    moved = book.terms.elasticity != first.terms.elasticity
    assert book.terms.variant_id[moved].tolist() == ids.tolist()
    ratio = book.terms.elasticity[moved] / first.terms.elasticity[moved]
    assert ratio.tolist() == pytest.approx([2.0])
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
    fill_shelves(dairy.all)
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
