"""How an order is found, read and written about."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.cart.services.carts import add_to_cart
from orders.models import Order, OrderEvent
from orders.order.selectors import (
    find_order_for_guest,
    get_order,
    get_order_by_token,
    list_orders,
)
from orders.order.services.mail import send_order_email
from orders.refusals import OrderNotFound
from pricing.base.core.values import QuoteContext
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import (
    BOB_AT_HOME,
    LABEL,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    place,
)
from tests.factories.pictures import show_picture

pytestmark = pytest.mark.django_db


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_orders_are_found_by_owner_token_or_number(visit: QuoteContext, shelf: Shelf) -> None:
    shopper = make_shopper()
    mine = context_of(shopper)
    add_to_cart(context=mine, variant_id=shelf.rye)
    order = place(mine)
    typed = order.number.lower().replace("-", " ")
    assert get_order(number=typed, shopper_id=shopper.id).number == order.number
    with pytest.raises(OrderNotFound):
        get_order(number=order.number, shopper_id=make_shopper().id)
    with pytest.raises(OrderNotFound):
        get_order_by_token(token="", now=NOON)
    found = find_order_for_guest(number=order.number, email=" BOB@example.org ")
    assert found is not None
    assert found.number == order.number
    assert find_order_for_guest(number=order.number, email="eve@example.org") is None
    assert find_order_for_guest(number="FT-00000-00000", email="bob@example.org") is None
    assert find_order_for_guest(number=order.number, email="") is None


def test_wrong_number_and_wrong_address_cost_the_same_statement(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    number = place(visit).number
    counts = []
    for asked in ((number, "eve@example.org"), ("FT-00000-00000", "bob@example.org")):
        with CaptureQueriesContext(connection) as captured:
            find_order_for_guest(number=asked[0], email=asked[1])
        counts.append(len(captured))
    assert counts == [1, 1]


def test_orders_are_listed_newest_first_in_pages(visit: QuoteContext, shelf: Shelf) -> None:
    shopper = make_shopper()
    numbers = []
    for n in range(5):
        mine = context_of(shopper, NOON + timedelta(minutes=n))
        add_to_cart(context=mine, variant_id=shelf.rye)
        numbers.append(place(mine, key=f"k{n}").number)
    numbers.reverse()
    first = list_orders(shopper_id=shopper.id, limit=3)
    rest = list_orders(shopper_id=shopper.id, limit=3, before=first[-1].number)
    assert [order.number for order in (*first, *rest)] == numbers
    assert list_orders(shopper_id=shopper.id, before="FT-XXXXX-XXXXX") == []


def test_an_order_reads_in_five_statements(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    order = place(visit)
    with CaptureQueriesContext(connection) as captured:
        get_order_by_token(token=order.token, now=NOON)
    assert len(captured) == 5


def test_the_email_shows_both_prices_and_the_label(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.personal[str(visit.shopper_pseudonym), shelf.cheddar] = 380
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    order = place(visit)
    sent = [send_order_email(order_id=order.order_id, kind="placed", now=NOON) for _ in range(2)]
    assert sent == [True, False]
    letter = mail.outbox[0]
    assert (letter.to, letter.subject) == (["bob@example.org"], f"Your order {order.number}")
    assert isinstance(letter, EmailMultiAlternatives)
    html = letter.alternatives[0][0]
    for text in (letter.body, html):
        assert "$3.80" in text
        assert "Everyone $4.00" in text
        assert LABEL in text
        assert f"/orders/{order.token}/" in text
    assert len(mail.outbox) == 1
    assert "<strong>Goes to</strong><br>Bob Baker\n1 Mill Lane\n" in str(html)


def test_lines_and_letters_show_the_picture_of_their_product(
    visit: QuoteContext, shelf: Shelf, settings: Any
) -> None:
    settings.SITE_URL = "https://shop.example"
    picture = show_picture(shelf.cheddar)
    for variant_id in (shelf.cheddar, shelf.rye):
        add_to_cart(context=visit, variant_id=variant_id)
    order = place(visit)
    cheddar, rye = order.lines
    assert cheddar.card.picture is not None
    assert rye.card.picture is not None
    assert cheddar.card.picture.at_least(160) == f"{picture}-160.webp"
    assert (cheddar.card.picture.is_illustration, rye.card.picture.is_illustration) == (False, True)
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = mail.outbox[0]
    assert isinstance(letter, EmailMultiAlternatives)
    html = str(letter.alternatives[0][0])
    shown = f'src="https://shop.example{picture}-160.webp" alt="{cheddar.name}"'
    assert f'<img {shown} width="32" height="64"' in html
    # Programs that read e-mail show no SVG.
    drawn = f'src="https://shop.example{rye.card.picture.raster}" alt="{rye.name}"'
    assert f'<img {drawn} width="64" height="48"' in html
    assert (html.count("<img"), "<img" in letter.body) == (2, False)


def test_the_letter_speaks_chinese_and_escapes_names(visit: QuoteContext, shelf: Shelf) -> None:
    chinese = context_of(make_shopper(), language="zh-hans")
    add_to_cart(context=chinese, variant_id=shelf.cheddar)
    order = place(chinese, contact=replace(BOB_AT_HOME, name="<b>王芳</b>"))
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = mail.outbox[0]
    assert letter.subject == f"您的订单 {order.number}"
    assert isinstance(letter, EmailMultiAlternatives)
    html = letter.alternatives[0][0]
    assert "&lt;b&gt;王芳&lt;/b&gt;" in html
    assert "<b>王芳</b>，感谢您的订购" in letter.body
    assert "\n公开价合计：US$4.00\n" in letter.body
    assert f"/zh-hans/orders/{order.token}/" in letter.body
    assert f"/zh-hans/orders/{order.token}/" in str(html)


def test_a_header_cannot_be_injected_through_a_name(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit, contact=replace(BOB_AT_HOME, name="Bob\nBcc: all@example.org"))
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    assert mail.outbox[0].recipients() == ["bob@example.org"]
    assert "\n" not in mail.outbox[0].subject


def test_the_timeline_cannot_be_rewritten(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    place(visit)
    with pytest.raises(Exception, match="append-only"), transaction.atomic():
        OrderEvent.objects.update(kind="paid")


def test_the_database_refuses_an_order_that_does_not_add_up(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    place(visit)
    for change in ({"total_minor": 1}, {"refunded_minor": 10**6}, {"discount_minor": -1}):
        with pytest.raises(IntegrityError), transaction.atomic():
            Order.objects.update(**change)


def test_a_late_letter_does_not_wait_for_a_paid_order(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    order = place(visit)
    Order.objects.filter(pk=order.order_id).update(status="paid", paid_at=NOON)
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    body = str(mail.outbox[0].body)
    assert "We have your order, and it is paid." in body
    assert "until it is paid" not in body
