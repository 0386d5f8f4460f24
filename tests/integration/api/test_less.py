"""Answers in part, in pages and compressed."""

from __future__ import annotations

import gzip
from typing import Any

import pytest

from shop.ground.kernel.clock import utc_now
from tests.factories.api import API, add, make_guest_client
from tests.factories.orders import FakePrices, Shelf
from tests.factories.pricing import Dairy, open_dairy
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def guest(api: ApiClient, shelf: Shelf, prices: FakePrices) -> ApiClient:
    client = make_guest_client(api)
    add(client, shelf.cheddar, 2)
    return client


def test_an_answer_has_the_fields_that_were_named(guest: ApiClient, shelf: Shelf) -> None:
    asked = "lines.variant.variant_id,lines.quantity,total.minor,quantity"
    assert guest.get(f"{API}/cart?fields={asked}").json() == {
        "lines": [{"variant": {"variant_id": shelf.cheddar}, "quantity": 2}],
        "total": {"minor": 1299},
        "quantity": 2,
    }
    both = guest.get(f"{API}/cart?fields=total.minor,total").json()
    assert set(both["total"]) == {"minor", "currency", "exponent", "display"}


@pytest.mark.parametrize("name", ["colour", "total.colour", "quantity.minor", "lines.0", "."])
def test_a_field_that_no_answer_has_is_refused(guest: ApiClient, name: str) -> None:
    answer = guest.get(f"{API}/cart?fields=total,{name}")
    assert answer.status_code == 400
    [fault] = answer.json()["errors"]
    assert (fault["pointer"], fault["code"]) == (f"?fields.{name}", "unknown_field")


def test_fields_are_for_reading_only(guest: ApiClient) -> None:
    answer = guest.post(f"{API}/checkout?fields=total", {})
    assert answer.status_code == 400
    assert answer.json()["errors"][0]["pointer"] == "?fields"


def test_the_tree_of_categories_ends_where_asked(api: ApiClient, dairy: Dairy) -> None:
    open_dairy(utc_now())
    whole = api.get(f"{API}/categories").json()["categories"]
    assert count_levels(whole) > 1
    for depth in (1, 2, 3):
        cut = api.get(f"{API}/categories?depth={depth}").json()["categories"]
        assert count_levels(cut) == min(depth, count_levels(whole))
        assert [one["name"] for one in cut] == [one["name"] for one in whole]
    named = api.get(f"{API}/categories?fields=categories.children.path").json()
    assert set(named["categories"][0]["children"][0]) == {"path"}
    assert api.get(f"{API}/categories?depth=4").status_code == 400


def count_levels(branches: list[Any]) -> int:
    return 1 + max(count_levels(one["children"]) for one in branches) if branches else 0


def test_a_page_of_products_is_as_long_as_asked(api: ApiClient, dairy: Dairy) -> None:
    open_dairy(utc_now())
    path = f"{API}/categories/dairy/cheese"
    first = api.get(f"{path}?limit=1").json()
    second = api.get(f"{path}?limit=1&page=2").json()
    whole = api.get(path).json()
    assert whole["total"] > 1
    assert (first["pages"], first["total"]) == (whole["total"], whole["total"])
    shown = [one["variant_id"] for one in (*first["items"], *second["items"])]
    assert shown == [one["variant_id"] for one in whole["items"][:2]]
    assert api.get(f"{path}?limit=97").status_code == 400


def test_who_takes_gzip_gets_it_and_its_etag_works(guest: ApiClient) -> None:
    plain, packed = guest.get(f"{API}/cart"), guest.get(f"{API}/cart", Accept_Encoding="gzip")
    assert "Content-Encoding" not in plain
    assert packed["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.content) == plain.content
    assert packed["Content-Length"] == str(len(packed.content))
    assert "Accept-Encoding" in packed["Vary"]
    assert packed["ETag"] == f"W/{plain['ETag']}"
    path = f"{API}/cart/coupons/NONE"
    assert guest.delete(path, If_Match=packed["ETag"]).status_code == 200
    tree = guest.get(f"{API}/categories", Accept_Encoding="gzip")
    again = guest.get(f"{API}/categories", If_None_Match=tree["ETag"])
    assert again.status_code == 304
