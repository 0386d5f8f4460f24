"""Nobody reaches what belongs to somebody else: every operation, own, other's and nobody's."""

from __future__ import annotations

from typing import Any

import pytest

from orders.models import Order
from tests.factories.api import CALLS, CONTACT, Device, make_device, make_guest_client, order_body
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient, Operation, list_operations, read_schema

pytestmark = pytest.mark.django_db

OPERATIONS = [o for o in list_operations(read_schema()) if o.name in CALLS]
OWNED = [o for o in OPERATIONS if not o.is_for_anyone]
# Path parameters that name something of one shopper; the others name what everybody sees.
PERSONAL = {"number", "payment_id", "quote_id", "return_number", "position"}
SHARED = {"path", "slug", "offer_id", "variant_id", "code", "purpose", "group", "country"}
SHARED |= {"handle", "sku", "list_id"}
OF_ONE = [o for o in OPERATIONS if any(f"{{{name}}}" in o.template for name in PERSONAL)]
CART = [o for o in OPERATIONS if o.template.startswith("/api/v1/cart")]
by_name = {"ids": lambda operation: operation.name}


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    """The device that owns things."""
    return make_device(api, shelf)


@pytest.fixture
def bob(api: ApiClient) -> ApiClient:
    """Another guest."""
    return make_guest_client(api)


def call(client: ApiClient, operation: Operation, device: Device) -> Any:
    path, body = CALLS[operation.name](device)
    return client.send(operation.method, path, body, Idempotency_Key="a-key")


def test_every_path_parameter_is_known_to_be_personal_or_shared() -> None:
    names = {
        parameter["name"]
        for operation in list_operations(read_schema())
        for parameter in operation.description["parameters"]
        if parameter.get("in") == "path"
    }
    assert names == PERSONAL | SHARED


@pytest.mark.parametrize("operation", OWNED, **by_name)
def test_nobody_is_let_in_without_a_token(
    operation: Operation, alice: Device, api: ApiClient
) -> None:
    answer = call(api, operation, alice)
    assert (answer.status_code, answer.json()["code"]) == (401, "shopper_token_required")


@pytest.mark.parametrize("operation", OF_ONE, **by_name)
def test_what_is_somebody_elses_is_not_there(
    operation: Operation, alice: Device, bob: ApiClient
) -> None:
    path, body = CALLS[operation.name](alice)
    answer: Any = bob.send(operation.method, path, body, Idempotency_Key="a-key")
    assert answer.status_code == 404
    assert alice.order["number"] not in answer.content.decode()
    own = alice.client.send(operation.method, path, body, Idempotency_Key="a-key")
    assert own.status_code < 300


@pytest.mark.parametrize("operation", CART, **by_name)
def test_a_cart_is_only_ever_the_callers_own(
    operation: Operation, alice: Device, bob: ApiClient
) -> None:
    before = alice.client.get("/api/v1/cart").json()
    answer = call(bob, operation, alice)
    assert answer.status_code < 500
    assert alice.client.get("/api/v1/cart").json() == before
    if answer.status_code < 300:
        assert answer.json()["cart_id"] != before["cart_id"]


