"""A guest with a phone follows a parcel, exchanges a piece; staff do their part by keyboard."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, ViewportSize, expect

from tests.accessibility import find_violations
from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.test_staff_prices import sign_in
from tests.functional.walk import fill_checkout, view_products

SEND = """
from orders.fulfilment.api import pack_order, ship_parcel
from orders.fulfilment.models import Carrier
from orders.models import Order
from shop.ground.kernel.clock import utc_now
order = Order.objects.get(number="{number}")
carrier = Carrier.objects.get(name="UPS")
Carrier.objects.filter(pk=carrier.pk).update(is_active=True)
parcel = pack_order(order_id=order.pk, now=utc_now())
ship_parcel(
    shipment_id=parcel.shipment_id, carrier_id=carrier.pk, tracking_number="1Z999", now=utc_now()
)
print(order.pk)
"""
WIDE: ViewportSize = {"width": 1280, "height": 900}
PAGES = (
    "/admin/pick-list/",
    "/admin/ship-parcels/",
    "/admin/orders/shipment/",
    "/admin/orders/return/",
    "/admin/orders/carrier/",
    "/admin/return-statistics/",
)


def order_two(page: Page) -> str:
    """Order two pieces of one product as a guest; return the order's number."""
    view_products(page, "/search/?q=cereal", 1)
    page.get_by_label("Quantity", exact=True).first.fill("2")
    page.locator(".product__buy .button").click()
    expect(page.locator("#drawer")).to_be_visible()
    page.goto("/checkout/")
    fill_checkout(page)
    page.get_by_role("button", name="Place order and pay").last.click()
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_contain_text("Order FT-")
    return heading.inner_text().removeprefix("Order ").strip()


def check(page: Page, axe: str, width: int) -> None:
    """Nothing breaks a rule of accessibility, and nothing is wider than the screen."""
    # The frame around staff pages is Unfold's: it has no landmark for the content.
    assert [one for one in find_violations(page, axe) if " region: " not in one] == []
    assert page.evaluate("document.documentElement.scrollWidth") == width, page.url


def press(page: Page, name: str, button: str, said: str) -> None:
    """Take a step of the page by keyboard: open its dialog, confirm it."""
    page.locator(f'[hx-get]:has-text("{name}")').last.press("Enter")
    page.get_by_role("button", name=button).press("Enter")
    expect(page.get_by_text(said)).to_be_visible()


def settle_by_keyboard(staff: Page, shop: Shop, axe: str, number: str) -> None:
    """The warehouse receives the return and accepts what came back; its pages fit a phone."""
    sign_in(staff, shop, "warehouse")
    return_id = shop.query("SELECT id FROM orders_return WHERE number = %s", number)[0][0]
    staff.goto(f"/admin/orders/return/{return_id}/change/")
    check(staff, axe, 1280)
    press(staff, "Received", "Yes, they are here", "The return was received.")
    press(staff, "Inspect", "Exchange or refund what is accepted", "The return was settled.")
    staff.set_viewport_size({"width": 320, "height": 800})
    for path in PAGES:
        staff.goto(path)
        check(staff, axe, 320)


@pytest.mark.parametrize("scheme", [pytest.param("light", marks=pytest.mark.journey), "dark"])
def test_the_warehouse_sends_the_piece_that_a_guest_exchanged(
    visit: Visitor, shop: Shop, axe: str, scheme: str
) -> None:
    page = visit(color_scheme=scheme, viewport={"width": 390, "height": 844})
    number = order_two(page)
    expect(page.get_by_text("We are packing your order.")).to_be_visible()
    address = page.url
    order_id = shop.shell.run(SEND.format(number=number)).strip()
    page.goto(address)
    expect(page.get_by_text("A parcel is on its way to you.")).to_be_visible()
    follow = page.get_by_role("link", name=re.compile("Follow the parcel"))
    expect(follow).to_have_attribute("href", "https://www.ups.com/track?tracknum=1Z999")
    page.get_by_role("link", name="Send something back").click()
    page.get_by_text("Exchange it instead").click()
    check(page, axe, 390)
    page.get_by_label(re.compile("^Exchange for")).first.select_option("1")
    page.get_by_label("Reason").select_option("It arrived damaged")
    page.get_by_role("button", name="Request the return").click()
    expect(page.get_by_role("heading", name=f"Return {number}-R1")).to_be_visible()
    expect(page.get_by_text("We keep what you want in exchange until")).to_be_visible()
    check(page, axe, 390)
    settle_by_keyboard(visit(color_scheme=scheme, viewport=WIDE), shop, axe, f"{number}-R1")
    page.goto(address.replace("/orders/", "/zh-hans/orders/"))
    expect(page.get_by_text("我们正在打包换给您的商品。")).to_be_visible()
    check(page, axe, 390)
    support = visit(color_scheme=scheme, viewport=WIDE)
    sign_in(support, shop, "support")
    support.goto(f"/admin/orders/order/{order_id}/change/")
    press(support, "Pack", "Yes, it is packed", "The parcel is packed.")
    support.get_by_label("Comment").fill("Wrap it well.")
    support.get_by_role("button", name="Add the comment").press("Enter")
    expect(support.get_by_text(re.compile("support@.*: Wrap it well."))).to_be_attached()
    check(support, axe, 1280)
    refunded = shop.query("SELECT refunded_minor FROM orders_order WHERE id = %s", int(order_id))
    assert refunded == [(0,)]
