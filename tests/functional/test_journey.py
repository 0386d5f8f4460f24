"""The loop, seen from outside: what a shopper does changes what is shown, and can be explained."""

from __future__ import annotations

import re
from decimal import Decimal
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.walk import (
    PERSONAL,
    become_known,
    fill_checkout,
    list_names,
    put_into_cart,
    read_amount,
    read_price,
    view_products,
)

PICKS = "#picks"


def test_views_of_three_cheeses_change_the_front_page_at_once(page: Page) -> None:
    page.goto("/")
    expect(page.get_by_role("heading", name="What everybody buys")).to_be_visible()
    before = list_names(page, PICKS)
    viewed = view_products(page, "/search/?q=cheese", 3)
    page.goto("/")
    expect(page.get_by_role("heading", name="Picked for you")).to_be_visible()
    assert list_names(page, PICKS) != before
    shown = page.locator(f"{PICKS} .card__name a").evaluate_all("all => all.map(a => a.pathname)")
    assert set(shown) & {urlsplit(address).path for address in viewed}


def test_a_personal_price_is_never_above_the_price_for_everyone(page: Page) -> None:
    become_known(page, "/search/?q=cheese")
    prices = [read_price(price) for price in page.locator("main .price").all()]
    assert any(price.is_personal for price in prices)
    assert all(price.mine <= price.everyone for price in prices)


@pytest.mark.journey
def test_staff_see_a_guests_order_and_why_it_cost_that(
    page: Page, visit: Visitor, shop: Shop
) -> None:
    become_known(page, "/search/?q=cheese")
    card = page.locator(".card", has=page.locator(PERSONAL)).first
    name = card.locator(".card__name").inner_text()
    seen = read_price(card.locator(".price"))
    put_into_cart(card)

    page.goto("/cart/")
    # An offer that the card counted stands below the line's own price: what is paid is compared.
    assert read_amount(page.locator(".line__sum").inner_text()) <= seen.mine
    in_cart = read_price(page.locator(".line .price"))
    page.get_by_role("button", name="Check out").click()
    fill_checkout(page)
    agreed = read_price(page.locator("main .price"))
    assert agreed.mine <= in_cart.mine  # the next page may lower it, never raise it
    total = read_amount(page.locator(".sums__total dd").inner_text())
    page.get_by_role("button", name="Place order and pay").click()

    expect(page.get_by_text("Thank you!")).to_be_visible()
    why = page.locator("main .price__tag a")
    quote_id = str(why.get_attribute("href")).split("/")[-2]
    heading = page.get_by_role("heading", level=1).inner_text()
    number = heading.removeprefix("Order ")
    expect(page.locator("main").get_by_text(name).first).to_be_visible()
    assert read_amount(page.locator(".sums__total dd").inner_text()) == total
    assert read_price(page.locator("main .price")) == agreed

    staff = visit(viewport={"width": 1400, "height": 900})
    sign_in_as_staff(staff, shop)
    staff.goto(f"/admin/orders/order/?q={number}")
    staff.get_by_role("link", name=number).first.click()
    expect(staff.get_by_text(name).first).to_be_visible()
    staff.goto(f"/admin/quotes/{quote_id}/")
    expect(staff.get_by_text(quote_id).first).to_be_visible()
    expect(staff.get_by_text(re.compile(re.escape(f"{agreed.mine}"))).first).to_be_visible()


def test_the_why_page_adds_up_to_the_price(page: Page) -> None:
    become_known(page, "/search/?q=cheese")
    price = page.locator(PERSONAL).first
    seen = read_price(price)
    price.locator(".price__tag a").click()
    sheet = page.get_by_role("dialog", name="Why this price?")
    expect(sheet).to_be_visible()
    amounts = [signed(text) for text in sheet.locator(".ledger dd").all_inner_texts()]
    # The sheet begins before offers; the card's price for everybody has them taken off.
    assert amounts[0] >= seen.everyone
    assert sum(amounts[:-1]) == amounts[-1] == seen.mine
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(price.locator(".price__tag a")).to_be_focused()


def test_a_why_page_is_only_for_the_one_it_explains(page: Page, visit: Visitor) -> None:
    become_known(page, "/search/?q=cheese")
    address = page.locator(PERSONAL).first.locator(".price__tag a").get_attribute("href")
    page.goto(str(address))
    expect(page.get_by_role("heading", name="Why this price?")).to_be_visible()
    stranger = visit()
    answer = stranger.goto(str(address))
    assert answer is not None
    assert answer.status == 404


def test_an_order_with_a_declined_card_can_be_paid_again(page: Page) -> None:
    page.goto("/search/?q=milk")
    put_into_cart(page.locator("main"))
    page.goto("/cart/")
    page.get_by_role("button", name="Check out").click()
    fill_checkout(page)
    page.get_by_role("radio", name=re.compile("declin", re.IGNORECASE)).check()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_role("heading", name="Payment is still open")).to_be_visible()
    page.get_by_role("button", name="Pay now").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()


def test_tracking_answers_alike_for_wrong_and_unknown_orders(page: Page, visit: Visitor) -> None:
    page.goto("/search/?q=milk")
    put_into_cart(page.locator("main"))
    page.goto("/cart/")
    page.get_by_role("button", name="Check out").click()
    fill_checkout(page)
    page.get_by_role("button", name="Place order and pay").click()
    number = page.get_by_role("heading", level=1).inner_text().removeprefix("Order ")
    elsewhere = visit()
    answers = []
    for tried, email in ((number, "bob@example.com"), ("FT-NONE", "alice@example.com")):
        track(elsewhere, tried, email)
        answers.append(elsewhere.get_by_role("alert").inner_text())
    assert answers[0] == answers[1]
    track(elsewhere, number.lower(), "alice@example.com")
    expect(elsewhere.get_by_role("heading", name=f"Order {number}")).to_be_visible()


def track(page: Page, number: str, email: str) -> None:
    page.goto("/orders/")
    page.get_by_label("Order number").fill(number)
    page.get_by_label("E-mail address").fill(email)
    page.get_by_role("button", name="Find it").click()


def signed(text: str) -> Decimal:
    return -read_amount(text) if text.startswith("\N{MINUS SIGN}") else read_amount(text)


def sign_in_as_staff(page: Page, shop: Shop) -> None:
    email, password = shop.logins["admin"]
    page.goto("/admin/")
    page.locator("input[type=email], input[name=login], input[name=username]").first.fill(email)
    page.locator("input[type=password]").fill(password)
    page.locator("button[type=submit]").last.click()
    page.wait_for_url("**/admin/**")
