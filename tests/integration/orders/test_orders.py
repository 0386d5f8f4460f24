"""From checkout to refund: stock, codes, money and records move together, or not at all."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest
from django.core import mail
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext

from orders.core.refusals import (
    CartRefused,
    OrderNotFound,
    OrderRefused,
    PaymentRefused,
    PriceConsentNeeded,
    TotalChanged,
)
from orders.models import Order, OrderEvent, Payment
from orders.selectors import find_order_for_guest, get_order, get_order_by_token, list_orders
from orders.services import (
    IdempotencyMismatch,
    add_to_cart,
    apply_coupon,
    cancel_order,
    confirm_payment,
    expire_carts,
    expire_unpaid_orders,
    place_order,
    refund_order,
    remove_line,
    send_order_email,
    start_checkout,
    start_payment,
    view_cart,
)
from orders.services.contacts import ContactRefused
from pricing.core.values import QuoteContext
from profiles.models import Event
from promotions.models import Campaign, Coupon, Redemption
from promotions.selectors import forget_offer_book
from promotions.selectors.coupons import find_coupons
from promotions.services import CouponExhausted
from shop.inventory.models import StockMovement, StockRecord
from shop.inventory.selectors import available
from shop.inventory.services import OutOfStock, expire_reservations
from shop.outbox.models import Fact
from tests.factories.orders import (
    BOB_AT_HOME,
    LABEL,
    NOON,
    FakePrices,
    Shelf,
    context_of,
    later,
    make_shopper,
    pay,
    place,
)
from tests.factories.promotions import make_campaign

pytestmark = pytest.mark.django_db


@pytest.fixture
def visit(prices: FakePrices) -> QuoteContext:
    return context_of(make_shopper())


def _stock(variant_id: int) -> tuple[int, int]:
    record = StockRecord.objects.get(variant_id=variant_id)
    return record.on_hand, record.reserved


def test_a_checkout_holds_stock_and_freezes_prices_until_its_end(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    add_to_cart(context=visit, variant_id=shelf.cheddar, quantity=10)
    later_on = later(visit, minutes=50)
    checkout = start_checkout(context=later_on)
    assert checkout.expires_at == NOON + timedelta(minutes=110)
    assert [option.code for option in checkout.options] == ["standard", "express", "pickup"]
    assert available([shelf.cheddar]) == {shelf.cheddar: 0}
    assert checkout.cart.notices == ()  # what is sold out for others is held for this one
    prices.public[shelf.cheddar] = 480
    frozen = view_cart(context=later(visit, minutes=100))
    assert (frozen.lines[0].price.quoted_minor, frozen.can_check_out) == (400, True)
    after = view_cart(context=later(visit, minutes=111))
    assert [n.code for n in after.notices] == ["price_rose", "sold_out"]


def test_a_repeated_checkout_holds_the_edit_but_not_for_longer(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    first = start_checkout(context=visit)
    add_to_cart(context=visit, variant_id=shelf.rye)
    second = start_checkout(context=later(visit, minutes=5))
    assert second.expires_at == first.expires_at
    assert _stock(shelf.rye) == (10, 3)


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


def test_the_same_key_is_the_same_order_and_another_body_is_refused(
    visit: QuoteContext, shelf: Shelf
) -> None:
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


def test_a_contact_that_cannot_be_reached_is_refused_field_by_field(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    with pytest.raises(ContactRefused) as refusal:
        place(visit, contact=replace(BOB_AT_HOME, email="bob@", city=" ", name="x" * 121))
    assert refusal.value.detail == {"fields": ["city", "email", "name"]}
    pickup = replace(BOB_AT_HOME, address_line1="", city="", postcode="")
    assert place(visit, contact=pickup, delivery_method="pickup").delivery_minor == 0


def test_payment_sells_the_stock_redeems_the_code_and_records_the_purchase(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=500, uses=3)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (1, 100)
    assert pay(order) == "succeeded"
    paid = get_order_by_token(token=order.token)
    assert (paid.status, paid.paid_at, paid.is_payable) == ("paid", NOON, False)
    assert _stock(shelf.rye) == (8, 0)
    assert StockMovement.objects.get(kind="sold").reference == order.number
    assert Redemption.objects.get().state == "committed"
    events = Event.objects.filter(basket_ref=order.number).order_by("kind")
    assert [(e.kind, e.paid_minor, e.quantity) for e in events] == [
        ("order", None, 1),
        ("purchase", 500, 2),
    ]
    assert set(Fact.objects.values_list("kind", flat=True)) >= {"OrderPlaced", "OrderPaid"}


def test_a_declined_payment_leaves_the_order_payable_and_the_stock_held(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    order = place(visit)
    assert pay(order, method="sandbox-declined", key="one") == "declined"
    assert pay(order, method="sandbox-outage", key="two") == "failed"
    assert _stock(shelf.rye) == (10, 2)
    assert pay(order, key="three") == "succeeded"
    assert pay(order, key="three") == "succeeded"
    assert pay(order, method="sandbox-declined", key="one") == "declined"
    assert Payment.objects.count() == 3
    assert _stock(shelf.rye) == (8, 0)
    with pytest.raises(OrderRefused):
        pay(order, key="four")


def test_a_bank_s_confirmation_is_checked_and_counts_once(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    ask = {"order_id": order.order_id, "method": "sandbox-secure", "now": NOON}
    step = start_payment(**ask, idempotency_key="a")
    other = start_payment(**ask, idempotency_key="b")
    assert (step.state, other.state) == ("needs_action", "needs_action")
    assert start_payment(**ask, idempotency_key="a").action_token == step.action_token
    with pytest.raises(PaymentRefused) as refusal:
        confirm_payment(
            payment_id=step.payment_id, action_token=other.action_token, approved=True, now=NOON
        )
    assert refusal.value.code == "bad_action_token"
    answer = {"action_token": step.action_token, "now": NOON}
    for _ in range(2):
        done = confirm_payment(payment_id=step.payment_id, approved=True, **answer)
        assert done.state == "succeeded"
    late = confirm_payment(
        payment_id=other.payment_id, action_token=other.action_token, approved=True, now=NOON
    )
    assert (late.state, late.reason_code) == ("refunded", "order_closed")
    assert _stock(shelf.rye) == (9, 0)


def test_a_refused_confirmation_charges_nothing(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="a", now=NOON
    )
    done = confirm_payment(
        payment_id=step.payment_id, action_token=step.action_token, approved=False, now=NOON
    )
    assert (done.state, done.message) == (
        "declined",
        "The payment was not confirmed. Nothing was charged.",
    )
    assert get_order_by_token(token=order.token).is_payable


def test_an_unpaid_order_expires_and_gives_everything_back(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", budget_minor=100, uses=1)
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    apply_coupon(context=visit, code="HELLO")
    order = place(visit)
    late = NOON + timedelta(minutes=60)
    assert expire_reservations(now=late) == 0
    assert expire_unpaid_orders(now=NOON + timedelta(minutes=59)) == 0
    assert [expire_unpaid_orders(now=late) for _ in range(2)] == [1, 0]
    assert _stock(shelf.rye) == (10, 0)
    assert (Coupon.objects.get().redeemed, Campaign.objects.get().spent_minor) == (0, 0)
    assert get_order_by_token(token=order.token).status_text == "Canceled: not paid in time"
    with pytest.raises(OrderRefused):
        pay(order, now=late)


def test_money_that_comes_after_the_end_goes_back_at_once(
    visit: QuoteContext, shelf: Shelf
) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="a", now=NOON
    )
    late = NOON + timedelta(hours=2)
    expire_unpaid_orders(now=late)
    done = confirm_payment(
        payment_id=step.payment_id, action_token=step.action_token, approved=True, now=late
    )
    assert (done.state, done.reason_code) == ("refunded", "order_closed")
    payment = Payment.objects.get()
    assert (payment.refunded_minor, payment.amount_minor) == (799, 799)
    assert _stock(shelf.rye) == (10, 0)


def test_a_late_payment_sells_if_the_goods_are_still_there_and_refunds_if_not(
    visit: QuoteContext, shelf: Shelf
) -> None:
    late = NOON + timedelta(hours=2)
    for quantity, expected in ((6, "succeeded"), (4, "refunded")):
        shopper = context_of(make_shopper())
        add_to_cart(context=shopper, variant_id=shelf.rye, quantity=quantity)
        order = place(shopper)
        step = start_payment(
            order_id=order.order_id,
            method="sandbox-secure",
            idempotency_key=order.number,
            now=NOON,
        )
        expire_reservations(now=late)
        if expected == "refunded":
            rival = context_of(make_shopper(), late)
            add_to_cart(context=rival, variant_id=shelf.rye, quantity=1)
            start_checkout(context=rival)
        done = confirm_payment(
            payment_id=step.payment_id, action_token=step.action_token, approved=True, now=late
        )
        assert done.state == expected
    assert _stock(shelf.rye) == (4, 1)
    assert sorted(Order.objects.values_list("status", flat=True)) == ["expired", "paid"]


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
            "lines": [(line_id, 1)],
            "reason": "stale",
            "restock": n == 0,
            "idempotency_key": f"refund-{n}",
            "now": NOON,
        }
        refund_order(**asked)
        amounts.append(refund_order(**asked).refunded_minor)
    # 8.00 for three: 2.67, 2.67, 2.66; with the last one 4.99 for the delivery
    assert amounts == [267, 534, 1_299]
    assert get_order_by_token(token=order.token).status == "refunded"
    assert _stock(shelf.rye) == (8, 0)
    assert Event.objects.filter(kind="return").count() == 3
    with pytest.raises(OrderRefused):
        refund_order(**(asked | {"idempotency_key": "one-more"}))


def test_more_than_was_bought_is_not_refunded(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye, quantity=2)
    order = place(visit)
    asked = {"order_id": order.order_id, "reason": "", "restock": False, "now": NOON}
    line_id = order.lines[0].line_id
    with pytest.raises(OrderRefused) as unpaid:
        refund_order(lines=[(line_id, 1)], idempotency_key="a", **asked)
    assert unpaid.value.code == "not_refundable"
    pay(order)
    for lines in ([(line_id, 3)], [(line_id, 0)], [(line_id, 1), (line_id, 1)], [(-1, 1)], []):
        with pytest.raises(OrderRefused):
            refund_order(lines=lines, idempotency_key="b", **asked)


def test_a_code_somebody_else_used_up_a_moment_ago_stops_the_order_cleanly(
    visit: QuoteContext, shelf: Shelf
) -> None:
    make_campaign("hello", amount_minor=100, code="HELLO", uses=1)
    add_to_cart(context=visit, variant_id=shelf.rye)
    apply_coupon(context=visit, code="HELLO")
    start_checkout(context=visit)
    shown = view_cart(context=visit).total_minor
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("promotions.selectors.offers.find_coupons", _find_before_they_went)
        Coupon.objects.update(redeemed=1)
        with pytest.raises(CouponExhausted) as refusal:
            place(visit, shown_total_minor=shown)
    assert (refusal.value.code, refusal.value.detail) == ("code_used_up", {"coupon": "HELLO"})
    assert not Order.objects.exists()
    assert view_cart(context=visit).rejected[0].reason_code == "code_used_up"


def _find_before_they_went(**asked: object) -> list[object]:
    return [replace(each, is_used_up=False) for each in find_coupons(**asked)]  # type: ignore[arg-type]


def test_an_order_that_costs_nothing_is_paid_at_once_and_can_be_canceled(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.has_floors = False
    make_campaign("gift", amount_minor=300)
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit, delivery_method="pickup")
    assert (order.total_minor, order.status, _stock(shelf.rye)) == (0, "paid", (9, 0))
    cancelled = cancel_order(order_id=order.order_id, reason="shopper", now=NOON)
    assert (cancelled.status, _stock(shelf.rye)) == ("cancelled", (10, 0))


def test_free_is_no_way_to_pay_for_what_costs_something(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    order = place(visit)
    with pytest.raises(PaymentRefused):
        pay(order, method="free")
    assert not Event.objects.filter(kind="purchase").exists()


def test_orders_are_found_by_owner_token_or_number_with_e_mail(
    visit: QuoteContext, shelf: Shelf
) -> None:
    shopper = make_shopper()
    mine = context_of(shopper)
    add_to_cart(context=mine, variant_id=shelf.rye)
    order = place(mine)
    typed = order.number.lower().replace("-", " ")
    assert get_order(number=typed, shopper_id=shopper.id).number == order.number
    with pytest.raises(OrderNotFound):
        get_order(number=order.number, shopper_id=make_shopper().id)
    with pytest.raises(OrderNotFound):
        get_order_by_token(token="")
    found = find_order_for_guest(number=order.number, email=" BOB@example.org ")
    assert found is not None
    assert found.number == order.number
    assert find_order_for_guest(number=order.number, email="eve@example.org") is None
    assert find_order_for_guest(number="FT-00000-00000", email="bob@example.org") is None
    assert find_order_for_guest(number=order.number, email="") is None


def test_a_wrong_number_and_a_wrong_address_cost_the_same_statement(
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


def test_an_order_reads_in_four_statements(visit: QuoteContext, shelf: Shelf) -> None:
    add_to_cart(context=visit, variant_id=shelf.rye)
    add_to_cart(context=visit, variant_id=shelf.gouda)
    order = place(visit)
    with CaptureQueriesContext(connection) as captured:
        get_order_by_token(token=order.token)
    assert len(captured) == 4


def test_the_letter_shows_both_prices_and_the_label_once_per_kind(
    visit: QuoteContext, shelf: Shelf, prices: FakePrices
) -> None:
    prices.personal[str(visit.shopper_pseudonym), shelf.cheddar] = 380
    add_to_cart(context=visit, variant_id=shelf.cheddar)
    order = place(visit)
    sent = [send_order_email(order_id=order.order_id, kind="placed", now=NOON) for _ in range(2)]
    assert sent == [True, False]
    letter = mail.outbox[0]
    assert (letter.to, letter.subject) == (["bob@example.org"], f"Your order {order.number}")
    html = letter.alternatives[0][0]  # type: ignore[attr-defined]  # EmailMultiAlternatives
    for text in (letter.body, html):
        assert "Your price: $3.80" in text
        assert "Price for everyone: $4.00" in text
        assert LABEL in text
        assert f"/orders/{order.token}/" in text
    assert len(mail.outbox) == 1


def test_the_letter_speaks_chinese_and_escapes_names(visit: QuoteContext, shelf: Shelf) -> None:
    chinese = context_of(make_shopper(), language="zh-hans")
    add_to_cart(context=chinese, variant_id=shelf.cheddar)
    order = place(chinese, contact=replace(BOB_AT_HOME, name="<b>王芳</b>"))
    send_order_email(order_id=order.order_id, kind="placed", now=NOON)
    letter = mail.outbox[0]
    assert letter.subject == f"您的订单 {order.number}"
    html = letter.alternatives[0][0]  # type: ignore[attr-defined]  # EmailMultiAlternatives
    assert "&lt;b&gt;王芳&lt;/b&gt;" in html
    assert "<b>王芳</b>，感谢您的订购" in letter.body


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
