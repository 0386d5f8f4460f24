"""An empty cart leads to the order that it became, as long as that waits for its payment."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.models import Order
from tests.factories.orders import BOB_AT_HOME, FakePrices, Shelf

pytestmark = pytest.mark.django_db
SAID = "is not paid yet"


def buy(client: Client, shelf: Shelf, method: str) -> Order:
    """Place an order of a loaf of rye, and try to pay it this way."""
    client.post("/cart/add/", {"line": f"{shelf.rye}:"})
    total = client.get("/checkout/").context["checkout"].cart.total_minor
    given: dict[str, Any] = {name: getattr(BOB_AT_HOME, name) for name in BOB_AT_HOME.__slots__}
    given |= {"place": "1", "delivery": "standard", "method": method, "shown_total": str(total)}
    assert client.post("/checkout/", given).status_code == 302
    return Order.objects.order_by("-pk")[0]


def test_an_empty_cart_leads_a_guest_to_the_unpaid_order(prices: FakePrices, shelf: Shelf) -> None:
    guest = Client()
    order = buy(guest, shelf, "sandbox-declined")
    page = guest.get("/cart/").content.decode()
    assert f"Your order {order.number} of $" in page
    assert f'href="/orders/?number={order.number}"' in page
    drawer = guest.get("/cart/", headers={"HX-Request": "true", "HX-Target": "drawer"})
    assert f'href="/orders/?number={order.number}"' in drawer.content.decode()
    found = guest.get(f"/orders/?number={order.number}").content.decode()
    assert f'value="{order.number}"' in found
    assert SAID not in Client().get("/cart/").content.decode()
    assert buy(guest, shelf, "sandbox-card").status == "paid"
    assert SAID not in guest.get("/cart/").content.decode()


def test_an_owner_goes_to_the_unpaid_order_itself(
    prices: FakePrices, shelf: Shelf, django_user_model: Any
) -> None:
    owner = Client()
    owner.force_login(django_user_model.objects.create_user("bob@example.org", "a long password"))
    order = buy(owner, shelf, "sandbox-declined")
    assert f'href="/orders/{order.number}/"' in owner.get("/cart/").content.decode()
    assert owner.get(f"/orders/{order.number}/").status_code == 200


def test_a_full_cart_says_nothing_of_an_order(prices: FakePrices, shelf: Shelf) -> None:
    guest = Client()
    buy(guest, shelf, "sandbox-declined")
    guest.post("/cart/add/", {"line": f"{shelf.rye}:"})
    assert SAID not in guest.get("/cart/").content.decode()
