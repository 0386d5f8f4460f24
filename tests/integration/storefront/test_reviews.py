"""Reviews in the browser: buyers write, everybody reads, nobody's bad mark is left out."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from pricing.base.core.values import QuoteContext
from profiles.events.services.events import record_purchase_events
from profiles.models import Answer, Question, Review, Shopper
from profiles.reviews.api import answer_as_shop, hide_answer, hide_question
from profiles.reviews.services import hide_review
from profiles.values import PurchasedLine
from shop.doors.pages.context import PageContext
from shop.doors.pages.reviews import NotArrived, opinions
from shop.doors.pages.reviews import review as write
from shop.doors.pages.reviews import reviews as reviews_page
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import get_product
from tests.factories import parcels
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


def test_a_product_without_opinions_asks_for_them_once(
    shelf: Shelf, django_assert_num_queries: Any
) -> None:
    detail = get_product(Variant.objects.get(pk=shelf.rye).product.slug, "en")
    with django_assert_num_queries(1):  # marks and questions
        found = opinions(detail)
    assert (found.summary.count, found.reviews, found.questions) == (0, (), ())


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


def test_a_question_shows_once_a_buyer_answers(browser: Client, address: str, shelf: Shelf) -> None:
    product, asked = address.removesuffix("reviews/"), address.replace("reviews", "questions")
    asker = Client(headers={"Accept-Language": "en"})
    for text, said in (("", "Please write something."), ("call 518 555 0100?", "leave out")):
        refused = asker.post(asked, {"text": text})
        assert (refused.status_code, said in refused.content.decode()) == (422, True)
    asker.post(asked, {"text": "Is it sliced?"})
    question = Question.objects.get()
    assert "Only you see it until" in asker.get(asked).content.decode()
    early = browser.post(asked, {"question": str(question.pk), "text": "No"})
    assert (early.status_code, Answer.objects.count()) == (403, 0)
    assert "Is it sliced?" not in browser.get(asked).content.decode()
    record_purchase_events(
        shopper_id=Shopper.objects.order_by("pk")[0].pk,
        basket_ref="FT-1",
        lines=[PurchasedLine(shelf.rye, 1, 300, 300)],
        occurred_at=NOON - timedelta(days=3),
        channel="online",
        now=NOON,
    )
    assert "Is it sliced?" in browser.get(asked).content.decode()
    browser.post(asked, {"question": str(question.pk), "text": "No, whole"})
    answer_as_shop(question_id=question.pk, text="We slice it at the counter.", now=NOON)
    page = Client().get(product).content.decode()
    assert [said in page for said in ("Is it sliced?", "No, whole", "at the counter")] == [True] * 3
    hide_answer(answer_id=Answer.objects.filter(is_shop=False).get().pk, because="It is wrong")
    assert "No, whole" not in Client().get(product).content.decode()
    assert "It is wrong" in browser.get(asked).content.decode()
    hide_question(question_id=question.pk, because="It names a person")
    assert "Is it sliced?" not in Client().get(product).content.decode()


def test_a_product_page_sums_up_its_reviews(browser: Client, address: str, shelf: Shelf) -> None:
    buy(shelf.rye)
    browser.post(address, {"rating": "4", "text": "Crusty"})
    page = Client().get(address.removesuffix("reviews/")).content.decode()
    assert [said in page for said in ("Crusty", "1 review", "Verified buyer")] == [True] * 3


def test_what_is_still_on_its_way_cannot_be_reviewed_yet(
    visit: QuoteContext, shelf: Shelf, address: str
) -> None:
    order = parcels.buy(visit, {shelf.rye: 1})
    buyer = Shopper.objects.get(pseudonym=visit.shopper_pseudonym)
    ctx = PageContext(
        shopper_pseudonym=str(buyer.pseudonym),
        account_id=None,
        language="en",
        locale="en_US",
        market="us",
        currency="USD",
        jurisdiction_code="US-other",
        channel="online",
        gpc=False,
        now=NOON,
    )
    record_purchase_events(
        shopper_id=buyer.pk,
        basket_ref="FT-1",
        lines=[PurchasedLine(shelf.rye, 1, 300, 300)],
        occurred_at=NOON,
        channel="online",
        now=NOON,
    )
    slug = address.split("/")[2]
    page = reviews_page(ctx, slug)
    assert (page.may_write, page.is_on_its_way) == (False, True)
    with pytest.raises(NotArrived):
        write(ctx, slug, rating=5, text="")
    parcels.deliver(order)
    page = reviews_page(ctx, slug)
    assert (page.may_write, page.is_on_its_way) == (True, False)
    write(ctx, slug, rating=5, text="")
    assert Review.objects.count() == 1
