"""Tokens name exactly one shopper, can be revoked at once, and betray their theft."""

from __future__ import annotations

import time
from typing import Any
from uuid import uuid4

import pytest
from django.contrib.auth import get_user_model
from django.contrib.sessions.models import Session
from django.core.signing import TimestampSigner

from profiles.shoppers.selectors.shoppers import find_shopper, find_shopper_for_account
from shop.doors.api.authentication import GUEST_TOKEN_SECONDS, read_guest_token, sign_guest_token
from shop.doors.api.tokens import RotatingTokenStrategy
from tests.factories.api import add, make_guest_client
from tests.factories.orders import Shelf
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

PASSWORD = "correct horse battery staple"
AUTH = "/_allauth/app/v1"
LOGIN = {"email": "alice@example.com", "password": PASSWORD}


@pytest.fixture
def alice() -> Any:
    return get_user_model().objects.create_user(email=LOGIN["email"], password=PASSWORD)


def sign_in(client: ApiClient) -> dict[str, str]:
    answer = client.post(f"{AUTH}/auth/login", LOGIN)
    assert answer.status_code == 200, answer.content
    tokens: dict[str, str] = answer.json()["meta"]
    return tokens


def ask(tokens: dict[str, str]) -> int:
    client = ApiClient(Authorization=f"Bearer {tokens['access_token']}")
    return client.get("/api/v1/account").status_code


def refresh(tokens: dict[str, str]) -> Any:
    return ApiClient().post(f"{AUTH}/tokens/refresh", {"refresh_token": tokens["refresh_token"]})


def test_a_guest_who_asks_again_stays_the_same_shopper(api: ApiClient) -> None:
    first = api.post("/api/v1/guest")
    assert first.status_code == 201
    token = first.json()["shopper_token"]
    assert first.json()["consents"] == {
        "price": True,
        "recommendations": True,
        "marketing": False,
        "analytics": True,
    }
    guest = ApiClient(X_Shopper_Token=token)
    again = guest.post("/api/v1/guest").json()["shopper_token"]
    assert again.partition(":")[0] == token.partition(":")[0]
    assert guest.get("/api/v1/account").json()["is_guest"] is True


def test_silence_means_no_where_the_law_says_so(api: ApiClient) -> None:
    for headers in ({"X_Region": "DE"}, {"X_Region": "FR"}, {"X_Region": "BR"}):
        consents = api.post("/api/v1/guest", **headers).json()["consents"]
        assert not any(consents.values()), headers
    gpc = api.post("/api/v1/guest", Sec_GPC="1").json()["consents"]
    assert (gpc["price"], gpc["analytics"]) == (False, True)


def test_a_token_for_another_pseudonym_needs_the_key(api: ApiClient) -> None:
    token = api.post("/api/v1/guest").json()["shopper_token"]
    body, _, rest = token.partition(":")
    other = sign_guest_token(str(uuid4())).partition(":")[0]
    assert other != body
    forged = ApiClient(X_Shopper_Token=f"{other}:{rest}").get("/api/v1/account")
    assert (forged.status_code, forged.json()["code"]) == (401, "token_invalid")


