"""Pages stay cheap: few statements, no session for guests, whatever the catalogue's size."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.core import signals
from django.db import connection, reset_queries
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from shop.ground.catalog.core.values import CatalogFilters
from shop.ground.catalog.selectors import list_categories, list_category_variants

ALICE = "3f0c8f0e-5a53-4a52-9f43-0d5f7a6f3a11"


@pytest.fixture
def guest(journey: None) -> Iterator[Client]:
    """A guest with a cookie; requests do not clear the list of statements."""
    signals.request_started.disconnect(reset_queries)
    client = Client(headers={"host": "localhost", "user-agent": "Firefox"})
    client.cookies[SHOPPER_COOKIE] = sign_shopper(ALICE, None)
    yield client
    signals.request_started.connect(reset_queries)


def count_statements(client: Client, path: str) -> list[str]:
    """Return the statements of a page once the process is warm: those of its cheapest visit.

    A process asks once a second whether prices or offers changed; on a busy machine a second is
    over before the next visit, and that question belongs to no page.
    """
    visits = []
    for _ in range(4):
        with CaptureQueriesContext(connection) as queries:
            response = client.get(path)
        assert response.status_code == 200
        visits.append([query["sql"] for query in queries.captured_queries])
    return min(visits, key=len)


def busiest_category() -> str:
    tree = list_categories("en")
    sizes = {
        path: len(list_category_variants(number, CatalogFilters()).variant_ids)
        for path, number in tree.by_path.items()
    }
    return max(sizes, key=lambda path: sizes[path])


def test_a_category_page_needs_three_statements_at_most(guest: Client) -> None:
    statements = count_statements(guest, f"/c/{busiest_category()}/")
    assert len(statements) <= 3, statements
    assert not any("django_session" in statement for statement in statements)


def test_sorting_by_the_own_price_needs_no_more(guest: Client) -> None:
    statements = count_statements(guest, f"/c/{busiest_category()}/?sort=price&min=1&max=9")
    assert len(statements) <= 3, statements


def test_the_fixed_pages_need_none(guest: Client) -> None:
    guest.cookies.clear()
    for path in ("/privacy/", "/orders/", "/account/login/"):
        assert count_statements(guest, path) == []
    # What chance decides is read from the records that lots are drawn by.
    assert len(count_statements(guest, "/how-our-prices-work/")) <= 5


def test_a_listing_shows_24_cards_with_one_price_each(guest: Client) -> None:
    html = guest.get(f"/c/{busiest_category()}/").content.decode()
    assert html.count('<article class="card">') == 24
    assert html.count('<div class="price') == 24
    assert html.count('name="line"') <= 24
