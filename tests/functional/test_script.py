"""What the shop's own script adds: beacons, fresh prices, light and dark, a word when offline."""

from __future__ import annotations

import re
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from shop.doors.web.static_files import shorten_script, shorten_sheet
from tests.functional.walk import put_into_cart, view_products

SMALL = 9_000


# A beacon's body is hidden from the debugger, so the page notes what it packs.
NOTE_BODIES = """
    const RealBlob = window.Blob;
    window.Blob = class extends RealBlob {
        constructor(parts, options) {
            super(parts, options);
            const before = JSON.parse(sessionStorage.getItem('sent') || '[]');
            const all = [...before, ...JSON.parse(parts[0]).events];
            sessionStorage.setItem('sent', JSON.stringify(all));
        }
    };
"""


def list_sent(page: Page) -> list[dict[str, Any]]:
    """Return the events the page has reported, as they left it."""
    sent: list[dict[str, Any]] = page.evaluate("JSON.parse(sessionStorage.getItem('sent') || '[]')")
    return sent


@pytest.fixture
def noting(page: Page) -> Page:
    page.add_init_script(NOTE_BODIES)
    return page


def test_a_category_view_and_a_click_are_each_reported_once(
    noting: Page,
) -> None:
    with noting.expect_response(re.compile("/events/$")) as answer:
        noting.goto("/c/dairy-eggs/")
    assert answer.value.status == 204
    noting.locator(".card__name a").first.click()
    expect(noting.locator(".product__buy, .tag--tomato").first).to_be_visible()
    sent = list_sent(noting)
    kinds = [event["kind"] for event in sent]
    assert kinds == ["view", "click"]
    assert "category_id" in sent[0]
    assert "variant_id" in sent[1]
    assert len({event["id"] for event in sent}) == 2


def test_a_view_counted_by_the_server_is_not_reported_again(
    noting: Page,
) -> None:
    view_products(noting, "/search/?q=milk", 1)
    noting.wait_for_timeout(1_200)
    assert list_sent(noting) == []


def test_nothing_is_reported_where_the_visitor_said_no(noting: Page) -> None:
    page = noting
    page.goto("/")
    page.get_by_label("Region", exact=True).select_option(label="Germany")
    page.get_by_role("button", name="Change", exact=True).click()
    page.get_by_role("button", name="No, same price as everyone").click()
    page.goto("/c/dairy-eggs/")
    page.wait_for_timeout(1_200)
    assert list_sent(page) == []


def test_light_and_dark_switch_without_a_new_page(page: Page) -> None:
    page.goto("/")
    background = "getComputedStyle(document.body).backgroundColor"
    light = page.evaluate(background)
    page.get_by_role("button", name="Dark", exact=True).click()
    assert page.evaluate(background) != light
    page.reload()
    assert page.locator("html").get_attribute("data-theme") == "dark"
    page.get_by_role("button", name="Auto", exact=True).click()
    assert page.evaluate(background) == light


def test_being_offline_is_said_and_unsaid(page: Page) -> None:
    page.goto("/")
    notice = page.get_by_text("You are offline.")
    expect(notice).to_be_hidden()
    page.context.set_offline(True)
    expect(notice).to_be_visible()
    page.context.set_offline(False)
    expect(notice).to_be_hidden()


def test_a_price_does_not_move_while_one_looks(page: Page) -> None:
    page.goto("/search/?q=cheese")
    shift = page.evaluate(
        """() => new Promise(done => {
            let sum = 0;
            new PerformanceObserver(list => list.getEntries().forEach(e => { sum += e.value; }))
                .observe({type: 'layout-shift', buffered: true});
            setTimeout(() => done(sum), 1500);
        })"""
    )
    assert shift <= 0.02


def test_the_back_button_undoes_a_filter(page: Page) -> None:
    page.goto("/search/?q=cheese")
    status = page.locator(".listing__head [role=status]")
    everything = status.inner_text()
    option = page.locator(".facet__list .tick").first
    count = option.locator("small").inner_text()
    option.click()
    expect(status).to_have_text(re.compile(rf"^{count} products?$"))
    assert "brand=" in page.url
    expect(page.get_by_role("list", name="Active filters").get_by_role("link")).to_have_count(2)
    page.go_back()
    expect(status).to_have_text(everything)
    assert "brand=" not in page.url


def test_taking_a_product_out_can_be_undone(page: Page) -> None:
    page.goto("/search/?q=milk")
    card = page.locator(".card").first
    put_into_cart(card)
    card.get_by_role("button", name=re.compile("^One more of")).click()
    expect(page.locator("#live")).to_have_text(re.compile("Cart: 2 items"))
    page.reload()
    for left in ("1", "Add to cart"):
        card.get_by_role("button", name=re.compile("^One less of")).click()
        expect(card.locator(".card__add")).to_contain_text(left)
    page.locator("#toast").get_by_role("button", name="Put it back").click()
    expect(card.locator(".stepper b")).to_have_text("1")
    page.goto("/cart/")
    page.get_by_role("button", name=re.compile("^Remove")).click()
    page.get_by_role("button", name="Put it back").click()
    expect(page.get_by_label(re.compile("^Quantity of"))).to_have_value("1")


def test_a_code_that_does_not_apply_says_why(page: Page) -> None:
    page.goto("/search/?q=milk")
    put_into_cart(page.locator("main"))
    page.goto("/cart/")
    page.get_by_text("I have a code").click()
    page.get_by_label("Code", exact=True).fill("NOSUCHCODE")
    page.get_by_role("button", name="Use", exact=True).click()
    expect(page.get_by_text("NOSUCHCODE:")).to_be_visible()


def test_script_and_style_stay_small(page: Page) -> None:
    """As a shop sends them: the tests' own is spared the step that shortens them."""
    texts: dict[str, str] = {}
    page.on(
        "response",
        lambda answer: (
            texts.update({answer.url: answer.text()})
            if re.search(r"\.(js|css)$", answer.url)
            else None
        ),
    )
    page.goto("/", wait_until="networkidle")
    own = [text for url, text in texts.items() if "/js/shop" in url]
    assert len(own) == 1
    assert len(shorten_script(own[0])) < SMALL
    sheets = [text for url, text in texts.items() if url.endswith(".css")]
    assert sheets
    assert sum(len(shorten_sheet(text)) for text in sheets) < 45_000


def test_choosing_an_order_sorts_the_list_at_once(page: Page) -> None:
    page.goto("/search/?q=cheese")
    page.get_by_label("Sort by").select_option("name")
    page.wait_for_url(re.compile(r"sort=name"))
    names = page.locator(".card__name").all_inner_texts()
    assert names == sorted(names, key=str.casefold)
    assert len(names) > 3
    expect(page.get_by_label("Sort by")).to_have_value("name")
