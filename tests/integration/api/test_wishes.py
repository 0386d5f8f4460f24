"""Saved variants, letters, orders anew and rated, forms and rules: as the pages have them."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core import mail

from profiles.wishes.models import RestockRequest
from shop.ground.catalog.models import Variant
from tests.factories.api import (
    API,
    Device,
    add,
    await_merlot,
    expect,
    make_device,
    make_guest_client,
    rate,
)
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    return make_device(api, shelf)


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_saved_variant_is_listed_at_my_price(alice: Device, shelf: Shelf) -> None:
    for variant in (shelf.rye, shelf.gouda, shelf.rye):
        expect(alice.client.put(f"{API}/wishes/{variant}"))
    items = alice.client.get(f"{API}/wishes").json()["items"]
    assert {one["variant_id"] for one in items} == {shelf.rye, shelf.gouda}
    left = alice.client.delete(f"{API}/wishes/{shelf.gouda}").json()["items"]
    assert [one["variant_id"] for one in left] == [shelf.rye]
    unknown = alice.client.put(f"{API}/wishes/{2**40}")
    assert refusal(unknown) == (404, "product_not_found")


def test_a_guest_confirms_the_letter_that_was_asked_for(alice: Device, shelf: Shelf) -> None:
    path, body = await_merlot(alice)
    missing = alice.client.put(path, {})
    assert missing.json()["errors"][0]["pointer"] == "#/email"
    answer = expect(alice.client.put(path, body))
    assert answer == {"is_awaited": True, "needs_confirmation": True}
    assert [letter.to for letter in mail.outbox] == [["alice@example.com"]]


def test_an_account_is_told_without_a_letter_to_confirm(alice: Device) -> None:
    path, _body = await_merlot(alice)
    get_user_model().objects.create_user(email="bo@example.com", password="correct horse staple")
    login = {"email": "bo@example.com", "password": "correct horse staple"}
    tokens = ApiClient().post("/_allauth/app/v1/auth/login", login).json()["meta"]
    bo = ApiClient(Authorization=f"Bearer {tokens['access_token']}")
    answer = expect(bo.put(path, {}))
    assert answer == {"is_awaited": True, "needs_confirmation": False}
    assert RestockRequest.objects.count() == 1
    assert expect(bo.delete(path))["is_awaited"] is False
    assert RestockRequest.objects.count() == 0


def test_what_is_in_stock_is_not_awaited(alice: Device, shelf: Shelf) -> None:
    path, body = await_merlot(alice)
    elsewhere = path.replace(str(shelf.merlot), str(shelf.rye))
    assert refusal(alice.client.put(elsewhere, body)) == (404, "product_not_found")
    slug = Variant.objects.get(pk=shelf.rye).product.slug
    answer = alice.client.put(f"{API}/products/{slug}/tell-me/{shelf.rye}", body)
    assert refusal(answer) == (409, "in_stock")


def test_an_order_goes_into_the_cart_again(alice: Device, shelf: Shelf) -> None:
    before = alice.client.get(f"{API}/cart").json()["quantity"]
    path = f"{alice.order_path}/again"
    first = alice.client.post(path, Idempotency_Key="tap")
    assert first.json() == {"added": 1, "missing": []}
    again = alice.client.post(path, Idempotency_Key="tap")
    assert again["Idempotent-Replayed"] == "true"
    assert alice.client.get(f"{API}/cart").json()["quantity"] == before + 1


def test_an_order_is_rated_once_something_has_arrived(alice: Device) -> None:
    early = alice.client.put(f"{alice.order_path}/rating", {"score": 5})
    assert refusal(early) == (409, "not_rateable")
    path, body = rate(alice)
    wrong = alice.client.put(path, {"score": 6})
    assert wrong.json()["errors"][0]["pointer"] == "#/score"
    rated = expect(alice.client.put(path, body))
    assert (rated["score"], rated["words"]) == (5, "Well packed.")


def test_a_form_says_what_an_address_needs(api: ApiClient) -> None:
    form = api.get(f"{API}/address-forms/us").json()
    assert form["required"] == ["address_line1", "city", "postcode", "region"]
    assert {"code": "US-NY", "name": "New York"} in form["regions"]
    assert api.get(f"{API}/address-forms/zz").status_code == 404
    german = api.get(f"{API}/address-forms/DE").json()
    assert (german["regions"], "region" in german["required"]) == ([], False)


def test_strangers_neither_see_nor_repeat_an_order(alice: Device, api: ApiClient) -> None:
    bob = make_guest_client(api)
    add(bob, alice.shelf.rye)
    assert refusal(bob.post(f"{alice.order_path}/again")) == (404, "order_not_found")
    assert refusal(bob.put(f"{alice.order_path}/rating", {"score": 1})) == (404, "order_not_found")
