"""What a device or a system sends again is done once; what nobody reads is refused."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from orders.checkout.models import IdempotencyKey
from shop.doors.api.v1.views.cart import CartLinesView
from tests.factories.api import API, expect, make_guest_client, order_body
from tests.factories.orders import FakePrices, Shelf
from tests.factories.staff_tokens import make_staff_client
from tests.fixtures_api import ApiClient

LINES = f"{API}/cart/lines"


@pytest.fixture
def guest(api: ApiClient, shelf: Shelf, prices: FakePrices) -> ApiClient:
    return make_guest_client(api)


def faults(answer: Any) -> list[tuple[str, str]]:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    return [(one["pointer"], one["code"]) for one in answer.json()["errors"]]


@pytest.mark.django_db
def test_a_line_that_is_sent_again_is_added_once(guest: ApiClient, shelf: Shelf) -> None:
    body = {"variant_id": shelf.cheddar, "quantity": 2}
    first = guest.post(LINES, body, Idempotency_Key="tap")
    expect(guest.post(LINES, {"variant_id": shelf.gouda}))
    again = guest.post(LINES, body, Idempotency_Key="tap")
    assert (again.status_code, again.content) == (200, first.content)
    assert (again["ETag"], again["Idempotent-Replayed"]) == (first["ETag"], "true")
    assert guest.get(f"{API}/cart").json()["quantity"] == 3
    other = guest.post(LINES, body | {"quantity": 3}, Idempotency_Key="tap")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    expect(guest.post(LINES, body, Idempotency_Key="second"))
    assert guest.get(f"{API}/cart").json()["quantity"] == 5


@pytest.mark.django_db
def test_a_key_kept_by_an_older_release_is_replayed(guest: ApiClient, shelf: Shelf) -> None:
    body = {"variant_id": shelf.cheddar}
    first = guest.post(LINES, body, Idempotency_Key="tap").json()
    IdempotencyKey.objects.update(body={"quantity": 7})
    again = guest.post(LINES, body, Idempotency_Key="tap")
    assert (again.status_code, again.json()) == (200, {"quantity": 7})
    assert again["Idempotent-Replayed"] == "true"
    assert guest.get(f"{API}/cart").json()["quantity"] == first["quantity"] == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("is_same", [True, False], ids=["one key", "keys of their own"])
def test_presses_at_once_add_one_piece_per_key(
    guest: ApiClient, shelf: Shelf, is_same: bool
) -> None:
    keys = ["tap"] * 4 if is_same else [str(uuid4()) for _ in range(4)]

    def press(key: str) -> int:
        try:
            body = {"variant_id": shelf.cheddar}
            return int(guest.post(LINES, body, Idempotency_Key=key).status_code)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        statuses = set(pool.map(press, keys))
    assert 200 in statuses
    assert statuses <= ({200, 409} if is_same else {200})
    assert guest.get(f"{API}/cart").json()["quantity"] == (1 if is_same else 4)


@pytest.mark.django_db
def test_the_newest_answers_of_a_shopper_are_kept(
    guest: ApiClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CartLinesView, "keys_kept", 2)
    for key in ("a", "b", "c"):
        expect(guest.post(LINES, {"variant_id": shelf.cheddar}, Idempotency_Key=key))
    assert set(IdempotencyKey.objects.values_list("key", flat=True)) == {"b", "c"}


@pytest.mark.django_db
def test_an_orders_key_outlives_keys_of_the_cart(
    guest: ApiClient, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(CartLinesView, "keys_kept", 1)
    body = {"variant_id": shelf.cheddar}
    expect(guest.post(LINES, body))
    asked = order_body(guest)
    first = expect(guest.post(f"{API}/orders", asked, Idempotency_Key="order"), 201)
    for key in ("a", "b"):
        expect(guest.post(LINES, body, Idempotency_Key=key))
    again = guest.post(f"{API}/orders", asked, Idempotency_Key="order")
    assert (again.json()["number"], again["Idempotent-Replayed"]) == (first["number"], "true")


@pytest.mark.django_db
def test_fields_and_filters_that_nobody_reads_are_refused(guest: ApiClient) -> None:
    body = {"delivery_metod": "standard"}
    assert faults(guest.post(f"{API}/checkout", body)) == [("#/delivery_metod", "unknown_field")]
    both = {"quantiy": 2, "variant_id": "x"}
    assert faults(guest.post(LINES, both)) == [
        ("#/variant_id", "invalid"),
        ("#/quantiy", "unknown_field"),
    ]
    events = {"events": [{}], "sent": "now"}
    assert faults(guest.post(f"{API}/events/batch", events)) == [("#/sent", "unknown_field")]
    assert faults(guest.post(f"{API}/guest", {"name": "A"})) == [("#/name", "unknown_field")]
    assert faults(guest.delete(f"{LINES}/1?all=1")) == [("?all", "unknown_field")]
    for path in ("search?q=a&colour=red", "cart?colour=red", "categories?colour=red"):
        assert faults(guest.get(f"{API}/{path}")) == [("?colour", "unknown_field")]
    staff = make_staff_client("ann")
    orders = staff.get(f"{API}/staff/orders?status=paid")
    assert faults(orders) == [("?status", "unknown_field")]
