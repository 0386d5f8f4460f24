"""Parcels, returns and refunds by token: the services of the staff site, with its roles."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
from django.contrib.admin.models import LogEntry
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.models import Order, OrderEvent, OrderLine
from promotions.tokens.core import StaffScope
from shop.ground.inventory.models import StockMovement
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.log import say_entry
from shop.ground.staff.roles import ANALYST, MERCHANDISER, SUPPORT, WAREHOUSE
from tests.factories.api import API, CALLS, Device, add, expect, make_device, order_cart
from tests.factories.orders import FakePrices, Shelf
from tests.factories.parcels import make_carrier
from tests.factories.staff_tokens import make_holder, make_staff_client
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
STAFF = f"{API}/staff"


@pytest.fixture
def device(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    """A guest who has paid one piece of cheddar."""
    made = make_device(api, shelf)
    path, body = CALLS["confirmPayment"](made)
    expect(made.client.post(path, body))
    return made


@pytest.fixture
def sue() -> ApiClient:
    """A system of somebody in support."""
    return make_staff_client("sue", role=SUPPORT)


def order_path(device: Device) -> str:
    return f"{STAFF}/orders/{device.order['number']}"


def buy_three(device: Device) -> str:
    """The guest orders three pieces of gouda and pays; return the order's number."""
    add(device.client, device.shelf.gouda, 2)
    order = order_cart(device.client)
    path = f"{API}/orders/{order['number']}/payments"
    step = expect(device.client.post(path, {"method": "sandbox-card"}, Idempotency_Key="pay"))
    assert step["state"] == "succeeded"
    return str(order["number"])


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_the_warehouse_packs_by_token_and_sees_no_money(
    device: Device, strict: dict[str, Any]
) -> None:
    will = make_staff_client("will", role=WAREHOUSE)
    listed = will.get(f"{STAFF}/orders")
    check(OPERATIONS["listStaffOrders"], listed, strict)
    assert [one["total"] for one in listed.json()["orders"]] == [None]
    shown = will.get(order_path(device))
    check(OPERATIONS["getStaffOrder"], shown, strict)
    order = shown.json()
    amounts = [order["total"], order["refunded"], *(line["total"] for line in order["lines"])]
    assert set(amounts) == {None}
    contact = order["contact"]
    assert (contact["name"], contact["region"]) == ("Alice Archer", "US-OH")
    assert (contact["email"], contact["phone"]) == ("", "")
    path = f"{order_path(device)}/parcels"
    assert will.post(path, {}, Idempotency_Key="pack").status_code == 201
    assert will.post(f"{path}/1/ship", {}).status_code == 200
    refund = {"lines": [{"line_id": 1, "quantity": 1}], "reason": "was broken"}
    refused = will.post(f"{order_path(device)}/refunds", refund, Idempotency_Key="refund")
    assert refusal(refused) == (403, "staff_forbidden")
    feed = will.get(f"{STAFF}/order-changes?updated_since=2026-01-01T00:00:00Z")
    assert refusal(feed) == (403, "staff_forbidden")


def test_the_feed_tells_each_change_and_goes_on(
    device: Device, sue: ApiClient, strict: dict[str, Any]
) -> None:
    feed = f"{STAFF}/order-changes"
    buy_three(device)
    first, second = Order.objects.order_by("pk")
    moment = utc_now() - timedelta(hours=1)
    for order in (first, second, first, second):  # all at one moment
        OrderEvent.objects.create(order=order, kind="comment", at=moment)
    seen, address = [], f"{feed}?limit=1&updated_since={quote(moment.isoformat())}"
    for _step in range(4):
        page = sue.get(address)
        check(OPERATIONS["listOrderChanges"], page, strict)
        [told] = page.json()["orders"]
        seen.append(told["number"])
        address = f"{feed}?limit=1&cursor={page.json()['next_cursor']}"
    assert seen == [first.number, second.number] * 2
    address = f"{feed}?cursor={page.json()['next_cursor']}"
    for _asked in range(2):  # steps that are younger than five minutes are told again
        later = sue.get(address).json()
        assert {one["number"] for one in later["orders"]} == {first.number, second.number}
        assert later["has_more"] is False
        address = f"{feed}?cursor={later['next_cursor']}"
    assert refusal(sue.get(feed)) == (400, "invalid")
    assert refusal(sue.get(f"{feed}?cursor=x")) == (400, "cursor_invalid")


