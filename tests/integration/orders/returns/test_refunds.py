"""Cancel and refund: everything goes back by what was taken."""

from __future__ import annotations

import pytest
from django.core import mail

from orders.cart.services.carts import add_to_cart, apply_coupon, view_cart
from orders.checkout.services.cancelling import cancel_order
from orders.models import Order
from orders.order.selectors import get_order_by_token
from orders.order.services.mail import send_order_email
from orders.payments.api import RefundPart, refund_order
from orders.refusals import OrderRefused, TotalChanged
from pricing.base.core.values import QuoteContext
from profiles.models import Event
from promotions.campaigns.selectors.book import forget_offer_book
from promotions.models import Campaign, Coupon
from shop.ground.inventory.models import StockRecord
from tests.factories.orders import (
    NOON,
    FakePrices,
    Shelf,
    context_of,
    make_shopper,
    pay,
    place,
)
from tests.factories.parcels import deliver
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_nobody_pays_more_than_was_shown(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    make_campaign("one-off", amount_minor=100)
    add_to_cart(context=visit, variant_id=shelf.rye)
    shown = view_cart(context=visit).total_minor
    Campaign.objects.update(status="paused")
    forget_offer_book()
    with pytest.raises(TotalChanged) as refusal:
        place(visit, shown_total_minor=shown)
    assert refusal.value.detail == {"shown_minor": 699, "total_minor": 799}
    assert not Order.objects.exists()
    prices.public[shelf.rye] = 250
    assert place(visit, shown_total_minor=799).total_minor == 749


def test_cancelling_a_paid_order_gives_all_back(visit: QuoteContext, shelf: Shelf) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=100, uses=1)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=3)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    pay(order)
    for _ in range(2):
        cancelled = cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    assert (cancelled.status, cancelled.refunded_minor) == ("cancelled", order.total_minor)
    assert _stock(shelf.rye) == (10, 0)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (0, 0)
    returned = Event.objects.get(kind="return")
    assert (returned.quantity, returned.paid_minor) == (3, 800)
    with pytest.raises(OrderRefused):
        pay(order, key="another")


def test_pieces_are_refunded_at_the_cent_they_cost(visit: QuoteContext, shelf: Shelf) -> None:
    make_campaign("odd", amount_minor=100)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=3)
    order = place(visit)
    pay(order)
    line_id = order.lines[0].line_id
    amounts = []
    for n in range(3):
        asked = {
            "order_id": order.order_id,
            "parts": [RefundPart(line_id, 1, restocked=int(n == 0))],
            "reason": "stale",
            "idempotency_key": f"refund-{n}",
            "now": NOON,
        }
        refund_order(**asked)
        amounts.append(refund_order(**asked).refunded_minor)
    # 8.00 for three: 2.67, 2.67, 2.66; with the last one 4.99 for the delivery
    assert amounts == [267, 534, 1_299]
    assert get_order_by_token(token=order.token, now=NOON).status == "refunded"
    assert _stock(shelf.rye) == (8, 0)
    assert Event.objects.filter(kind="return").count() == 3
    with pytest.raises(OrderRefused):
        refund_order(**(asked | {"idempotency_key": "one-more"}))


def test_the_refund_email_names_pieces_and_sum(prices: FakePrices, shelf: Shelf) -> None:
    for language in ("en", "zh-hans"):
        visit = context_of(make_shopper(), language=language)
        add_to_cart(context=visit, variant_id=shelf.rye, quantity=3)
        order = place(visit)
        pay(order)
        for n in range(2):
            refund_order(
                order_id=order.order_id,
                parts=[RefundPart(order.lines[0].line_id, 1)],
                reason="stale",
                idempotency_key=f"{language}-{n}",
                now=NOON,
            )
            for _ in range(2):  # a fact that is told twice
                send_order_email(order_id=order.order_id, kind="refunded", now=NOON)
    said = [str(letter.body).splitlines()[0] for letter in mail.outbox]
    assert said == [
        "Bob Baker, we have refunded $3.00 of your order.",
        "Bob Baker, we have refunded another $3.00 of your order, $6.00 in all.",
        "Bob Baker，我们已为您的订单退款 US$3.00。",
        "Bob Baker，我们又为您的订单退款 US$3.00，累计退款 US$6.00。",
    ]


def test_more_than_was_bought_is_not_refunded(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    order = place(visit)
    asked = {"order_id": order.order_id, "reason": "", "now": NOON}
    line_id = order.lines[0].line_id
    with pytest.raises(OrderRefused) as unpaid:
        refund_order(parts=[RefundPart(line_id, 1)], idempotency_key="a", **asked)
    assert unpaid.value.code == "not_refundable"
    pay(order)
    for lines in ([(line_id, 3)], [(line_id, 0)], [(line_id, 1), (line_id, 1)], [(-1, 1)], []):
        with pytest.raises(OrderRefused):
            refund_order(parts=[RefundPart(*one) for one in lines], idempotency_key="b", **asked)


def test_what_was_handed_over_can_be_refunded_but_not_canceled(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    pay(order)
    deliver(order)
    assert Order.objects.get().status == "fulfilled"
    with pytest.raises(OrderRefused):
        cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    back = refund_order(
        order_id=order.order_id,
        parts=[RefundPart(order.lines[0].line_id, 1)],
        reason="stale",
        idempotency_key="r",
        now=NOON,
    )
    assert (back.status, back.refunded_minor) == ("refunded", order.total_minor)
