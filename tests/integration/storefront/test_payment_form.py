"""Paying in the provider's own form: the page, what it may load, the way back, the webhook."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from orders.cart.services.carts import add_to_cart
from orders.models import Order
from orders.payments.api import settle_due_payments
from orders.payments.models import Payment
from orders.values import OrderView
from shop.env import read_stripe
from shop.ground.kernel.clock import utc_now
from tests.factories.fake_stripe import (
    DECLINED,
    FakeStripe,
    Refused,
)
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper, place

pytestmark = pytest.mark.django_db
HOOK = "/hooks/payments/stripe"


@pytest.fixture
def order(prices: FakePrices, shelf: Shelf) -> OrderView:
    visit = context_of(make_shopper(utc_now()), utc_now())
    add_to_cart(context=visit, variant_id=shelf.rye)
    return place(visit)


def start(order: OrderView) -> tuple[str, str]:
    """Press pay; return the address of the form and the intent."""
    pressed = Client().post(f"/orders/{order.token}/pay/", {"method": "stripe", "key": "k"})
    payment = Payment.objects.get()
    address = f"/orders/{order.token}/pay/{payment.pk}/"
    assert pressed.headers["Location"] == address  # and the form's secret is not in it
    return address, payment.provider_ref


def test_only_the_payment_page_may_load_the_providers_form(
    order: OrderView, stripe: FakeStripe
) -> None:
    address, intent = start(order)
    page = Client().get(address)
    text = page.content.decode()
    assert f'data-secret="{intent}_secret_fake"' in text
    assert f'data-return="http://testserver{address}done/"' in text
    assert "needs JavaScript" in text
    assert "js.stripe.com for this page" in text
    policy = page.headers["Content-Security-Policy"]
    frames = "https://js.stripe.com https://*.js.stripe.com https://hooks.stripe.com"
    assert f"frame-src {stripe.url} {frames}" in policy
    assert f"connect-src 'self' {stripe.url}" in policy
    assert f'payment=(self "{stripe.url}")' in page.headers["Permissions-Policy"]
    assert page.headers["Cache-Control"] == "private, no-store"
    for other in (f"/orders/{order.token}/", "/checkout/", "/"):
        headers = Client().get(other).headers
        assert "stripe.com" not in headers["Content-Security-Policy"]
        assert "payment=()" in headers["Permissions-Policy"]


def test_the_way_back_says_how_it_went(order: OrderView, stripe: FakeStripe) -> None:
    address, intent = start(order)
    with pytest.raises(Refused):
        stripe.confirm(intent, DECLINED)
    back = Client().get(f"{address}done/", follow=True)
    assert back.redirect_chain == [(address, 302)]
    assert "The payment was declined. Nothing was charged." in back.content.decode()
    stripe.confirm(intent)
    for _ in range(2):
        back = Client().get(f"{address}done/", follow=True)
        assert back.redirect_chain[0][0] == f"/orders/{order.token}/"
    assert Order.objects.get().status == "paid"
    assert Client().get(address).headers["Location"] == f"/orders/{order.token}/"


def test_a_provider_outage_is_reported_and_the_order_kept(
    order: OrderView, stripe: FakeStripe
) -> None:
    address, _ = start(order)
    stripe.faults.lost_before = 1
    for path in (address, f"{address}done/"):
        shown = Client().get(path, follow=True)
        assert shown.redirect_chain[-1][0] == f"/orders/{order.token}/"
        assert "The payment service does not answer at the moment." in shown.content.decode()
    assert Order.objects.get().status == "awaiting_payment"


def test_a_webhook_is_taken_once_and_only_with_its_signature(
    order: OrderView, stripe: FakeStripe
) -> None:
    _, intent = start(order)
    stripe.confirm(intent)
    door = Client(enforce_csrf_checks=True)

    def send(body: bytes, signature: str, path: str = HOOK) -> tuple[int, Any]:
        answer = door.post(path, body, "application/json", HTTP_STRIPE_SIGNATURE=signature)
        return answer.status_code, answer.json()

    event = stripe.events[-1]
    signature = event.headers["Stripe-Signature"]
    assert send(event.body, signature) == (200, {"received": True, "is_new": True})
    assert send(event.body, signature) == (200, {"received": True, "is_new": False})
    assert send(event.body + b" ", signature) == (400, {"received": False})
    assert send(event.body, "") == (400, {"received": False})
    assert send(event.body, signature, "/hooks/payments/nobody")[0] == 404
    assert send(event.body, signature, "/hooks/payments/sandbox")[0] == 400
    assert door.get(HOOK).status_code == 405
    settle_due_payments(now=utc_now())
    assert Order.objects.get().status == "paid"


def test_keys_are_complete_and_production_asks_its_own_servers(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    keys = {"SECRET_KEY": "sk_live_a", "PUBLISHABLE_KEY": "pk_live_a", "WEBHOOK_SECRET": "whsec_a"}

    def read(*, is_production: bool = True, **given: str) -> object:
        for name in (*keys, "API_URL", "JS_URL"):
            monkeypatch.delenv(f"STRIPE_{name}", raising=False)
        for name, value in given.items():
            monkeypatch.setenv(f"STRIPE_{name}", value)
        return read_stripe(is_production=is_production)

    assert "sk_live" not in repr(read(**keys))
    assert "whsec" not in repr(read(**keys))
    for name in keys:
        with pytest.raises(SystemExit, match=f"STRIPE_{name} must start with"):
            read(**{key: value for key, value in keys.items() if key != name})
    with pytest.raises(SystemExit, match="is a test key"):
        read(**keys | {"SECRET_KEY": "sk_test_a"})
    for name in ("API_URL", "JS_URL"):
        with pytest.raises(SystemExit, match="are for tests only"):
            read(**keys, **{name: "http://127.0.0.1:1"})
        read(is_production=False, **keys, **{name: "http://127.0.0.1:1"})
