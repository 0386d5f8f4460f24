"""Journeys without a mouse: the focus is seen, is never trapped, and comes back.

One more makes and changes a promotion: test_builder.
"""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.test_builder import ANSWER
from tests.functional.test_staff_prices import sign_in
from tests.functional.walk import PERSONAL, become_known, fill_checkout

LISTING = "/search/?q=cheese"
MOST_STEPS = 150
# The outline of what has the focus, or of the card or field around it.
IS_SEEN = """() => {
    for (let each = document.activeElement; each; each = each.parentElement) {
        const {outlineStyle, outlineWidth, boxShadow} = getComputedStyle(each);
        if (outlineStyle !== 'none' && parseFloat(outlineWidth) >= 2) return true;
        if (boxShadow !== 'none' && each === document.activeElement) return true;
    }
    return false;
}"""


def tab_to(page: Page, target: Locator, key: str = "Tab") -> None:
    """Press Tab until the target has the focus, which is then seen."""
    for _step in range(MOST_STEPS):
        page.keyboard.press(key)
        if target.evaluate("each => each === document.activeElement"):
            assert page.evaluate(IS_SEEN), target
            return
    raise AssertionError(f"{MOST_STEPS} presses of {key} do not lead to {target}")


def press(page: Page, target: Locator, key: str = "Enter") -> None:
    """Go to the target by Tab and press it."""
    tab_to(page, target)
    page.keyboard.press(key)


def test_filters_are_a_sheet_that_back_closes(visit: Visitor) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    page.goto(LISTING)
    sheet = page.get_by_role("form", name="Sort and filter")
    opener = page.locator("main").get_by_role("button", name="Sort and filter")
    show = sheet.get_by_role("button", name=re.compile("^Show"))
    status = page.locator(".listing__head [role=status]")
    everything = status.inner_text()
    expect(sheet).to_be_hidden()
    press(page, opener)
    expect(sheet.get_by_role("button", name="Close")).to_be_focused()
    page.keyboard.press("Shift+Tab")
    expect(show).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    while page.evaluate("history.state?.sheet"):  # the browser goes back in its own time
        page.wait_for_timeout(20)
    page.keyboard.press("Enter")
    # The focus moves once the browser has noted where Back leads.
    expect(sheet.get_by_role("button", name="Close")).to_be_focused()
    page.go_back()
    expect(sheet).to_be_hidden()
    expect(opener).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet).to_be_visible()
    option = sheet.locator(".facet__list .tick").first
    count = option.locator("small").inner_text()
    press(page, option.locator("input"), "Space")
    expect(show).to_have_text(re.compile(f"^\\s*Show {count} product"))
    press(page, show)
    expect(sheet).to_be_hidden()
    expect(status).to_have_text(re.compile(f"^{count} "))
    page.go_back()
    expect(status).to_have_text(everything)


def test_switching_on_again_is_as_easy(page: Page) -> None:
    become_known(page, LISTING)
    card = page.locator(".card", has=page.locator(PERSONAL)).first
    tag = card.locator(".price__tag a")
    sheet = page.get_by_role("dialog", name="Why this price?")
    card.locator(".card__name a").focus()
    press(page, tag)
    expect(sheet.get_by_role("heading", name="Why this price?")).to_be_focused()
    page.keyboard.press("Escape")
    expect(sheet).to_be_hidden()
    expect(tag).to_be_focused()
    page.keyboard.press("Enter")
    expect(sheet.get_by_role("heading", name="Why this price?")).to_be_focused()
    press(page, sheet.get_by_role("button", name="Switch personal prices off"))
    page.get_by_text("Personal prices are off.").wait_for()
    page.goto("/privacy/")
    press(page, page.get_by_role("button", name="Switch on: Personal prices"))
    page.get_by_role("button", name="Switch off: Personal prices").wait_for()
    become_known(page, LISTING, 1)


def buy(page: Page) -> str:
    """Search by the combobox, add a product and place the order; return its number."""
    page.goto("/")
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the content")).to_be_focused()
    search = page.get_by_role("combobox", name="Search the shop")
    tab_to(page, search)
    page.keyboard.type("milk")
    suggestions = page.get_by_role("listbox", name="Suggestions").get_by_role("option")
    expect(suggestions.first).to_be_visible()
    page.keyboard.press("ArrowDown")
    first = suggestions.first
    expect(first).to_have_attribute("aria-selected", "true")
    assert search.get_attribute("aria-activedescendant") == first.get_attribute("id")
    page.keyboard.press("Escape")
    expect(suggestions).to_have_count(0)
    page.keyboard.press("Enter")
    page.wait_for_url("**/search/**")
    card = page.locator(".card").first
    card.locator(".card__name a").focus()
    press(page, card.get_by_role("button", name="Add to cart"))
    expect(card.get_by_role("button", name=re.compile("^One more of"))).to_be_focused()
    page.goto("/checkout/")
    fill_checkout(page)
    press(page, page.get_by_role("button", name="Place order and pay"))
    page.get_by_text("Thank you!").wait_for()
    return page.get_by_role("heading", level=1).inner_text().removeprefix("Order ").strip()


def take_step(page: Page, opener: str, title: str, button: str) -> None:
    """Open the dialog of a step, leave it, open it again and confirm it."""
    link = page.locator("main").get_by_role("link", name=opener, exact=True)
    dialog = page.get_by_role("dialog", name=title)
    press(page, link)
    expect(dialog).to_be_visible()
    expect(dialog.locator(":focus")).to_have_count(1)
    page.keyboard.press("Escape")
    expect(dialog).to_be_hidden()
    expect(link).to_be_focused()
    page.keyboard.press("Enter")
    expect(dialog.locator(":focus")).to_have_count(1)
    press(page, dialog.get_by_role("button", name=button))


@pytest.mark.journey
def test_an_order_is_bought_and_shipped_by_keyboard(page: Page, visit: Visitor, shop: Shop) -> None:
    number = buy(page)
    staff = visit(viewport={"width": 1280, "height": 900})
    sign_in(staff, shop, "support")
    palette = staff.get_by_role("combobox", name="Search or act")
    opener = staff.locator(".ft-find")
    press(staff, opener)
    expect(palette).to_be_focused()
    staff.keyboard.press("Escape")
    expect(opener).to_be_focused()
    staff.keyboard.press("Control+k")
    staff.keyboard.type(number)
    option = staff.get_by_role("option", name=re.compile(number)).first
    expect(option).to_have_attribute("aria-selected", "true")
    staff.keyboard.press("Enter")
    staff.wait_for_url("**/orders/order/*/change/")
    take_step(staff, "Pack", "Pack a parcel of this order", "Pack the parcel")
    staff.get_by_text("The parcel is packed.").wait_for()
    take_step(staff, "Ship", "Ship this parcel", "Ship the parcel")
    staff.get_by_text("The parcel was shipped.").wait_for()


def test_a_draft_is_launched_by_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/promotions/new/welcome/")
    press(page, page.get_by_role("button", name=re.compile("^Save as a draft")))
    page.get_by_role("progressbar", name="Waiting for a worker").first.wait_for()
    shop.shell.run(ANSWER)
    page.get_by_text("may be released").wait_for()
    # Until all checks are answered the page renews itself.
    expect(page.locator("[id^=ft-progress]")).to_have_count(0)
    tab_to(page, page.get_by_label("Reason: Schedule"))
    page.keyboard.type("a welcome for new customers")
    press(page, page.get_by_role("button", name="Schedule"))
    page.get_by_text("The new status of the campaign is").wait_for()
