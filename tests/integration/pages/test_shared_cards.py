"""A card that is the same for everybody is made and written once, for as long as it holds."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.cart.services.carts import set_quantity
from promotions.campaigns.selectors.book import forget_budgets
from promotions.models import Campaign
from shop.doors.api.v1.serializers.catalog import VariantSerializer
from shop.doors.pages.cards import quote_context
from shop.doors.pages.category import category
from shop.doors.pages.context import PageContext
from shop.doors.pages.members import Visitor, offered_prices
from shop.doors.pages.values import ListingQuery, ProductCard
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import receive_stock
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_shopper,
    make_treated,
    open_dairy,
)
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory", "lasting_memories")]
STRANGER = PageContext(
    shopper_pseudonym=None,
    account_id=None,
    language="en",
    locale="en_US",
    market="us",
    currency="USD",
    jurisdiction_code="US-TX",
    channel="online",
    gpc=False,
    now=NOON,
)


@pytest.fixture
def shop(dairy: Dairy) -> Dairy:
    open_dairy()
    make_campaign("Hard week", percent="10", scope={"categories": [dairy.hard]})
    return dairy


def cards(ctx: PageContext = STRANGER, **changes: Any) -> dict[int, ProductCard]:
    page = category(replace(ctx, **changes), "dairy/cheese", ListingQuery())
    return {one.card.variant_id: one for one in page.listing.cards}


def paid(ctx: PageContext = STRANGER, **changes: Any) -> dict[int, int]:
    return {
        key: one.price.quoted_minor if one.offer is None else one.offer.adjusted_minor
        for key, one in cards(ctx, **changes).items()
    }


def test_all_who_see_the_same_get_the_same_card(shop: Dairy) -> None:
    refused = replace(STRANGER, shopper_pseudonym=str(make_shopper(is_willing=False).pseudonym))
    first, again, theirs = cards(), cards(now=NOON + timedelta(minutes=1)), cards(refused)
    assert set(first) == set(shop.cheeses)
    assert all(first[one] is again[one] is theirs[one] for one in first)
    text = VariantSerializer.to_json(first[shop.gouda], "en_US", "USD")
    assert VariantSerializer.to_json(again[shop.gouda], "en_US", "USD") is text


def test_an_own_price_changes_that_card_alone(shop: Dairy) -> None:
    alice = make_treated()
    look_at(alice, [shop.brie])
    everyone, hers = cards(), cards(shopper_pseudonym=str(alice.pseudonym))
    own = {key for key, one in hers.items() if one.price.quote_id is not None}
    assert shop.brie in own
    assert {key for key in hers if hers[key] is not everyone[key]} == own
    assert not any(one.price.is_personal for one in cards().values())


def test_a_cart_marks_its_cards_for_nobody_else(shop: Dairy) -> None:
    alice = make_shopper()
    own = replace(STRANGER, shopper_pseudonym=str(alice.pseudonym))
    receive_stock(lines=[StockLine(shop.brie, 7)], reference="truck", now=NOON)
    before = cards()
    with committed():
        set_quantity(context=quote_context(own, "cart"), variant_id=shop.brie, quantity=2)
    assert cards(own)[shop.brie].quantity == 2
    assert cards()[shop.brie] is before[shop.brie]
    assert cards()[shop.brie].quantity == 0


def test_stock_is_what_there_is_now(shop: Dairy) -> None:
    before = cards()
    receive_stock(lines=[StockLine(shop.gouda, 7)], reference="truck", now=NOON)
    after = cards()
    assert (before[shop.gouda].available, after[shop.gouda].available) == (0, 7)
    assert after[shop.brie] is before[shop.brie]


def test_an_offer_is_judged_when_it_is_shown(shop: Dairy) -> None:
    Campaign.objects.update(ends_at=NOON + timedelta(minutes=5))
    make_campaign(
        "Evening",
        percent="20",
        scope={"categories": [shop.soft]},
        condition={"hours": ["17:00", "20:30"]},
    )
    evening = datetime(2026, 11, 25, 23, 30, tzinfo=UTC)  # half past six in New York
    assert (paid()[shop.gouda], paid()[shop.brie]) == (450, 600)
    assert paid(now=NOON + timedelta(minutes=6))[shop.gouda] == 500
    assert paid(now=evening)[shop.brie] == 480
    assert paid()[shop.brie] == 600


def test_a_budget_that_is_spent_ends_the_offer(shop: Dairy) -> None:
    campaign = make_campaign(
        "Soft week", percent="20", scope={"categories": [shop.soft]}, budget_minor=1_000
    )
    assert paid()[shop.brie] == 480
    Campaign.objects.filter(pk=campaign.pk).update(spent_minor=1_000)
    forget_budgets()
    assert paid()[shop.brie] == 600


def sort(ctx: PageContext = STRANGER, **changes: Any) -> list[int]:
    page = category(replace(ctx, **changes), "dairy/cheese", ListingQuery(sort="price"))
    return [one.card.variant_id for one in page.listing.cards]


def test_a_sorted_list_is_evaluated_once_for_all(shop: Dairy) -> None:
    ids = np.array(shop.cheeses, dtype=np.int64)
    quoted = np.array([400, 500, 600, 700], dtype=np.int64)
    prices = offered_prices(STRANGER, ids, quoted, Visitor(STRANGER))
    assert prices.tolist() == [360, 450, 600, 700]
    assert offered_prices(STRANGER, ids, quoted.copy(), Visitor(STRANGER)) is prices
    quoted[2] = 590  # an own price
    own = offered_prices(STRANGER, ids, quoted, Visitor(STRANGER))
    assert own.tolist() == [360, 450, 590, 700]
    assert prices.tolist() == [360, 450, 600, 700]


def test_a_sorted_list_follows_an_offer_that_begins(shop: Dairy) -> None:
    soft = make_campaign("Soft week", percent="50", scope={"categories": [shop.soft]})
    Campaign.objects.filter(pk=soft.pk).update(starts_at=NOON + timedelta(hours=1))
    assert sort() == [shop.cheddar, shop.gouda, shop.brie, shop.camembert]
    later = NOON + timedelta(hours=2)
    # Their floors hold: they are above half of it
    assert sort(now=later) == [shop.cheddar, shop.brie, shop.gouda, shop.camembert]
    assert sort() == [shop.cheddar, shop.gouda, shop.brie, shop.camembert]


def test_a_stranger_asks_the_database_for_stock_alone(shop: Dairy) -> None:
    brie = Variant.objects.get(pk=shop.brie)
    Variant.objects.create(
        product=brie.product,
        external_ref="Large brie",
        sku="BRIE-L",
        list_minor=900,
        options={"Rind": "ash"},
    )
    forget_catalog()
    shown = cards()[shop.brie]
    assert shown.choice is not None
    with CaptureQueriesContext(connection) as queries:
        cards()
    assert len(queries) == 1
    assert "shop_stockrecord" in queries[0]["sql"]