def test_an_order_is_packed_shipped_and_delivered_as_described(
    device: Device, sue: ApiClient, strict: dict[str, Any]
) -> None:
    make_carrier()
    number, path = device.order["number"], order_path(device)
    listed = sue.get(f"{STAFF}/orders")
    check(OPERATIONS["listStaffOrders"], listed, strict)
    assert [one["number"] for one in listed.json()["orders"]] == [number]
    shown = sue.get(path)
    check(OPERATIONS["getStaffOrder"], shown, strict)
    assert [line["to_pack"] for line in shown.json()["lines"]] == [1]
    assert shown.json()["contact"]["name"] == "Alice Archer"
    packed = sue.post(f"{path}/parcels", {}, Idempotency_Key="pack")
    check(OPERATIONS["packParcel"], packed, strict)
    again = sue.post(f"{path}/parcels", {}, Idempotency_Key="pack")
    assert (again.content, again["Idempotent-Replayed"]) == (packed.content, "true")
    assert sue.get(f"{STAFF}/orders").json()["orders"] == []
    assert len(sue.get(f"{STAFF}/orders?to_do=ship").json()["orders"]) == 1
    carriers = sue.get(f"{STAFF}/carriers")
    check(OPERATIONS["listCarriers"], carriers, strict)
    by = {"carrier": carriers.json()["carriers"][0], "tracking_number": "1Z999"}
    shipped = sue.post(f"{path}/parcels/1/ship", by)
    check(OPERATIONS["shipParcel"], shipped, strict)
    assert shipped.json()["tracking_url"] == "https://track.example.com/?id=1Z999"
    delivered = sue.post(f"{path}/parcels/1/deliver")
    check(OPERATIONS["deliverParcel"], delivered, strict)
    assert Order.objects.get(number=number).status == "fulfilled"
    assert list_steps(number) == ["parcel_packed", "parcel_shipped", "parcel_delivered"]
    assert list_log() == [
        "A parcel was packed. By token: CI.",
        "The parcel was shipped. By token: CI.",
        "The parcel has arrived. By token: CI.",
    ]


def list_steps(number: str) -> list[str]:
    """What Sue did, as the order's timeline says."""
    steps = OrderEvent.objects.filter(order__number=number, detail__by_id=make_holder("sue"))
    return list(steps.order_by("pk").values_list("kind", flat=True))


def list_log() -> list[str]:
    """What Sue did, as the log of staff says."""
    entries = LogEntry.objects.filter(user_id=make_holder("sue")).order_by("pk")
    return [say_entry(one) for one in entries]


def send_back(device: Device, sue: ApiClient, reason: str) -> tuple[str, int]:
    """Ship the order and announce its return; return the return's address and the line."""
    path = order_path(device)
    parcel = expect(sue.post(f"{path}/parcels", {}, Idempotency_Key="pack"), 201)
    expect(sue.post(f"{path}/parcels/1/ship", {}))
    line_id = parcel["lines"][0]["line_id"]
    asked = {"lines": [{"line_id": line_id, "quantity": 1}], "reason": reason}
    made = device.client.post(f"{device.order_path}/returns", asked, Idempotency_Key="back")
    return f"{STAFF}/returns/{expect(made, 201)['number']}", line_id


