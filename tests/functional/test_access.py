"""Everybody can use it: two themes, two languages, small screens."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import find_violations_in_both_themes
from tests.functional.conftest import Visitor
from tests.functional.walk import read_price, view_products

PATHS = (
    "/",
    "/search/?q=cheese",
    "/search/?q=cheese&min=2&stock=1&sort=unit",
    "/search/?q=qqqqzzzz",
    "/cart/",
    "/checkout/",
    "/orders/",
    "/how-our-prices-work/",
    "/privacy/",
    "/privacy/erase/",
    "/account/login/",
    "/account/signup/",
    "/account/password/reset/",
    "/no-such-page/",
)


def fill_cart(page: Page, prefix: str = "") -> None:
    view_products(page, f"{prefix}/search/?q=cheese", 3)
    page.locator(".product__buy .button").click()
    expect(page.locator("#drawer")).to_be_visible()


@pytest.mark.slow
@pytest.mark.parametrize("width", [320, 1280])
def test_no_page_breaks_a_rule_of_accessibility(visit: Visitor, axe: str, width: int) -> None:
    page = visit(viewport={"width": width, "height": 800})
    fill_cart(page)
    problems = find_violations_in_both_themes(page, axe)
    product = page.url
    for path in (*PATHS, product):
        page.goto(path)
        problems += find_violations_in_both_themes(page, axe)
    assert problems == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_check_finds_what_is_unreadable_in_one_theme(
    visit: Visitor, axe: str, scheme: str
) -> None:
    page = visit()
    page.goto("/privacy/")
    add = """scheme => {
        const style = new CSSStyleSheet();
        style.replaceSync(`@media (prefers-color-scheme: ${scheme}) {
            main p {color: #777 !important; background: #888 !important} }`);
        document.adoptedStyleSheets = [style];
    }"""
    page.evaluate(add, scheme)
    found = find_violations_in_both_themes(page, axe)
    assert {problem.split(" ")[1] for problem in found} == {"color-contrast:"}


@pytest.mark.parametrize("language", ["", "/zh-hans"])
def test_nothing_scrolls_sideways_at_320_pixels(visit: Visitor, language: str) -> None:
    page = visit(viewport={"width": 320, "height": 640}, has_touch=True, is_mobile=True)
    fill_cart(page, language)
    product = page.url
    wide = []
    for path in (*(f"{language}{path}" for path in PATHS), product):
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
    assert wide == []


def test_a_phones_first_screen_is_for_the_shop(visit: Visitor) -> None:
    """Header and first-visit notice take less than a third of it; of a product one sees name,
    price and button."""
    page = visit(viewport={"width": 390, "height": 844}, has_touch=True, is_mobile=True)
    page.goto("/")
    expect(page.locator(".notice")).to_be_visible()
    main = page.locator("#main").bounding_box()
    assert main is not None
    assert main["y"] < 844 / 3
    page.locator(".card__name a").first.click()
    bar = page.locator(".buybar")
    expect(bar.locator(".price__now")).to_be_visible()
    expect(bar.locator(".price__now")).to_be_in_viewport()
    assert read_price(bar.locator(".price")) == read_price(page.locator(".price--page"))
    expect(bar.get_by_role("button", name="Add to cart")).to_be_in_viewport()
    top, picture = bar.bounding_box(), page.locator(".product__photos").bounding_box()
    assert top is not None
    assert picture is not None
    assert picture["height"] <= 844 * 0.4
    for part in (page.locator("h1"), page.locator(".price--page .price__now")):
        box = part.bounding_box()
        assert box is not None
        assert box["y"] + box["height"] <= top["y"]


def test_every_target_of_the_hand_is_24_pixels_or_apart(page: Page) -> None:
    fill_cart(page)
    page.goto("/search/?q=cheese")
    small = page.evaluate(
        """() => [...document.querySelectorAll('button, input, select, summary, a')]
            .filter(each => each.checkVisibility() && !each.closest('p, li p, .unseen, .skip'))
            .map(each => [each.getBoundingClientRect(), each.outerHTML.slice(0, 120)])
            .filter(([box]) => box.width > 1 && (box.height < 23.5 || box.width < 23.5))
            .map(([, html]) => html)"""
    )
    names = [html for html in small if "card__name" not in html and 'type="checkbox"' not in html]
    assert [html for html in names if "<a href" not in html] == []


def test_the_total_is_spoken_when_the_cart_changes(page: Page) -> None:
    page.goto("/search/?q=milk")
    page.locator(".card").first.get_by_role("button", name="Add to cart").click()
    expect(page.locator("#live")).to_have_text(re.compile(r"Cart: 1 item, \$\d"))


def test_a_chinese_page_has_no_english_words_of_ours(visit: Visitor) -> None:
    page = visit(locale="zh-CN", viewport={"width": 1280, "height": 900})
    fill_cart(page, "/zh-hans")
    english = []
    for path in PATHS[:-1]:
        page.goto(f"/zh-hans{path}")
        assert page.locator("html").get_attribute("lang") == "zh-Hans"
        english += page.evaluate(FIND_ENGLISH)
    assert english == []


# Text nodes with an English word and nothing Chinese; names that stay as they are do not count.
FIND_ENGLISH = r"""() => {
    const names = /Fairtag|GPC|Cookie|JSON|SKU|UTC|US\$|[\w.]+@[\w.]+|qqqqzzzz|cheese/g;
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    const found = [];
    while (walker.nextNode()) {
        const text = walker.currentNode.nodeValue.trim();
        const element = walker.currentNode.parentElement;
        const own = 'script, style, code, option[lang], [translate=no], noscript';
        if (element.closest(own)) continue;
        const isEnglish = /[A-Za-z]{4,}/.test(text.replace(names, ''));
        if (isEnglish && !/[\u4e00-\u9fff]/.test(text)) found.push(location.pathname + ': ' + text);
    }
    return found;
}"""
