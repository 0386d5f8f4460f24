"""Shoppers take their data along and delete themselves from a phone; an account proves it first."""

from __future__ import annotations

from typing import Any

import pytest
from allauth.account.authentication import AUTHENTICATION_METHODS_SESSION_KEY
from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.sessions.backends.db import SessionStore
from django.contrib.sessions.models import Session

from profiles.models import Shopper
from promotions.models import GroupClaim, VerifiedGroup
from shop.doors.api.authentication import read_guest_token
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API, CONTACT, make_device, make_guest_client
from tests.factories.orders import FakePrices, Shelf
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

AUTH = "/_allauth/app/v1/auth"
PASSWORD = "correct horse battery staple"
ALICE = {"email": "alice@example.com", "password": PASSWORD}


@pytest.fixture
def alice() -> ApiClient:
    """A signed-in device."""
    get_user_model().objects.create_user(**ALICE)
    told = ApiClient().post(f"{AUTH}/login", ALICE).json()
    return ApiClient(Authorization=f"Bearer {told['meta']['access_token']}")


def let_time_pass() -> None:
    """Let every sign-in be older than what still counts."""
    for row in Session.objects.all():
        session = SessionStore(row.session_key)
        for record in session.get(AUTHENTICATION_METHODS_SESSION_KEY, []):
            record["at"] -= settings.REAUTHENTICATE_AFTER + 1
        session.save()


def refusal(answer: Any) -> tuple[int, str]:
    return answer.status_code, answer.json()["code"]


def test_a_guest_takes_everything_along_and_is_forgotten(
    api: ApiClient, shelf: Shelf, prices: FakePrices
) -> None:
    device = make_device(api, shelf)
    told = device.client.get(f"{API}/account/data")
    assert told.status_code == 200
    assert set(told.json()["rooms"]) == {"orders", "promotions", "pricing", "profiles", "lists"}
    assert CONTACT["email"] in told.content.decode()
    assert device.order["number"] in told.content.decode()

    assert device.client.delete(f"{API}/account").json() == {"is_erased": True}
    assert not Shopper.objects.filter(pseudonym=device.pseudonym).exists()
    after = device.client.get(f"{API}/account/data")
    assert CONTACT["email"] not in after.content.decode()


def test_nobody_else_gets_it(api: ApiClient) -> None:
    for call in (api.get(f"{API}/account/data"), api.delete(f"{API}/account")):
        assert refusal(call) == (401, "shopper_token_required")


def test_an_account_proves_who_it_is_first(alice: ApiClient) -> None:
    assert alice.get(f"{API}/account/data").status_code == 200, "it signed in just now"
    let_time_pass()
    asked = (401, "reauthentication_required")
    assert refusal(alice.get(f"{API}/account/data")) == asked
    assert refusal(alice.delete(f"{API}/account")) == asked
    assert get_user_model().objects.filter(email=ALICE["email"]).exists()
    assert alice.get(f"{API}/account").status_code == 200, "all else goes on"

    wrong = alice.post(f"{AUTH}/reauthenticate", {"password": "wrong"})
    assert wrong.status_code == 400
    assert refusal(alice.get(f"{API}/account/data")) == asked
    assert alice.post(f"{AUTH}/reauthenticate", {"password": PASSWORD}).status_code == 200
    assert alice.get(f"{API}/account/data").status_code == 200

    assert alice.delete(f"{API}/account").json() == {"is_erased": True}
    assert not get_user_model().objects.filter(email=ALICE["email"]).exists()
    assert refusal(alice.get(f"{API}/account"))[0] == 401
    assert ApiClient().post(f"{AUTH}/login", ALICE).status_code == 400


def test_staff_are_not_deleted_by_this_door(alice: ApiClient) -> None:
    get_user_model().objects.filter(email=ALICE["email"]).update(is_staff=True)
    assert refusal(alice.delete(f"{API}/account")) == (409, "staff_account")
    assert get_user_model().objects.filter(email=ALICE["email"]).exists()


def test_own_data_hold_a_groups_document_while_it_is_kept(api: ApiClient) -> None:
    guest = make_guest_client(api)
    pseudonym = read_guest_token(guest.headers["X_Shopper_Token"])
    claim = GroupClaim.objects.create(
        group=VerifiedGroup.objects.create(code="student", name="Students"),
        shopper=Shopper.objects.get(pseudonym=pseudonym),
        how="document",
        document=b"%PDF-1.7",
        document_type="application/pdf",
        submitted_at=utc_now(),
    )

    def read() -> Any:
        rooms = guest.get(f"{API}/account/data").json()["rooms"]
        return rooms["promotions"]["groups"][0]["document"]

    assert read() == {"media_type": "application/pdf", "base64": "JVBERi0xLjc="}
    GroupClaim.objects.filter(pk=claim.pk).update(document=None, state="refused")
    assert read() is None


def test_the_storefronts_doors_ask_an_account_too(client: Any) -> None:
    account = get_user_model().objects.create_user(**ALICE)
    client.force_login(account)
    assert client.get("/privacy/download/").status_code == 200
    let_time_pass()
    for address in ("/privacy/download/", "/privacy/erase/"):
        answer = client.get(address)
        expected = f"/account/reauthenticate/?next={address.replace('/', '%2F')}"
        assert (answer.status_code, answer["Location"]) == (302, expected)
    assert client.post("/privacy/erase/", {"sure": "yes"}).status_code == 302
    assert get_user_model().objects.filter(pk=account.pk).exists()
    proof = {"password": PASSWORD, "next": "/privacy/erase/"}
    assert client.post("/account/reauthenticate/", proof)["Location"] == "/privacy/erase/"
    client.post("/privacy/erase/", {"sure": "yes"})
    assert not get_user_model().objects.filter(pk=account.pk).exists()
