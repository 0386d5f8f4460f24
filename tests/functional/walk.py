"""What visitors do, by what they see: roles, names and labels, never CSS where a word will do."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal

from playwright.sync_api import Locator, Page, expect

ALICE = {
    "E-mail address": "alice@example.com",
    "Full name": "Alice Green",
    "Street and number": "1 Main Street",
    "City": "Springfield",
    "Postcode": "62701",
}
PERSONAL = ".price--mine"
AMOUNT = re.compile(r"\d[\d,]*\.\d{2}")


@dataclass(frozen=True, slots=True)
class Shown:
    """A price as it is spoken to a person."""

    mine: Decimal
    everyone: Decimal
    is_personal: bool


def read_price(price: Locator) -> Shown:
    """Return what a price component shows: of loose products about what one piece costs."""
    spoken = str(price.locator(".unseen").first.text_content())
    mine, *others = AMOUNT.findall(spoken)
    everyone = re.search(rf"Everyone \$({AMOUNT.pattern})", spoken)
    now = price.locator(".price__now > span").first.inner_text()
    if now.endswith("/lb"):
        assert now == f"${mine}/lb"
        assert f"about ${others[0]} each" in spoken
        mine = others[0]
    else:
        assert now == f"${mine}"
    return Shown(
        mine=read_amount(mine),
        everyone=read_amount(everyone[1] if everyone else mine),
        is_personal=everyone is not None,
    )


def put_into_cart(scope: Locator) -> None:
    """Add the first product of a card, or of a list of cards, and wait until its card says so."""
    scope.get_by_role("button", name="Add to cart").first.click()
    expect(scope.locator(".stepper").first).to_be_visible()


def read_prices(page: Page) -> dict[str, Shown]:
    """Return every price on the page by variant."""
    prices = page.locator("main .price").all()
    return {str(price.get_attribute("data-variant")): read_price(price) for price in prices}


def read_amount(text: str) -> Decimal:
    """Return the last amount in a text: "Your price $3.72" is 3.72."""
    return Decimal(AMOUNT.findall(text)[-1].replace(",", ""))


def view_products(page: Page, path: str, count: int) -> list[str]:
    """Open the first `count` products of a listing, one after the other; return their addresses."""
    page.goto(path)
    links = page.locator(".card__name a").all()[:count]
    addresses = [str(link.get_attribute("href")) for link in links]
    for address in addresses:
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
    return addresses


def become_known(page: Page, path: str, products: int = 3) -> None:
    """View products until their list shows prices of one's own, and stay there.

    Where Redis answers later than in a quarter of a second, as on a busy machine, the shop sells
    at public prices for a moment and what was viewed then does not count: a person looks again.
    """
    for pause in (0, 1_000, 3_000):
        page.wait_for_timeout(pause)
        view_products(page, path, products)
        page.goto(path)
        if page.locator(PERSONAL).count():
            return
    expect(page.locator(PERSONAL).first).to_be_visible()


def fill_checkout(page: Page) -> None:
    """Type what a guest has to type: six fields."""
    page.get_by_label("State or province").select_option("Illinois")
    for label, value in ALICE.items():
        page.get_by_label(label, exact=True).fill(value)


def list_names(page: Page, within: str) -> list[str]:
    """Return the product names of a list of cards, in order."""
    return page.locator(f"{within} .card__name").all_inner_texts()
