"""What a look at the cart shows is promised, though the look changes no line of it."""

from __future__ import annotations

import pytest
from django.db import connection

from orders.cart.services.cart_rows import append_promises, read_cart
from orders.cart.services.carts import (
    accept_price_changes,
    add_to_cart,
    remove_line,
    set_quantity,
    view_cart,
)
from orders.cart.services.merging import merge_carts
from orders.cart.services.valuation import value_cart
from orders.models import CartLine, ShownPromise
from pricing.base.core.values import QuoteContext
from tests.factories.orders import FakePrices, Shelf, context_of, later, make_shopper

pytestmark = pytest.mark.django_db


def read_lines() -> list[tuple[int, int | None]]:
    return list(CartLine.objects.order_by("pk").values_list("quoted_minor", "offered_minor"))


def shows(context: QuoteContext) -> int:
    return view_cart(context=context).lines[0].price.quoted_minor


@pytest.fixture
def fallen(visit: QuoteContext, shelf: Shelf, prices: FakePrices) -> QuoteContext:
    """Cheddar in the cart at 4.00, seen at 3.50, and at 4.00 again since."""
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 350
    assert shows(later(visit, minutes=10)) == 350
    prices.public[shelf.cheddar] = 400
    return later(visit, minutes=20)


def test_a_lower_price_that_was_looked_at_holds(fallen: QuoteContext, shelf: Shelf) -> None:
    assert read_lines() == [(400, None)]
    assert shows(fallen) == 350
    assert ShownPromise.objects.count() == 1  # it holds: the second look shows nothing new
    view = set_quantity(context=fallen, variant_id=shelf.cheddar, quantity=2)
    assert view.lines[0].price.quoted_minor == 350
    assert read_lines() == [(350, None)]
    assert not ShownPromise.objects.exists()


def test_a_rise_is_agreed_to_as_far_as_shown(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    version = add_to_cart(context=visit, variant_id=shelf.cheddar).version
    prices.public[shelf.cheddar] = 450
    over = later(visit, minutes=70)
    assert [one.code for one in view_cart(context=over).notices] == ["price_rose"]
    assert read_lines() == [(400, None)]
    prices.public[shelf.cheddar] = 470
    refused = accept_price_changes(context=over, version=version)
    assert [one.code for one in refused.notices] == ["price_rose"]
    assert read_lines() == [(400, 470)]
    agreed = accept_price_changes(context=over, version=version)
    assert (agreed.notices, read_lines()) == ((), [(470, None)])


def test_a_guest_who_signs_in_keeps_what_was_looked_at(shelf: Shelf, prices: FakePrices) -> None:
    guest, alice = make_shopper(), context_of(make_shopper())
    add_to_cart(context=context_of(guest), variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 350
    assert shows(context_of(guest)) == 350
    prices.public[shelf.cheddar] = 400
    view = merge_carts(context=alice, from_shopper_id=guest.id)
    assert view.lines[0].price.quoted_minor == 350
    assert not ShownPromise.objects.exists()


def test_a_line_goes_with_what_was_shown_of_it(fallen: QuoteContext, shelf: Shelf) -> None:
    assert remove_line(context=fallen, variant_id=shelf.cheddar).lines == ()
    assert not ShownPromise.objects.exists()


def test_code_that_knows_no_shown_promises_can_delete_a_line(fallen: QuoteContext) -> None:
    with connection.cursor() as cursor:
        cursor.execute("DELETE FROM orders_cartline")
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
    assert view_cart(context=fallen).lines == ()
    assert not ShownPromise.objects.exists()


def test_nothing_is_noted_of_a_line_taken_out_meanwhile(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    looked_at = read_cart(visit).lines
    remove_line(context=visit, variant_id=shelf.cheddar)
    append_promises(looked_at)
    assert not ShownPromise.objects.exists()


@pytest.mark.parametrize("is_changed", [True, False])
def test_a_look_that_ends_late_takes_no_promise_back(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices, is_changed: bool
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    over = later(visit, minutes=70)
    late = read_cart(over)
    prices.public[shelf.cheddar] = 350
    if is_changed:
        set_quantity(context=over, variant_id=shelf.cheddar, quantity=2)
    else:
        assert shows(over) == 350
    prices.public[shelf.cheddar] = 400
    assert value_cart(late, over).valued.view.lines[0].price.quoted_minor == 400
    assert shows(over) == 350
    view = set_quantity(context=over, variant_id=shelf.cheddar, quantity=3)
    assert (view.lines[0].price.quoted_minor, read_lines()) == (350, [(350, None)])
