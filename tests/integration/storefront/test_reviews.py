"""Reviews in the browser: buyers write, everybody reads, nobody's bad mark is left out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from profiles.events.services.purchases import record_purchase_events
from profiles.models import Review, Shopper
from profiles.reviews.services.reviews import hide_review
from profiles.values import PurchasedLine
from shop.ground.catalog.models import Variant
from tests.factories.orders import NOON, FakePrices, Shelf

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(shelf: Shelf, prices: FakePrices) -> Client:
    """A visitor with a rye in the cart: a guest the shop knows."""
    client = Client(headers={"Accept-Language": "en"})
    client.post("/cart/add/", {"line": f"{shelf.rye}:"})
    return client


@pytest.fixture
def address(shelf: Shelf) -> str:
    return f"/p/{Variant.objects.get(pk=shelf.rye).product.slug}/reviews/"


def buy(variant_id: int) -> None:
    """Let the one guest there is have bought a variant."""
    record_purchase_events(
        shopper_id=Shopper.objects.get().pk,
        basket_ref="FT-1",
        lines=[PurchasedLine(variant_id, 1, 300, 300)],
        occurred_at=NOON - timedelta(days=3),
        channel="online",
        now=NOON,
    )


def test_who_did_not_buy_reads_and_cannot_write(browser: Client, address: str) -> None:
    page = browser.get(address).content.decode()
    assert "Nobody has reviewed it yet." in page
    assert "<textarea" not in page
    refused = browser.post(address, {"rating": "1", "text": "never had it"})
    assert refused.status_code == 403
    assert "Only people who bought it here can review it." in refused.content.decode()
    assert not Review.objects.exists()


def test_a_buyer_writes_changes_and_reads_a_review(
    browser: Client, address: str, shelf: Shelf
) -> None:
    buy(shelf.rye)
    assert "Write a review" in browser.get(address).content.decode()
    page = browser.post(address, {"rating": "1", "text": "Stale & dry"}, follow=True)
    assert "Stale &amp; dry" in page.content.decode()
    browser.post(address, {"rating": "4", "text": ""})
    review = Review.objects.get()
    assert (review.rating, review.text) == (4, "")
    page = Client().get(address).content.decode()
    assert "1 review" in page
    assert "4 of 5" in page
    assert "Yours" not in page


def test_no_stars_is_said_and_the_words_stay(browser: Client, address: str, shelf: Shelf) -> None:
    buy(shelf.rye)
    answer = browser.post(address, {"rating": "", "text": "My words"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert "Choose one to five stars." in page
    assert "My words</textarea>" in page


def test_a_hidden_review_is_shown_to_its_writer_alone(
    browser: Client, address: str, shelf: Shelf
) -> None:
    buy(shelf.rye)
    browser.post(address, {"rating": "2", "text": "Ask Bob Miller"})
    hide_review(review_id=Review.objects.get().pk, because="It names a person")
    assert "It names a person" in browser.get(address).content.decode()
    others = Client().get(address).content.decode()
    assert "Bob Miller" not in others
    assert "Nobody has reviewed it yet." in others


def test_the_page_is_private_translated_and_missing_for_unknown_products(
    browser: Client, address: str
) -> None:
    answer = browser.get(address)
    assert "public" not in answer.headers.get("Cache-Control", "")
    assert "买家评价" in browser.get(f"/zh-hans{address}").content.decode()
    assert browser.get("/p/no-such-thing/reviews/").status_code == 404
    assert browser.get(f"{address}?page=0").status_code == 200
