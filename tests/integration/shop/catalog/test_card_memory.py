"""What a card says is remembered by catalogue version; its stock is asked each time."""

from __future__ import annotations

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog, list_cards
from shop.ground.inventory.models import StockLocation, StockRecord
from tests.factories.pricing import Dairy

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]


def test_stock_moves_at_once_and_names_with_the_catalogue(dairy: Dairy) -> None:
    [before] = list_cards([dairy.cheddar], "en")
    location = StockLocation.objects.get(code="online")
    StockRecord.objects.create(variant_id=dairy.cheddar, location=location, on_hand=7)
    with CaptureQueriesContext(connection) as queries:
        [after] = list_cards([dairy.cheddar], "en")
    assert after.available == before.available + 7
    assert [("shop_product" in query["sql"]) for query in queries.captured_queries] == [False]
    Product.objects.filter(pk=before.product_id).update(name="Renamed")
    forget_catalog()
    assert list_cards([dairy.cheddar], "en")[0].name == "Renamed"


def test_cards_are_the_same_from_a_cold_and_warm_cache(dairy: Dairy) -> None:
    asked = [dairy.rye, dairy.cheddar, dairy.rye, 10**9]
    cold, warm = list_cards(asked, "en"), list_cards(asked[:3], "en")
    assert [card.variant_id for card in cold] == asked[:3]
    assert warm == cold
    assert list_cards(asked, "en") == cold
