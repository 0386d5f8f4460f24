"""Words on pages are promises: ages, orders that are no more, codes, who somebody is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import Order, OrderEvent, OrderLine
from orders.returns.models import ReturnRule
from orders.returns.selectors.allowances import forget_rules
from profiles.models import Account, Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, CampaignShopper, OfferVariant
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.catalog.services.indexing import refresh_search
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockRecord
from shop.ground.inventory.services import receive_stock
from shop.ground.kernel.clock import utc_now
from tests.factories.browsing import browse_as
from tests.factories.pricing import Dairy, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("fresh_memory")]
CONTACT = {
    "email": "bob@example.org",
    "name": "Bob Baker",
    "address_line1": "1 Mill Lane",
    "city": "Albany",
    "region": "NY",
    "postcode": "12207",
    "method": "sandbox-card",
}


def stock(*variant_ids: int) -> None:
    receive_stock(lines=[StockLine(i, 10) for i in variant_ids], reference="t", now=utc_now())


def read(client: Client, path: str) -> str:
    return client.get(path).content.decode()


def check_out(client: Client, variant_id: int, **fields: str) -> str:
    """Put one piece into the cart and place the order; return what the answer says or leads to."""
    client.post("/cart/add/", {"line": f"{variant_id}:"})
    form = client.get("/checkout/")
    given = {
        **CONTACT,
        "delivery": "standard",
        "shown_total": str(form.context["checkout"].cart.total_minor),
        "key": form.context["key"],
        "place": "1",
        **fields,
    }
    answer = client.post("/checkout/", given)
    if answer.status_code != 302:
        return str(answer.content.decode())
    return str(client.get(answer["Location"], follow=True).content.decode())


def test_wine_asks_for_the_markets_age_before_it_is_shown(shop: Dairy) -> None:
    stock(shop.merlot, shop.cheddar)
    client = browse_as(None)
    for path in ("/p/merlot/", "/c/drinks/wine/red-wine/"):
        page = read(client, path)
        assert "Are you 21 or older?" in page
        assert "Add to cart" not in page
        assert "您是否年满 21 岁？" in read(client, "/zh-hans" + path)
    assert "Add to cart" in read(client, "/p/cheddar/")
    answer = client.post("/age/", {"next": "/p/merlot/"})
    assert (answer.status_code, answer["Location"]) == (302, "/p/merlot/")
    assert "Add to cart" in read(client, "/p/merlot/")


def test_a_search_leaves_wine_out_until_an_age_is_confirmed(shop: Dairy) -> None:
    stock(shop.merlot, shop.cheddar)
    refresh_search()
    forget_catalog()
    client = browse_as(None)
    page = read(client, "/search/?q=merlot")
    assert "Products for people of 21 and older are left out." in page
    assert 'href="/p/merlot/' not in page
    assert client.get("/search/?q=merlot").context["listing"].total == 0
    assert "Merlot" not in read(client, "/suggest/?q=merlot")
    client.post("/age/", {"next": "/search/?q=merlot", "age": "18"})
    assert 'href="/p/merlot/' not in read(client, "/search/?q=merlot")
    client.post("/age/", {"next": "/search/?q=merlot", "age": "21"})
    shown = read(client, "/search/?q=merlot")
    assert "are left out" not in shown
    assert 'href="/p/merlot/' in shown
    assert "Merlot" in read(client, "/suggest/?q=merlot")


def test_a_department_leaves_wine_out_until_an_age_is_confirmed(shop: Dairy) -> None:
    stock(shop.merlot)
    client = browse_as(None)
    page = client.get("/c/drinks/")
    assert "Products for people of 21 and older are left out." in page.content.decode()
    assert 'href="/p/merlot/' not in page.content.decode()
    assert page.context["page"].listing.total == 0
    client.post("/age/", {"next": "/c/drinks/", "age": "21"})
    shown = read(client, "/c/drinks/")
    assert "are left out" not in shown
    assert 'href="/p/merlot/' in shown
    assert "are left out" not in read(client, "/c/dairy/")


def test_an_order_with_wine_needs_the_word_of_its_shopper(shop: Dairy) -> None:
    stock(shop.merlot, shop.cheddar)
    client = browse_as(None)
    refused = check_out(client, shop.merlot)
    assert "I am 21 or older" in refused
    assert "Please confirm your age." in refused
    assert not Order.objects.exists()
    assert "Thank you!" in check_out(client, shop.cheddar, is_of_age="on")
    assert OrderEvent.objects.get(kind="placed").detail == {"minimum_age": 21}


def test_without_an_age_limit_nobody_is_asked_for_an_age(shop: Dairy) -> None:
    stock(shop.cheddar)
    assert "Thank you!" in check_out(browse_as(None), shop.cheddar)
    assert OrderEvent.objects.get(kind="placed").detail == {}


def test_the_front_page_shows_no_alcohol(shop: Dairy) -> None:
    page = read(browse_as(None), "/").partition("<main")[2].partition("</main>")[0]
    assert "/c/dairy/" in page
    assert "Merlot" not in page


def test_the_cart_says_once_what_is_sold_out(shop: Dairy) -> None:
    stock(shop.cheddar)
    client = browse_as(None)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    StockRecord.objects.filter(variant_id=shop.cheddar).update(on_hand=0)
    assert read(client, "/cart/").count("is sold out.") == 1


def test_a_canceled_order_thanks_nobody(shop: Dairy) -> None:
    stock(shop.cheddar)
    client = browse_as(None)
    placed = check_out(client, shop.cheddar)
    assert "Thank you!" in placed
    order = Order.objects.get()
    page = client.post(placed.partition('cancel/"')[0].rpartition('action="')[2] + "cancel/")
    shown = client.get(page["Location"], follow=True).content.decode()
    assert Order.objects.get(pk=order.pk).status == "cancelled"
    assert "Thank you" not in shown
    assert "Canceled" in shown


def test_a_store_purchase_shows_neither_delivery_nor_empty_boxes(shop: Dairy) -> None:
    stock(shop.cheddar)
    client = browse_as(None)
    placed = check_out(client, shop.cheddar)
    order = Order.objects.get()
    path = placed.partition('cancel/"')[0].rpartition('action="')[2]
    assert "Delivery" in read(client, path)
    Order.objects.filter(pk=order.pk).update(channel="store")
    for prefix, said, delivery in (
        ("", "Bought in the store", "Delivery"),
        ("/zh-hans", "在门店购买", "配送"),
    ):
        page = read(client, prefix + path).partition("<main")[2].partition("</main>")[0]
        assert said in page
        assert delivery not in page
        assert "contact-title" not in page


def test_cart_checkout_and_order_tell_products_of_one_name_apart(shop: Dairy) -> None:
    stock(shop.cheddar)
    client = browse_as(None)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    for path in ("/cart/", "/checkout/"):
        assert "Meadow" in read(client, path).partition("<main")[2]
    placed = check_out(client, shop.cheddar)
    assert "Meadow Cheddar" in placed
    assert OrderLine.objects.get().name.startswith("Meadow Cheddar")


def test_the_product_page_promises_returns_as_the_rules_say(shop: Dairy) -> None:
    client = browse_as(None)
    path = Product.objects.get(slug="cheddar").category.path
    for days, payer, said in (
        (30, "shopper", "within 30 days of delivery. You pay the postage."),
        (1, "shop", "within 1 day of delivery. We pay the postage."),
        (0, "shop", "This cannot be sent back."),
    ):
        ReturnRule.objects.update_or_create(
            category_path=path, defaults={"window_days": days, "payer": payer}
        )
        forget_rules()
        assert said in read(client, "/p/cheddar/")
        assert said in read(client, "/returns/")
    assert "此商品不支持退货。" in read(client, "/zh-hans/p/cheddar/")
    ReturnRule.objects.all().delete()
    forget_rules()
    assert "This cannot be sent back." in read(client, "/p/cheddar/")
    forget_rules()


def test_a_code_that_covers_nothing_leads_to_its_products(shop: Dairy) -> None:
    alice = Shopper.objects.get(pk=make_shopper(now=utc_now()).id)
    campaign = make_campaign("Cheddar code", percent="20", audience="personal", code="MINE20")
    now = utc_now()
    Campaign.objects.filter(pk=campaign.pk).update(
        starts_at=now - timedelta(days=1), ends_at=now + timedelta(days=9)
    )
    offer = campaign.offers.get()
    OfferVariant.objects.create(offer=offer, variant_id=shop.cheddar)
    CampaignShopper.objects.create(campaign=campaign, shopper=alice)
    forget_offer_book()
    client = browse_as(alice)
    answer = client.post("/cart/code/", {"code": "mine20", "offer": str(offer.pk)})
    assert answer["Location"] == reverse("offer", args=[offer.pk])
    page = read(client, answer["Location"])
    assert "Your code is in the cart. It counts once it covers a product." in page
    stock(shop.cheddar)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    assert "Cheddar code" in read(client, "/cart/").partition('class="line__less"')[2]
    again = client.post("/cart/code/", {"code": "MINE20", "offer": str(offer.pk)})
    assert again["Location"] == reverse("cart")


def test_the_checkout_is_filled_in_for_its_own_account_only(shop: Dairy) -> None:
    stock(shop.cheddar)
    account = Account.objects.create_user("carla@example.com", "a long password")
    client = browse_as(None)
    client.force_login(account)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    assert 'value="carla@example.com"' in read(client, "/checkout/")
    check_out(client, shop.cheddar)
    client.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    page = read(client, "/checkout/")
    for known in ("carla@example.com", "Bob Baker", "1 Mill Lane", "Albany", "12207"):
        assert f'value="{known}"' in page
    guest = browse_as(None)
    check_out(guest, shop.cheddar)
    guest.post("/cart/add/", {"line": f"{shop.cheddar}:"})
    assert "Bob Baker" not in read(guest, "/checkout/")
