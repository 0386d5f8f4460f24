"""Personal price, offers and codes keep to the cap of the law: cart, API, order, replay."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from orders.cart.services.carts import add_to_cart, apply_coupon, view_cart
from orders.models import Order
from orders.order.services.mail import send_order_email
from orders.reports.selectors.recorded_orders import find_recorded_order
from pricing.base.core.values import QuoteContext
from profiles.models import Shopper
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.engine.core.carts import ShopperView
from promotions.law.selectors.violations import find_personal_cap
from promotions.models import Campaign, CampaignShopper, Coupon, Offer, PromotionLaw
from promotions.offers.selectors.personal import personal_offers_for
from shop.doors.api.v1.serializers.cart import CartSerializer
from shop.doors.backoffice.rehearsals import rehearsals
from shop.doors.backoffice.rehearsals.replays import replay_order
from shop.doors.storefront.visitors import REGION_COOKIE, SHOPPER_COOKIE, sign_shopper
from shop.ground.kernel.clock import utc_now
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, place
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db

type Commit = Callable[..., Any]
SAID = "Capped at 30%: your personal price and offers never take off more together."


@pytest.fixture
def alice(
    shelf: Shelf,
    prices: FakePrices,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Commit,
) -> QuoteContext:
    """Alice pays 9.00 for gouda that costs 10.00, has a fifth off and a code for 15 %."""
    with django_capture_on_commit_callbacks(execute=True):
        shopper = make_shopper()
    prices.public[shelf.gouda] = 1_000
    prices.personal[(shopper.pseudonym, shelf.gouda)] = 900
    prices.has_floors = False
    monkeypatch.setattr(rehearsals, "floor_minor", prices.floor_minor)
    for name, percent, code in (("For Alice", "20", ""), ("Letter", "15", "LETTER")):
        campaign = make_campaign(name, percent=percent, audience="personal", code=code)
        CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    return context_of(shopper)


def _fill(context: QuoteContext, variant_id: int) -> None:
    add_to_cart(context=context, variant_id=variant_id, quantity=2)
    apply_coupon(context=context, code="LETTER")


def test_a_cart_keeps_to_the_cap_and_says_where(
    alice: QuoteContext, shelf: Shelf, django_capture_on_commit_callbacks: Commit
) -> None:
    alice = replace(alice, now=utc_now())  # the page of an order is shown for some months only
    _fill(alice, shelf.gouda)
    line = view_cart(context=alice).lines[0]
    assert (line.subtotal_minor, line.total_minor) == (1_800, 1_400)
    assert [(a.label, a.amount_minor, a.capped_at) for a in line.adjustments] == [
        ("For Alice", -360, ""),
        ("Letter", -40, "30"),
    ]
    body = CartSerializer.to_dict(view_cart(context=alice), "en")
    assert [a["capped_at"] for a in body["lines"][0]["adjustments"]] == ["", "30"]
    client = Client()
    client.cookies[SHOPPER_COOKIE] = sign_shopper(alice.shopper_pseudonym or "", None)
    client.cookies[REGION_COOKIE] = "US-NY"
    assert client.get("/cart/").content.decode().count(SAID) == 1
    chinese = client.get("/zh-hans/cart/").content.decode()
    assert chinese.count("已达 30% 上限") == 1
    with django_capture_on_commit_callbacks(execute=True):
        order = place(alice)
    assert Order.objects.get(number=order.number).personal_cap == 3_000
    assert client.get(f"/orders/{order.token}/").content.decode().count(SAID) == 1
    mail.outbox.clear()
    send_order_email(order_id=order.order_id, kind="paid", now=NOON)
    assert str(mail.outbox[0].body).count(SAID) == 1


def test_an_order_replays_under_the_cap_it_had(alice: QuoteContext, shelf: Shelf) -> None:
    _fill(alice, shelf.gouda)
    number = place(alice).number
    PromotionLaw.objects.update(personal_cap=10)
    forget_offer_book()

    def replayed() -> tuple[str, str]:
        order = find_recorded_order(Order.objects.get(number=number).pk)
        assert order is not None
        found = replay_order(order, language="en").lines[0]
        return found.taken, found.replayed

    assert replayed() == ("$4.00", "$4.00")
    Order.objects.filter(number=number).update(personal_cap=None)
    assert replayed() == ("$4.00", "$5.76")


def test_a_law_that_changes_holds_in_carts_at_once(alice: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=alice, variant_id=shelf.gouda)
    assert view_cart(context=alice).lines[0].total_minor == 720
    PromotionLaw.objects.update(personal_cap=12.5)
    forget_offer_book()
    line = view_cart(context=alice).lines[0]
    assert (line.total_minor, line.adjustments[0].capped_at) == (875, "12.5")


def test_no_offer_shows_a_percentage_above_the_cap(alice: QuoteContext) -> None:
    Offer.objects.filter(code="For Alice").update(percent=50)
    forget_offer_book()
    shopper = Shopper.objects.get(pseudonym=alice.shopper_pseudonym)
    found = personal_offers_for(
        shopper=ShopperView(shopper.pk),
        market_code="us",
        now=NOON,
        language="en",
        region="US-NY",
    )
    assert {offer.label: offer.percent for offer in found} == {"For Alice": "30", "Letter": "15"}


def test_the_cap_follows_the_places_law_without_a_query(shelf: Shelf) -> None:
    PromotionLaw.objects.filter(code="EU").update(personal_cap=20)
    forget_offer_book()
    found = [find_personal_cap(region=r, market_code="us", now=NOON) for r in ("EU", "US-NY", "")]
    assert found == [2_000, 3_000, 3_000]
    with CaptureQueriesContext(connection) as queries:
        assert find_personal_cap(region="XX", market_code="us", now=NOON) == 3_000
    assert len(queries) == 0


def test_who_is_not_addressed_is_under_no_cap(alice: QuoteContext, shelf: Shelf) -> None:
    Campaign.objects.filter(name="For Alice").update(audience="public")
    Coupon.objects.all().delete()
    forget_offer_book()
    bob = context_of(make_shopper())
    add_to_cart(context=bob, variant_id=shelf.gouda)
    order = place(bob)
    assert (order.total_minor - order.delivery_minor - order.tax_added_minor) == 800
    assert Order.objects.get(number=order.number).personal_cap is None
