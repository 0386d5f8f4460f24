"""The pricing manager's day in a browser: ask the model, decide changes, read the proofs."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Page, expect

from tests.accessibility import find_violations
from tests.functional.conftest import Visitor
from tests.functional.shop import Shop

TITLE = "h2.ft-quote-name"
# Three variants whose prices wait for a decision; prints their numbers.
OPEN_CHANGES = """
from pricing.models import PriceProposal, PublicPrice
from shop.ground.kernel.clock import utc_now
PriceProposal.objects.exclude(state="published").delete()
for price in PublicPrice.objects.filter(public_minor__gt=200).order_by("variant_id")[:3]:
    PriceProposal.objects.create(
        variant_id=price.variant_id, market_id="us", created_at=utc_now(), state="pending",
        cause="model", current_minor=price.public_minor, proposed_minor=price.public_minor - 1,
        final_minor=price.public_minor - 1, floor_minor=1, ceiling_minor=price.public_minor,
        objective="profit", bound=["observational"], policy_version=1)
    print(price.variant_id)
"""
PAGES = (
    "/admin/price-changes/?tab=closed",
    "/admin/models/",
    "/admin/models/1/",
    "/admin/models/?part=elasticities",
    "/admin/prices/",
    "/admin/insights/",
    "/admin/insights/lift/",
    "/admin/insights/live/",
    "/admin/models/?part=learning",
    "/admin/models/?part=trials",
    "/admin/safety/",
    "/admin/data-quality/",
    "/admin/quotes/",
)


def sign_in(page: Page, shop: Shop, role: str) -> None:
    """Sign a member of staff in through the shop's own door."""
    email, password = shop.logins[role]
    page.goto("/account/login/?next=/admin/")
    page.locator("main input[name=login]").fill(email)
    page.locator("main input[type=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/admin/$"))


@pytest.fixture
def changed(shop: Shop) -> list[int]:
    """Three variants whose prices wait for a decision."""
    found = [int(one) for one in shop.shell.run(OPEN_CHANGES).split()]
    assert len(found) == 3
    return found


def test_slider_and_keyboard_ask_about_a_price(page: Page, shop: Shop, changed: list[int]) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto(f"/admin/demand/{changed[0]}/")
    slider = page.get_by_role("slider", name="Price")
    slider.focus()
    page.keyboard.press("End")
    asked = page.get_by_role("row", name=re.compile("^what if"))
    expect(asked).to_contain_text(f"${slider.input_value()}")
    expect(slider).to_be_focused()
    page.get_by_label("or exactly").fill("2.34")
    page.get_by_label("or exactly").press("Enter")
    expect(asked).to_contain_text("$2.34")


def test_changes_are_decided_one_by_one_and_together(
    page: Page, shop: Shop, changed: list[int]
) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto("/admin/price-changes/")
    expect(page.locator(TITLE)).to_have_count(3)
    page.keyboard.press("j")
    page.keyboard.press("x")
    expect(page.locator("#ft-chosen-effect")).to_contain_text("1 chosen: profit $0.00 a week")
    page.keyboard.press("x")
    page.keyboard.press("a")
    expect(page.get_by_text("1 change is decided.")).to_be_visible()
    page.get_by_role("button", name="Approve chosen").click()
    expect(page.get_by_text("Choose at least one change first.")).to_be_visible()
    page.get_by_role("link", name="Choose all on this page").click()
    page.get_by_role("button", name="Reject chosen").click()
    reason = page.get_by_placeholder("Reason")
    assert reason.evaluate("field => field.validity.valueMissing")
    expect(reason).to_be_focused()
    reason.fill("not before the feast")
    page.get_by_role("button", name="Reject chosen").click()
    expect(page.get_by_text("2 changes are decided.")).to_be_visible()
    expect(page.get_by_text("Nothing waits for a decision.")).to_be_visible()


def test_a_price_is_set_by_hand_from_its_curve(page: Page, shop: Shop, changed: list[int]) -> None:
    sign_in(page, shop, "merchandiser")
    page.goto(f"/admin/demand/{changed[0]}/")
    now = page.locator(".ft-stages li").nth(1).locator("strong").inner_text().removeprefix("$")
    page.get_by_role("link", name="Set by hand…").click()
    price = page.get_by_role("textbox", name=re.compile("^Price"))
    price.fill("9999")
    page.get_by_label("Reason").fill("the week of cheese")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("must lie between the floor $").first).to_be_visible()
    expect(page.get_by_label("Reason")).to_have_value("the week of cheese")
    price.fill(now)
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("in force").first).to_be_visible()


def test_everything_is_decided_and_asked_without_javascript(
    visit: Visitor, shop: Shop, changed: list[int]
) -> None:
    page = visit(java_script_enabled=False, viewport={"width": 1280, "height": 900})
    sign_in(page, shop, "approver")
    page.goto(f"/admin/demand/{changed[0]}/?price=2.50")
    page.get_by_label("or exactly").fill("2.60")
    page.get_by_role("button", name="Ask the model").last.click()
    expect(page.get_by_role("row", name=re.compile("^what if"))).to_contain_text("$2.60")
    page.goto("/admin/price-changes/")
    first = page.get_by_role("article").first
    first.get_by_text("Another price, later, or no").click()
    first.get_by_label("Reason").fill("after the holidays")
    first.get_by_role("button", name="Put off").click()
    expect(page.get_by_text("1 change is decided.")).to_be_visible()


def test_categories_are_found_and_chosen_by_the_keyboard(page: Page, shop: Shop) -> None:
    sign_in(page, shop, "analyst")
    page.goto("/admin/experiments/prices/")
    tree = page.get_by_role("group", name="Categories whose products take part").get_by_role(
        "listitem"
    )
    everything = tree.count()
    # The theme draws a chevron of its own in every fieldset: ours are the markers of the list
    drawn = "one => getComputedStyle(one, '::after').content"
    assert page.locator(".ft-tree summary").first.evaluate(drawn) == "none"
    page.get_by_label("Search", exact=True).fill("CREAM cheese")
    box = page.get_by_role("checkbox", name=re.compile("^Cream Cheese"))
    box.focus()
    page.keyboard.press("Space")
    expect(box).to_be_checked()
    assert 0 < tree.count() < everything
    page.get_by_role("button", name="Estimate").press("Enter")
    expect(box).to_be_checked()
    expect(box).to_be_visible()  # what is chosen stands open


@pytest.mark.slow
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_staff_pages_are_accessible_and_fit_320_pixels(
    visit: Visitor, shop: Shop, axe: str, changed: list[int], scheme: str
) -> None:
    page = visit(color_scheme=scheme, viewport={"width": 320, "height": 700})
    sign_in(page, shop, "auditor")
    own = (f"/admin/demand/{changed[0]}/", f"/admin/prices/{changed[0]}/", "/admin/price-changes/")
    problems, wide = [], []
    for path in (*PAGES, *own, "/admin/promotions/programmeterms/"):
        page.goto(path)
        if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
            wide.append(path)
        # The frame around our pages is Unfold's: it has no landmark for the content.
        found = (one for one in find_violations(page, axe, scheme) if " region: " not in one)
        problems += [one for one in found if "ft-" in one]
    assert (problems, wide) == ([], [])
