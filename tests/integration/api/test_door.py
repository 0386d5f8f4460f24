"""The API's own door answers as the long way through people's middleware would."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.conf import settings
from django.test import override_settings

from profiles.values import ShopperValue
from shop.doors.api.authentication import sign_guest_token
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API
from tests.factories.pricing import Dairy, make_treated, open_dairy
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

DOOR = "shop.doors.api.door.ApiDoor"
LONG_WAY = [name for name in settings.MIDDLEWARE if name != DOOR]
NONCE = re.compile(r"'nonce-[^']+'")
CHANGING = {"X-Request-ID", "RateLimit"}


@pytest.fixture
def alice(dairy: Dairy) -> ShopperValue:
    """Alice, in a dairy that has opened its doors."""
    open_dairy(utc_now())
    return make_treated(utc_now())


def ask(shopper: ShopperValue, method: str, path: str, body: Any, **headers: str) -> Any:
    client = ApiClient(X_Shopper_Token=sign_guest_token(shopper.pseudonym))
    answer = client.send(method, path, body, **headers)
    kept = {name: value for name, value in answer.headers.items() if name not in CHANGING}
    kept["Content-Security-Policy"] = NONCE.sub("", kept["Content-Security-Policy"])
    kept["Vary"] = ", ".join(sorted(kept.get("Vary", "").split(", ")))
    return answer.status_code, kept, answer.resolver_match and answer.resolver_match.view_name


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("post", f"{API}/quotes", {"variant_ids": [1, 2]}),
        ("post", f"{API}/quotes", {"variant_ids": []}),
        ("get", f"{API}/quotes", None),
        ("get", f"{API}/cart", None),
        ("get", f"{API}/nothing-here", None),
        ("get", f"{API}/docs", None),
        ("get", f"{API}/docs/", None),
        ("get", f"{API}/schema", None),
        ("options", f"{API}/quotes", None),
    ],
)
@pytest.mark.parametrize("language", ["en", "zh-CN"])
def test_status_headers_and_view_are_the_same_both_ways(
    alice: ShopperValue, method: str, path: str, body: Any, language: str
) -> None:
    straight = ask(alice, method, path, body, Accept_Language=language)
    with override_settings(MIDDLEWARE=LONG_WAY):
        assert ask(alice, method, path, body, Accept_Language=language) == straight


def test_the_api_never_meets_a_session(alice: ShopperValue, api: ApiClient) -> None:
    answer = api.get(f"{API}/cart")
    assert not hasattr(answer.wsgi_request, "session")


def test_a_host_that_is_not_ours_is_refused(api: ApiClient) -> None:
    assert api.get(f"{API}/cart", Host="elsewhere.example").status_code == 400
