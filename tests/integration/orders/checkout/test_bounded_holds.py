"""Stock is held for who buys: bounded by person, address and what is left, briefly when scarce."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db.models import Sum

from orders.cart.core.cart_view import HOLD, SHORT_HOLD
from orders.cart.services.carts import add_to_cart, view_cart
from orders.checkout.services.checkout import start_checkout
from orders.checkout.services.placing import place_order
from orders.models import Cart, Order
from orders.order.selectors import get_order
from orders.values import OrderView
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.models import StockRecord, StockReservation
from shop.ground.inventory.services import TooManyHeld, receive_stock
from tests.factories.orders import (
    BOB_AT_HOME,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    later,
    make_shopper,
    pay,
)
from tests.factories.races import race

HOME = "198.51.100.7"


def _fill(shelf: Shelf, quantity: int, visit: QuoteContext | None = None) -> QuoteContext:
    visit = visit or context_of(make_shopper())
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=quantity)
    return visit


def _order(visit: QuoteContext, key: str, address: str = HOME) -> Order:
    start_checkout(context=visit, address=address)
    placed = place_order(
        context=visit,
        idempotency_key=key,
        contact=BOB_AT_HOME,
        delivery_method="standard",
        shown_total_minor=view_cart(context=visit).total_minor,
        address=address,
    )
    return Order.objects.get(pk=placed.order_id)


def _held() -> list[int]:
    rows = StockReservation.objects.filter(state="held").order_by("pk")
    held = list(rows.values_list("quantity", flat=True))
    assert StockRecord.objects.aggregate(all=Sum("reserved"))["all"] == sum(held)
    return held


@pytest.fixture
def plenty(prices: FakePrices, shelf: Shelf) -> Shelf:
    """Three hundred loaves of rye."""
    receive_stock(lines=[StockLine(shelf.rye, 290)], reference="delivery", now=NOON)
    return shelf


def test_carts_hold_nothing_and_checkouts_hold_a_share(plenty: Shelf) -> None:
    visits = [_fill(plenty, 99) for _ in range(4)]
    assert _held() == []
    for n, visit in enumerate(visits):
        start_checkout(context=visit, address=f"198.51.100.{n}")
    assert _held() == [30, 27, 24, 21]
    assert [line.quantity for line in view_cart(context=visits[0]).lines] == [99]
    for visit in visits:  # a reload holds no more
        start_checkout(context=visit, address=HOME)
    assert sum(_held()) <= 102


def test_people_at_one_address_hold_four_shares_together(plenty: Shelf) -> None:
    for _ in range(5):
        start_checkout(context=_fill(plenty, 99), address=HOME)
    assert _held() == [30, 27, 24, 3]
    # The control: an address that is not known bounds nobody.
    start_checkout(context=_fill(plenty, 99))
    assert _held()[4:] == [21]


def test_a_household_s_purchase_is_held_in_full(prices: FakePrices, shelf: Shelf) -> None:
    start_checkout(context=_fill(shelf, 10), address=HOME)
    assert _held() == [10]


def test_a_large_order_is_held_briefly_and_blocks_another(
    plenty: Shelf,
) -> None:
    visit = _fill(plenty, 99)
    large = _order(visit, "large")
    assert (_held(), large.pay_until) == ([99], NOON + SHORT_HOLD)
    for again in (visit, context_of(make_shopper())):
        _fill(plenty, 90, again)
        with pytest.raises(TooManyHeld) as refusal:
            _order(again, "second")
        assert refusal.value.code == "too_many_held"
        assert [line.quantity for line in view_cart(context=again).lines] == [90]
    assert Order.objects.count() == 1
    assert pay(_view(large)) == "succeeded"
    assert _order(visit, "third").status == "awaiting_payment"


def test_what_is_scarce_is_held_a_short_time(prices: FakePrices, shelf: Shelf) -> None:
    calm = start_checkout(context=_fill(shelf, 2))
    assert calm.expires_at == NOON + HOLD
    last = _fill(shelf, 8)
    assert start_checkout(context=last).expires_at == NOON + SHORT_HOLD
    again = start_checkout(context=later(last, minutes=10))
    assert again.expires_at == NOON + SHORT_HOLD
    assert Cart.objects.get(shopper_id=_shopper_of(last)).frozen_until == NOON + SHORT_HOLD


def test_a_hold_that_ended_forgets_whose_it_was(plenty: Shelf) -> None:
    order = _order(_fill(plenty, 3), "k")
    held = StockReservation.objects.get()
    assert (held.person, len(held.address)) == (str(order.shopper_id), 32)
    assert HOME not in held.address
    pay(_view(order))
    held.refresh_from_db()
    assert (held.state, held.person, held.address) == ("committed", "", "")


def test_checkouts_at_once_hold_no_more_than_the_bound(
    busy_shop: tuple[Shelf, FakePrices],
) -> None:
    shelf, _ = busy_shop
    receive_stock(lines=[StockLine(shelf.rye, 290)], reference="delivery", now=NOON)
    visits = [_fill(shelf, 99) for _ in range(14)]

    def check_out(n: int) -> timedelta:
        address = HOME if n < 7 else f"203.0.113.{n}"
        return start_checkout(context=visits[n], address=address).expires_at - NOON

    race(check_out, 7)
    assert _held_at_home() <= 4 * 30
    bounded = sum(_held())
    race(lambda n: check_out(n + 7), 7)  # the control: other addresses hold more
    assert sum(_held()) > bounded


def _held_at_home() -> int:
    rows = StockReservation.objects.filter(state="held")
    assert rows.values("address").distinct().count() == 1
    return sum(_held())


def _shopper_of(visit: QuoteContext) -> int:
    return Cart.objects.get(shopper__pseudonym=visit.shopper_pseudonym).shopper_id


def _view(order: Order) -> OrderView:
    return get_order(number=order.number, shopper_id=order.shopper_id or 0)
