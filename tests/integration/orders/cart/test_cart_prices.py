"""A cart line is a promise: lower wins by itself, higher needs consent."""

from __future__ import annotations

from dataclasses import replace

import pytest

from orders.cart.services.carts import accept_price_changes, add_to_cart, apply_coupon, view_cart
from orders.cart.services.merging import merge_carts
from orders.checkout.services.checkout import start_checkout
from orders.models import Cart, CartLine
from orders.wording import say_hour
from pricing.base.core.values import QuoteContext
from profiles.consent.services import set_consent
from profiles.shoppers.selectors.shoppers import find_shopper
from shop.ground.catalog.selectors import get_market
from tests.factories.orders import FakePrices, Shelf, context_of, later, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def test_a_seen_price_holds_for_its_hour(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 440
    cart = view_cart(context=later(visit, minutes=59))
    assert (cart.lines[0].price.quoted_minor, cart.notices) == (400, ())


def test_a_lower_price_wins_by_itself(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 360
    cart = view_cart(context=later(visit, minutes=5))
    assert cart.lines[0].price.quoted_minor == 360
    assert [notice.code for notice in cart.notices] == ["price_fell"]
    said = "Cheddar now costs $3.60 instead of $4.00: you pay the lower price."
    assert cart.notices[0].message == said
    assert cart.can_check_out
    prices.public[shelf.cheddar] = 400
    assert view_cart(context=later(visit, minutes=30)).lines[0].price.quoted_minor == 360


def test_a_higher_price_after_the_hour_needs_consent(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 440
    after = later(visit, minutes=61)
    cart = view_cart(context=after)
    notice = cart.notices[0]
    assert (notice.code, notice.was_minor, notice.now_minor) == ("price_rose", 400, 440)
    assert notice.needs_consent
    assert not cart.can_check_out
    agreed = accept_price_changes(context=after, version=cart.version)
    assert (agreed.lines[0].price.quoted_minor, agreed.notices) == (440, ())
    assert agreed.can_check_out


def test_consent_covers_only_the_price_that_was_shown(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    after = later(visit, minutes=61)
    prices.public[shelf.cheddar] = 440
    cart = view_cart(context=after)
    prices.public[shelf.cheddar] = 480
    again = accept_price_changes(context=after, version=cart.version)
    assert [(n.code, n.now_minor) for n in again.notices] == [("price_rose", 480)]
    assert CartLine.objects.get().quoted_minor == 400


def test_the_line_has_the_price_of_the_pages_token(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    shown = prices.quote_variants(context=visit, variant_ids=[shelf.gouda]).prices[shelf.gouda]
    prices.public[shelf.gouda] = 550
    soon = later(visit, minutes=10)
    cart = add_to_cart(context=soon, variant_id=shelf.gouda, token=shown.token)
    assert cart.lines[0].price.quoted_minor == 500
    assert prices.stored == [shown.token]


def test_an_expired_token_that_was_lower_asks_for_consent(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    shown = prices.quote_variants(context=visit, variant_ids=[shelf.gouda]).prices[shelf.gouda]
    prices.public[shelf.gouda] = 550
    cart = add_to_cart(context=later(visit, hours=2), variant_id=shelf.gouda, token=shown.token)
    assert [(n.code, n.was_minor, n.now_minor) for n in cart.notices] == [("price_rose", 500, 550)]


def test_the_token_of_another_shopper_is_worth_nothing(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    alice = context_of(make_shopper())
    prices.personal[alice.shopper_pseudonym, shelf.gouda] = 450
    hers = prices.quote_variants(context=alice, variant_ids=[shelf.gouda]).prices[shelf.gouda]
    cart = add_to_cart(context=visit, variant_id=shelf.gouda, token=hers.token)
    assert cart.lines[0].price.quoted_minor == 500


def test_opted_out_means_the_public_price_and_all_public_offers(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    make_campaign("tenth", percent="10")
    prices.personal[visit.shopper_pseudonym, shelf.cheddar] = 380
    charlie = context_of(make_shopper(), gpc=True)
    cart = add_to_cart(context=charlie, variant_id=shelf.cheddar)
    assert (cart.lines[0].price.quoted_minor, cart.lines[0].total_minor) == (400, 360)
    assert not cart.has_personal_price


@pytest.mark.parametrize("how", ["switched off", "gpc"])
def test_without_personal_prices_the_cart_names_what_stays_lower(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices, how: str
) -> None:
    prices.personal[visit.shopper_pseudonym, shelf.cheddar] = 380
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    before = add_to_cart(context=visit, variant_id=shelf.rye)
    assert before.notices == ()
    off = later(visit, minutes=20)
    if how == "gpc":
        off = replace(off, gpc=True)
    else:
        shopper = find_shopper(visit.shopper_pseudonym)
        set_consent(
            shopper_id=shopper.id,
            purpose="price",
            granted=False,
            how="cart",
            locale="en",
            text_version="1",
            now=off.now,
        )
        prices.personal.clear()
    cart = view_cart(context=off)
    assert (cart.lines[0].price.quoted_minor, cart.can_check_out) == (380, True)
    (notice,) = cart.notices  # none for rye, which costs everybody the same
    assert (notice.code, notice.line_id) == ("price_kept", str(shelf.cheddar))
    assert (notice.was_minor, notice.now_minor) == (400, 380)
    assert notice.until == later(visit, minutes=60).now
    hour = say_hour(notice.until, get_market("us").time_zone, "en")
    assert notice.message == (
        f"Personal prices are off. Until {hour}, Cheddar keeps its promised $3.80, not $4.00."
    )
    chinese = view_cart(context=replace(off, language="zh-hans")).notices[0].message
    hour = say_hour(notice.until, get_market("us").time_zone, "zh-hans")
    assert chinese == (
        f"个性化价格已关闭。在 {hour} 之前，"
        "Cheddar仍按已承诺的较低价格 US$3.80 计费，而非 US$4.00。"
    )
    after = view_cart(context=later(off, minutes=41))
    assert [one.code for one in after.notices] == ["price_rose"]


def test_a_running_checkout_keeps_the_promised_price(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.personal[visit.shopper_pseudonym, shelf.cheddar] = 380
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    checkout = start_checkout(context=later(visit, minutes=55))
    held = view_cart(context=replace(later(visit, minutes=58), gpc=True))
    assert [one.until for one in held.notices] == [checkout.expires_at]
    assert checkout.expires_at > later(visit, minutes=60).now


def test_merging_loses_no_line_and_keeps_the_better_price(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    guest, alice = make_shopper(), context_of(make_shopper())
    hers = context_of(guest)
    prices.personal[guest.pseudonym, shelf.cheddar] = 370
    add_to_cart(context=hers, variant_id=shelf.cheddar, quantity=1)
    add_to_cart(context=hers, variant_id=shelf.rye, quantity=4)
    make_campaign("hello", amount_minor=100, code="HELLO")
    apply_coupon(context=hers, code="HELLO")
    add_to_cart(context=alice, variant_id=shelf.cheddar, quantity=3)
    for _ in range(2):  # twice is once
        cart = merge_carts(context=alice, from_shopper_id=guest.id)
    assert {line.card.name: (line.quantity, line.price.quoted_minor) for line in cart.lines} == {
        "Cheddar": (3, 370),
        "Rye": (4, 300),
    }
    assert cart.coupon_codes == ("HELLO",)
    assert sorted(Cart.objects.values_list("status", flat=True)) == ["merged", "open"]
