"""A welcome offer is for a person's first order, by whatever guest the person comes."""

from __future__ import annotations

from dataclasses import replace

import pytest
from django.test import Client

from orders.cart.services.carts import add_to_cart, apply_coupon, view_cart
from orders.cart.services.merging import remember_contact
from orders.checkout.services.cancelling import cancel_order
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.placing import place_order
from orders.models import Order
from orders.refusals import TotalChanged
from orders.values import Contact, OrderView
from pricing.base.core.values import QuoteContext
from promotions.models import LimitCounter, Redemption, UseLimit
from shop.ground.kernel.errors import FairtagError
from tests.factories.orders import (
    BOB_AT_HOME,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
)
from tests.factories.promotions import make_campaign
from tests.factories.races import race

FIRST = {"first_order": True}
ELSEWHERE = replace(BOB_AT_HOME, email="eve@example.org", address_line1="3 Far Street")
SAME_MAIL = replace(BOB_AT_HOME, email="Bob+shop@example.org", address_line1="2 Hill Road")
SAME_DOOR = replace(BOB_AT_HOME, email="new@example.org", address_line1="1, MILL LANE")


def _guest(shelf: Shelf, code: str = "HELLO") -> QuoteContext:
    visit = context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    if code:
        apply_coupon(context=visit, code=code)
    return visit


def _place(visit: QuoteContext, contact: Contact, key: str = "press") -> OrderView:
    start_checkout(context=visit)
    shown = view_cart(context=visit).total_minor
    remember_contact(context=visit, contact=contact)
    return place_order(
        context=visit,
        idempotency_key=key,
        contact=contact,
        delivery_method="standard",
        shown_total_minor=shown,
    )


@pytest.mark.django_db
@pytest.mark.parametrize("again", [SAME_MAIL, SAME_DOOR])
@pytest.mark.parametrize("condition", [{}, FIRST])
def test_a_welcome_code_works_once_for_one_person(
    prices: FakePrices, shelf: Shelf, again: Contact, condition: dict[str, bool]
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", per_shopper=1, condition=condition)
    assert _place(_guest(shelf), BOB_AT_HOME).discount_minor == 100
    visit = _guest(shelf)
    with pytest.raises(TotalChanged) as refusal:
        _place(visit, again)
    assert refusal.value.code == "offer_used_before"
    cart = view_cart(context=visit)
    assert [line.quantity for line in cart.lines] == [2]
    assert (cart.discount_minor, Order.objects.count()) == (0, 1)
    assert _place(visit, again, "once more").discount_minor == 0  # as shown now
    # The control: somebody else has a first order of their own.
    assert _place(_guest(shelf), ELSEWHERE).discount_minor == 100


@pytest.mark.django_db
def test_a_limit_per_shopper_counts_the_person(prices: FakePrices, shelf: Shelf) -> None:
    campaign = make_campaign("weekly", amount_minor=100)
    UseLimit.objects.create(campaign=campaign, entity="shopper", max_uses=1)
    first = _place(_guest(shelf, ""), BOB_AT_HOME)
    assert first.discount_minor == 100
    with pytest.raises(TotalChanged) as refusal:
        _place(_guest(shelf, ""), SAME_MAIL)
    assert refusal.value.code == "offer_used_before"
    cancel_order(order_id=first.order_id, reason="shopper", now=NOON)
    assert set(LimitCounter.objects.values_list("uses", flat=True)) == {0}
    assert _place(_guest(shelf, ""), SAME_MAIL).discount_minor == 100


@pytest.mark.django_db
def test_the_keys_are_hashes_and_tell_no_address(prices: FakePrices, shelf: Shelf) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO")
    _place(_guest(shelf), BOB_AT_HOME)
    keys = Order.objects.get().identity
    assert [len(key) for key in keys] == [32, 32]
    assert Redemption.objects.get().identity == keys


@pytest.mark.django_db
def test_the_page_says_why_and_keeps_the_cart(prices: FakePrices, shelf: Shelf) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", condition=FIRST)
    _place(_guest(shelf), BOB_AT_HOME)
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.rye}:", "quantity": "2"})
    browser.post("/cart/code/", {"code": "HELLO"})
    given = {name: getattr(SAME_MAIL, name) for name in SAME_MAIL.__slots__}
    given |= {"place": "1", "delivery": "standard", "method": "sandbox-card"}
    page = browser.get("/checkout/").context["checkout"].cart
    assert page.discount_minor == 100
    refused = browser.post("/checkout/", {**given, "shown_total": str(page.total_minor)})
    assert refused.status_code == 422
    assert "was used before with this e-mail address" in refused.content.decode()
    assert refused.context["checkout"].cart.total_minor == page.total_minor + 100
    placed = browser.post("/checkout/", {**given, "shown_total": str(page.total_minor + 100)})
    assert placed.status_code == 302
    assert Order.objects.count() == 2


def test_of_first_orders_at_once_one_is_the_first(busy_shop: tuple[Shelf, FakePrices]) -> None:
    shelf, _ = busy_shop
    make_campaign("hello", amount_minor=100, condition=FIRST)
    visits = [_guest(shelf, "") for _ in range(4)]

    def press(n: int) -> int | str:
        try:
            return _place(visits[n], SAME_MAIL if n % 2 else BOB_AT_HOME).discount_minor
        except FairtagError as refusal:
            return refusal.code

    answers = race(press, 4, workers=4)
    assert sorted(map(str, answers)) == ["100", *["offer_used_before"] * 3]
    assert Order.objects.count() == 1
