"""Signing up is never needed, takes over what was there, and leaves nothing behind on sign-out."""

from __future__ import annotations

import json
import re
from pathlib import Path
from uuid import uuid4

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.walk import (
    PERSONAL,
    become_known,
    fill_checkout,
    put_into_cart,
    view_products,
)

PASSWORD = "a-long-and-quiet-river"
LISTING = "/search/?q=cheese"


def sign_up(page: Page) -> str:
    email = f"carla-{uuid4().hex[:12]}@example.com"
    page.goto("/account/signup/")
    page.locator("main input[type=email]").fill(email)
    page.locator("main input[type=password]").fill(PASSWORD)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("heading", name="Check your mail")).to_be_visible()
    page.get_by_role("link", name="Read them here").click()
    mail = page.locator("article", has_text=email)
    mail.get_by_role("link").click()
    page.get_by_role("button", name="Confirm").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()
    return email


def sign_in(page: Page, email: str, password: str) -> None:
    page.goto("/account/login/")
    page.locator("main input[name=login]").fill(email)
    page.locator("main input[type=password]").fill(password)
    page.locator("main button[type=submit]").click()
    expect(page.get_by_role("heading", name="Your account")).to_be_visible()


def sign_out(page: Page) -> None:
    page.goto("/account/logout/")
    page.locator("main form button").first.click()
    page.wait_for_url(re.compile(r"/$|/account/login"))


def test_signing_up_keeps_the_cart_and_signing_out_clears_it(page: Page) -> None:
    view_products(page, LISTING, 3)
    page.locator(".product__buy .button").click()
    expect(page.locator("#drawer")).to_be_visible()
    sign_up(page)
    page.goto("/cart/")
    expect(page.locator(".line")).to_have_count(1)
    page.goto(LISTING)
    expect(page.locator(PERSONAL).first).to_be_visible()
    sign_out(page)
    page.goto(LISTING)
    expect(page.locator(PERSONAL)).to_have_count(0)
    page.goto("/cart/")
    expect(page.get_by_role("heading", name="Your cart is empty")).to_be_visible()


def test_the_cart_of_a_second_device_joins_the_first(page: Page, visit: Visitor) -> None:
    page.goto("/search/?q=milk")
    put_into_cart(page.locator("main"))
    email = sign_up(page)
    other = visit(viewport={"width": 1280, "height": 900})
    other.goto("/search/?q=bread")
    put_into_cart(other.locator("main"))
    sign_in(other, email, PASSWORD)
    other.goto("/cart/")
    expect(other.locator(".line")).to_have_count(2)


@pytest.mark.parametrize("width", [320, 390])
def test_the_account_of_who_has_ordered_fits_a_phone(visit: Visitor, width: int) -> None:
    page = visit(viewport={"width": width, "height": 844})
    sign_up(page)
    page.goto("/search/?q=milk")
    put_into_cart(page.locator("main"))
    page.goto("/checkout/")
    fill_checkout(page)
    page.get_by_role("button", name="Place order and pay").last.click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    for path in ("/account/", "/account/orders/", "/account/points/"):
        page.goto(path)
        assert page.evaluate("document.documentElement.scrollWidth") == width


def test_switching_off_counts_on_all_devices(page: Page, visit: Visitor) -> None:
    email = sign_up(page)
    other = visit(viewport={"width": 1280, "height": 900})
    sign_in(other, email, PASSWORD)
    become_known(other, LISTING)
    page.goto("/privacy/")
    page.get_by_role("button", name="Switch off: Personal prices").click()
    expect(page.get_by_text("Saved.")).to_be_visible()
    other.goto(LISTING)
    expect(other.locator(PERSONAL)).to_have_count(0)


def test_a_household_sees_its_purchases_and_what_follows_from_them(page: Page, shop: Shop) -> None:
    sign_in(page, *shop.logins["olivia"])
    main = page.locator("main")
    expect(main.get_by_role("heading", name="What you look at and buy")).to_be_visible()
    assert main.locator("meter").count() >= 3
    main.get_by_role("link", name="All orders").click()
    expect(main.locator(".orders li").first).to_be_visible()


def test_guests_download_and_delete_their_data(page: Page, shop: Shop, tmp_path: Path) -> None:
    view_products(page, LISTING, 2)
    page.goto("/privacy/")
    with page.expect_download() as caught:
        page.get_by_role("link", name="Download it").click()
    file = tmp_path / "own.json"
    caught.value.save_as(file)
    kept = json.loads(file.read_text())
    pseudonym = kept["profiles"]["shopper"]["pseudonym"]
    assert set(kept) == {"orders", "promotions", "pricing", "profiles", "lists"}
    page.get_by_role("link", name="Delete it").click()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_role("alert")).to_contain_text("tick the box")
    page.get_by_label("Yes, delete it.").check()
    page.get_by_role("button", name="Delete it").click()
    expect(page.get_by_text("Deleted.")).to_be_visible()
    assert shop.query("SELECT 1 FROM profiles_shopper WHERE pseudonym = %s", pseudonym) == []
    page.goto(LISTING)
    expect(page.locator(PERSONAL)).to_have_count(0)


@pytest.mark.parametrize("path", ["/account/", "/account/orders/"])
def test_a_stranger_is_asked_to_sign_in(page: Page, path: str) -> None:
    page.goto(path)
    expect(page.get_by_role("heading", name="Sign In")).to_be_visible()


def test_wrong_password_and_unknown_address_get_the_same_answer(page: Page, shop: Shop) -> None:
    answers = []
    for email in (shop.logins["felix"][0], "nobody@example.com"):
        page.goto("/account/login/")
        page.locator("main input[name=login]").fill(email)
        page.locator("main input[type=password]").fill("not-the-password-1")
        page.locator("main button[type=submit]").click()
        answers.append(page.get_by_role("alert").inner_text())
    assert answers[0] == answers[1]
