"""Without a payment provider nothing is free: no process starts, and checkout says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import SystemCheckError
from django.test import Client

from orders.cart.services.carts import add_to_cart, view_cart
from orders.checkout.services.checkout import start_checkout
from orders.models import Order
from orders.payments.api import (
    check_payments,
    confirm_payment,
    list_payment_methods,
    settle_due_payments,
    start_payment,
)
from orders.payments.models import Payment
from orders.refusals import PaymentRefused
from pricing.base.core.values import QuoteContext
from shop.env import Stripe
from shop.ground.inventory.models import StockReservation
from tests.factories.api import API, add, make_guest_client, order_body
from tests.factories.orders import HOLDS, NOON, FakePrices, Shelf, context_of, make_shopper, place
from tests.fixtures_api import ApiClient

ROOT = Path(__file__).resolve().parents[4]
PROCESSES = {
    "web": [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py"],
    "worker": [sys.executable, "-m", "celery", "-A", "shop.celery", "worker", "-Q", "none"],
    "workers": [sys.executable, "-m", "shop.workers", "none"],
}


@pytest.fixture
def visit(prices: FakePrices, shelf: Shelf) -> QuoteContext:
    made = context_of(make_shopper())
    add_to_cart(context=made, variant_id=shelf.rye, quantity=2)
    return made


def _refused(code: str) -> Any:
    return pytest.raises(PaymentRefused, check=lambda error: error.code == code)


@pytest.mark.parametrize("name", PROCESSES)
def test_a_process_ends_with_one_clear_sentence(name: str) -> None:
    ended = subprocess.run(
        PROCESSES[name],
        cwd=ROOT,
        env={**os.environ, "SANDBOX_PAYMENTS": "0", "PORT": "0"},
        capture_output=True,
        text=True,
        timeout=180,
        check=False,
    )
    assert ended.returncode == 1, ended.stdout + ended.stderr
    assert "error: No payment provider is configured, so no order could be paid." in ended.stderr
    assert "Traceback" not in ended.stdout + ended.stderr


def test_the_deploy_check_fails_and_other_commands_run(settings: Any) -> None:
    call_command("check", deploy=True, tags=["start"])
    settings.SANDBOX_PAYMENTS = False
    with pytest.raises(SystemCheckError, match=r"orders\.E001.*No payment provider"):
        call_command("check", deploy=True, tags=["start"])
    call_command("check")


def test_keys_count_in_production_and_test_keys_do_not(settings: Any) -> None:
    settings.SANDBOX_PAYMENTS = False
    for mode, methods in (("test", []), ("live", ["stripe"])):
        settings.STRIPE = Stripe(f"sk_{mode}_a", f"pk_{mode}_a", "whsec_a")
        assert [each.code for each in list_payment_methods(language="en")] == methods
        assert [each.id for each in check_payments()] == ([] if methods else ["orders.E001"])


def test_checkout_says_so_holds_nothing_and_keeps_the_cart(
    visit: QuoteContext, settings: Any
) -> None:
    settings.SANDBOX_PAYMENTS = False
    assert list_payment_methods(language="en") == []
    with _refused("no_payment_provider"):
        start_checkout(context=visit)
    with _refused("no_payment_provider"):
        place(visit)
    assert (Order.objects.count(), StockReservation.objects.count()) == (0, 0)
    assert [line.quantity for line in view_cart(context=visit).lines] == [2]


def test_a_forbidden_sandbox_pays_no_order_begun_before(visit: QuoteContext, settings: Any) -> None:
    order = place(visit)
    step = start_payment(
        order_id=order.order_id, method="sandbox-secure", idempotency_key="before", now=NOON
    )
    settings.SANDBOX_PAYMENTS = False
    with _refused("no_payment_provider"):
        start_payment(
            order_id=order.order_id, method="sandbox-card", idempotency_key="after", now=NOON
        )
    with _refused("no_payment_provider"):
        confirm_payment(
            payment_id=step.payment_id, action_token=step.action_token, approved=True, now=NOON
        )
    Payment.objects.update(method="sandbox-card")
    assert settle_due_payments(now=NOON + HOLDS / 2) == 1
    assert list(Payment.objects.values_list("state", "reason_code")) == [
        ("failed", "never_charged")
    ]
    assert Order.objects.get().status == "awaiting_payment"


def test_page_and_api_say_it_in_the_shoppers_language(
    api: ApiClient, prices: FakePrices, shelf: Shelf, settings: Any
) -> None:
    guest = make_guest_client(api)
    add(guest, shelf.rye)
    body = order_body(guest)
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.rye}:"})
    settings.SANDBOX_PAYMENTS = False
    for path, given in (("checkout", {}), ("orders", body)):
        answer = guest.post(f"{API}/{path}", given, Idempotency_Key="press")
        assert (answer.status_code, answer.json()["code"]) == (503, "no_payment_provider")
    english = browser.get("/checkout/", follow=True)
    assert english.redirect_chain[-1][0] == "/cart/"
    assert "This shop cannot take payments at the moment." in english.content.decode()
    chinese = browser.get("/zh-hans/checkout/", follow=True)
    assert "本店暂时无法收款" in chinese.content.decode()
