"""From cart to order: stock held, prices frozen, nobody pays more than was shown."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart, apply_coupon, remove_line, view_cart
from orders.checkout.services.cancelling import expire_carts
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.contacts import ContactRefused
from orders.checkout.services.idempotency import IdempotencyMismatch
from orders.checkout.services.placing import place_order
from orders.models import Order
from orders.order.api import find_law, get_any_order
from orders.refusals import CartRefused, PriceConsentNeeded
from pricing.base.core.values import QuoteContext
from profiles.shoppers.selectors.shoppers import get_shopper_by_id
from promotions.coupons.selectors.coupons import find_coupons
from promotions.coupons.services.limits import UseRefused
from promotions.engine.core.values import CouponValue
from promotions.models import Coupon
from shop.ground.inventory.models import StockRecord
from shop.ground.inventory.selectors import available
from shop.ground.inventory.services import OutOfStock
from shop.ground.outbox.models import Fact
from tests.factories.orders import (
    BOB_AT_HOME,
    LABEL,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    later,
    make_shopper,
    place,
)
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_a_checkout_holds_stock_and_freezes_prices_until_its_end(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=10)
    later_on = later(visit, minutes=50)
    checkout = start_checkout(context=later_on)
    assert checkout.expires_at == NOON + timedelta(minutes=65)  # all there is: held briefly
    assert [option.code for option in checkout.options] == ["standard", "express", "pickup"]
    assert available([shelf.cheddar]) == {shelf.cheddar: 0}
    assert checkout.cart.notices == ()  # what is sold out for others is held for this one
    prices.public[shelf.cheddar] = 480
    frozen = view_cart(context=later(visit, minutes=64))
    assert (frozen.lines[0].price.quoted_minor, frozen.can_check_out) == (400, True)
    after = view_cart(context=later(visit, minutes=66))
    assert [n.code for n in after.notices] == ["price_rose", "sold_out"]


def test_a_repeated_checkout_holds_the_edit_but_not_for_longer(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    first = start_checkout(context=visit)
    add_to_cart(context=visit, variant_id=shelf.rye)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    second = start_checkout(context=later(visit, minutes=5))
    assert second.expires_at == first.expires_at
    assert (_stock(shelf.rye), _stock(shelf.gouda)) == ((10, 3), (10, 1))
    remove_line(context=visit, variant_id=shelf.gouda)
    start_checkout(context=later(visit, minutes=6))
    assert (_stock(shelf.rye), _stock(shelf.gouda)) == ((10, 3), (10, 0))


def test_an_ended_checkout_gives_its_stock_back(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    start_checkout(context=visit)
    assert expire_carts(now=NOON + timedelta(minutes=59)) == 0
    assert expire_carts(now=NOON + timedelta(minutes=60)) == 1
    assert _stock(shelf.rye) == (10, 0)
    assert view_cart(context=later(visit, minutes=61)).quantity == 2


def test_an_emptied_cart_gives_its_stock_back_at_once(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    start_checkout(context=visit)
    assert _stock(shelf.rye) == (10, 2)
    remove_line(context=visit, variant_id=shelf.rye)
    assert _stock(shelf.rye) == (10, 0)


def test_a_cart_nobody_touched_for_a_month_is_closed(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    assert expire_carts(now=NOON + timedelta(days=29)) == 0
    assert expire_carts(now=NOON + timedelta(days=30)) == 1
    assert view_cart(context=later(visit, days=30)).lines == ()


def test_what_cannot_be_bought_cannot_be_checked_out(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    with pytest.raises(CartRefused):
        start_checkout(context=visit)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=11)
    with pytest.raises(OutOfStock) as refusal:
        start_checkout(context=visit)
    assert refusal.value.detail == {"available": {str(shelf.rye): 10}}
    prices.public[shelf.rye] = 400
    with pytest.raises(PriceConsentNeeded):
        start_checkout(context=later(visit, hours=2))


def test_an_order_freezes_every_stage(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.personal[str(visit.shopper_pseudonym), shelf.cheddar] = 380
    make_campaign("tenth", percent="10", scope={"categories": [shelf.bread]})
    make_campaign("one-off", amount_minor=100)
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=3)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    order = place(visit)
    cheddar, rye = order.lines
    assert (cheddar.list_minor, cheddar.public_minor, cheddar.quoted_minor) == (400, 400, 380)
    assert (cheddar.is_personal, cheddar.label, order.label) == (True, LABEL, LABEL)
    assert (rye.subtotal_minor, rye.is_personal, rye.label) == (600, False, "")
    # 10 % off the bread (60), then 1.00 over 11.40 and 5.40: 68 and 32
    assert (cheddar.discount_minor, rye.discount_minor) == (68, 92)
    assert [(a.label, a.amount_minor) for a in rye.adjustments] == [
        ("tenth", -60),
        ("one-off", -32),
    ]
    assert (order.subtotal_minor, order.discount_minor, order.delivery_minor) == (1_740, 160, 499)
    assert order.total_minor == 2_079
    assert (order.status, order.is_payable) == ("awaiting_payment", True)
    assert order.pay_until == NOON + timedelta(minutes=60)
    assert cheddar.quote_id is not None
    assert len(prices.stored) >= 2
    assert _stock(shelf.cheddar) == (10, 3)
    assert view_cart(context=visit).lines == ()
    assert Fact.objects.filter(kind="OrderPlaced").count() == 1


def test_a_placed_order_is_shown_as_it_is_kept(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=2)
    placed = place(visit)
    assert placed == get_any_order(number=placed.number)


def test_the_same_key_is_the_same_order(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    first = place(visit)
    asked = {
        "context": visit,
        "idempotency_key": "press-1",
        "contact": BOB_AT_HOME,
        "delivery_method": "standard",
    }
    again = place_order(**asked, shown_total_minor=799)
    assert again.number == first.number
    with pytest.raises(IdempotencyMismatch):
        place_order(**asked, shown_total_minor=800)
    assert Order.objects.count() == 1


def test_an_unreachable_contact_is_refused_by_field(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    with pytest.raises(ContactRefused) as refusal:
        place(visit, contact=replace(BOB_AT_HOME, email="bob@", city=" ", name="x" * 121))
    assert refusal.value.detail["fields"] == ["city", "email", "name"]
    assert refusal.value.detail["faults"]["email"] == {
        "code": "bad",
        "example": "alice@example.com",
    }
    pickup = replace(BOB_AT_HOME, address_line1="", city="", postcode="")
    assert place(visit, contact=pickup, delivery_method="pickup").delivery_minor == 0


def test_a_code_used_up_meanwhile_stops_the_order(visit: QuoteContext, shelf: Shelf) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", uses=1)
    add_to_cart(context=visit, variant_id=shelf.rye)
    apply_coupon(context=visit, code="HELLO")
    start_checkout(context=visit)
    shown = view_cart(context=visit).total_minor
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("promotions.offers.selectors.gathering.find_coupons", _find_before_they_went)
        Coupon.objects.update(redeemed=1)
        with pytest.raises(UseRefused) as refusal:
            place(visit, shown_total_minor=shown)
    assert (refusal.value.code, refusal.value.detail) == ("code_used_up", {"coupon": "HELLO"})
    assert not Order.objects.exists()
    assert view_cart(context=visit).rejected[0].reason_code == "code_used_up"


def _find_before_they_went(**asked: Any) -> list[CouponValue]:
    return [replace(each, is_used_up=False) for each in find_coupons(**asked)]


def test_a_shopper_is_remembered_where_the_last_order_was_placed(
    shelf: Shelf, prices: FakePrices
) -> None:
    guest = make_shopper()
    visit = context_of(guest)
    add_to_cart(context=visit, variant_id=shelf.merlot)
    place(visit)
    assert get_shopper_by_id(guest.id).place_code == "US-NY"


@pytest.mark.parametrize(
    ("shown_under", "address", "law"),
    [
        ("US-other", {"region": "NY"}, "US-NY"),  # Albany
        ("US-NY", {"region": "", "country": ""}, "US-NY"),  # collected: where it was shown
        ("US-NY", {"region": "", "country": "BR"}, "unknown"),  # no rule: the strictest
        ("US-NY", {"region": "RM", "country": "IT"}, "EU"),
        ("US-NY", {"region": "北京市", "country": "CN"}, "CN"),
    ],
)
def test_the_law_of_an_order_is_that_of_its_address(
    shelf: Shelf, prices: FakePrices, shown_under: str, address: dict[str, str], law: str
) -> None:
    guest = make_shopper()
    visit = context_of(guest, jurisdiction_code=shown_under)
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    assert get_shopper_by_id(guest.id).place_code == "US-NY"
    Order.objects.filter(pk=order.order_id).update(**address)
    assert find_law(Order.objects.get(pk=order.order_id)).code == law
    assert Order.objects.get(pk=order.order_id).jurisdiction_code == shown_under
