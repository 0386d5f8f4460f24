"""The cart: quantities, offers, codes, versions, merging, statement counts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from orders.cart.services.carts import (
    add_to_cart,
    apply_coupon,
    remove_coupon,
    remove_line,
    set_quantity,
    view_cart,
)
from orders.models import CartLine
from orders.refusals import CartChanged, CartRefused
from pricing.base.core.values import QuoteContext
from profiles.experiments.selectors.experiments import list_running
from promotions.models import Campaign
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def test_a_shopper_without_a_cart_sees_an_empty_one(visit: QuoteContext) -> None:
    cart = view_cart(context=visit)
    assert (cart.cart_id, cart.version, cart.lines, cart.total_minor) == (None, 0, (), 0)
    assert not cart.can_check_out


def test_a_line_keeps_every_stage(visit: QuoteContext, shelf: Shelf, prices: FakePrices) -> None:
    prices.personal[visit.shopper_pseudonym, shelf.cheddar] = 380
    cart = add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=2)
    line = cart.lines[0]
    stages = (line.price.list_minor, line.price.public_minor, line.price.quoted_minor)
    assert stages == (400, 400, 380)
    assert (line.subtotal_minor, line.total_minor, line.quantity) == (760, 760, 2)
    assert cart.label == "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
    assert cart.has_personal_price
    assert cart.delivery is not None
    assert (cart.delivery.code, cart.delivery.price_minor) == ("standard", 499)
    assert (cart.delivery.missing_minor, cart.total_minor) == (2_700, 1_259)


def test_adding_again_adds_up(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    cart = add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    assert [line.quantity for line in cart.lines] == [3]
    assert cart.version == 2


@pytest.mark.parametrize("quantity", [0, -1, 100, 10**9])
def test_absurd_quantities_are_refused(visit: QuoteContext, shelf: Shelf, quantity: int) -> None:
    with pytest.raises(CartRefused) as refusal:
        add_to_cart(context=visit, variant_id=shelf.rye, quantity=quantity)
    assert refusal.value.code == "bad_quantity"
    assert not CartLine.objects.exists()


def test_ninety_nine_is_the_most_even_in_steps(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=99)
    with pytest.raises(CartRefused):
        add_to_cart(context=visit, variant_id=shelf.rye)


def test_what_is_not_sold_cannot_be_added(visit: QuoteContext) -> None:
    with pytest.raises(CartRefused) as refusal:
        add_to_cart(context=visit, variant_id=999_999)
    assert refusal.value.code == "not_for_sale"


def test_a_shopper_nobody_knows_cannot_fill_a_cart(visit: QuoteContext, shelf: Shelf) -> None:
    stranger = replace(visit, shopper_pseudonym="00000000-0000-4000-8000-000000000000")
    with pytest.raises(CartRefused) as refusal:
        add_to_cart(context=stranger, variant_id=shelf.rye)
    assert refusal.value.code == "unknown_shopper"


def test_zero_removes_and_undo_puts_back(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    assert set_quantity(context=visit, variant_id=shelf.rye, quantity=0).lines == ()
    assert set_quantity(context=visit, variant_id=shelf.rye, quantity=2).quantity == 2
    assert remove_line(context=visit, variant_id=shelf.rye).lines == ()
    assert remove_line(context=visit, variant_id=shelf.rye).version == 4


def test_a_stale_page_cannot_change_a_newer_cart(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    with pytest.raises(CartChanged):
        set_quantity(context=visit, variant_id=shelf.rye, quantity=5, version=0)
    assert set_quantity(context=visit, variant_id=shelf.rye, quantity=5, version=1).quantity == 5


def test_a_withdrawn_product_blocks_the_checkout_and_costs_nothing(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    del prices.public[shelf.rye]
    cart = view_cart(context=visit)
    assert [notice.code for notice in cart.notices] == ["unavailable"]
    assert (cart.subtotal_minor, cart.can_check_out) == (500, False)


def test_more_than_there_is_is_said_and_blocks(visit: QuoteContext, shelf: Shelf) -> None:
    cart = add_to_cart(context=visit, variant_id=shelf.rye, quantity=11)
    assert [(n.code, n.quantity, n.message) for n in cart.notices] == [
        ("only_left", 10, "Only 10 of Rye left.")
    ]
    assert not cart.can_check_out


def test_offers_codes_and_their_reasons_are_on_the_cart(
    visit: QuoteContext, shelf: Shelf, settings: Any
) -> None:
    make_campaign("spend-20", amount_minor=200, condition={"cart_value": 2000})
    make_campaign("welcome", amount_minor=100, code="WELCOME1", condition={"first_order": True})
    add_to_cart(context=visit, variant_id=shelf.gouda, quantity=3)
    cart = apply_coupon(context=visit, code=" welcome 1")
    assert (cart.coupon_codes, cart.discount_minor) == (("WELCOME1",), 100)
    assert [hint.missing_minor for hint in cart.hints] == [500]
    settings.HINT_SHARE_PERCENT, settings.HINT_LEAST_MINOR = 33, 100
    assert view_cart(context=visit).hints == ()  # 33 % of 15.00 are 4.95
    full = set_quantity(context=visit, variant_id=shelf.gouda, quantity=4)
    assert (full.discount_minor, full.hints) == (300, ())
    assert [offer.label for offer in full.offers] == ["spend-20", "welcome"]
    assert remove_coupon(context=visit, code="WELCOME1").discount_minor == 200


def test_an_unknown_code_is_refused_and_not_kept(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.gouda)
    cart = apply_coupon(context=visit, code="FREEBEER")
    assert [(r.code, r.reason_code) for r in cart.rejected] == [("FREEBEER", "unknown_code")]
    assert cart.coupon_codes == ()
    assert view_cart(context=visit).rejected == ()


def test_ten_codes_are_the_most(visit: QuoteContext, shelf: Shelf) -> None:
    for n in range(11):
        make_campaign(f"offer-{n}", amount_minor=1, code=f"CODE{n}")
    for n in range(10):
        apply_coupon(context=visit, code=f"CODE{n}")
    with pytest.raises(CartRefused) as refusal:
        apply_coupon(context=visit, code="CODE10")
    assert refusal.value.code == "too_many_codes"


def test_chinese_shoppers_read_chinese(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    chinese = context_of(make_shopper(), language="zh-hans")
    add_to_cart(context=chinese, variant_id=shelf.cheddar)
    prices.public[shelf.cheddar] = 350
    cart = view_cart(context=chinese)
    assert cart.delivery.name == "标准配送"
    assert cart.notices[0].message == "Cheddar的价格已从 US$4.00 降至 US$3.50，将按较低价格计费。"


def test_adding_to_a_full_cart_takes_few_statements(visit: QuoteContext, shelf: Shelf) -> None:
    for variant_id in (shelf.cheddar, shelf.gouda, shelf.rye):
        add_to_cart(context=visit, variant_id=variant_id)
    with CaptureQueriesContext(connection) as captured:
        add_to_cart(context=visit, variant_id=shelf.merlot)
    statements = [q["sql"] for q in captured if not q["sql"].startswith(("SAVEPOINT", "RELEASE"))]
    # shopper, cart locked, lines, line inserted, cart version, cards (and the quote, in pricing)
    assert len(statements) == 6, statements


def test_looking_at_a_cart_takes_four_statements_whatever_its_size(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    counts = []
    for variant_id in (shelf.gouda, shelf.merlot):
        add_to_cart(context=visit, variant_id=variant_id)
        list_running()
        with CaptureQueriesContext(connection) as captured:
            view_cart(context=visit)
        counts.append(len(captured))
    assert counts == [4, 4]


@pytest.mark.parametrize("status", ["draft", "scheduled"])
def test_an_unreleased_code_answers_like_an_unknown_one(
    visit: QuoteContext, shelf: Shelf, monkeypatch: pytest.MonkeyPatch, status: str
) -> None:
    make_campaign("secret", amount_minor=100, code="SECRET")
    Campaign.objects.update(status=status)
    counted: list[str] = []
    monkeypatch.setattr("orders.cart.services.carts.count_wrong_code", counted.append)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    apply_coupon(context=visit, code="WARMUP")
    said, queries = {}, {"NOBODY": 99, "SECRET": 99}
    for code in ("NOBODY", "SECRET") * 3:  # a memory of a second may be read anew in one of them
        with CaptureQueriesContext(connection) as seen:
            cart = apply_coupon(context=visit, code=code)
        queries[code] = min(queries[code], len(seen))
        said[code] = str(cart).replace(code, "CODE")
    assert said["NOBODY"] == said["SECRET"]
    assert counted == ["WARMUP", *("NOBODY", "SECRET") * 3]
    assert queries["NOBODY"] == queries["SECRET"]
    Campaign.objects.update(status="live")
    assert apply_coupon(context=visit, code="SECRET").discount_minor == 100


def test_a_cart_names_the_offer_that_the_floor_cut(visit: QuoteContext, shelf: Shelf) -> None:
    make_campaign("sixty", percent="60", scope={"variants": [shelf.gouda]})
    add_to_cart(context=visit, variant_id=shelf.rye)
    assert add_to_cart(context=visit, variant_id=shelf.rye).notices == ()
    cart = add_to_cart(context=visit, variant_id=shelf.gouda)
    assert cart.discount_minor == 250  # 60 % of 5.00 are 3.00; the floor is half
    assert [(one.code, one.message) for one in cart.notices] == [
        (
            "offer_at_floor",
            "A part of the offer sixty could not be applied to Gouda: it is at its lowest price.",
        )
    ]
    assert cart.notices == next(line for line in cart.lines if line.discount_minor).notices


def test_a_kept_price_counts_as_kept_and_not_as_personal(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=2)
    prices.public[shelf.cheddar] = 450
    cart = view_cart(context=visit)
    assert (cart.everyone_minor, cart.kept_minor, cart.personal_minor) == (900, 100, 0)
    assert (cart.subtotal_minor, cart.lines[0].price.is_kept) == (800, True)
