"""Sensitive products cost everybody the same, and what is done with them changes no other price."""

from __future__ import annotations

import time
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import publish_price_book, quote_listing, quote_variants
from pricing.base.core.values import PriceView
from pricing.demand.selectors import training_shoppers as training
from pricing.demand.selectors.training_shoppers import Past
from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.quoting.selectors.serving import forget_serving
from profiles.events.services.drain import drain_events
from profiles.features.core.registry import SensitiveProducts, columns_of
from profiles.features.selectors import ShopperEvents
from profiles.values import EventValue, ShopperValue
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_pharmacy,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def pharmacy(dairy: Dairy) -> tuple[int, int]:
    """Aspirin and cough drops beside the cheese, in the open dairy's book."""
    products = make_pharmacy()
    forget_catalog()
    open_dairy()
    return products


def prices_of(
    shopper: ShopperValue | None, ids: tuple[int, ...], now: datetime = NOON
) -> dict[int, PriceView]:
    return quote_variants(context=visit(shopper, now), variant_ids=ids).prices


def flag(path: str, *, is_sensitive: bool) -> None:
    Category.objects.filter(path=path).update(is_sensitive=is_sensitive)
    forget_catalog()


def test_sensitive_products_have_the_public_price_and_no_quote(
    dairy: Dairy, pharmacy: tuple[int, int]
) -> None:
    alice = make_treated()
    look_at(alice, [*pharmacy * 3, *dairy.cheeses])
    mine, public = prices_of(alice, (*pharmacy, dairy.brie)), prices_of(None, pharmacy)
    assert {one: mine[one] for one in pharmacy} == public
    assert mine[dairy.brie].is_personal
    sorted_by = quote_listing(context=visit(alice), variant_ids=list(pharmacy))
    assert sorted_by.tolist() == [public[one].quoted_minor for one in pharmacy]


def test_the_price_book_personalises_no_sensitive_product(
    dairy: Dairy, pharmacy: tuple[int, int]
) -> None:
    alice = make_treated()
    look_at(alice, [*pharmacy * 3, *dairy.cheeses])
    drain_events(limit=100, now=NOON)
    publish_price_book(now=NOON + timedelta(minutes=15), everything=True)
    entry = PriceBookEntry.objects.get(shopper_id=alice.id)
    assert set(entry.variant_ids) & set(pharmacy) == set()
    assert set(dairy.cheeses) <= set(entry.variant_ids)


def test_what_is_done_with_sensitive_goods_moves_no_other_price(
    dairy: Dairy, pharmacy: tuple[int, int]
) -> None:
    alice, bob = make_treated(), make_treated()
    look_at(alice, pharmacy * 20)
    look_at(alice, dairy.cheeses[:2])
    look_at(bob, dairy.cheeses[:2])
    ids = (*dairy.all, *pharmacy)
    assert {one: view.quoted_minor for one, view in prices_of(alice, ids).items()} == {
        one: view.quoted_minor for one, view in prices_of(bob, ids).items()
    }


def test_a_flag_closes_personal_prices_before_the_next_book(
    dairy: Dairy, pharmacy: tuple[int, int]
) -> None:
    """Set on the category above; a quote held a moment ago is shown no more."""
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    assert prices_of(alice, (dairy.brie,))[dairy.brie].is_personal
    flag("dairy/cheese/soft", is_sensitive=True)
    forget_serving()
    after = prices_of(alice, (dairy.brie, dairy.cheddar))
    assert after[dairy.brie] == prices_of(None, (dairy.brie,))[dairy.brie]
    assert after[dairy.cheddar].is_personal
    assert PriceBook.objects.count() == 1
    assert publish_price_book(now=NOON + timedelta(minutes=1)).is_new
    flag("dairy/cheese/soft", is_sensitive=False)
    forget_serving()
    later = NOON + timedelta(minutes=2)
    assert not prices_of(alice, (dairy.brie,), later)[dairy.brie].is_personal  # so says the book


def test_the_flag_is_noticed_without_being_told(dairy: Dairy, pharmacy: tuple[int, int]) -> None:
    """Rules in memory are compared with the catalogue's version, too."""
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    assert prices_of(alice, (dairy.brie,))[dairy.brie].is_personal
    flag("dairy", is_sensitive=True)
    views = wait_until_public(alice, dairy)
    assert not any(view.is_personal for view in views.values())


def wait_until_public(alice: ShopperValue, dairy: Dairy) -> dict[int, PriceView]:
    for _ in range(40):
        views = prices_of(alice, dairy.cheeses)
        if not any(view.is_personal for view in views.values()):
            break
        time.sleep(0.05)
    return views


def test_a_page_with_sensitive_goods_asks_no_table(dairy: Dairy, pharmacy: tuple[int, int]) -> None:
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    ids = (*dairy.all, *pharmacy)
    prices_of(alice, ids)
    with CaptureQueriesContext(connection) as queries:
        prices_of(alice, ids)
    assert [one["sql"] for one in queries] == []


def test_what_is_learned_from_each_shopper_is_without_sensitive_goods(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Neither earlier offers nor the later purchases they are compared with."""
    tea, aspirin, days = 1, 2, timedelta(days=1)
    bought = [(tea, NOON - days), (aspirin, NOON - days), (tea, NOON + days), (aspirin, NOON)]
    columns = columns_of(
        [
            EventValue(uuid7(), at, "alice", "purchase", variant_id=one, is_discounted=True)
            for one, at in bought
        ]
    )
    owner, event_id = np.full(4, 7), np.zeros(4, dtype="V16")
    events = ShopperEvents(owner, event_id, np.zeros(4, dtype=np.bool_), columns)
    kept: Any = SimpleNamespace(
        variant_id=np.array([tea, aspirin]), family=np.array([0, 1]), family_id=np.array([5, 6])
    )

    def learn(*hidden: int) -> tuple[list[int], list[float]]:
        known = SensitiveProducts(np.zeros(0, np.int64), np.array(hidden, dtype=np.int64))
        monkeypatch.setattr(training, "sensitive_products", lambda: known)
        past = Past()
        lines = training.split_events(events, NOON.timestamp(), kept, np.arange(2), past)
        return lines[:, 1].tolist(), past.family[0][0, :, 0].round(2).tolist()

    everything, without = learn(), learn(aspirin)
    assert (everything[0], without[0]) == ([0, 1], [0])
    assert (everything[1], without[1]) == ([0.99, 0.99], [0.99, 0.0])
