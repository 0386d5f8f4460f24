"""Points at the API: for accounts only, as described, and usable in the cart."""

from __future__ import annotations

from typing import Any

import pytest
from django.contrib.auth import get_user_model

from promotions.loyalty.core.pos import read_member_number
from promotions.loyalty.services.points import Act, make_available
from promotions.models import Bucket, PointsAccount, PointsEntry
from tests.factories.api import add, expect, make_guest_client
from tests.factories.loyalty import make_terms
from tests.factories.orders import NOON, FakePrices, Shelf
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict
from tests.integration.api.test_tokens import LOGIN, sign_in

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
POINTS = "/api/v1/points"


@pytest.fixture
def alice(api: ApiClient, shelf: Shelf, prices: FakePrices) -> ApiClient:
    """A signed-in device in a shop with a programme."""
    make_terms()
    get_user_model().objects.create_user(email=LOGIN["email"], password=LOGIN["password"])
    tokens = sign_in(make_guest_client(api))
    return ApiClient(Authorization=f"Bearer {tokens['access_token']}")


def test_a_member_joins_and_pays_with_points(
    alice: ApiClient, shelf: Shelf, strict: dict[str, Any]
) -> None:
    assert expect(alice.get(POINTS))["is_member"] is False
    joined = alice.post(f"{POINTS}/join", {"invitation": "NOBODY"})
    check(OPERATIONS["joinPoints"], joined, strict)
    assert joined.json()["invitation_refused"] == "unknown_invitation"
    make_available(
        account_id=PointsAccount.objects.get().pk,
        act=Act(PointsEntry.Kind.ADJUST, "gift", NOON),
        source=Bucket.ADJUSTED,
        points=150,
        expires_at=None,
    )
    add(alice, shelf.cheddar)
    used = alice.put("/api/v1/cart/points", {"points": 120})
    check(OPERATIONS["usePoints"], used, strict)
    assert (used.json()["points"]["used"], used.json()["discount"]["minor"]) == (120, 120)
    for name, path in (("getPoints", POINTS), ("listPointsMoves", f"{POINTS}/moves")):
        for language in ("en", "zh-CN"):
            check(OPERATIONS[name], alice.get(path, Accept_Language=language), strict)
    assert expect(alice.get(f"{POINTS}/moves"))["moves"][0]["points"] == 150


def test_a_member_shows_a_number_and_makes_points_codes(
    alice: ApiClient, strict: dict[str, Any]
) -> None:
    refused = alice.post(f"{POINTS}/code")
    assert (refused.status_code, refused.json()["code"]) == (409, "not_a_member")
    alice.post(f"{POINTS}/join", {})
    number = expect(alice.get(POINTS))["member_number"]
    assert read_member_number(number) == number
    first, second = (alice.post(f"{POINTS}/code") for _ in range(2))
    check(OPERATIONS["makePointsCode"], second, strict)
    assert first.json()["code"] != second.json()["code"]
    assert "no-store" in second["Cache-Control"]


def test_guests_make_no_codes(api: ApiClient) -> None:
    answer = make_guest_client(api).post(f"{POINTS}/code")
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


@pytest.mark.parametrize("path", [POINTS, f"{POINTS}/moves"])
def test_guests_have_no_points(api: ApiClient, path: str) -> None:
    answer = make_guest_client(api).get(path)
    assert (answer.status_code, answer.json()["code"]) == (401, "sign_in_required")


def test_a_shop_without_a_programme_says_so(alice: ApiClient) -> None:
    make_terms(market_code="elsewhere")
    answer = alice.get(POINTS)
    assert (answer.status_code, answer.json()["code"]) == (404, "no_programme")
