"""Personal offers with their reason where their products are: product, category and cart."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, CampaignShopper, OfferVariant
from shop.ground.catalog.models import Category
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
PRODUCT, CATEGORY, CART = "/p/cheddar/", "/c/dairy/cheese/", "/cart/"
OWN = "Your own offers"


def make_known(*, is_willing: bool = True) -> Shopper:
    return Shopper.objects.get(pk=make_shopper(is_willing=is_willing, now=utc_now()).id)


def give(shopper: Shopper, name: str, *, on: int | None = None, **offer: Any) -> Campaign:
    """Address a shopper with a live fifth off: on a variant, or on what the offer's scope says."""
    campaign = make_campaign(name, percent="20", audience="personal", **offer)
    now = utc_now()
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9)
    )
    if on is not None:
        OfferVariant.objects.create(offer=campaign.offers.get(), variant_id=on)
    CampaignShopper.objects.create(campaign=campaign, shopper=shopper)
    forget_offer_book()
    return campaign


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    return answer.content.decode()


def list_statements(shopper: Shopper | None, path: str) -> list[str]:
    """Return the statements of a page at its best: what is remembered a second is not asked.

    None is somebody new each time: looking at a product makes them known.
    """
    found = []
    for _ in range(4):
        client = browse_as(shopper)
        with CaptureQueriesContext(connection) as queries:
            assert client.get(path).status_code == 200
        found.append([query["sql"] for query in queries.captured_queries])
    return min(found, key=len)


def test_each_page_shows_what_covers_its_goods_with_the_reason(shop: Dairy) -> None:
    alice = make_known()
    give(alice, "Cheddar for you", on=shop.cheddar, name_zh="切达专享")
    give(alice, "Rye for you", on=shop.rye)
    browser = browse_as(alice)
    # a look at the product is known by the next page
    for path, reason in ((PRODUCT, "Sent to you"), (CATEGORY, "Because you look at or buy this")):
        page = read(browser, path)
        assert OWN in page
        assert "Cheddar for you" in page
        assert reason in page
        assert "Rye for you" not in page
    chinese = read(browser, "/zh-hans" + PRODUCT)
    assert "您的专属优惠" in chinese
    assert "切达专享" in chinese
    assert "因为您常看或常买这些商品" in chinese


def test_at_most_two_category_offers_are_shown_on_each_product(shop: Dairy) -> None:
    alice = make_known()
    for name in ("One for you", "Two for you", "Three for you"):
        give(alice, name, scope={"categories": [shop.hard]})
    browser = browse_as(alice)
    for path in (PRODUCT, CATEGORY):
        assert read(browser, path).count('class="offer"') == 2
    assert OWN not in read(browser, "/p/brie/")
    assert OWN not in browser.get(CATEGORY, headers={"HX-Request": "true"}).content.decode()


def test_the_cart_shows_what_could_still_count(shop: Dairy) -> None:
    alice = make_known()
    give(alice, "By itself", on=shop.cheddar)
    give(alice, "With a code", on=shop.cheddar, code="MINE20")
    give(
        alice,
        "From thirty",
        scope={"categories": [shop.hard]},
        condition={"cart_value": 3_000},
    )
    give(alice, "On other goods", on=shop.rye)
    browser = browse_as(alice)
    assert OWN not in read(browser, CART)
    assert browser.post("/cart/add/", {"line": f"{shop.cheddar}:"}).status_code == 302
    own = read(browser, CART).partition(OWN)[2]
    assert "<h3>With a code</h3>" in own
    assert "<h3>From thirty</h3>" in own
    assert "<h3>By itself</h3>" not in own
    assert "<h3>On other goods</h3>" not in own
    assert "您的专属优惠" in read(browser, "/zh-hans" + CART)
    browser.post("/cart/code/", {"code": "MINE20"})
    assert "<h3>With a code</h3>" not in read(browser, CART)


def test_nobody_else_sees_them(shop: Dairy) -> None:
    alice, charlie = make_known(), make_known(is_willing=False)
    for shopper in (alice, charlie):
        give(shopper, f"For {shopper.pk}", on=shop.cheddar)
    private = browse_as(alice, **{"Sec-GPC": "1"})
    for client in (browse_as(None), browse_as(charlie), private):
        assert OWN not in read(client, PRODUCT)
        assert OWN not in read(client, CATEGORY)


def test_pages_of_sensitive_goods_show_none(shop: Dairy) -> None:
    alice = make_known()
    give(alice, "All of it")
    browser = browse_as(alice)
    assert OWN in read(browser, PRODUCT)
    Category.objects.filter(pk=shop.hard).update(is_sensitive=True)
    forget_catalog()
    assert OWN not in read(browser, PRODUCT)


@pytest.mark.parametrize("path", [PRODUCT, CATEGORY])
def test_own_prices_and_own_offers_cost_one_query_each(shop: Dairy, path: str) -> None:
    """A page asks once who the visitor is; nobody whom nothing may be for is asked about more."""
    alice, charlie = make_known(), make_known(is_willing=False)
    before = [list_statements(who, path) for who in (None, charlie, alice)]
    give(alice, "For you", on=shop.cheddar)
    asked = [list_statements(who, path) for who in (None, charlie, alice)]
    own = [sum("campaignshopper" in each for each in statements) for statements in asked]
    assert own == [0, 0, 2]
    more = [len(now) - len(then) for now, then in zip(asked, before, strict=True)]
    assert more == [0, 0, 1]
    who = [sum("profiles_shopper shopper" in each for each in statements) for statements in asked]
    assert who == [0, 1, 1]


def test_adding_reads_the_shopper_once_and_makes_no_frame(shop: Dairy) -> None:
    """The cart, the record of the act and the offers beside the cart knew each only for itself."""
    browser = browse_as(make_known())
    body = {"line": f"{shop.cheddar}:", "quantity": 1}
    with CaptureQueriesContext(connection) as captured:
        answer = browser.post("/cart/add/", body, headers={"hx-request": "true"})
    asked = [query["sql"] for query in captured.captured_queries]
    assert sum("FROM profiles_shopper shopper" in each for each in asked) == 1
    assert answer.context["shop"]["currency"] == "USD"
    assert "footer" not in answer.context["shop"]
    assert "footer" in browser.get(CART).context["shop"]
