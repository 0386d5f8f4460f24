"""What makes products cheaper never makes the whole order dearer: delivery and taxes included."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orders.cart.core.cart_view import Valued, value_lines
from orders.cart.core.stages import CartHead, Promise, Settled, SettledLine
from orders.terms.core import Method, Rate, TaxTable
from pricing.base.core.values import PriceView
from promotions.engine.core.evaluate import evaluate_offers
from promotions.engine.core.values import CartLineValue, CartValue, DeliveryFee, OfferValue
from shop.ground.catalog.core.values import CatalogCard
from tests.factories.baskets import draw_basket
from tests.factories.promotions import ALICE, NOON, amount_off, make_cart, make_line, make_offer

seeds = st.integers(0, 2**32)
HEAD = CartHead(None, 0, "USD", (), "en")
TAX_ON_TOP = TaxTable((Rate("", Decimal("7.25"), is_included=False),))


def _settle(variant_id: int, quantity: int, quoted: int, full: int, *, gift: bool) -> SettledLine:
    card = CatalogCard(
        product_id=variant_id,
        variant_id=variant_id,
        sku="",
        slug="",
        name="x",
        brand="",
        category_id=0,
        category_path="",
        size_label="",
        measure_amount=None,
        measure_unit="",
        picture=None,
        available=99,
    )
    price = PriceView(
        variant_id=variant_id,
        currency="USD",
        list_minor=full,
        public_minor=full,
        quoted_minor=quoted,
        is_personal=quoted < full,
    )
    settled = Settled(Promise(full, full, quoted))
    return SettledLine(card, quantity, price, settled, 99, is_gift=gift)


def _value(cart: CartValue, offers: Sequence[OfferValue]) -> Valued:
    found = evaluate_offers(cart=cart, offers=offers, coupons=(), shopper=ALICE, now=NOON)
    lines = [
        _settle(x.variant_id, x.quantity, x.unit_minor, x.full_minor // x.quantity, gift=False)
        for x in cart.lines
    ]
    given: dict[int, int] = {}
    for gift in found.gifts:
        given[gift.variant_id] = given.get(gift.variant_id, 0) + gift.quantity
    worth = {gift.variant_id: gift.unit_minor for gift in cart.gifts}
    lines += [_settle(n, q, worth[n], worth[n], gift=True) for n, q in given.items()]
    methods = [
        Method(x.code, x.code, "", x.price_minor, x.free_from_minor, 1, 2, x.needs_address)
        for x in cart.deliveries
    ]
    code = cart.delivery_code if methods else None
    return value_lines(HEAD, lines, found, taxes=TAX_ON_TOP, methods=methods, delivery_code=code)


def _named(line: CartLineValue) -> CartLineValue:
    return replace(line, line_id=str(line.variant_id))


@settings(max_examples=250, deadline=None)
@given(seeds)
def test_no_offer_and_no_personal_price_makes_anybody_pay_more(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers = draw_basket(rng)
    cart = replace(cart, lines=tuple(map(_named, cart.lines)))
    personal = [
        replace(line, unit_minor=rng.randint(0, line.unit_minor), public_minor=line.unit_minor)
        for line in cart.lines
    ]
    for_all = _value(cart, []).totals
    theirs = _value(replace(cart, lines=tuple(personal)), []).totals
    assert theirs.total_minor <= for_all.total_minor
    assert theirs.delivery_minor == for_all.delivery_minor
    assert _value(cart, offers).totals.total_minor <= for_all.total_minor
    both = _value(replace(cart, lines=tuple(personal)), offers).totals
    assert both.total_minor <= theirs.total_minor


@settings(max_examples=100, deadline=None)
@given(seeds)
def test_the_sums_of_a_cart_add_up_from_everyones_prices(seed: int) -> None:
    rng = random.Random(seed)
    cart, offers = draw_basket(rng)
    lines = [
        replace(line, unit_minor=rng.randint(0, line.unit_minor), public_minor=line.unit_minor)
        for line in map(_named, cart.lines)
    ]
    view = _value(replace(cart, lines=tuple(lines)), offers).view
    assert view.everyone_minor == sum(one.everyone_minor for one in view.lines)
    assert view.personal_minor == sum(
        (one.public_minor - one.unit_minor) * one.quantity for one in lines
    )
    delivery = 0 if view.delivery is None else view.delivery.before_minor
    products = view.everyone_minor - view.personal_minor - view.offers_minor
    assert products + delivery + view.tax_added_minor == view.total_minor


@pytest.mark.parametrize(
    ("full", "quoted", "off", "expected"),
    [
        (3_500, 3_500, 0, (3_500, 0, 0)),
        (3_500, 3_500, 100, (3_400, 0, 0)),  # 34.00 after the offer, free all the same
        (3_500, 3_300, 100, (3_200, 0, 0)),
        (3_499, 3_499, 0, (3_998, 499, 1)),
        (3_400, 3_200, 100, (3_599, 499, 100)),  # a dollar more at everybody's price
    ],
)
def test_free_from_is_measured_at_the_price_for_everybody(
    full: int, quoted: int, off: int, expected: tuple[int, int, int]
) -> None:
    line = make_line("1", variant_id=1, quantity=1, unit_minor=quoted, public_minor=full)
    cart = replace(make_cart(line), deliveries=(DeliveryFee("standard", 499, 3_500),))
    offers = [make_offer(1, amount_off(off))] if off else []
    found = _value(cart, offers)
    delivery = found.view.delivery
    assert delivery is not None
    untaxed = found.totals.total_minor - found.totals.tax_added_minor
    assert (untaxed, delivery.price_minor, delivery.missing_minor) == expected
