"""A promotion by mouse and by keyboard: choose a sentence, fill it in, check it, launch it."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.accessibility import find_violations
from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.test_staff_prices import sign_in

ANSWER = "from shop.doors.backoffice.campaigns.checks import answer_checks; answer_checks()"
STOP = """
from promotions.release.models import CampaignCheck
from shop.ground.kernel.clock import utc_now
CampaignCheck.objects.filter(state="waiting").update(state="stopped", ended_at=utc_now())
"""
POLL_MS = 2_000
SHOTS = os.environ.get("BUILDER_SHOTS", "")


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page, if somebody asked for them."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def submit(page: Page, button: Locator) -> None:
    """Press a button of the form, and go on with the page that answers."""
    with page.expect_navigation():
        button.press("Enter")


def join_clauses(page: Page) -> None:
    """By the keyboard: a clause, one together with it, and an alternative to both."""
    for clause, button in (
        ("cart_value", "Add this clause"),
        ("member", "Add it to the clause before it"),
        ("first_order", "Add it as an alternative"),
    ):
        page.get_by_label("and only if", exact=True).fill(clause)
        submit(page, page.get_by_role("button", name=button))
    expect(page.get_by_label("How it is joined")).to_have_count(3)


def add_brackets(page: Page) -> None:
    """By the keyboard: brackets in brackets, with clauses in both."""
    page.get_by_label("and only if", exact=True).fill("bracket")
    submit(page, page.get_by_role("button", name="Add this clause", exact=True))
    outer = page.get_by_role("group", name=re.compile("^Brackets"))
    number = re.sub(r"\D", "", outer.locator("legend").inner_text())
    for clause in ("member", "bracket"):
        page.get_by_label(f"In brackets {number}", exact=True).fill(clause)
        submit(page, page.get_by_role("button", name=f"Add this clause in brackets {number}"))
    page.get_by_label("How it is joined").last.select_option("not")
    inner = str(int(number) + 2)
    for clause in ("first_order", "cart_quantity"):
        page.get_by_label(f"In brackets {inner}", exact=True).fill(clause)
        submit(page, page.get_by_role("button", name=f"Add this clause in brackets {inner}"))
    for each in page.get_by_label("what holds of them").all():
        each.select_option("any")
    expect(page.get_by_role("group", name=re.compile("^Brackets"))).to_have_count(2)


@dataclass(slots=True)
class Hand:
    """A hand with a mouse and a keyboard that counts what it does.

    `seconds` are those of the keystroke-level model (Card, Moran and Newell 1980): 0.28 a key, 1.1
    to point, 0.2 to click, 0.4 to change between mouse and keyboard, 1.35 to think before each
    step. A model's figure for somebody who knows the page, not a measured one.
    """

    clicks: int = 0
    seconds: float = 0.0

    def click(self, target: Locator) -> None:
        """Think, point and click."""
        target.click()
        self.clicks += 1
        self.seconds += 1.35 + 1.1 + 0.2

    def type(self, target: Locator, text: str) -> None:
        """Click into a field, move to the keyboard, replace what is there, and move back."""
        self.click(target)
        target.press("ControlOrMeta+a")
        target.press_sequentially(text)
        self.seconds += 0.28 * (len(text) + 2) + 2 * 0.4


@pytest.mark.journey
def test_a_category_discount_is_launched_in_twelve_clicks(page: Page, shop: Shop) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/")
    hand = Hand()
    hand.click(page.locator("#nav-sidebar-apps").get_by_role("link", name="Promotions"))
    hand.click(page.get_by_role("link", name="New promotion"))
    hand.click(page.get_by_role("link", name=re.compile("^Price cut")))
    hand.type(page.get_by_label("percent", exact=True), "5")
    hand.type(page.get_by_label("products", exact=True), "Drinks")
    hand.click(page.locator(".ft-found").get_by_role("checkbox", name=re.compile("Drinks")).first)
    hand.type(page.get_by_label("budget", exact=True), "300")
    hand.click(page.get_by_role("button", name=re.compile("^Save as a draft")))
    expect(page.get_by_role("progressbar", name="Waiting for a worker").first).to_be_visible()
    keep(page, "asked")
    shop.shell.run(ANSWER)
    # The page asks for news by itself
    expect(page.get_by_text("Carts it would have applied to")).to_be_visible()
    keep(page, "checked")
    out = page.get_by_role("button", name=re.compile("^Take (these|this|out)")).first
    if out.count():
        expect(page.get_by_role("link", name="See which rules it breaks")).to_be_visible()
        hand.click(out)
        shop.shell.run(ANSWER)
    expect(page.get_by_text("may be released")).to_be_visible()
    hand.type(page.get_by_label("Reason: Schedule"), "a week of drinks")
    hand.click(page.get_by_role("button", name="Schedule"))
    expect(page.get_by_text("The new status of the campaign is")).to_be_visible()
    keep(page, "scheduled")
    assert hand.clicks <= 12
    assert hand.seconds <= 180


def test_a_promotion_is_made_and_changed_by_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/promotions/new/")
    page.get_by_role("link", name=re.compile("^Price cut")).focus()
    page.keyboard.press("Enter")
    percent = page.get_by_label("percent", exact=True)
    expect(percent).to_have_value("10")
    percent.fill("25")
    percent.press("Tab")
    expect(page.get_by_label("products", exact=True)).to_be_focused()
    page.keyboard.type("nothing of this name")
    page.get_by_role("button", name=re.compile("^Save as a draft")).press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no category, brand or SKU")
    page.get_by_role("checkbox", name="nothing of this name").press("Space")
    page.get_by_label("and only if", exact=True).fill("is worth at least")
    page.keyboard.press("Enter")
    expect(page.get_by_label("least cart")).to_have_value("40.00")
    add_brackets(page)
    page.get_by_role("button", name=re.compile("^Save as a draft")).press("Enter")
    said = page.locator(".ft-said")
    expect(said).to_contain_text("and only if the cart is worth at least $40.00")
    expect(said).to_contain_text("the shopper has an account or (it is not true that (it is")
    page.get_by_text("Discount: 25 % off", exact=True).press("Enter")
    percent.fill("20")
    percent.press("Enter")
    expect(page.get_by_text("Saved as version")).to_be_visible()
    expect(said).to_contain_text("Take 20 % off")
    keep(page, "changed")
    page.locator("summary", has_text="Schedule").press("Enter")
    check_that_typing_outlasts_checks(page, shop)


def check_that_typing_outlasts_checks(page: Page, shop: Shop) -> None:
    """A page that is told of the end of its checks reloads, but never under somebody's hands."""
    reason = page.get_by_label("Reason: Schedule")
    reason.fill("half a sentence")
    shop.shell.run(STOP)
    page.wait_for_timeout(POLL_MS + 1_000)
    expect(reason).to_have_value("half a sentence")
    reason.fill("")
    expect(page.get_by_text("Stopped by").first).to_be_visible()


