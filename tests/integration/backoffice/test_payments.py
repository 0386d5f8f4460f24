"""Staff see the payments that need a look, and send a failed refund again."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse

from orders.payments.models import Payment, Refund
from shop.kernel.clock import utc_now
from shop.staff.roles import ANALYST, SUPPORT


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