def test_a_return_is_received_inspected_and_refunded_as_described(
    device: Device, sue: ApiClient, strict: dict[str, Any]
) -> None:
    number = device.order["number"]
    at, line_id = send_back(device, sue, "changed_mind")
    listed = sue.get(f"{STAFF}/returns?state=requested")
    check(OPERATIONS["listStaffReturns"], listed, strict)
    assert [one["number"] for one in listed.json()["returns"]] == [f"{number}-R1"]
    check(OPERATIONS["getStaffReturn"], sue.get(at), strict)
    check(OPERATIONS["receiveReturn"], sue.post(f"{at}/receive"), strict)
    found = {"lines": [{"line_id": line_id, "accepted": 1, "restock": 1}]}
    settled = sue.post(f"{at}/inspect", found, Idempotency_Key="inspect")
    check(OPERATIONS["inspectReturn"], settled, strict)
    assert (settled.json()["order"], settled.json()["state"]) == (number, "settled")
    assert settled.json()["refunded"]["minor"] == device.order["total"]["minor"]
    moves = StockMovement.objects.filter(reference=number).values_list("kind", "quantity")
    assert sorted(moves) == [("returned", 1), ("sold", -1)]
    assert list_steps(number)[2:] == ["return_received", "refunded", "return_settled"]
    assert list_log()[2:] == [
        "The return was received. By token: CI.",
        "The return was settled. By token: CI.",
    ]


def test_an_order_is_sent_in_parts_and_the_rest_refunded(
    device: Device, sue: ApiClient, strict: dict[str, Any]
) -> None:
    number = buy_three(device)
    path = f"{STAFF}/orders/{number}"
    line = OrderLine.objects.get(order__number=number)
    two = {"lines": [{"line_id": line.pk, "quantity": 2}]}
    expect(sue.post(f"{path}/parcels", two, Idempotency_Key="1"), 201)
    assert [one["to_pack"] for one in sue.get(path).json()["lines"]] == [1]
    refused = sue.post(f"{path}/parcels", two, Idempotency_Key="2")
    assert refusal(refused) == (400, "bad_quantity")
    unpacked = sue.post(f"{path}/parcels/1/unpack", {"reason": "one fell down"})
    check(OPERATIONS["unpackParcel"], unpacked, strict)
    assert [one["to_pack"] for one in sue.get(path).json()["lines"]] == [3]
    expect(sue.post(f"{path}/parcels", two, Idempotency_Key="2"), 201)
    body = {
        "lines": [{"line_id": line.pk, "quantity": 1, "restock": 0}],
        "reason": "it fell down",
    }
    back = sue.post(f"{path}/refunds", body, Idempotency_Key="back")
    check(OPERATIONS["refundOrder"], back, strict)
    again = sue.post(f"{path}/refunds", body, Idempotency_Key="back")
    assert again.content == back.content
    assert back.json()["refunded"] == back.json()["lines"][0]["refunded"]
    assert back.json()["refunded"]["minor"] == line.total_minor // 3
    assert refusal(sue.post(f"{path}/parcels", {}, Idempotency_Key="3")) == (409, "nothing_to_pack")
    expect(sue.post(f"{path}/parcels/2/ship", {}))
    assert refusal(sue.post(f"{path}/parcels/1/ship", {})) == (409, "parcel_left")
    assert refusal(sue.post(f"{path}/parcels/9/ship", {})) == (404, "parcel_not_found")
    unknown = sue.post(f"{path}/parcels/2/ship", {"carrier": "Nobody"})
    assert refusal(unknown) == (400, "unknown_carrier")


