"""Opting out: two clicks from any price, no account, and then exactly everybody's prices."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Visitor
from tests.functional.walk import (
    PERSONAL,
    become_known,
    list_names,
    put_into_cart,
    read_prices,
    view_products,
)

NY = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
LISTING = "/search/?q=cheese"


def switch_off(page: Page) -> None:
    page.locator(PERSONAL).first.locator(".price__tag a").click()
    page.get_by_role("dialog").get_by_role("button", name="Switch personal prices off").click()
    expect(page.get_by_text("Personal prices are off.")).to_be_visible()


@pytest.mark.journey
def test_two_taps_on_a_price_switch_personal_prices_off(page: Page, visit: Visitor) -> None:
    become_known(page, LISTING)
    switch_off(page)
    page.goto(LISTING)
    expect(page.locator(".list-note")).to_have_text("Personal prices off · Turn on")
    stranger = visit(viewport={"width": 1280, "height": 900})
    stranger.goto(LISTING)
    expect(stranger.locator(".list-note")).to_have_count(0)
    assert page.locator(PERSONAL).count() == 0
    assert read_prices(page) == read_prices(stranger)
    page.goto("/")
    stranger.goto("/")
    assert list_names(page, "main") == list_names(stranger, "main")
    assert read_prices(page) == read_prices(stranger)


def test_the_signal_of_the_browser_counts_as_off(page: Page, visit: Visitor) -> None:
    private = visit(extra_http_headers={"Sec-GPC": "1"}, viewport={"width": 1280, "height": 900})
    view_products(private, LISTING, 3)
    private.goto(LISTING)
    page.goto(LISTING)
    assert private.locator(PERSONAL).count() == 0
    assert read_prices(private) == read_prices(page)


def test_where_silence_means_no_nothing_is_kept_before_a_yes(page: Page) -> None:
    page.goto("/")
    choose_region(page, "Germany")
    view_products(page, LISTING, 3)
    page.goto(LISTING)
    assert page.locator(PERSONAL).count() == 0
    assert not any(c["name"] == "fairtag_shopper" for c in page.context.cookies())
    no = page.get_by_role("button", name="No, same price as everyone")
    yes = page.get_by_role("button", name="Yes, lower my prices")
    sizes = [button.bounding_box() for button in (no, yes)]
    assert sizes[0] is not None
    assert sizes[1] is not None
    assert sizes[0]["height"] == sizes[1]["height"]
    yes.click()
    become_known(page, LISTING)


def test_a_place_without_a_rule_has_no_personal_prices(page: Page) -> None:
    page.goto("/")
    choose_region(page, "Somewhere else")
    view_products(page, LISTING, 3)
    page.goto(LISTING)
    assert page.locator(PERSONAL).count() == 0


@pytest.mark.parametrize("path", [LISTING, "/"])
def test_new_york_reads_its_disclosure_beside_every_personal_price(page: Page, path: str) -> None:
    page.goto("/")
    choose_region(page, "New York")
    # A card of the home page must be among what got cheaper: three looks are few in a small shop.
    become_known(page, LISTING, 8)
    page.goto(path)
    personal = page.locator(PERSONAL)
    assert personal.count() > 0
    shown = personal.locator(".price__tag a").all_inner_texts()
    labels = [text.split(":")[0].strip() for text in shown]
    assert labels == [NY] * personal.count()


def test_every_personal_price_says_both_prices_and_why(page: Page) -> None:
    become_known(page, LISTING)
    card = page.locator(".card", has=page.locator(PERSONAL)).first
    product = str(card.locator(".card__name a").get_attribute("href"))
    put_into_cart(card)
    check_personal_prices(page)
    for path in (product, "/", "/cart/", "/checkout/"):
        page.goto(path)
        check_personal_prices(page)


def check_personal_prices(page: Page) -> None:
    missing = page.locator(PERSONAL).evaluate_all(
        """all => all.filter(price => !(
            /et automatically|SET BY AN ALGORITHM/.test(price.querySelector('.unseen').innerText) &&
            price.querySelector('.unseen').innerText.includes('Everyone $') &&
            price.querySelector('.price__tag a[href*="/why/"]')
        )).map(price => price.outerHTML)"""
    )
    assert page.locator(PERSONAL).count() > 0
    assert missing == []


def choose_region(page: Page, name: str) -> None:
    page.get_by_label("Region", exact=True).select_option(label=name)
    page.get_by_role("button", name="Change", exact=True).click()
