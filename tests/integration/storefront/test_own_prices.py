"""Prices before the cart are the visitor's own: what a list shows is what the cart charges."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.test import Client
from django.test.utils import CaptureQueriesContext

from pricing.api import publish_price_book
from profiles.models import Experiment, Exposure, Shopper
from promotions.campaigns.selectors.book import forget_budgets, forget_offer_book
from promotions.models import (
    Campaign,
    CampaignShopper,
    Offer,
    OfferBook,
    OfferVariant,
    UseLimit,
)
from promotions.offers.selectors.gathering import is_held_out
from shop.doors.storefront.visitors import REGION_COOKIE
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
PAGES = ("/c/dairy/cheese/", "/search/?q=cheddar", "/p/cheddar/", "/")
MINE = "Personal offer"


def make_known(*, is_willing: bool = True) -> Shopper:
    return Shopper.objects.get(pk=make_shopper(is_willing=is_willing, now=utc_now()).id)


def release(name: str, *, on: int, to: tuple[Shopper, ...] = (), **fields: Any) -> Campaign:
    """Release a fifth off one variant, to everybody or to chosen shoppers."""
    held_out = fields.pop("holdout_percent", 0)
    audience = "personal" if to else "public"
    campaign = make_campaign(name, audience=audience, **{"percent": "20", **fields})
    now = utc_now()
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(days=1),
        ends_at=now + timedelta(days=9),
        holdout_percent=held_out,
    )
    OfferVariant.objects.create(offer=campaign.offers.get(), variant_id=on)
    for shopper in to:
        CampaignShopper.objects.create(campaign=campaign, shopper=shopper)
    forget_offer_book()
    return campaign


def make_more(count: int, category: int) -> None:
    """Put more cheeses on sale, at list prices of their own."""
    known, brand = Product.objects.count(), Brand.objects.latest("pk")
    products = Product.objects.bulk_create(
        Product(
            external_ref=f"more{n}",
            name=f"More {n}",
            slug=f"more-{n}",
            category_id=category,
            brand=brand,
            created_at=utc_now(),
        )
        for n in range(known, known + count)
    )
    Variant.objects.bulk_create(
        Variant(product=one, external_ref=one.slug, sku=one.slug, list_minor=300 + n % 300)
        for n, one in enumerate(products)
    )
    forget_catalog()
    publish_price_book(now=utc_now() - timedelta(seconds=5))


def browse_in_texas(shopper: Shopper, **headers: str) -> Client:
    """Return a browser whose state, which is known, has no words of its own."""
    client = browse_as(shopper, **{"X-Region": "US-TX", **headers})
    client.cookies[REGION_COOKIE] = "US-other"
    return client


def read(client: Client, path: str) -> str:
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer["Cache-Control"] == "private, no-store"
    return answer.content.decode()


def listed(client: Client, variant_id: int) -> dict[str, Any] | None:
    """Return what the API's list says offers make of a variant's price."""
    answer = client.get("/api/v1/categories/dairy/cheese")
    assert "private" in answer["Cache-Control"]
    items = answer.json()["items"]
    found: dict[str, Any] | None = next(
        item["offered"] for item in items if item["variant_id"] == variant_id
    )
    return found


def charged(client: Client, variant_id: int) -> int:
    """Return what one piece costs in the cart, at the price the list shows."""
    items = client.get("/api/v1/categories/dairy/cheese").json()["items"]
    token = next(i["price"]["quote_token"] for i in items if i["variant_id"] == variant_id)
    body = {"variant_id": variant_id, "quantity": 1, "quote_token": token}
    answer = client.post("/api/v1/cart/lines", body, content_type="application/json")
    assert answer.status_code in (200, 201), answer.content
    lines = client.get("/api/v1/cart").json()["lines"]
    return next(
        int(one["total"]["minor"]) for one in lines if one["variant"]["variant_id"] == variant_id
    )


def test_a_personal_price_is_labelled_and_explained_on_every_page(shop: Dairy) -> None:
    alice = make_known()
    campaign = release("Cheddar for you", on=shop.cheddar, to=(alice,))
    offer = campaign.offers.get()
    browser = browse_in_texas(alice)
    for path in PAGES:
        page = read(browser, path)
        assert MINE in page, path
        assert f'href="/offers/{offer.pk}/"' in page
        assert "Personal price, set automatically from your activity in this store" in page
    assert "个性化优惠" in read(browser, "/zh-hans/c/dairy/cheese/")
    said = listed(browser, shop.cheddar)
    assert said is not None
    assert (said["audience"], said["own_offer_id"]) == ("personal", offer.pk)
    assert said["law_label"].startswith("Personal price")
    assert said["price"]["minor"] == charged(browser, shop.cheddar)


def test_nobody_else_sees_it(shop: Dairy) -> None:
    alice, bob, charlie = make_known(), make_known(), make_known(is_willing=False)
    release("For two", on=shop.cheddar, to=(alice, charlie))
    private = browse_in_texas(alice, **{"Sec-GPC": "1"})
    for client in (browse_as(None), browse_in_texas(bob), browse_in_texas(charlie), private):
        for path in PAGES[:3]:
            assert MINE not in read(client, path)
        assert listed(client, shop.cheddar) is None


def test_a_held_out_shopper_pays_what_everybody_pays(shop: Dairy) -> None:
    crowd = tuple(make_known() for _ in range(12))
    campaign = release("Half", on=shop.cheddar, to=crowd, holdout_percent=50)
    held = [is_held_out(campaign.pk, 50, one.pk) for one in crowd]
    assert {True, False} == set(held)
    for shopper, without in zip(crowd, held, strict=True):
        assert (listed(browse_as(shopper), shop.cheddar) is None) is without


def test_a_budget_shows_while_it_has_room_for_a_piece(shop: Dairy) -> None:
    campaign = release("First come", on=shop.cheddar, budget_minor=10_000)
    guest = browse_as(make_known())
    said = listed(guest, shop.cheddar)
    assert said is not None
    assert said["price"]["minor"] == charged(guest, shop.cheddar)
    Campaign.objects.filter(pk=campaign.pk).update(spent_minor=10_000)
    # The cart, two pieces in it by now, knows at once; a page may be a second late
    assert charged(guest, shop.cheddar) == 2 * said["price"]["minor"] * 100 // 80
    forget_budgets()
    assert listed(guest, shop.cheddar) is None


def test_no_list_goes_past_the_cap_on_personal_discounts(shop: Dairy) -> None:
    alice = make_known()
    for name in ("One", "Two"):
        release(name, on=shop.cheddar, to=(alice,), percent="25")
    browser = browse_as(alice)
    said = listed(browser, shop.cheddar)
    assert said is not None
    public = next(
        item["price"]["public_price"]["minor"]
        for item in browser.get("/api/v1/categories/dairy/cheese").json()["items"]
        if item["variant_id"] == shop.cheddar
    )
    assert said["price"]["minor"] == public - public * 30 // 100
    assert said["price"]["minor"] == charged(browser, shop.cheddar)


def test_sensitive_goods_have_none(shop: Dairy) -> None:
    alice = make_known()
    release("All of it", on=shop.cheddar, to=(alice,))
    assert MINE in read(browse_in_texas(alice), PAGES[2])
    Category.objects.filter(pk=shop.hard).update(is_sensitive=True)
    forget_catalog()
    assert MINE not in read(browse_in_texas(alice), PAGES[2])


@pytest.mark.parametrize("path", PAGES[:3])
def test_offers_and_cards_add_no_queries(shop: Dairy, path: str) -> None:
    alice = make_known()
    release("First", on=shop.cheddar, to=(alice,), budget_minor=10**6)
    once = _count(alice, path)
    for name in ("Second", "Third", "Fourth"):
        release(name, on=shop.gouda, to=(alice,), budget_minor=10**6)
        release(f"{name} more", on=shop.cheddar, to=(alice,), holdout_percent=1)
    assert _count(alice, path) == once


def test_of_offers_for_others_only_whom_they_address_is_asked(shop: Dairy) -> None:
    alice, bob = make_known(), make_known()
    before = _count(bob, PAGES[0])
    campaign = release("For Alice", on=shop.cheddar, to=(alice,), budget_minor=10**6)
    UseLimit.objects.create(campaign=campaign, entity="shopper", max_uses=1)
    forget_offer_book()
    assert _count(bob, PAGES[0]) == before + 1  # what is his; who he is, own offers asked before


def order(client: Client, query: str) -> list[str]:
    """Return the cheese in the order of a list, by name."""
    items = client.get(f"/api/v1/categories/dairy/cheese?{query}").json()["items"]
    return [item["slug"] for item in items]


def test_lists_sort_and_bound_by_the_price_the_card_shows(shop: Dairy) -> None:
    """Cheddar 4.00, gouda 5.00, brie 6.00, camembert 7.00: a fifth off that is 5.60."""
    alice, bob, charlie = make_known(), make_known(), make_known(is_willing=False)
    plain = ["cheddar", "gouda", "brie", "camembert"]
    assert order(browse_as(bob), "sort=price") == plain
    release("Camembert for you", on=shop.camembert, to=(alice, charlie))
    mine = ["cheddar", "gouda", "camembert", "brie"]
    assert order(browse_as(alice), "sort=price") == mine
    assert order(browse_as(alice), "sort=price_high") == mine[::-1]
    for other in (bob, charlie, None):
        assert order(browse_as(other), "sort=price") == plain
    assert order(browse_as(alice), "price_min=550&price_max=590") == ["camembert"]
    assert order(browse_as(bob), "price_min=550&price_max=590") == []
    assert order(browse_as(bob), "price_min=700&price_max=700") == ["camembert"]


def test_sorting_by_shown_price_takes_constant_queries(
    shop: Dairy,
) -> None:
    alice = make_known()
    release("Camembert for you", on=shop.camembert, to=(alice,))
    make_more(100, shop.hard)
    deal = release("All cheese", on=shop.brie, budget_minor=10**7)
    path = "/api/v1/categories/dairy/cheese?sort=price"
    counts = []
    for more in (0, 600):
        make_more(more, shop.hard)
        OfferVariant.objects.filter(offer__campaign=deal).delete()
        Offer.objects.filter(campaign=deal).update(scope={"categories": [shop.hard]})
        OfferBook.objects.update(version=F("version") + 1)
        forget_offer_book()
        counts.append(_count(alice, path))
    assert counts[0] == counts[1]
    pages = [browse_as(alice).get(f"{path}&page={page}").json() for page in range(1, 31)]
    items = [item for page in pages for item in page["items"]]
    shown = [
        (one["offered"] or {"price": one["price"]["quoted_price"]})["price"]["minor"]
        for one in items
    ]
    assert shown == sorted(shown)
    assert len(shown) == 704
    assert sum(one["offered"] is not None for one in items) > 600


def test_what_sorting_reckons_is_what_cards_show(shop: Dairy) -> None:
    """Every kind of offer on one piece, for a shopper and for others."""
    alice = make_known()
    release("Own", on=shop.cheddar, to=(alice,), percent="25")
    release("More of it", on=shop.cheddar, to=(alice,), percent="10")
    release("All", on=shop.cheddar, percent="5", budget_minor=10_000)
    release("Spent", on=shop.gouda, budget_minor=1)
    release("Held", on=shop.gouda, to=(alice,), holdout_percent=50)
    release("Whole carts", on=shop.brie, condition={"cart_value": 9_999})
    release("Camembert week", on=shop.camembert)
    for shopper in (alice, make_known(), None):
        items = browse_as(shopper).get("/api/v1/categories/dairy/cheese?sort=price").json()
        shown = [
            (one["offered"] or {"price": one["price"]["quoted_price"]})["price"]["minor"]
            for one in items["items"]
        ]
        assert shown == sorted(shown)
        assert len(shown) == 4


ASKED = ("profiles_shopper", "campaignshopper", "FROM promotions_campaign", "limitcounter")


def _count(shopper: Shopper, path: str) -> int:
    """Return how many statements of a page ask who somebody is, what is theirs and what is left."""
    counts = []
    for _ in range(3):
        with CaptureQueriesContext(connection) as captured:
            read(browse_as(shopper), path)
        statements = [query["sql"] for query in captured.captured_queries]
        counts.append(sum(any(table in each for table in ASKED) for each in statements))
    return min(counts)


def test_looking_is_no_exposure_without_an_experiment(shop: Dairy) -> None:
    release("Plain", on=shop.cheddar)
    read(browse_as(make_known()), PAGES[0])
    assert (Experiment.objects.count(), Exposure.objects.count()) == (0, 0)
