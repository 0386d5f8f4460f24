"""A promotion by the keyboard: choose a sentence, fill it in, read it back, rehearse it."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import find_violations
from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.test_staff_prices import sign_in

ANSWER = "from shop.doors.backoffice.campaigns.checks import answer_checks; answer_checks()"
SHOTS = os.environ.get("BUILDER_SHOTS", "")


def keep(page: Page, name: str) -> None:
    """Keep a picture of the page, if somebody asked for them."""
    if SHOTS:
        page.screenshot(path=Path(SHOTS) / f"{name}.png", full_page=True)


def join_clauses(page: Page) -> None:
    """By the keyboard: a clause, one together with it, and an alternative to both."""
    for clause, button in (
        ("cart_value", "Add this clause"),
        ("member", "Add it to the clause before it"),
        ("first_order", "Add it as an alternative"),
    ):
        page.get_by_label("and only if", exact=True).select_option(clause)
        page.get_by_role("button", name=button).press("Enter")
    expect(page.get_by_label("How it is joined")).to_have_count(3)


def add_brackets(page: Page) -> None:
    """By the keyboard: brackets in brackets, with clauses in both."""
    page.get_by_label("and only if", exact=True).select_option("bracket")
    page.get_by_role("button", name="Add this clause", exact=True).press("Enter")
    outer = page.get_by_role("group", name=re.compile("^Brackets"))
    number = re.sub(r"\D", "", outer.locator("legend").inner_text())
    for clause in ("member", "bracket"):
        page.get_by_label(f"In brackets {number}", exact=True).select_option(clause)
        added = page.get_by_role("button", name=f"Add this clause in brackets {number}")
        added.press("Enter")
    page.get_by_label("How it is joined").last.select_option("not")
    inner = str(int(number) + 2)
    for clause in ("first_order", "cart_quantity"):
        page.get_by_label(f"In brackets {inner}", exact=True).select_option(clause)
        page.get_by_role("button", name=f"Add this clause in brackets {inner}").press("Enter")
    for each in page.get_by_label("what holds of them").all():
        each.select_option("any")
    expect(page.get_by_role("group", name=re.compile("^Brackets"))).to_have_count(2)


def rehearse(page: Page, shop: Shop) -> None:
    """From a plan whose law a worker was asked: rehearse it, and come back to the answer."""
    expect(page.get_by_role("progressbar")).to_be_visible()
    keep(page, "plan-asked")
    page.get_by_role("link", name="Rehearse on real carts").press("Enter")
    page.get_by_role("button", name="Rehearse now").press("Enter")
    expect(page.get_by_role("progressbar")).to_be_visible()
    keep(page, "rehearsal-asked")
    shop.shell.run(ANSWER)
    # The page asks for news by itself
    expect(page.get_by_text("Carts it would have applied to")).to_be_visible()
    keep(page, "rehearsal")
    page.get_by_role("link", name="In words").press("Enter")
    expect(page.get_by_text("The newest answer is of")).to_be_visible()
    keep(page, "plan")


def test_a_promotion_is_made_by_keyboard_and_rehearsed(page: Page, shop: Shop) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/promotions/new/")
    keep(page, "kinds")
    page.get_by_role("link", name=re.compile("^Price cut")).focus()
    page.keyboard.press("Enter")
    percent = page.get_by_label("percent", exact=True)
    expect(percent).to_have_value("10")
    percent.fill("25")
    percent.press("Tab")
    expect(page.get_by_label("products", exact=True)).to_be_focused()
    page.keyboard.type("nothing of this name")
    page.keyboard.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text("There is no category, brand or SKU")
    keep(page, "refused")
    page.get_by_label("products", exact=True).fill("")
    page.get_by_label("and only if", exact=True).select_option("cart_value")
    page.get_by_role("button", name="Add this clause").press("Enter")
    expect(page.get_by_label("least cart")).to_have_value("40.00")
    add_brackets(page)
    keep(page, "sentence")
    page.get_by_role("button", name=re.compile("^Save as a draft")).press("Enter")
    said = page.locator(".ft-said")
    expect(said).to_contain_text("and only if the cart is worth at least $40.00")
    expect(said).to_contain_text("the shopper has an account or (it is not true that (it is")
    rehearse(page, shop)
    page.get_by_role("link", name="Try a basket").press("Enter")
    expect(page.get_by_role("heading", name="Try a basket as if")).to_be_visible()
    keep(page, "preview")


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
    page.get_by_role("button", name=re.compile("^Save as a draft")).click()
    plan = page.url
    page.goto(plan.replace("/plan/", "/rehearsal/"))
    page.get_by_role("button", name="Rehearse now").click()
    keep(page, f"rehearsal-asked-320-{scheme}")
    asked = find_violations(page, axe, scheme)
    shop.shell.run(ANSWER)
    problems, wide = [one for one in asked if "ft-" in one and " region: " not in one], []
    for name, path in {
        "kinds": "/admin/promotions/new/",
        "sentence": "/admin/promotions/new/quantity_tiers/",
        "plan": plan,
        "preview": plan.replace("/plan/", "/preview/"),
        "rehearsal": plan.replace("/plan/", "/rehearsal/"),
    }.items():
        page.goto(path)
        if name == "sentence":
            join_clauses(page)
            add_brackets(page)
            page.get_by_label("hold out").fill("60")
            page.get_by_role("button", name=re.compile("^Save as a draft")).press("Enter")
            expect(page.get_by_role("alert")).to_contain_text("less than or equal to 50")
        keep(page, f"{name}-320-{scheme}")
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
        found = (one for one in find_violations(page, axe, scheme) if " region: " not in one)
        problems += [one for one in found if "ft-" in one]
    assert (problems, wide) == ([], [])
