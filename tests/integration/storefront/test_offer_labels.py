"""The label of a personal offer, as text, wherever one is shown; in English and Chinese."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.test import Client

from orders.cart.services.carts import add_to_cart, view_cart
from orders.checkout.services.checkout import start_checkout
from orders.models import Order
from orders.order import selectors as views
from orders.order.selectors import find_law
from orders.order.services.mail import send_order_email
from orders.values import CartView
from profiles.values import ShopperValue
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import ShopperView
from promotions.models import Campaign, CampaignShopper
from promotions.offers.selectors.personal import personal_offers_for
from shop.doors.api.v1.serializers.cart import CartSerializer
from shop.doors.api.v1.serializers.orders import OrderSerializer
from shop.doors.api.v1.serializers.shopper import OfferSerializer
from shop.doors.storefront.visitors import REGION_COOKIE, SHOPPER_COOKIE, sign_shopper
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, place
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db

type Commit = Callable[..., Any]
NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
GENERIC = "Personal price, set automatically from your activity in this store"
PLACES = [
    ("US-NY", "", NY),
    ("US-NY", "/zh-hans", f"{NY} 此价格由算法使用您的个人数据设定。"),
    ("EU", "", "Personalised price, set automatically"),
    ("EU", "/zh-hans", "个性化价格，由系统自动设定"),
    ("CN", "/zh-hans", "个性化价格"),
    ("unknown", "", ""),
    ("unknown", "/zh-hans", ""),
]


@pytest.fixture
def alice(
    shelf: Shelf, prices: FakePrices, django_capture_on_commit_callbacks: Commit
) -> ShopperValue:
    """Alice, with a fifth off for her alone, and an offer for everybody."""
    with django_capture_on_commit_callbacks(execute=True):
        shopper = make_shopper()
    campaign = make_campaign("For Alice", percent="20", audience="personal")
    make_campaign("For all", percent="5")
    CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    return shopper


@pytest.fixture
def browse(alice: ShopperValue) -> Callable[[str, str], str]:
    """Read a page as Alice in a region."""

    def read(region: str, path: str) -> str:
        client = Client()
        client.cookies[SHOPPER_COOKIE] = sign_shopper(alice.pseudonym, None)
        client.cookies[REGION_COOKIE] = region
        return client.get(path).content.decode()

    return read


@pytest.mark.parametrize("where", PLACES)
def test_cart_and_checkout_label_the_personal_reduction(
    alice: ShopperValue,
    shelf: Shelf,
    browse: Callable[[str, str], str],
    where: tuple[str, str, str],
) -> None:
    region, prefix, label = where
    add_to_cart(context=context_of(alice), variant_id=shelf.gouda)
    for path, places in (("/cart/", 2), ("/checkout/", 1)):
        html = browse(region, f"{prefix}{path}")
        assert "For all" in html
        assert ("For Alice" in html) is bool(label)
        assert html.count(f'<p class="price__label">{label}</p>') == (places if label else 0)
        assert html.count('class="price__label"') == (places if label else 0)


def test_the_checkout_says_the_words_before_the_address_is_known(
    alice: ShopperValue, shelf: Shelf, browse: Callable[[str, str], str]
) -> None:
    add_to_cart(context=context_of(alice), variant_id=shelf.gouda)
    shown = {path: browse("US-other", path) for path in ("/cart/", "/checkout/")}
    label = f'<p class="price__label">{NY}</p>'
    assert {path: html.count(label) for path, html in shown.items()} == {
        "/cart/": 0,
        "/checkout/": 1,
    }
    assert all("For Alice" in html for html in shown.values())


@pytest.fixture
def delivered(alice: ShopperValue, shelf: Shelf) -> CartView:
    """What the checkout shows Alice, who chose Maryland and has free delivery to herself."""
    campaign = Campaign.objects.get(audience="personal")
    campaign.offers.update(
        benefit_kind="delivery", target="cart", percent=None, terms={"price": 0}, scope={}
    )
    forget_offer_book()
    context = context_of(alice, jurisdiction_code="US-MD")
    add_to_cart(context=context, variant_id=shelf.gouda)
    return start_checkout(context=context, delivery_method="standard").cart


def test_a_cut_of_the_delivery_says_the_words_of_addresses(
    alice: ShopperValue, delivered: CartView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(views, "find_law", find_law)
    assert delivered.delivery is not None
    assert [cut.law_label for cut in delivered.delivery.cuts] == [NY]
    order = place(context_of(alice, jurisdiction_code="US-MD"))
    for region, label in (("NY", NY), ("MD", GENERIC)):
        Order.objects.filter(pk=order.order_id).update(country="US", region=region)
        shown = views.view_order(Order.objects.get(pk=order.order_id), language="en")
        assert [cut.law_label for cut in shown.delivery_cuts] == [label]


@pytest.mark.parametrize(("region", "label"), [("", NY), ("US", NY), ("US-other", GENERIC)])
def test_an_unknown_state_reads_the_words_of_new_york(
    alice: ShopperValue,
    shelf: Shelf,
    browse: Callable[[str, str], str],
    region: str,
    label: str,
) -> None:
    add_to_cart(context=context_of(alice), variant_id=shelf.gouda)
    for path in ("/", "/cart/"):
        assert f'<p class="price__label">{label}</p>' in browse(region, path)


@pytest.mark.parametrize(("region", "prefix", "label"), PLACES)
def test_front_page_and_offer_page_say_it(
    browse: Callable[[str, str], str], region: str, prefix: str, label: str
) -> None:
    html = browse(region, f"{prefix}/")
    assert "For all" in html
    assert ("For Alice" in html) is bool(label)
    labels = html.count(f'<p class="price__label">{label}</p>')
    assert (html.count('class="price__label"'), labels > 0) == (labels, bool(label))
    if label:
        number = CampaignShopper.objects.get().campaign.offers.get().pk
        for page in (html, browse(region, f"{prefix}/offers/{number}/")):
            assert f'<p class="price__label">{label}</p>' in page
            assert f'href="{prefix}/how-our-prices-work/"' in page


@pytest.mark.parametrize(("language", "label"), [("en", NY), ("zh-hans", "个性化价格")])
def test_order_page_and_letter_keep_it(
    alice: ShopperValue, shelf: Shelf, language: str, label: str
) -> None:
    now = utc_now()  # the page of an order is shown for some months only
    context = context_of(alice, now, language=language)
    add_to_cart(context=context, variant_id=shelf.gouda)
    order = place(context)
    parts = {part.label: part.law_label for line in order.lines for part in line.adjustments}
    assert parts == {"For Alice": label, "For all": ""}
    assert send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    for text in (letter.body, html):
        assert text.count(label) == 1
        assert text.count("/how-our-prices-work/") == 1
    prefix = "" if language == "en" else "/zh-hans"
    page = Client().get(f"{prefix}/orders/{order.token}/").content.decode()
    assert page.count(f'<p class="price__label">{label}</p>') == 1


def test_the_interface_says_it_in_cart_order_and_offers(alice: ShopperValue, shelf: Shelf) -> None:
    context = context_of(alice)
    add_to_cart(context=context, variant_id=shelf.gouda)
    cart = CartSerializer.to_dict(view_cart(context=context), "en_US")
    order = OrderSerializer.to_dict(place(context), "en_US", shipments=(), next_step="")
    expected = {"For Alice": NY, "For all": ""}
    for part in (cart["offers"], cart["lines"][0]["adjustments"], order["lines"][0]["adjustments"]):
        assert {each["label"]: each["law_label"] for each in part} == expected
    offers = personal_offers_for(
        shopper=ShopperView(alice.id), market_code="us", now=NOON, language="en", region="US-NY"
    )
    bodies = [OfferSerializer.to_dict(offer, "en_US", "USD") for offer in offers]
    assert {each["label"]: each["law_label"] for each in bodies} == expected


def test_an_offer_for_everybody_carries_none_in_order_and_letter(
    prices: FakePrices, shelf: Shelf
) -> None:
    make_campaign("For all", percent="5")
    context = context_of(make_shopper(), utc_now())
    add_to_cart(context=context, variant_id=shelf.gouda)
    order = place(context)
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    assert NY not in mail.outbox[0].body
    assert "/how-our-prices-work/" not in mail.outbox[0].body
    page = Client().get(f"/orders/{order.token}/").content.decode()
    assert order.number in page
    assert "price__label" not in page


def test_a_lowered_line_says_its_price_is_before_offers(
    prices: FakePrices, shelf: Shelf, browse: Callable[[str, str], str], alice: ShopperValue
) -> None:
    prices.personal[(alice.pseudonym, shelf.gouda)] = 496
    context = context_of(alice, utc_now())
    add_to_cart(context=context, variant_id=shelf.gouda)
    compared = "Everyone $5.00, before offers"
    spoken = f"$4.96, {compared}, {NY}"
    pages = [browse("US-NY", path) for path in ("/cart/", "/checkout/")]
    cart = CartSerializer.to_dict(view_cart(context=context), "en_US")
    assert cart["lines"][0]["price"]["spoken"] == spoken
    order = place(context)
    shown = OrderSerializer.to_dict(order, "en_US", shipments=(), next_step="")["lines"][0]["shown"]
    assert (shown["comparison"]["text"], shown["spoken"]) == (compared, spoken)
    assert send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = str(mail.outbox[0].body)
    assert "    $4.96\n    Everyone $5.00, before offers\n" in letter
    pages.append(Client().get(f"/orders/{order.token}/").content.decode())
    for page in pages:
        assert f'<p class="unseen">{spoken}</p>' in page
        assert re.search(r">Everyone </span>\s*<b\s*>\$5.00</b>\s*, before offers", page)


def test_a_line_without_offers_says_what_everyone_pays(prices: FakePrices, shelf: Shelf) -> None:
    shopper = make_shopper()
    prices.personal[(shopper.pseudonym, shelf.gouda)] = 496
    add_to_cart(context=context_of(shopper), variant_id=shelf.gouda)
    cart = CartSerializer.to_dict(view_cart(context=context_of(shopper)), "en_US")
    assert cart["lines"][0]["price"]["spoken"] == f"Your price $4.96, Everyone $5.00, {NY}"
