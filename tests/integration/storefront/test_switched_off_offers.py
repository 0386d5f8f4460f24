"""Personal prices switched off means the anonymous price: no offer for one shopper applies."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from django.test import Client

from orders.cart.services.carts import add_to_cart, apply_coupon, view_cart
from pricing.base.core.values import QuoteContext
from profiles.consent.services import set_consent
from profiles.values import ShopperValue
from promotions.models import CampaignShopper
from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db
# One cheddar costs 4.00: 20 % for Alice alone, then 5 % for everybody.
ALL, ALICES = "For all", "For Alice"


@pytest.fixture
def alice(
    shelf: Shelf, prices: FakePrices, django_capture_on_commit_callbacks: Callable[..., Any]
) -> ShopperValue:
    """Alice has a cheddar in the cart, an offer of her own and a code sent to her."""
    with django_capture_on_commit_callbacks(execute=True):
        shopper = make_shopper()
    own = make_campaign(ALICES, percent="20", audience="personal")
    sent = make_campaign("Sent", percent="10", audience="personal", code="LETTER")
    make_campaign(ALL, percent="5")
    for campaign in (own, sent):
        CampaignShopper.objects.create(campaign=campaign, shopper_id=shopper.id)
    add_to_cart(context=context_of(shopper), variant_id=shelf.cheddar, quantity=1, token=None)
    return shopper


def names(context: QuoteContext) -> list[str]:
    """Return what lowers the cart."""
    return sorted(one.label for one in view_cart(context=context).offers)


def switch_off(shopper: ShopperValue) -> None:
    set_consent(
        shopper_id=shopper.id,
        purpose="price",
        granted=False,
        how="switch",
        locale="en",
        text_version="1",
        now=NOON,
    )


def test_while_they_are_on_the_offer_of_ones_own_applies(alice: ShopperValue) -> None:
    assert names(context_of(alice)) == [ALICES, ALL]


def test_switched_off_only_what_everybody_has_applies(alice: ShopperValue) -> None:
    switch_off(alice)
    assert names(context_of(alice)) == [ALL]


def test_the_signal_of_the_browser_switches_off_too(alice: ShopperValue) -> None:
    assert names(replace(context_of(alice), gpc=True)) == [ALL]


def test_a_code_somebody_enters_keeps_its_worth(alice: ShopperValue) -> None:
    switch_off(alice)
    apply_coupon(context=context_of(alice), code="LETTER")
    assert names(context_of(alice)) == [ALL, "Sent"]


def test_the_front_page_lists_it_only_while_they_are_on(
    alice: ShopperValue, django_capture_on_commit_callbacks: Callable[..., Any]
) -> None:
    browser = Client()
    browser.cookies[SHOPPER_COOKIE] = sign_shopper(alice.pseudonym, None)
    assert ALICES in browser.get("/").content.decode()
    assert ALICES not in browser.get("/", headers={"Sec-GPC": "1"}).content.decode()
    with django_capture_on_commit_callbacks(execute=True):
        switch_off(alice)
    page = browser.get("/").content.decode()
    assert ALICES not in page
    assert ALL in page
