"""What counts as a look at a price: pages shown to people, by both doors."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.impressions import PublicLook
from shop.ground.kernel.clock import utc_now
from tests.factories.api import API
from tests.factories.looks import count_impressions, show
from tests.factories.pricing import BROWSER, Dairy, open_dairy

pytestmark = pytest.mark.django_db
ROBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


@pytest.fixture
def shop(dairy: Dairy) -> Dairy:
    """A dairy that has opened its doors."""
    open_dairy(utc_now())
    return dairy


def browser(agent: str = BROWSER, **headers: str) -> Client:
    return Client(headers={"host": "localhost", "user-agent": agent, **headers})


def test_a_page_and_each_fragment_of_it_are_looks(shop: Dairy) -> None:
    for headers in ({}, {"HX-Request": "true"}):
        assert browser(**headers).get("/c/dairy/cheese/").status_code == 200
    drain_looks()
    assert count_impressions() == dict.fromkeys(shop.cheeses, 2)
    assert browser().get("/p/cheddar/").status_code == 200
    assert drain_looks() > 0
    assert count_impressions()[shop.cheddar] == 3


def test_sorting_by_price_looks_at_the_page_only(shop: Dairy) -> None:
    assert browser().get("/c/dairy/cheese/?sort=price&max=5").status_code == 200
    drain_looks()
    assert count_impressions() == {shop.cheddar: 1, shop.gouda: 1}


def test_robots_prefetches_and_staff_are_not_counted(shop: Dairy) -> None:
    assert browser(ROBOT).get("/c/dairy/cheese/").status_code == 200
    assert browser(**{"Sec-Purpose": "prefetch"}).get("/c/dairy/cheese/").status_code == 200
    staff = browser()
    staff.force_login(get_user_model().objects.create_user(email="sam@shop.example", is_staff=True))
    assert staff.get("/c/dairy/cheese/").status_code == 200
    assert drain_looks() == 0


def test_the_api_counts_looks_but_not_of_robots_or_carts(shop: Dairy) -> None:
    body = {"variant_ids": [shop.rye, shop.brie]}
    for agent in (BROWSER, ROBOT):
        answer = browser(agent).post(f"{API}/quotes", body, content_type="application/json")
        assert answer.status_code == 200
    drain_looks()
    assert count_impressions() == {shop.rye: 1, shop.brie: 1}
    assert set(PublicLook.objects.values_list("segment", flat=True)) == {""}


def test_a_cart_shows_what_was_chosen(shop: Dairy) -> None:
    client = browser()
    view = show(None, [shop.rye], now=utc_now())[shop.rye]
    client.post("/cart/add/", {"line": f"{view.variant_id}:{view.token}"})
    drain_looks()
    assert "Rye bread" in client.get("/cart/").content.decode()
    assert drain_looks() == 0
