"""Staff see the payments that need a look, and send a failed refund again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from orders.models import DeliveryMethod, Order
from orders.payments.models import Payment, Refund
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ANALYST, SUPPORT
from shop.ground.staff.tables import EstimatePaginator


@pytest.fixture
def refund(stocked_shop: None) -> Refund:
    Payment.objects.update(provider="sandbox", method="sandbox-card")
    return Refund.objects.order_by("pk").first() or Refund()


def test_what_needs_a_look_is_one_list(as_role: Callable[[str], Client], refund: Refund) -> None:
    support = as_role(SUPPORT)
    address = reverse("admin:orders_payment_changelist")

    def listed() -> list[object]:
        page = support.get(address, {"trouble": "yes"})
        return [row.pk for row in page.context["cl"].result_list]

    payment = refund.payment
    one, now = Payment.objects.filter(pk=payment.pk), utc_now()
    assert listed() == []
    for trouble in (
        {"state": "voided", "reason_code": "authorization_ended"},
        {"state": "authorized", "settled_at": now - timedelta(days=6)},
        {"tries": 3, "due_at": now},
        {"dispute": "open"},
    ):
        type(payment.order).objects.filter(pk=payment.order_id).update(status="paid")
        before = one.values(*trouble).get()
        one.update(**trouble)
        assert listed() == [payment.pk], trouble
        one.update(**before)
        assert listed() == []
    Refund.objects.filter(pk=refund.pk).update(state="failed")
    assert listed() == [payment.pk]


def test_a_failed_refund_is_sent_again_by_whoever_may_refund(
    as_role: Callable[[str], Client], refund: Refund
) -> None:
    Refund.objects.filter(pk=refund.pk).update(state="failed", failure_code="closed_card")
    address = reverse("admin:orders_refund_try_again", args=[refund.pk])
    analyst, support = as_role(ANALYST), as_role(SUPPORT)
    for browser, state in ((analyst, "failed"), (support, "pending")):
        browser.post(address, {"_form_submitted": "on"})
        refund.refresh_from_db()
        assert (refund.state, refund.round) == (state, int(state == "pending"))
    shown = support.get(reverse("admin:orders_order_change", args=[refund.order_id]))
    assert b"being sent" in shown.content


def test_codes_are_words_and_counts_have_thousands_marked(
    as_role: Callable[[str], Client], refund: Refund, monkeypatch: pytest.MonkeyPatch
) -> None:
    Refund.objects.filter(pk=refund.pk).update(reason="at_provider")
    DeliveryMethod.objects.update_or_create(
        market_code=refund.order.market_code,
        code="standard",
        defaults={"name": "By post", "price_minor": 0},
    )
    Order.objects.filter(pk=refund.order_id).update(delivery_method="standard")
    support = as_role(SUPPORT)
    order = support.get(reverse("admin:orders_order_change", args=[refund.order_id]))
    page = order.content.decode()
    assert "By post" in page
    assert "Test card" in page
    assert "made at the provider" in page
    assert "sandbox-card" not in page
    monkeypatch.setattr(EstimatePaginator, "exact_count", 1_234)
    table = support.get(reverse("admin:orders_payment_changelist"), {"q": refund.order.number})
    assert "1,234 payments" in table.content.decode()
    assert "1,234 results" in table.content.decode()
