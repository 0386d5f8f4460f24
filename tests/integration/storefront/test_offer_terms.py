"""The page of an offer says what it asks, in the reader's language, and tells nobody's segment."""

from __future__ import annotations

import pytest
from django.test import Client

from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Offer
from tests.factories.orders import Shelf
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
ASKED = {
    "": "What it asks: the cart is worth at least $40.00; it is the shopper&#x27;s first order",
    "/zh-hans": "使用条件： 购物车满 US$40.00; 这是顾客的首单",
}


@pytest.fixture
def offer(shelf: Shelf) -> Offer:
    return make_campaign("welcome", percent="10").offers.get()


def ask(offer: Offer, condition: dict[str, object]) -> None:
    Offer.objects.filter(pk=offer.pk).update(condition=condition)
    forget_offer_book()


@pytest.mark.parametrize("prefix", ASKED)
def test_a_page_and_the_api_say_what_an_offer_asks(offer: Offer, prefix: str) -> None:
    ask(offer, {"all": [{"cart_value": 4_000}, {"first_order": True}]})
    assert ASKED[prefix] in Client().get(f"{prefix}/offers/{offer.pk}/").content.decode()
    if not prefix:
        told = Client().get(f"/api/v1/offers/{offer.pk}").json()["terms"]
        assert told == ["the cart is worth at least $40.00", "it is the shopper's first order"]


def test_inferred_and_empty_conditions_are_not_shown(offer: Offer) -> None:
    inferred = {"not": {"tags": ["never-baker"]}}
    for condition in ({}, inferred):
        ask(offer, condition)
        page = Client().get(f"/offers/{offer.pk}/")
        assert page.status_code == 200
        assert "What it asks" not in page.content.decode()
    ask(offer, {"all": [inferred, {"cart_value": 4_000}]})
    told = Client().get(f"/api/v1/offers/{offer.pk}").json()["terms"]
    assert told == ["the cart is worth at least $40.00"]