def test_a_payment_is_confirmed_only_through_its_own_order(
    alice: Device, bob: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    bob.post("/api/v1/cart/lines", {"variant_id": shelf.rye})
    own = bob.post("/api/v1/orders", order_body(bob), Idempotency_Key="b").json()
    stolen = f"/api/v1/orders/{own['number']}/payments/{alice.payment['payment_id']}/confirm"
    body = {"action_token": alice.payment["action_token"], "approved": False}
    answer = bob.post(stolen, body)
    assert (answer.status_code, answer.json()["code"]) == (404, "payment_not_found")


def test_orders_of_one_list_are_the_callers_own(alice: Device, bob: ApiClient) -> None:
    mine = alice.client.get("/api/v1/orders").json()["orders"]
    assert [order["number"] for order in mine] == [alice.order["number"]]
    assert bob.get("/api/v1/orders").json()["orders"] == []


def test_a_cursor_continues_and_cannot_be_made_up(
    alice: Device, shelf: Shelf, prices: FakePrices
) -> None:
    client = alice.client
    second = client.post("/api/v1/orders", order_body(client), Idempotency_Key="2").json()
    first_page = client.get("/api/v1/orders?limit=1").json()
    assert [order["number"] for order in first_page["orders"]] == [second["number"]]
    next_page = client.get(f"/api/v1/orders?limit=1&cursor={first_page['next_cursor']}").json()
    assert [order["number"] for order in next_page["orders"]] == [alice.order["number"]]
    assert next_page["next_cursor"] is None
    forged = client.get(f"/api/v1/orders?cursor={alice.order['number']}")
    assert (forged.status_code, forged.json()["code"]) == (400, "cursor_invalid")


def test_tracking_answers_alike_for_wrong_number_and_wrong_email(
    alice: Device, api: ApiClient
) -> None:
    wrong = [
        {"number": alice.order["number"], "email": "mallory@example.com"},
        {"number": "FT-AAAAA-AAAAA", "email": CONTACT["email"]},
    ]
    answers = [api.post("/api/v1/orders/track", body) for body in wrong]
    assert [answer.status_code for answer in answers] == [404, 404]
    bodies = [answer.json() | {"request_id": ""} for answer in answers]
    assert bodies[0] == bodies[1]
    right = api.post(
        "/api/v1/orders/track", {"number": alice.order["number"], "email": "ALICE@example.com"}
    )
    assert right.status_code == 200
    assert "Springfield" not in right.content.decode()


def test_guessing_numbers_and_coupons_ends_after_twenty_tries(
    alice: Device, api: ApiClient
) -> None:
    body = {"number": "FT-AAAAA-AAAAA", "email": "mallory@example.com"}
    statuses = [api.post("/api/v1/orders/track", body).status_code for _ in range(21)]
    assert statuses == [404] * 20 + [429]
    fresh = make_guest_client(api)
    coupon = fresh.post("/api/v1/cart/coupons", {"code": "GUESS"})
    assert coupon.status_code == 429


def test_fields_a_client_must_not_write_are_refused_by_name(
    alice: Device, shelf: Shelf, prices: FakePrices
) -> None:
    greedy = {"quoted_minor": 1, "is_personal": True}
    answer = alice.client.post("/api/v1/cart/lines", {"variant_id": shelf.rye, **greedy})
    assert list_unknown(answer) == ["#/quoted_minor", "#/is_personal"]
    body = order_body(alice.client)
    body["contact"] = body["contact"] | {"is_staff": True}
    answer = alice.client.post("/api/v1/orders", body | {"status": "paid"}, Idempotency_Key="g")
    assert list_unknown(answer) == ["#/contact/is_staff", "#/status"]
    assert Order.objects.count() == 1


def list_unknown(answer: Any) -> list[str]:
    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    faults = answer.json()["errors"]
    assert {one["code"] for one in faults} == {"unknown_field"}
    return [one["pointer"] for one in faults]


def test_a_quote_of_another_shopper_gives_no_price(
    alice: Device, bob: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    prices.personal[alice.pseudonym, shelf.cheddar] = 360
    alice.client.post("/api/v1/cart/lines", {"variant_id": shelf.cheddar})
    cart = alice.client.get("/api/v1/cart").json()
    line = next(one for one in cart["lines"] if one["variant"]["variant_id"] == shelf.cheddar)
    assert line["price"]["quoted_price"]["minor"] == 360
    stolen = {"variant_id": shelf.cheddar, "quote_token": line["price"]["quote_token"]}
    got = bob.post("/api/v1/cart/lines", stolen).json()
    assert got["lines"][0]["price"]["quoted_price"]["minor"] == 400
