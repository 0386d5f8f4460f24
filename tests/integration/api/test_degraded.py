"""With Redis gone the API still sells: at the public price, and without losing an event."""

from __future__ import annotations

import pytest

from profiles.models import Event, Shopper
from shop.doors.api.authentication import read_guest_token
from tests.factories.api import API, add, event, expect, make_guest_client, order_cart
from tests.factories.orders import Shelf
from tests.fixtures_api import ApiClient

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("redis_down")]


def test_a_guest_browses_buys_and_pays(api: ApiClient, shelf: Shelf) -> None:
    client = make_guest_client(api)
    page = expect(client.get(f"{API}/categories/dairy/cheese"))
    assert {item["price"]["rung"] for item in page["items"]} == {"public"}
    expect(client.get(f"{API}/home"))
    expect(client.get(f"{API}/search?q=cheddar"))
    quotes = expect(client.post(f"{API}/quotes", {"variant_ids": [shelf.cheddar]}))
    assert quotes["prices"][0]["is_personal"] is False
    add(client, shelf.cheddar, quantity=2)
    order = order_cart(client)
    step = expect(
        client.post(
            f"{API}/orders/{order['number']}/payments",
            {"method": "sandbox-card"},
            Idempotency_Key="pay",
        )
    )
    assert step["state"] == "succeeded"
    assert expect(client.get(f"{API}/orders/{order['number']}"))["status"] == "paid"


def test_events_go_to_the_table_at_once(api: ApiClient, shelf: Shelf) -> None:
    client = make_guest_client(api)
    batch = {"events": [event(variant_id=shelf.cheddar), event("search", query="cheese")]}
    answer = expect(client.post(f"{API}/events/batch", batch), 202)
    assert answer["accepted"] == 2
    assert Event.objects.filter(kind__in=["view", "search"]).count() == 2
    again = expect(client.post(f"{API}/events/batch", batch), 202)
    assert (again["accepted"], again["duplicates"]) == (0, 2)


def test_an_account_of_the_shopper_is_shown_without_the_profile(
    api: ApiClient, shelf: Shelf
) -> None:
    client = make_guest_client(api)
    account = expect(client.get(f"{API}/account"))
    assert (account["segment"], account["interests"]) == (None, [])
    # A guest is new here from the first event on that the table holds, and no tag before.
    mine = Shopper.objects.get(pseudonym=read_guest_token(client.headers["X_Shopper_Token"]))
    acted = Event.objects.filter(shopper_id=mine.pk).exists()
    assert account["tags"] == (["new here"] if acted else [])
