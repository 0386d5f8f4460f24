"""Which products a page showed together is counted without names; a page of one is not kept."""

from __future__ import annotations

import hashlib
from datetime import date, timedelta

import pytest
import redis
from django.db import IntegrityError, connection, transaction

from pricing.api import seal_quotes
from pricing.base.core.tokens import LOOKS
from pricing.learning.services import impression_counts, impression_sets
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.core.exposures import SAMPLE_AN_HOUR
from pricing.ledger.models.impressions import LookSeal, LookTally, PublicLookSet
from tests.factories.looks import count_impressions, show
from tests.factories.pricing import NOON, Dairy, open_dairy
from tests.factories.pricing_seals import find_changed_days

pytestmark = pytest.mark.django_db


def count_pages() -> dict[tuple[int, ...], int]:
    rows = PublicLookSet.objects.values_list("variant_ids", "pages")
    return {tuple(products): pages for products, pages in rows}


def test_goods_of_a_category_are_a_set_of_a_page(dairy: Dairy) -> None:
    open_dairy()
    for _ in range(3):
        show(None, dairy.all)
    show(None, [dairy.rye, dairy.brie])  # of two categories: nothing to choose between
    drain_looks()
    hard = tuple(sorted((dairy.cheddar, dairy.gouda)))
    soft = tuple(sorted((dairy.brie, dairy.camembert)))
    assert count_pages() == {hard: 3, soft: 3}
    row = PublicLookSet.objects.first()
    assert row is not None
    assert (row.hour, row.market_code, row.channel, row.book_version) == (NOON, "us", "online", 1)


def test_a_set_counts_once_although_a_run_died(
    dairy: Dairy, clean_redis: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dairy()
    show(None, [dairy.brie, dairy.camembert])
    show(None, [dairy.brie, dairy.camembert])

    def die(*_: object) -> None:
        raise RuntimeError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr(impression_counts, "count_sets", die)
        with pytest.raises(RuntimeError, match="lights"):
            drain_looks()
    assert (count_impressions(), count_pages()) == ({}, {})
    assert clean_redis.xlen(LOOKS) == 2
    drain_looks()
    drain_looks()
    assert list(count_pages().values()) == [2]
    show(None, [dairy.brie, dairy.camembert])
    drain_looks()
    assert list(count_pages().values()) == [3]


def test_of_sets_seen_once_a_sample_is_kept(dairy: Dairy, monkeypatch: pytest.MonkeyPatch) -> None:
    assert SAMPLE_AN_HOUR == 84
    monkeypatch.setattr(impression_sets, "SAMPLE_AN_HOUR", 1)
    open_dairy()
    pairs = [(dairy.brie, dairy.camembert), (dairy.cheddar, dairy.gouda)]
    for pair in pairs:
        show(None, pair)
        drain_looks()
    assert len(count_pages()) == 1
    assert LookTally.objects.get().left_out_sets == 1
    # Whoever comes second makes it a set of more than one.
    show(None, pairs[1])
    drain_looks()
    assert count_pages() == {tuple(sorted(pair)): 1 for pair in pairs}
    # The next hour has places of its own.
    show(None, [*pairs[0]], now=NOON + timedelta(days=1))
    drain_looks()
    assert LookTally.objects.get().left_out_sets == 1


def test_pages_only_grow_and_a_sealed_day_shows_a_change(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie, dairy.camembert])
    drain_looks()
    rows = PublicLookSet.objects.all()
    for change in (lambda: rows.update(pages=0), lambda: rows.update(book_version=9), rows.delete):
        with pytest.raises(IntegrityError, match="only grow"), transaction.atomic():
            change()
    seal_quotes(now=NOON + timedelta(days=2))
    assert find_changed_days() == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pricing_publiclookset DISABLE TRIGGER append_only")
    rows.update(variant_ids=[dairy.brie, dairy.rye])
    assert find_changed_days() == [date(2026, 11, 25)]


def test_a_day_from_before_sets_keeps_its_digest(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.brie, dairy.rye])
    drain_looks()
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT encode(sha256(string_agg(sha256(convert_to(to_jsonb(l)::text, 'UTF8')), ''"
            " ORDER BY l.hour, l.variant_id)), 'hex') FROM pricing_publiclook l"
        )
        inner = cursor.fetchone()[0]
    seal_quotes(now=NOON + timedelta(days=2))
    seal = LookSeal.objects.get(day=NOON.date())
    told = f"{seal.previous}|{NOON.date().isoformat()}|2|{inner}"
    assert seal.digest == hashlib.sha256(told.encode()).hexdigest()
