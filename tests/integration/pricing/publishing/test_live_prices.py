"""Staff are told since when shoppers get the price that was set last, or what it waits for."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import LivePrice, list_live_prices, publish_price_book
from pricing.ledger.models.books import PriceBook
from pricing.publishing.services.overrides import end_override, set_override
from pricing.publishing.services.products import Ask, set_list_prices
from tests.factories.pricing import NOON, Dairy, open_dairy

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(hours=3)
SECOND = timedelta(seconds=1)
WAITS = LivePrice(None, "book", LATER)


def ask(variant_id: int, now: datetime) -> LivePrice:
    return list_live_prices(variant_ids=[variant_id], now=now, market="us")[variant_id]


def fix(variant_id: int, amount: int) -> int:
    ends = LATER + timedelta(days=5)
    said = {"amount_minor": amount, "expires_at": ends, "reason": "anniversary"}
    return set_override(variant_id=variant_id, by_id=None, now=LATER, **said)


def test_a_list_price_is_live_when_its_book_holds(dairy: Dairy) -> None:
    open_dairy()
    set_list_prices(asks={dairy.gouda: Ask(480)}, market="us", now=LATER)
    assert ask(dairy.gouda, LATER) == WAITS
    assert ask(dairy.brie, LATER).waits_for is None
    publish_price_book(now=LATER + 3 * SECOND)
    effective = PriceBook.objects.get(is_current=True).effective_at
    assert effective == LATER + 5 * SECOND
    assert ask(dairy.gouda, LATER + 4 * SECOND) == LivePrice(None, "moment", effective)
    assert ask(dairy.gouda, LATER + 6 * SECOND) == LivePrice(effective)
    # A later book of other prices changes nothing of it.
    set_list_prices(asks={dairy.brie: Ask(580)}, market="us", now=LATER + 9 * SECOND)
    publish_price_book(now=LATER + 10 * SECOND)
    assert ask(dairy.gouda, LATER + 20 * SECOND) == LivePrice(effective)


def test_a_first_price_is_live_without_a_book(dairy: Dairy) -> None:
    set_list_prices(asks={dairy.gouda: Ask(480)}, market="us", now=LATER)
    assert ask(dairy.gouda, LATER) == LivePrice(LATER)


def test_a_price_set_by_hand_waits_for_its_book(dairy: Dairy) -> None:
    open_dairy()
    override = fix(dairy.brie, 570)
    assert ask(dairy.brie, LATER) == WAITS
    publish_price_book(now=LATER)
    effective = PriceBook.objects.get(is_current=True).effective_at
    assert ask(dairy.brie, LATER + 9 * SECOND) == LivePrice(effective)
    ended = LATER + timedelta(hours=1)
    end_override(override_id=override, by_id=None, now=ended)
    assert ask(dairy.brie, ended) == LivePrice(None, "book", ended)


def test_a_far_price_waits_for_its_steps(dairy: Dairy) -> None:
    open_dairy()
    fix(dairy.brie, 450)
    publish_price_book(now=LATER)
    assert ask(dairy.brie, LATER + 9 * SECOND) == LivePrice(None, "steps")


def test_more_variants_ask_no_more_queries(dairy: Dairy) -> None:
    open_dairy()
    asked = []
    for ids in ([dairy.brie], [dairy.brie, dairy.gouda, dairy.cheddar]):
        with CaptureQueriesContext(connection) as queries:
            assert len(list_live_prices(variant_ids=ids, now=LATER, market="us")) == len(ids)
        asked.append(len(queries))
    assert asked == [5, 5]
