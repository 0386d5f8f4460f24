"""Reviews at the API: read by everybody, written by buyers only."""

from __future__ import annotations

from typing import Any

import pytest

from profiles.events.services.events import record_purchase_events
from profiles.models import Review, Shopper
from profiles.values import PurchasedLine
from tests.factories.api import expect, make_guest_client
from tests.factories.orders import NOON, FakePrices, Shelf
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = pytest.mark.django_db
URL = "/api/v1/products/cheddar/reviews"


@pytest.fixture
def buyer(api: ApiClient, shelf: Shelf, prices: FakePrices) -> ApiClient:
    """A guest who bought cheddar."""
    guest = make_guest_client(api)
    record_purchase_events(
        shopper_id=Shopper.objects.latest("pk").pk,
        basket_ref="FT-1",
        lines=[PurchasedLine(shelf.cheddar, 1, 400, 400)],
        occurred_at=NOON,
        channel="online",
        now=NOON,
    )
    return guest


def test_a_buyer_writes_and_everybody_reads(
    buyer: ApiClient, api: ApiClient, strict: dict[str, Any]
) -> None:
    assert expect(buyer.get(URL))["may_write"] is True
    written = buyer.put(f"{URL}/mine", {"rating": 2, "text": "  Melts\nbadly. "})
    check(OPERATIONS["writeReview"], written, strict)
    buyer.put(f"{URL}/mine", {"rating": 4, "text": "Melts well."})
    found = expect(api.get(URL))
    assert (found["count"], found["mean"], found["stars"]) == (1, 4.0, [0, 0, 0, 1, 0])
    assert [(r["text"], r["is_own"]) for r in found["reviews"]] == [("Melts well.", False)]
    assert expect(buyer.get(URL))["reviews"][0]["is_own"] is True


def test_a_hidden_review_is_shown_to_its_writer_alone(buyer: ApiClient, api: ApiClient) -> None:
    buyer.put(f"{URL}/mine", {"rating": 1})
    Review.objects.update(state="hidden", hidden_because="Names a person.")
    assert (expect(api.get(URL))["count"], expect(api.get(URL))["reviews"]) == (0, [])
    assert expect(buyer.get(URL))["reviews"][0]["hidden_because"] == "Names a person."


def test_who_did_not_buy_it_and_bad_marks_are_refused(buyer: ApiClient, api: ApiClient) -> None:
    stranger = make_guest_client(ApiClient())
    answer = stranger.put(f"{URL}/mine", {"rating": 5})
    assert (answer.status_code, answer.json()["code"]) == (403, "not_bought")
    answer = api.put(f"{URL}/mine", {"rating": 5})
    assert (answer.status_code, answer.json()["code"]) == (401, "shopper_token_required")
    for body in ({"rating": 6}, {"rating": 0}, {}, {"rating": 3, "text": "x" * 2_001}):
        answer = buyer.put(f"{URL}/mine", body)
        assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    missing = api.get("/api/v1/products/nothing/reviews")
    assert (missing.status_code, missing.json()["code"]) == (404, "product_not_found")