def test_a_phones_menu_opens_by_the_keyboard(visit: Visitor, shop: Shop) -> None:
    page = visit(viewport={"width": 390, "height": 844})
    sign_in(page, shop, "merchandiser")
    link = page.locator("#nav-sidebar-apps").get_by_role("link", name="Promotions", exact=True)
    expect(link).to_be_hidden()
    page.get_by_role("button", name="Menu").press("Enter")
    link.press("Enter")
    page.get_by_role("link", name="New promotion").press("Enter")
    expect(page).to_have_url(re.compile("/promotions/new/$"))


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_builder_is_accessible_and_fits_320_pixels(
    visit: Visitor, shop: Shop, axe: str, scheme: str
) -> None:
    page = visit(
        color_scheme=scheme, viewport={"width": 320, "height": 700}, java_script_enabled=True
    )
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/promotions/new/welcome/")
    submit(page, page.get_by_role("button", name=re.compile("^Save as a draft")))
    campaign = page.url
    asked = find_violations(page, axe, scheme)
    shop.shell.run(ANSWER)
    problems, wide = [one for one in asked if "ft-" in one and " region: " not in one], []
    for name, path in {
        "kinds": "/admin/promotions/new/",
        "sentence": "/admin/promotions/new/quantity_tiers/",
        "campaign": campaign,
        "changing": f"{campaign}?part=window",
        "list": "/admin/promotions/campaign/?state=draft",
    }.items():
        page.goto(path)
        if name == "sentence":
            join_clauses(page)
            add_brackets(page)
            page.get_by_label("pieces of the first step").fill("0")
            submit(page, page.get_by_role("button", name=re.compile("^Save as a draft")))
            expect(page.get_by_role("alert")).to_be_visible()
        keep(page, f"{name}-320-{scheme}")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
        found = (one for one in find_violations(page, axe, scheme) if " region: " not in one)
        problems += [one for one in found if "ft-" in one]
    assert (problems, wide) == ([], [])
