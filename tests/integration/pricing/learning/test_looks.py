"""Looks at public prices: each counted exactly once, by nobody's name."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from typing import Any

import numpy as np
import pytest
import redis
from django.db import IntegrityError, connection, transaction

from pricing.api import drain_quotes, quote_variants
from pricing.base.core.impressions import ImpressionHeader, encode_impressions
from pricing.base.core.tokens import LOOKS
from pricing.base.metrics import looks_lost_total
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.impressions import LookTally, PublicLook
from pricing.quoting.services.issue import MOST_UNHEARD
from shop.ground.kernel.clock import epoch_ms
from tests.factories.looks import count_impressions, give_segment, show
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_held_out,
    make_pharmacy,
    make_shopper,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(days=3)
WINDOW = {"since": NOON - timedelta(hours=1), "until": NOON + timedelta(hours=1), "now": LATER}


def test_every_public_price_of_a_page_is_counted_once(dairy: Dairy) -> None:
    open_dairy()
    for _ in range(3):
        show(None, dairy.all)
    show(None, [dairy.rye])
    assert drain_looks() == 3 * len(dairy.all) + 1
    assert count_impressions() == dict.fromkeys(dairy.all, 3) | {dairy.rye: 4}
    row = PublicLook.objects.get(variant_id=dairy.brie)
    assert (row.hour, row.market_code, row.channel, row.segment) == (NOON, "us", "online", "")
    assert (row.public_minor, row.book_version, row.policy_version) == (600, 1, 1)
    assert (row.rung_minors, row.rung_probabilities, row.direction) == ([600], [1.0], 0)
    assert drain_looks() == 0
    assert count_impressions()[dairy.rye] == 4


def test_only_what_is_shown_to_a_person_counts(dairy: Dairy) -> None:
    open_dairy()
    quote_variants(context=visit(None), variant_ids=dairy.all)
    assert drain_looks() == 0


def test_a_decided_price_is_an_exposure_and_no_look(dairy: Dairy) -> None:
    open_dairy()
    for shopper in (make_treated(), make_held_out()):
        look_at(shopper, dairy.cheeses)
        show(shopper, dairy.all)
        show(shopper, dairy.all)
    drain_quotes()
    drain_looks()
    assert count_impressions() == {dairy.rye: 4, dairy.merlot: 4, dairy.teddy: 4}


def test_a_refusal_is_counted_without_a_segment(dairy: Dairy) -> None:
    aspirin, _ = make_pharmacy()
    open_dairy()
    alice, charlie = make_treated(), make_shopper(is_willing=False)
    for shopper in (alice, charlie):
        segment = give_segment(shopper)
        show(shopper, [dairy.rye, aspirin])
    drain_looks()
    rows = PublicLook.objects.order_by("variant_id", "segment")
    assert list(rows.values_list("variant_id", "segment", "looks")) == [
        (dairy.rye, "", 1),
        (dairy.rye, segment, 1),
        (aspirin, "", 2),
    ]


def test_a_run_that_dies_after_its_commit_counts_nothing_twice(
    dairy: Dairy, clean_redis: redis.Redis
) -> None:
    open_dairy()
    show(None, dairy.all)
    drain_looks()
    entries = clean_redis.xinfo_stream(LOOKS)
    assert (entries["length"], entries["entries-added"]) == (0, 1)
    show(None, dairy.all)
    kept = clean_redis.xrange(LOOKS)
    drain_looks()
    # The stream as it would be if the cut had never arrived.
    clean_redis.delete(LOOKS)
    for key, fields in kept:
        clean_redis.xadd(LOOKS, fields, id=key)
    assert drain_looks() == 0
    assert count_impressions() == dict.fromkeys(dairy.all, 2)


def test_two_runs_at_once_count_each_page_once(
    transactional_db: None, dairy: Dairy, clean_redis: redis.Redis
) -> None:
    open_dairy()
    for _ in range(20):
        show(None, dairy.all)

    def drain() -> int:
        try:
            return drain_looks()
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        counts = [future.result() for future in [pool.submit(drain) for _ in range(3)]]
    assert sum(counts) == 20 * len(dairy.all)
    assert count_impressions() == dict.fromkeys(dairy.all, 20)


def test_what_a_full_stream_dropped_is_counted(dairy: Dairy, clean_redis: redis.Redis) -> None:
    open_dairy()
    for _ in range(5):
        show(None, [dairy.rye])
    clean_redis.xtrim(LOOKS, maxlen=2, approximate=False)
    assert drain_looks() == 2
    assert LookTally.objects.values_list("total_lost_pages", "restarts").get() == (3, 0)
    show(None, [dairy.rye])
    assert drain_looks() == 1
    assert LookTally.objects.values_list("total_lost_pages", "restarts").get() == (3, 0)


def test_a_redis_that_forgot_is_noted_and_counting_goes_on(
    dairy: Dairy, clean_redis: redis.Redis
) -> None:
    open_dairy()
    show(None, [dairy.rye])
    drain_looks()
    clean_redis.flushdb()
    assert drain_looks() == 0
    assert LookTally.objects.values_list("total_lost_pages", "restarts").get() == (0, 1)
    show(None, [dairy.rye])
    assert drain_looks() == 1
    assert LookTally.objects.values_list("total_lost_pages", "restarts").get() == (0, 1)
    assert count_impressions() == {dairy.rye: 2}


def test_without_redis_pages_are_shown_and_lost_looks_counted(
    dairy: Dairy, redis_down: None
) -> None:
    open_dairy()
    lost = looks_lost_total.labels(reason="redis_down")
    before = lost._value.get()
    assert len(show(None, dairy.all)) == len(dairy.all)
    assert len(show(make_treated(), dairy.all)) == len(dairy.all)
    assert lost._value.get() == before + 2 * len(dairy.all)


def test_a_broken_line_is_opened_anew(dairy: Dairy, clean_redis: redis.Redis) -> None:
    open_dairy()
    show(None, [dairy.rye])
    assert drain_looks() == 1
    clean_redis.client_kill_filter(_type="normal", skipme=True)
    show(None, [dairy.rye])
    assert drain_looks() == 1


def test_a_redis_that_owes_too_many_answers_is_down(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    open_dairy()
    show(None, [dairy.rye])
    lost = looks_lost_total.labels(reason="redis_down")
    before = lost._value.get()
    monkeypatch.setattr(redis.Connection, "can_read", lambda *_, **__: False)
    for _ in range(MOST_UNHEARD):
        show(None, [dairy.rye])
    assert lost._value.get() == before + MOST_UNHEARD
    show(None, [dairy.rye])
    assert lost._value.get() == before + MOST_UNHEARD


def test_foreign_entries_are_passed_over(dairy: Dairy, clean_redis: redis.Redis) -> None:
    open_dairy()
    clean_redis.xadd(LOOKS, {"h": b"{", "v": b""})
    clean_redis.xadd(LOOKS, {"x": b"1"})
    header = ImpressionHeader("us", "online", 1, 1, epoch_ms(NOON))
    clean_redis.xadd(LOOKS, encode_impressions(header, np.array([1]), np.array([0])))
    foreigners: tuple[dict[str, Any], ...] = (
        {"now_ms": 2**60},
        {"policy_version": 2**31},
        {"book_version": 2**31},
        {"market": "u\0"},
        {"channel": "\ud800"},
    )
    for changes in foreigners:
        foreign = encode_impressions(replace(header, **changes), np.array([1]), np.array([1]))
        clean_redis.xadd(LOOKS, foreign)
    show(None, [dairy.rye])
    assert drain_looks() == 1


def test_the_tally_is_one_row(dairy: Dairy) -> None:
    open_dairy()
    show(None, [dairy.rye])
    drain_looks()
    with pytest.raises(IntegrityError), transaction.atomic():
        LookTally.objects.create(pk=2)
