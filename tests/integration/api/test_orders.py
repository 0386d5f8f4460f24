"""A keyed request is done once, and says the same every time."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest
from django.db import connections

from orders.models import Order
from orders.payments.models import Payment
from tests.factories.api import (
    API,
    CONTACT,
    Device,
    add,
    expect,
    make_device,
    make_guest_client,
    order_body,
    order_cart,
)
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    return make_device(api, shelf)


@pytest.mark.django_db
def test_a_repeated_order_is_the_same_order_to_the_byte(alice: Device) -> None:
    client, body = alice.client, order_body(alice.client)
    first = client.post(f"{API}/orders", body, Idempotency_Key="press")
    assert first.status_code == 201
    expect(
        client.post(
            f"{API}/orders/{first.json()['number']}/payments",
            {"method": "sandbox-card"},
            Idempotency_Key="pay",
        )
    )
    again = client.post(f"{API}/orders", body, Idempotency_Key="press")
    assert (again.status_code, again.content) == (201, first.content)
    assert again["Idempotent-Replayed"] == "true"
    assert "Idempotent-Replayed" not in first
    assert Order.objects.count() == 2


@pytest.mark.django_db
def test_a_key_stands_for_one_body(alice: Device) -> None:
    body = order_body(alice.client)
    alice.client.post(f"{API}/orders", body, Idempotency_Key="press")
    other = {**body, "contact": {**body["contact"], "name": "Mallory"}}
    answer = alice.client.post(f"{API}/orders", other, Idempotency_Key="press")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_mismatch")


@pytest.mark.django_db
def test_two_shoppers_may_use_the_same_key(
    alice: Device, api: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    bob = make_guest_client(api)
    add(bob, shelf.rye)
    mine = order_cart(alice.client, key="press")
    his = order_cart(bob, key="press")
    assert mine["number"] != his["number"]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("key", "code"), [("", "missing"), ("a b\t", "malformed"), ("x" * 201, "malformed")]
)
def test_without_a_proper_key_nothing_happens(alice: Device, key: str, code: str) -> None:
    for path, body in (
        (f"{API}/orders", order_body(alice.client)),
        (f"{alice.order_path}/payments", {"method": "sandbox-card"}),
    ):
        answer = alice.client.post(path, body, Idempotency_Key=key)
        assert (answer.status_code, answer.json()["code"]) == (400, f"idempotency_key_{code}")
    assert Order.objects.count() == 1


@pytest.mark.django_db
def test_a_refused_order_may_be_retried_under_the_same_key(alice: Device) -> None:
    body = order_body(alice.client)
    low = {**body, "shown_total_minor": 1}
    refused = alice.client.post(f"{API}/orders", low, Idempotency_Key="press")
    assert (refused.status_code, refused.json()["code"]) == (409, "total_changed")
    assert refused.json()["params"]["shown_minor"] == 1
    accepted = alice.client.post(f"{API}/orders", body, Idempotency_Key="press")
    assert accepted.status_code == 201


@pytest.mark.django_db
def test_a_second_payment_waits_for_the_open_one(alice: Device) -> None:
    path, opened = f"{alice.order_path}/payments", alice.payment["payment_id"]
    refused = alice.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="second")
    assert (refused.status_code, refused.json()["code"]) == (409, "payment_open")
    assert refused.json()["params"] == {"payment_id": opened}
    given_up = alice.client.post(
        f"{path}/{opened}/confirm", {"action_token": "", "approved": False}
    )
    assert given_up.json()["state"] == "declined"
    paid = alice.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="second")
    assert paid.json()["state"] == "succeeded"


@pytest.mark.django_db
def test_a_payment_is_made_once_per_key(alice: Device) -> None:
    path = f"{API}/orders/{order_cart(alice.client, key='fresh')['number']}/payments"
    first = alice.client.post(path, {"method": "sandbox-declined"}, Idempotency_Key="p")
    again = alice.client.post(path, {"method": "sandbox-declined"}, Idempotency_Key="p")
    assert first.json() == again.json()
    assert first.json()["state"] == "declined"
    other = alice.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="p")
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_mismatch")
    paid = alice.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="q")
    assert paid.json()["state"] == "succeeded"
    late = alice.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="r")
    assert (late.status_code, late.json()["code"]) == (409, "not_payable")
    assert Payment.objects.filter(state="succeeded").count() == 1


@pytest.mark.django_db
def test_a_bank_that_asks_back_gets_its_answer(alice: Device) -> None:
    path = f"{alice.order_path}/payments/{alice.payment['payment_id']}/confirm"
    wrong = alice.client.post(path, {"action_token": "forged", "approved": True})
    assert (wrong.status_code, wrong.json()["code"]) == (400, "bad_action_token")
    right = {"action_token": alice.payment["action_token"], "approved": True}
    assert alice.client.post(path, right).json()["state"] == "succeeded"
    assert alice.client.post(path, right).json()["state"] == "succeeded"
    order = alice.client.get(alice.order_path).json()
    assert (order["status"], order["is_payable"]) == ("paid", False)


@pytest.mark.django_db
def test_canceling_twice_is_canceling_once(alice: Device) -> None:
    first = alice.client.post(f"{alice.order_path}/cancel").json()
    again = alice.client.post(f"{alice.order_path}/cancel").json()
    assert first["status"] == again["status"] == "cancelled"


@pytest.mark.django_db
def test_a_wrong_address_points_at_its_fields(alice: Device) -> None:
    body = order_body(alice.client)
    body["contact"] = {"email": "alice@example.com", "name": "Alice"}
    answer = alice.client.post(f"{API}/orders", body, Idempotency_Key="press")
    assert (answer.status_code, answer.json()["code"]) == (400, "contact_refused")
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [
        "#/contact/address_line1",
        "#/contact/city",
        "#/contact/postcode",
        "#/contact/region",
    ]
    body["contact"] |= CONTACT | {"postcode": "???", "phone": "12"}
    faults = alice.client.post(f"{API}/orders", body, Idempotency_Key="press").json()["errors"]
    assert {fault["pointer"]: fault["message"] for fault in faults} == {
        "#/contact/phone": "This is not valid there. For example: +1 201-555-0123",
        "#/contact/postcode": "This is not valid there. For example: 43000",
    }


@pytest.mark.django_db
def test_a_stale_cart_is_not_changed(alice: Device, shelf: Shelf) -> None:
    cart = alice.client.get(f"{API}/cart")
    tag = cart["ETag"]
    path, body = f"{API}/cart/lines/{shelf.gouda}", {"quantity": 3}
    changed = alice.client.put(path, body, If_Match=tag)
    assert changed.status_code == 200
    assert changed["ETag"] != tag
    stale = alice.client.put(path, {"quantity": 9}, If_Match=tag)
    assert (stale.status_code, stale.json()["code"]) == (412, "cart_changed")
    odd = alice.client.put(path, body, If_Match="seven")
    assert (odd.status_code, odd.json()["code"]) == (400, "if_match_malformed")
    assert alice.client.get(f"{API}/cart").json()["quantity"] == 3


@pytest.mark.django_db
def test_the_last_piece_is_refused_with_what_is_left(alice: Device, shelf: Shelf) -> None:
    add(alice.client, shelf.rye, quantity=99)
    answer = alice.client.post(f"{API}/checkout", {})
    assert answer.status_code == 409
    assert answer.json()["code"] == "out_of_stock"
    assert answer.json()["params"]["available"] == {str(shelf.rye): 10}


@pytest.mark.django_db(transaction=True)
def test_eight_presses_at_once_make_one_order(
    api: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    client = make_guest_client(api)
    add(client, shelf.cheddar)
    body = order_body(client)
    key = str(uuid4())

    def press(_: int) -> tuple[int, Any]:
        try:
            answer = client.post(f"{API}/orders", body, Idempotency_Key=key)
            return answer.status_code, answer.json()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(press, range(8)))
    assert Order.objects.count() == 1
    assert {status for status, _ in answers} <= {201, 409}
    assert {body["code"] for status, body in answers if status == 409} <= {"idempotency_in_flight"}
    numbers = {body["number"] for status, body in answers if status == 201}
    assert len(numbers) == 1


@pytest.mark.django_db
@pytest.mark.parametrize("region", ["US-OH", "OH", "Ohio"])
def test_a_region_is_told_as_iso_has_it(alice: Device, region: str) -> None:
    body = order_body(alice.client)
    body["contact"] = body["contact"] | {"region": region}
    foreign = body | {"contact": body["contact"] | {"region": "DE-OH"}}
    refused = alice.client.post(f"{API}/orders", foreign, Idempotency_Key="press")
    assert refused.json()["errors"][0]["pointer"] == "#/contact/region"
    order = expect(alice.client.post(f"{API}/orders", body, Idempotency_Key="press"), 201)
    assert order["contact"]["region"] == "US-OH"
    assert Order.objects.latest("pk").region == "OH"