def test_a_guest_token_ends_after_thirteen_months(
    api: ApiClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = api.post("/api/v1/guest").json()["shopper_token"]
    later = time.time() + GUEST_TOKEN_SECONDS + 1
    monkeypatch.setattr("django.core.signing.time.time", lambda: later)
    answer = ApiClient(X_Shopper_Token=token).get("/api/v1/account")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_expired")


def test_a_signature_of_another_purpose_opens_nothing() -> None:
    foreign = TimestampSigner(salt="password reset").sign("AZHSpJP1e26KUW8MLx98EQ")
    assert ApiClient(X_Shopper_Token=foreign).get("/api/v1/account").status_code == 401


def test_signing_in_joins_the_guest_to_the_account(api: ApiClient, alice: Any) -> None:
    token = api.post("/api/v1/guest").json()["shopper_token"]
    sign_in(ApiClient(X_Shopper_Token=token))
    shopper = find_shopper_for_account(alice.pk)
    assert shopper is not None
    assert find_shopper(read_guest_token(token)) == shopper


@pytest.mark.usefixtures("alice", "prices")
def test_a_guest_token_that_signed_in_opens_nothing_by_itself(api: ApiClient, shelf: Shelf) -> None:
    """Alice signs in and out on a shared device; the next person finds her guest token."""
    left_behind = make_guest_client(api)
    add(left_behind, shelf.cheddar)
    tokens = sign_in(left_behind)
    for path in ("/api/v1/account", "/api/v1/cart", "/api/v1/orders", "/api/v1/home"):
        refused = left_behind.get(path)
        assert (refused.status_code, refused.json()["code"]) == (401, "token_joined"), path
    both = ApiClient(Authorization=f"Bearer {tokens['access_token']}", **left_behind.headers)
    assert len(both.get("/api/v1/cart").json()["lines"]) == 1
    # A guest merged into a login that had a shopper before is no different.
    other = make_guest_client(api)
    sign_in(other)
    assert other.get("/api/v1/cart").json()["code"] == "token_joined"


@pytest.mark.usefixtures("alice")
def test_whoever_has_signed_in_gets_a_new_guest_for_afterwards(api: ApiClient) -> None:
    before = make_guest_client(api)
    tokens = sign_in(before)
    signed_in = ApiClient(Authorization=f"Bearer {tokens['access_token']}")
    for client in (before, signed_in):
        answer = client.post("/api/v1/guest")
        assert answer.status_code == 201
        fresh = ApiClient(X_Shopper_Token=answer.json()["shopper_token"])
        assert fresh.get("/api/v1/account").json()["is_guest"] is True


@pytest.mark.usefixtures("alice", "prices")
def test_signing_in_brings_the_guests_cart_along(api: ApiClient, shelf: Shelf) -> None:
    guest = make_guest_client(api)
    add(guest, shelf.cheddar, quantity=2)
    first = sign_in(guest)
    account = ApiClient(Authorization=f"Bearer {first['access_token']}")
    add(account, shelf.rye)
    other_device = make_guest_client(api)
    add(other_device, shelf.cheddar, quantity=3)
    second = sign_in(other_device)
    cart = account.get("/api/v1/cart").json()
    assert {line["variant"]["variant_id"]: line["quantity"] for line in cart["lines"]} == {
        shelf.cheddar: 3,
        shelf.rye: 1,
    }
    there = ApiClient(Authorization=f"Bearer {second['access_token']}")
    assert there.get("/api/v1/cart").json()["cart_id"] == cart["cart_id"]


def test_a_useless_guest_token_does_not_stop_a_sign_in(alice: Any) -> None:
    sign_in(ApiClient(X_Shopper_Token="forged"))
    assert find_shopper_for_account(alice.pk) is None


def test_the_first_request_of_an_account_makes_its_shopper(alice: Any) -> None:
    assert ask(sign_in(ApiClient())) == 200
    shopper = find_shopper_for_account(alice.pk)
    assert shopper is not None
    assert find_shopper(shopper.pseudonym) == shopper


@pytest.mark.usefixtures("alice")
def test_a_signed_out_device_is_out_at_once() -> None:
    tokens = sign_in(ApiClient())
    assert ask(tokens) == 200
    ApiClient(X_Session_Token=tokens["session_token"]).delete(f"{AUTH}/auth/session")
    assert ask(tokens) == 401
    assert refresh(tokens).status_code == 400


def test_a_closed_account_is_out_at_once(alice: Any) -> None:
    tokens = sign_in(ApiClient())
    alice.is_active = False
    alice.save()
    assert ask(tokens) == 401


@pytest.mark.usefixtures("alice")
def test_a_device_that_lost_the_answer_refreshes_again() -> None:
    kept = sign_in(ApiClient())
    lost = refresh(kept).json()["data"]
    answer = refresh(kept)
    assert answer.status_code == 200
    fresh = answer.json()["data"]
    assert ask(fresh) == 200
    # Whoever holds the answer that the device never got took it: nobody stays signed in.
    assert refresh(lost).status_code == 400
    assert ask(fresh) == 401


@pytest.mark.usefixtures("alice")
@pytest.mark.parametrize("between", ["a second repeat", "a use of what followed", "the time"])
def test_reusing_a_refresh_token_ends_the_session(
    between: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    stolen = sign_in(ApiClient())
    fresh = refresh(stolen).json()["data"]
    if between == "a second repeat":
        fresh = refresh(stolen).json()["data"]
    elif between == "a use of what followed":
        fresh = refresh(fresh).json()["data"]
    else:
        monkeypatch.setattr(RotatingTokenStrategy, "grace_seconds", -1)
    assert ask(fresh) == 200
    assert refresh(stolen).status_code == 400
    assert ask(fresh) == 401
    assert refresh(fresh).status_code == 400


@pytest.mark.usefixtures("alice")
def test_the_session_lives_as_long_as_its_refresh_token(settings: Any) -> None:
    tokens = sign_in(ApiClient())
    (session,) = Session.objects.all()
    left = session.expire_date.timestamp() - time.time()
    assert left == pytest.approx(settings.HEADLESS_JWT_REFRESH_TOKEN_EXPIRES_IN, abs=60)
    assert refresh(tokens).status_code == 200


@pytest.mark.usefixtures("alice")
def test_wrong_passwords_lock_the_account_for_strangers() -> None:
    wrong = {**LOGIN, "password": "guess"}
    statuses = [ApiClient().post(f"{AUTH}/auth/login", wrong).status_code for _ in range(7)]
    assert statuses[:5] == [400] * 5
    # From then on even the right password gets no answer.
    assert ApiClient().post(f"{AUTH}/auth/login", LOGIN).status_code in (400, 429)


def test_a_session_cookie_opens_nothing_here(alice: Any, client: Any) -> None:
    client.force_login(alice)
    assert client.get("/api/v1/account").status_code == 401