def test_scopes_and_roles_decide_who_reads_and_acts(device: Device) -> None:
    path = order_path(device)
    calls = {
        StaffScope.ORDERS_READ: [
            ("get", f"{STAFF}/orders", None),
            ("get", path, None),
            ("get", f"{STAFF}/carriers", None),
            ("get", f"{STAFF}/returns", None),
            ("get", f"{STAFF}/returns/none-R1", None),
        ],
        StaffScope.ORDERS_SHIP: [
            ("post", f"{path}/parcels", {}),
            ("post", f"{path}/parcels/1/ship", {}),
            ("post", f"{path}/parcels/1/deliver", None),
            ("post", f"{path}/parcels/1/unpack", {"reason": "a reason"}),
        ],
        StaffScope.ORDERS_REFUND: [
            ("post", f"{path}/refunds", {}),
            ("post", f"{STAFF}/returns/none-R1/receive", None),
            ("post", f"{STAFF}/returns/none-R1/inspect", {}),
        ],
    }
    every = [(scope, call) for scope, found in calls.items() for call in found]
    for own in calls:
        client = make_staff_client("sue", own, role=SUPPORT)
        for scope, (method, address, body) in every:
            answer = client.send(method, address, body)
            assert (answer.status_code == 403) is (scope is not own), (own, address)
    for role, may_read in ((MERCHANDISER, True), (ANALYST, True)):
        client = make_staff_client(f"reads-{role}", role=role)
        assert (client.get(path).status_code == 200) is may_read
        assert client.get(path).json()["contact"] is None
        for scope, (method, address, body) in every:
            if scope is not StaffScope.ORDERS_READ:
                assert client.send(method, address, body).status_code == 403, address
    assert not OrderEvent.objects.filter(kind="parcel_packed").exists()


def test_lists_continue_at_their_cursor_and_cost_the_same(device: Device, sue: ApiClient) -> None:
    with CaptureQueriesContext(connection) as one:
        sue.get(f"{STAFF}/orders")
    second = buy_three(device)
    with CaptureQueriesContext(connection) as two:
        sue.get(f"{STAFF}/orders")
    assert len(one) == len(two)
    first_page = sue.get(f"{STAFF}/orders?limit=1").json()
    assert [each["number"] for each in first_page["orders"]] == [device.order["number"]]
    expect(sue.post(f"{order_path(device)}/parcels", {}, Idempotency_Key="pack"), 201)
    cursor = first_page["next_cursor"]
    rest = sue.get(f"{STAFF}/orders?limit=1&cursor={cursor}").json()
    assert ([each["number"] for each in rest["orders"]], rest["next_cursor"]) == ([second], None)
    other = sue.get(f"{STAFF}/orders?to_do=ship&cursor={cursor}")
    assert refusal(other) == (400, "cursor_invalid")


def test_less_than_all_needs_a_word_to_the_shopper(device: Device, sue: ApiClient) -> None:
    at, line_id = send_back(device, sue, "damaged")
    none = {"lines": [{"line_id": line_id, "accepted": 0, "restock": 0}]}
    early = sue.post(f"{at}/inspect", none, Idempotency_Key="1")
    assert refusal(early) == (409, "return_moved_on")
    expect(sue.post(f"{at}/receive"))
    refused = sue.post(f"{at}/inspect", none, Idempotency_Key="1")
    assert refusal(refused) == (400, "refusal_missing")
    more = {"lines": [{"line_id": line_id, "accepted": 0, "restock": 1}], "refusal": "Used."}
    answer = sue.post(f"{at}/inspect", more, Idempotency_Key="more")
    assert refusal(answer) == (400, "bad_quantity")
    told = {**none, "refusal": "It was used."}
    settled = expect(sue.post(f"{at}/inspect", told, Idempotency_Key="1"))
    assert (settled["refunded"]["minor"], settled["refusal"]) == (0, "It was used.")
    for key in ("1", "2"):
        assert expect(sue.post(f"{at}/inspect", told, Idempotency_Key=key)) == settled
    other = {"lines": [{"line_id": line_id, "accepted": 1, "restock": 1}], "refusal": ""}
    for key, late in (("3", other), ("4", {**none, "refusal": "It was torn."})):
        answer = sue.post(f"{at}/inspect", late, Idempotency_Key=key)
        assert refusal(answer) == (409, "return_moved_on")
