"""What a whole order through the API asks of the database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from django.core import signals
from django.db import connection, reset_queries
from django.test.utils import CaptureQueriesContext

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockLocation
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API, add, expect, make_guest_client, order_cart
from tests.factories.pricing import Dairy, make_dairy, open_dairy
from tests.factories.promotions import make_campaign
from tests.fixtures_api import ApiClient

MOST_STATEMENTS, MOST_SAVEPOINTS = 63, 1


@pytest.fixture
def stocked(transactional_db: None, fresh_memory: None, lasting_memories: None) -> Iterator[Dairy]:
    """A dairy with stock and a fifth off; requests do not clear the list of statements."""
    dairy, now = make_dairy(), utc_now()
    forget_catalog()
    StockLocation.objects.get_or_create(code="online", defaults={"name": "Online store"})
    receive_stock(lines=[StockLine(one, 50) for one in dairy.all], reference="opening", now=now)
    open_dairy(now)
    campaign = make_campaign("Fifth off", percent="20")
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9)
    )
    forget_offer_book()
    signals.request_started.disconnect(reset_queries)
    yield dairy
    signals.request_started.connect(reset_queries)


def list_order_statements(api: ApiClient, dairy: Dairy) -> list[str]:
    """Return the statements of checkout, order and payment of two products."""
    client = make_guest_client(api)
    add(client, dairy.cheddar, 2)
    add(client, dairy.rye)
    with CaptureQueriesContext(connection) as captured:
        order = order_cart(client)
        path, way = f"{API}/orders/{order['number']}/payments", {"method": "sandbox-card"}
        paid = expect(client.post(path, way, Idempotency_Key="pay"))
    assert paid["state"] == "succeeded"
    return [each["sql"] for each in captured.captured_queries]


def test_a_whole_order_needs_few_statements(api: ApiClient, stocked: Dairy) -> None:
    found = [
        one
        for one in min((list_order_statements(api, stocked) for _ in range(3)), key=len)
        if one not in {"BEGIN", "COMMIT"}
    ]
    savepoints = [one for one in found if one.startswith("SAVEPOINT")]
    asked = [one for one in found if "SAVEPOINT" not in one]
    assert len(asked) <= MOST_STATEMENTS, asked
    assert len(savepoints) <= MOST_SAVEPOINTS
