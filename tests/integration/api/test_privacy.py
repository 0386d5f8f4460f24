"""What was said to one shopper never reaches another through a cache, and a no is heard at once."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from shop.doors.api.authentication import read_guest_token
from tests.factories.api import API, CALLS, Device, event, expect, make_device, make_guest_client
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient, Operation, list_operations, read_schema

pytestmark = pytest.mark.django_db

OPERATIONS = [o for o in list_operations(read_schema()) if o.name in CALLS]
PUBLIC = {"getIndex", "listCategories", "getReturnRules", "listServedCountries", "getAddressForm"}
VARY = {"Authorization", "X-Shopper-Token", "X-Region", "Sec-GPC", "Accept-Language"}


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> Device:
    return make_device(api, shelf)


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_caches_keep_only_what_everybody_may_see(
    operation: Operation, alice: Device, api: ApiClient
) -> None:
    path, body = CALLS[operation.name](alice)
    answers = [
        client.send(operation.method, path, body, Idempotency_Key="k")
        for client in (alice.client, api)
    ]
    for answer in answers:
        if operation.name in PUBLIC:
            assert answer["Cache-Control"].startswith("public, max-age=")
            assert "RateLimit" not in answer
        else:
            assert answer["Cache-Control"] == "private, no-store"
            assert set(answer["Vary"].split(", ")) >= VARY
    if operation.name in PUBLIC:
        assert answers[0].content == answers[1].content


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda o: o.name)
def test_no_answer_sets_a_cookie(operation: Operation, alice: Device) -> None:
    path, body = CALLS[operation.name](alice)
    answer: Any = alice.client.send(operation.method, path, body, Idempotency_Key="k")
    assert not answer.cookies


def test_an_unchanged_category_tree_is_not_sent_again(api: ApiClient, shelf: Shelf) -> None:
    first = api.get(f"{API}/categories")
    again = api.get(f"{API}/categories", If_None_Match=first["ETag"])
    assert (again.status_code, again.content) == (304, b"")
    other = api.get(f"{API}/categories", If_None_Match=first["ETag"], Accept_Language="zh")
    assert other.status_code == 200


def test_schema_and_docs_are_the_same_for_everybody(client: Client) -> None:
    yaml = client.get(f"{API}/schema/")
    json = client.get(f"{API}/schema/?format=json")
    assert yaml["Content-Type"] == "application/vnd.oai.openapi"
    assert json.json()["openapi"] == "3.1.0"
    assert yaml["Cache-Control"] == json["Cache-Control"] == "public, max-age=300"
    for path in (f"{API}/docs/", f"{API}/docs/accounts/"):
        page = client.get(path)
        assert page.status_code == 200
        assert "unsafe" not in page["Content-Security-Policy"]
        assert page["Cache-Control"] == "private, no-store"


def test_refused_personal_prices_are_refused_on_every_device(alice: Device) -> None:
    other_device = ApiClient(**alice.client.headers)
    answer = expect(alice.client.put(f"{API}/consent/price", {"granted": False}))
    assert answer["consents"]["price"] is False
    assert expect(other_device.get(f"{API}/consent"))["consents"]["price"] is False
    assert expect(alice.client.put(f"{API}/consent/price", {"granted": True}))["consents"]["price"]


def test_consent_speaks_of_the_place_and_of_the_browsers_signal(api: ApiClient) -> None:
    germany = expect(api.get(f"{API}/consent", X_Region="DE"))
    assert (germany["jurisdiction"], germany["opt_in_required"]) == ("DE", True)
    nowhere = expect(api.get(f"{API}/consent", X_Region="ZZ", Sec_GPC="1"))
    assert (nowhere["personal_prices_allowed"], nowhere["is_gpc"]) == (False, True)


@pytest.mark.parametrize(
    ("region", "jurisdiction"),
    [
        ("US", "US"),
        ("US-CA", "US-other"),
        ("us-ny", "US-NY"),
        ("FR", "EU"),
        ("DE-BE", "DE"),
        ("GB", "UK"),
        ("CN", "CN"),
        ("BR", "unknown"),
    ],
)
def test_a_region_leads_to_its_row_of_the_law(
    api: ApiClient, region: str, jurisdiction: str
) -> None:
    assert expect(api.get(f"{API}/consent", X_Region=region))["jurisdiction"] == jurisdiction


def test_an_unknown_purpose_and_a_malformed_region_are_refused(alice: Device) -> None:
    purpose = alice.client.put(f"{API}/consent/everything", {"granted": True})
    assert (purpose.status_code, purpose.json()["code"]) == (404, "unknown_purpose")
    region = alice.client.get(f"{API}/home", X_Region="New York")
    assert (region.status_code, region.json()["code"]) == (400, "region_malformed")


def test_without_consent_events_are_counted_and_not_kept(api: ApiClient, shelf: Shelf) -> None:
    client = make_guest_client(api)
    for purpose in ("price", "recommendations", "analytics"):
        expect(client.put(f"{API}/consent/{purpose}", {"granted": False}))
    batch = {"events": [event(variant_id=shelf.cheddar)]}
    answer = expect(client.post(f"{API}/events/batch", batch), 202)
    assert (answer["accepted"], answer["dropped_no_consent"]) == (0, 1)


def test_events_are_judged_one_by_one_and_count_once(api: ApiClient, shelf: Shelf) -> None:
    client = make_guest_client(api)
    good = event(variant_id=shelf.cheddar)
    batch = {"events": [good, event("purchase", variant_id=1), {"id": "x"}, good]}
    answer = expect(client.post(f"{API}/events/batch", batch), 202)
    assert (answer["accepted"], answer["duplicates"]) == (1, 1)
    assert [(item["index"], item["code"]) for item in answer["rejected"]] == [
        (1, "shop_only"),
        (2, "unknown_kind"),
    ]
    again = expect(client.post(f"{API}/events/batch", batch), 202)
    assert (again["accepted"], again["duplicates"]) == (0, 2)


def test_a_guest_token_holds_nothing_but_the_pseudonym(api: ApiClient) -> None:
    client = make_guest_client(api)
    token = client.headers["X_Shopper_Token"]
    assert len(token) < 90
    assert len(read_guest_token(token)) == 36
