"""Staff read the steps of an order as sentences, and its money before they refund."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.contrib.auth import get_user_model
from django.db import ProgrammingError, transaction
from django.test import Client
from django.urls import reverse
from django.utils.html import strip_tags

from orders.erasure import erase_shopper
from orders.models import Order, OrderEvent
from orders.order.selectors import view_order
from shop.ground.staff.roles import ANALYST, SUPPORT, WAREHOUSE
from tests.factories.backoffice_prices import NOON

REASON = "The crust was broken."


@pytest.fixture
def order(stocked_shop: None) -> Order:
    """A paid order of two units in euros."""
    found: Order = Order.objects.order_by("pk").first()
    Order.objects.filter(pk=found.pk).update(currency="EUR")
    found.lines.get().variant.stock_records.update(on_hand=9)
    return found


def act(browser: Client, name: str, order: Order, **fields: str) -> None:
    address = reverse(f"admin:orders_order_{name}", args=[order.pk])
    browser.post(address, {"_form_submitted": "on", "reason": REASON, **fields})


def read_timeline(browser: Client, order: Order) -> list[str]:
    page = browser.get(reverse("admin:orders_order_change", args=[order.pk]))
    text = html.unescape(re.sub(r"\s+", " ", strip_tags(page.content.decode())))
    told = [step["said"] for step in page.context["timeline"]][::-1]
    assert "{&#x27;" not in page.content.decode()
    assert [one for one in told if one not in text] == []
    return told


def test_refund_and_cancellation_name_actor_amount_and_reason(
    as_role: Callable[[str], Client], order: Order
) -> None:
    support = as_role(SUPPORT)
    act(support, "refund", order, **{f"line_{order.lines.get().pk}": "1"})
    act(support, "cancel", order)
    assert read_timeline(support, order) == [
        "The order was placed.",
        f"support@staff.example refunded money. Amount: €4.50. Reason: {REASON}",
        f"support@staff.example canceled the order. Refunded: €4.50. Reason: {REASON}",
    ]
    erase_shopper(order.shopper_id, NOON + timedelta(days=99))
    assert not OrderEvent.objects.filter(reason=REASON).exists()
    assert order.events.get(kind="refunded").detail["amount_minor"] == 450
    with pytest.raises(ProgrammingError, match="append-only"), transaction.atomic():
        order.events.update(reason="never said")


def test_shoppers_do_not_read_the_comments_of_staff(
    as_role: Callable[[str], Client], order: Order
) -> None:
    address = reverse("admin:comment_order", args=[order.pk])
    for role in (ANALYST, WAREHOUSE):
        assert as_role(role).post(address, {"text": "Call first."}).status_code == 403
    support = as_role(SUPPORT)
    assert support.post(address, {"text": " Call 'em first. "}).status_code == 302
    for wrong in ("", " ", "x" * 301):
        support.post(address, {"text": wrong})
    assert "1 to 300 characters" in support.get(reverse("admin:index")).content.decode()
    assert read_timeline(support, order)[1:] == ["support@staff.example: Call 'em first."]
    assert [one.kind for one in view_order(order, language="en").timeline] == ["placed"]
    erase_shopper(order.shopper_id, NOON + timedelta(days=99))
    said = "support@staff.example wrote a comment; it was deleted."
    assert read_timeline(support, order)[1:] == [said]
    gone = reverse("admin:comment_order", args=[0])
    assert support.post(gone, {"text": "Hello"}).status_code == 404


def test_an_order_says_by_which_service_it_was_paid(root: Client, order: Order) -> None:
    order.payments.update(provider="stripe", method="card", state="succeeded")
    page = root.get(reverse("admin:orders_order_change", args=[order.pk])).content.decode()
    assert "Stripe (card)" in page


def test_steps_without_detail_and_steps_of_the_shop_read_well(root: Client, order: Order) -> None:
    gone = get_user_model().objects.order_by("-pk").values_list("pk", flat=True)[0] + 1
    steps = [
        ("placed", {"minimum_age": 21}),
        ("paid", {}),
        ("email_sent", {"email": "paid", "refunded_minor": 0}),
        ("refunded", {}),
        ("parcel_shipped", {"by_id": gone, "parcel": 2, "shipment_id": 7}),
        ("email_sent", {"email": "parcel_shipped", "parcel": 2, "shipment_id": 7}),
        ("fulfilled", {}),
        ("cancelled", {}),
        ("cancelled", {}),
        ("late_payment_refunded", {"amount_minor": 900}),
    ]
    reasons = {8: "shopper", 9: "erased"}
    for number, (kind, detail) in enumerate(steps, start=1):
        at = NOON + timedelta(minutes=number)
        reason = reasons.get(number, "")
        OrderEvent.objects.create(order=order, kind=kind, detail=detail, reason=reason, at=at)
    assert read_timeline(root, order)[1:] == [
        "The order was placed. The buyer must be at least 21 years old: check at the handover.",
        "The payment arrived. Amount: €9.00.",
        "The e-mail about the payment was sent.",
        "Money was refunded.",
        "A former member of the staff shipped parcel 2.",
        "The e-mail that parcel 2 is on its way was sent.",
        "All that was not refunded has arrived.",
        "The shopper canceled the order.",
        "The order was canceled. Reason: the shopper's data was deleted.",
        "A payment came after the order was closed and was refunded. Amount: €9.00.",
    ]


def read_page(browser: Client, address: str) -> str:
    """Return the words of a page; each tag parts them, as its layout does."""
    spaced = browser.get(address).content.decode().replace("<", " <")
    return re.sub(r"\s+", " ", strip_tags(spaced))


def test_the_refund_dialog_shows_money_before_units_and_reason(root: Client, order: Order) -> None:
    address = reverse("admin:orders_order_refund", args=[order.pk])
    act(root, "refund", order, **{f"line_{order.lines.get().pk}": "1"})
    page = read_page(root, address)
    money = "Paid €9.00 Refunded so far €4.50 Can be refunded €4.50"
    places = [page.index(one) for one in (money, "Cheddar (0–1) · €4.50", "Reason")]
    assert places == sorted(places)
    Order.objects.filter(pk=order.pk).update(status="cancelled")
    page = read_page(root, address)
    assert "Can be refunded €0.00" in page
