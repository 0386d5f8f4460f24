"""One of several gifts: chosen in the cart, kept, and never replaced in silence."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from orders.cart.services.carts import add_to_cart, choose_gift, remove_line, view_cart
from orders.cart.services.merging import merge_carts
from orders.checkout.services.checkout import start_checkout
from orders.refusals import CartRefused
from pricing.base.core.values import QuoteContext
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, Offer
from shop.ground.inventory.models import StockRecord
from tests.factories.api import add, expect, make_guest_client
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, place
from tests.fixtures_api import ApiClient
from tests.integration.api.test_answers import OPERATIONS, check, strict

__all__ = ["strict"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def bob(prices: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


@pytest.fixture
def offer(shelf: Shelf) -> Offer:
    """With cheese, a rye bread (3.00) or a gouda (5.00) for nothing."""
    return make_gift_offer(shelf)


def make_gift_offer(shelf: Shelf, budget: int | None = None) -> Offer:
    campaign = Campaign.objects.create(
        code="gift",
        name="gift",
        kind="gift",
        status="live",
        starts_at=NOON - timedelta(days=1),
        ends_at=NOON + timedelta(days=400),
        budget_minor=budget,
    )
    row = Offer(
        campaign=campaign,
        code="gift",
        name="A present",
        benefit_kind="gift",
        target="cart",
        terms={"variants": [shelf.rye, shelf.gouda]},
        condition={"categories": [shelf.cheese]},
    )
    row.full_clean()
    row.save()
    forget_offer_book()
    return row


def _given(cart: Any) -> list[int]:
    return [line.card.variant_id for line in cart.lines if line.is_gift]


def _sell_out(variant_id: int) -> None:
    StockRecord.objects.filter(variant_id=variant_id).update(on_hand=0)


def test_a_shopper_chooses_and_the_order_has_what_was_chosen(
    bob: QuoteContext, shelf: Shelf, offer: Offer
) -> None:
    cart = add_to_cart(context=bob, variant_id=shelf.cheddar)
    (choice,) = cart.gift_choices
    assert (choice.variant_id, choice.is_chosen, choice.label) == (shelf.rye, False, "A present")
    assert [(o.card.variant_id, o.worth_minor) for o in choice.options] == [
        (shelf.rye, 300),
        (shelf.gouda, 500),
    ]
    before = cart.version
    cart = choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.gouda, version=before)
    assert (_given(cart), cart.gift_choices[0].is_chosen) == ([shelf.gouda], True)
    assert cart.version == before + 1 == view_cart(context=bob).version
    assert [(o.label, o.amount_minor) for o in cart.offers] == [("A present", 500)]
    remove_line(context=bob, variant_id=shelf.cheddar)
    cart = add_to_cart(context=bob, variant_id=shelf.cheddar)
    assert _given(cart) == [shelf.gouda]  # kept
    start_checkout(context=bob)
    assert StockRecord.objects.get(variant_id=shelf.gouda).reserved == 1
    order = place(bob)
    assert [line.variant_id for line in order.lines if line.is_gift] == [shelf.gouda]


def test_a_gift_out_of_stock_is_never_replaced_in_silence(
    bob: QuoteContext, shelf: Shelf, offer: Offer
) -> None:
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.gouda)
    _sell_out(shelf.gouda)
    cart = view_cart(context=bob)
    assert (_given(cart), cart.gift_choices, cart.can_check_out) == ([shelf.rye], (), False)
    (notice,) = cart.notices
    assert (notice.code, notice.offer_id, notice.instead) == ("gift_gone", offer.pk, shelf.rye)
    assert notice.message == "The gift you chose, Gouda, is gone. Please choose again."
    for act in (start_checkout, place):
        with pytest.raises(CartRefused) as refusal:
            act(context=bob) if act is start_checkout else act(bob)
        assert (refusal.value.code, refusal.value.detail) == (
            "gift_gone",
            {"offer_ids": [offer.pk]},
        )
    cart = choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.rye)
    assert (cart.notices, cart.can_check_out) == ((), True)
    _sell_out(shelf.rye)  # and nothing is left of the offer at all
    cart = view_cart(context=bob)
    assert ([n.instead for n in cart.notices], _given(cart)) == ([None], [])
    cart = choose_gift(context=bob, offer_id=offer.pk, variant_id=None)
    assert (cart.notices, cart.can_check_out) == ((), True)


def test_a_small_budget_leaves_only_the_cheaper_gift(bob: QuoteContext, shelf: Shelf) -> None:
    offer = make_gift_offer(shelf, budget=400)
    cart = add_to_cart(context=bob, variant_id=shelf.cheddar)
    assert (_given(cart), cart.gift_choices) == ([shelf.rye], ())
    with pytest.raises(CartRefused) as refusal:
        choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.gouda)
    assert refusal.value.code == "gift_gone"
    Campaign.objects.update(spent_minor=400)
    choose_gift(context=bob, offer_id=offer.pk, variant_id=None)
    assert view_cart(context=bob).notices == ()  # nothing was chosen: nothing to say


def test_a_choice_needs_an_offer_that_gives(bob: QuoteContext, shelf: Shelf, offer: Offer) -> None:
    add_to_cart(context=bob, variant_id=shelf.merlot)
    with pytest.raises(CartRefused) as refusal:
        choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.rye)
    assert refusal.value.code == "no_such_gift"
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    with pytest.raises(CartRefused) as refusal:
        choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.merlot)
    assert refusal.value.code == "gift_gone"


def test_at_sign_in_the_guests_choice_holds(bob: QuoteContext, shelf: Shelf, offer: Offer) -> None:
    guest = make_shopper()
    theirs = context_of(guest)
    add_to_cart(context=theirs, variant_id=shelf.cheddar)
    choose_gift(context=theirs, offer_id=offer.pk, variant_id=shelf.gouda)
    add_to_cart(context=bob, variant_id=shelf.cheddar)
    choose_gift(context=bob, offer_id=offer.pk, variant_id=shelf.rye)
    assert _given(merge_carts(context=bob, from_shopper_id=guest.id)) == [shelf.gouda]


def test_the_api_and_the_page_let_choose(
    api: ApiClient, shelf: Shelf, prices: FakePrices, offer: Offer, strict: dict[str, Any]
) -> None:
    guest = make_guest_client(api)
    add(guest, shelf.cheddar)
    url = f"/api/v1/cart/gifts/{offer.pk}"
    answer = guest.put(url, {"variant_id": shelf.gouda})
    check(OPERATIONS["chooseGift"], answer, strict)
    (choice,) = answer.json()["gift_choices"]
    assert (choice["variant_id"], choice["is_chosen"]) == (shelf.gouda, True)
    assert [o["worth"]["minor"] for o in choice["options"]] == [300, 500]
    refused = guest.put(url, {"variant_id": shelf.merlot})
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_gone")
    missing = guest.put("/api/v1/cart/gifts/999999", {"variant_id": shelf.rye})
    assert (missing.status_code, missing.json()["code"]) == (404, "no_such_gift")
    _sell_out(shelf.gouda)
    (notice,) = expect(guest.get("/api/v1/cart"))["notices"]
    assert (notice["code"], notice["offer_id"]) == ("gift_gone", offer.pk)
    refused = guest.post("/api/v1/checkout", {})
    assert (refused.status_code, refused.json()["code"]) == (409, "gift_gone")


def test_the_page_lets_choose(shelf: Shelf, prices: FakePrices, offer: Offer) -> None:
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.cheddar}:"})
    assert "Choose your gift: A present" in browser.get("/cart/").content.decode()
    browser.post("/cart/gift/", {"offer": offer.pk, "gift": shelf.gouda})
    page = browser.get("/zh-hans/cart/").content.decode()
    assert "选择您的赠品" in page
    assert f'value="{shelf.gouda}" checked' in page
    _sell_out(shelf.gouda)
    assert "Take the gift shown instead" in browser.get("/cart/").content.decode()
    assert browser.post("/cart/gift/", {"offer": offer.pk, "gift": shelf.rye}).status_code == 302
    assert "Take the gift shown instead" not in browser.get("/cart/").content.decode()
    refused = browser.post("/cart/gift/", {"offer": offer.pk, "gift": "9999"})
    assert refused.status_code == 422
    assert "A gift you chose is gone" in refused.content.decode()
    assert browser.post("/cart/gift/", {"offer": "x"}).status_code == 422
