"""Returns by the API: what may come back, once per key, of nobody else's order."""

from __future__ import annotations

import pytest

from orders.returns.models import Return
from tests.factories.api import Device, expect, make_device, make_guest_client, send_back
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    return make_device(api, shelf)


def test_a_return_is_announced_once_per_key_and_withdrawn(alice: Device) -> None:
    path, body = send_back(alice)
    before = expect(alice.client.get(path))
    line_id = body["lines"][0]["line_id"]
    allowed = {line["line_id"]: line["quantity"] for line in before["returnable"]}
    assert allowed[line_id] >= 1
    made = expect(alice.client.post(path, body, Idempotency_Key="k"), 201)
    again = alice.client.post(path, body, Idempotency_Key="k")
    assert (again.json()["number"], again["Idempotent-Replayed"]) == (made["number"], "true")
    assert (made["state"], made["shop_pays_postage"]) == ("requested", True)
    assert Return.objects.count() == 1
    shown = expect(alice.client.get(alice.order_path))
    assert [parcel["state"] for parcel in shown["shipments"]] == ["shipped"]
    assert shown["next_step"] == "A parcel is on its way to you."
    assert shown["is_cancellable"] is False
    too_many = body | {"lines": [{"line_id": line_id, "quantity": 99}]}
    refused = alice.client.post(path, too_many, Idempotency_Key="k2")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_returnable")
    for _ in range(2):
        done = expect(alice.client.post(f"{path}/{made['number']}/withdraw"))
        assert done["state"] == "withdrawn"
    gone = alice.client.post(f"{path}/FT-NONE-R9/withdraw")
    assert (gone.status_code, gone.json()["code"]) == (404, "return_not_found")


def test_a_piece_is_exchanged_for_what_is_offered(alice: Device) -> None:
    path, body = send_back(alice)
    line_id = body["lines"][0]["line_id"]
    listed = expect(alice.client.get(path))["returnable"]
    (row,) = [one for one in listed if one["line_id"] == line_id]
    offered = row["exchangeable_for"][0]
    assert (offered["variant_id"], offered["available"]) == (row["variant_id"], 1)
    wish = {"line_id": line_id, "quantity": 1, "variant_id": row["variant_id"]}
    wrong = wish | {"exchanges": [{"variant_id": 10**9, "quantity": 1}]}
    refused = alice.client.post(path, body | {"lines": [wrong]}, Idempotency_Key="a")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_exchangeable")
    right = wish | {"exchanges": [{"variant_id": offered["variant_id"], "quantity": 1}]}
    made = expect(alice.client.post(path, body | {"lines": [right]}, Idempotency_Key="b"), 201)
    (line,) = made["lines"]
    assert [(one["quantity"], one["sent_quantity"]) for one in line["exchanges"]] == [(1, None)]


def test_nobody_returns_what_somebody_else_bought(alice: Device, api: ApiClient) -> None:
    path, body = send_back(alice)
    bob = make_guest_client(api)
    assert bob.get(path).status_code == 404
    assert bob.post(path, body, Idempotency_Key="k").status_code == 404
    assert not Return.objects.exists()
