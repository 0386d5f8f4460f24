"""Everything works with JavaScript off; the script only adds comfort."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Visitor
from tests.functional.walk import PERSONAL, become_known, fill_checkout, read_price


@pytest.fixture
def plain(visit: Visitor) -> Page:
    return visit(java_script_enabled=False, viewport={"width": 1280, "height": 900})


def test_a_guest_searches_filters_and_buys(plain: Page) -> None:
    plain.goto("/")
    plain.get_by_role("combobox", name="Search the shop").fill("milk")
    plain.get_by_role("button", name="Search").click()
    plain.get_by_label("Sort by").select_option("price")
    plain.get_by_role("button", name=re.compile("^Show ")).click()
    prices = [read_price(one).mine for one in plain.locator(".card .price").all()]
    assert prices == sorted(prices)
    plain.locator(".card__name a").first.click()
    plain.get_by_label("Quantity", exact=True).fill("2")
    plain.locator(".product__buy").get_by_role("button", name="Add to cart").click()
    expect(plain.get_by_role("heading", name="Your cart")).to_be_visible()
    plain.get_by_label(re.compile("^Quantity of")).fill("3")
    plain.get_by_role("button", name="Update").click()
    assert plain.get_by_label(re.compile("^Quantity of")).input_value() == "3"
    plain.get_by_role("button", name="Check out").click()
    fill_checkout(plain)
    plain.get_by_role("button", name="Place order and pay").click()
    expect(plain.get_by_text("Thank you!")).to_be_visible()
    expect(plain.get_by_text("3 ×")).to_be_visible()


def test_views_count_and_can_be_switched_off(plain: Page) -> None:
    become_known(plain, "/search/?q=cheese")
    price = plain.locator(PERSONAL).first
    price.locator(".price__tag a").click()
    expect(plain.get_by_role("heading", name="Why this price?")).to_be_visible()
    plain.get_by_role("button", name="Switch personal prices off").click()
    expect(plain.get_by_text("Personal prices are off.")).to_be_visible()


def test_checkout_names_mistakes_and_keeps_what_was_typed(plain: Page) -> None:
    plain.goto("/search/?q=milk")
    plain.locator(".card").first.get_by_role("button", name="Add to cart").click()
    plain.get_by_role("button", name="Check out").click()
    fill_checkout(plain)
    plain.get_by_label("E-mail address").fill("alice at example")
    plain.get_by_label("City").fill("")
    plain.get_by_role("button", name="Place order and pay").click()
    summary = plain.get_by_role("alert")
    expect(summary.get_by_role("link")).to_have_count(2)
    email = plain.get_by_label("E-mail address")
    assert email.input_value() == "alice at example"
    assert email.get_attribute("aria-invalid") == "true"
    assert plain.get_by_label("Full name").input_value() == "Alice Green"


def test_light_and_dark_are_kept(plain: Page) -> None:
    plain.goto("/privacy/")
    plain.get_by_role("button", name="Dark", exact=True).click()
    assert plain.locator("html").get_attribute("data-theme") == "dark"
    plain.goto("/")
    assert plain.locator("html").get_attribute("data-theme") == "dark"
