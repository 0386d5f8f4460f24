"""A shopper pays in the provider's form on a telephone: declined, asked by the bank, blocked."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Browser, expect
from pytest_django.live_server_helper import LiveServer

from orders.cart.services.carts import add_to_cart
from orders.models import Order
from orders.values import OrderView
from shop.ground.kernel.clock import utc_now
from tests.factories.fake_stripe import FakeStripe
from tests.factories.orders import FakePrices, Shelf, context_of, make_shopper, place
from tests.functional.conftest import watch

PHONE = {"width": 320, "height": 640}


@pytest.fixture
def order(busy_shop: tuple[Shelf, FakePrices]) -> OrderView:
    now = utc_now()
    visit = context_of(make_shopper(now), now)
    add_to_cart(context=visit, variant_id=busy_shop[0].rye)
    return place(visit)


@pytest.mark.slow
def test_the_payment_form_shows_declined_confirmed_and_blocked_cards(
    order: OrderView, stripe: FakeStripe, live_server: LiveServer, browser: Browser, axe: str
) -> None:
    problems: list[str] = []
    options: dict[str, Any] = {"base_url": live_server.url, "viewport": PHONE}
    page = watch(browser.new_context(**options, color_scheme="dark"), problems)
    page.goto(f"/orders/{order.token}/")
    page.get_by_role("radio", name="Card or wallet").check()
    page.get_by_role("button", name="Pay now").click()
    card, pay = page.get_by_label("Test card"), page.get_by_role("button", name="Pay $7.99")
    expect(pay).to_be_enabled()
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE["width"]
    page.evaluate(axe)
    found = page.evaluate("axe.run(document.querySelector('main'))")
    assert [each["id"] for each in found["violations"]] == []
    card.select_option("declined")
    pay.click()
    expect(page.get_by_role("alert").filter(has_text="Your card was declined.")).to_be_visible()
    address = page.url

    blocked = browser.new_context(**options).new_page()
    blocked.route("**/stripe.js", lambda route: route.abort())
    blocked.goto(address)
    expect(blocked.get_by_text("The payment form could not be loaded.")).to_be_visible()
    expect(blocked.get_by_role("button", name="Pay another way")).to_be_visible()

    card.select_option("3-D Secure")
    pay.click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    assert problems == []
    assert Order.objects.get().status == "paid"
    assert stripe.held() == {order.number: order.total_minor}
