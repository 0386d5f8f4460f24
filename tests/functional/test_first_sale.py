"""The first evening of a shop: a list of products, a sale, a payment, a parcel, a return."""

from __future__ import annotations

import re
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.factories.first_sale import LEDGERS, MISTAKE, MOVED, MOVES, RIGHT, SAMPLE, WRONG
from tests.functional.conftest import watch
from tests.functional.own_shop import OwnShop, open_own_shop

WORKER_MS = 300_000  # workers that give way to pages are slow where other tests run beside them
BUYER = {
    "E-mail address": "alice@example.com",
    "Full name": "Alice Adams",
    "Street and number": "1 Main St",
    "Postcode": "60601",
    "City": "Chicago",
}
SHIFTS = """
window.shifts = [];
new PerformanceObserver(list => list.getEntries().forEach(
    entry => entry.hadRecentInput || window.shifts.push(entry.value)
)).observe({type: "layout-shift", buffered: true});
"""
READ = """async () => {
    for (let at = 0; at < document.body.scrollHeight; at += 400) {
        scrollTo(0, at);
        await new Promise(done => setTimeout(done, 30));
    }
}"""


@pytest.fixture(scope="module")
def own_shop(servers: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[OwnShop]:
    with open_own_shop(tmp_path_factory.mktemp("own")) as opened:
        yield opened


@pytest.mark.slow
@pytest.mark.journey
def test_a_merchant_sells_ships_and_takes_back_in_one_evening(
    own_shop: OwnShop, browser: Browser, tmp_path: Path
) -> None:
    problems: list[str] = []
    still: Any = {"base_url": own_shop.url, "reduced_motion": "reduce"}
    office = browser.new_context(viewport={"width": 1400, "height": 900}, **still)
    phone = browser.new_context(viewport={"width": 390, "height": 844}, **still)
    staff, guest = watch(office, problems), watch(phone, problems)

    guest.goto("/")
    expect(guest.get_by_role("heading", name="This shop opens soon")).to_be_visible()
    sign_in(staff, own_shop, "merchandiser")
    import_list(staff, tmp_path)
    edit_product(staff)
    cut_prices(staff)
    sign_in(staff, own_shop, "support")
    order = buy(guest)
    assert own_shop.hear_events() == {200}
    number = guest.get_by_role("heading", level=1).inner_text().removeprefix("Order ")
    send(staff, number)
    assert send_back(guest, order) == f"{number}-R1"
    refund(staff, number)
    assert own_shop.hear_events() == {200}

    guest.goto(order)
    expect(guest.get_by_text("Refunded: $152.10")).to_be_visible()
    check_ledgers(own_shop)
    assert problems == []


def sign_in(page: Page, shop: OwnShop, role: str) -> None:
    page.context.clear_cookies()
    email, password = shop.logins[role]
    page.goto("/account/login/?next=/admin/")
    page.locator("main input[name=login]").fill(email)
    page.locator("main input[type=password]").fill(password)
    page.locator("main button[type=submit]").click()
    page.wait_for_url(re.compile("/admin/$"))


def import_list(page: Page, folder: Path) -> None:
    """Line 7 is refused, mended in the list, and taken over with the pictures."""
    pictures = folder / "pictures.zip"
    with zipfile.ZipFile(pictures, "w") as archive:
        for picture in sorted((SAMPLE / "pictures").iterdir()):
            archive.write(picture, picture.name)
    check_list(page, SAMPLE / "products.csv", pictures)
    expect(page.get_by_text(MISTAKE)).to_be_visible()
    expect(page.get_by_text("78 rows read: 77 would be new")).to_be_visible()

    mended = folder / "products.csv"
    mended.write_text((SAMPLE / "products.csv").read_text().replace(WRONG, RIGHT))
    check_list(page, mended, pictures)
    expect(page.get_by_text("78 rows read: 78 would be new")).to_be_visible()
    page.get_by_role("button", name="Import it").click()
    expect(page.get_by_text("78 rows read: 78 new")).to_be_visible(timeout=WORKER_MS)


def check_list(page: Page, file: Path, pictures: Path) -> None:
    page.goto("/admin/products/lists/")
    page.locator("#ft-file").set_input_files(file)
    page.locator("#ft-pictures").set_input_files(pictures)
    page.get_by_role("button", name="Upload").click()
    page.get_by_role("button", name="Check the list").click()
    expect(page.get_by_text("nothing is changed yet")).to_be_visible(timeout=WORKER_MS)


def edit_product(page: Page) -> None:
    """A new name is on the page of the product at once."""
    page.goto("/admin/shop/product/?q=compass")
    page.get_by_role("link", name="Compass", exact=True).first.click()
    page.locator("[name=name]").fill("Sighting compass")
    page.get_by_role("button", name="Save the product").click()
    expect(page.get_by_text("The product is saved")).to_be_visible()


def cut_prices(page: Page) -> None:
    """Ten percent off one category, checked by the law, from today on."""
    page.goto("/admin/promotions/new/")
    page.get_by_role("link", name=re.compile("^Price cut")).click()
    page.get_by_label("products", exact=True).fill("Packs")
    begin = page.get_by_label("begin", exact=True)
    begin.fill(page.evaluate("new Date(Date.now() - 86400000).toISOString().slice(0, 16)"))
    page.get_by_role("button", name=re.compile("^Save as a draft")).click()
    expect(page.get_by_text("may be released")).to_be_visible(timeout=WORKER_MS)
    # The page reloads once more when the forecast is there
    expect(page.locator("#ft-progress-rehearsal")).to_have_count(0, timeout=WORKER_MS)
    page.get_by_label("Reason: Schedule").fill("Opening week")
    page.get_by_role("button", name="Schedule").click()
    expect(page.get_by_text("The new status of the campaign is “live”.")).to_be_visible()


def buy(page: Page) -> str:
    """A guest buys three products with a card that the bank asks about; return the order's path."""
    for words, name in (
        ("trek", "Trek pack"),
        ("candle", "Candle in a tin"),
        ("compass", "Sighting compass"),
    ):
        page.goto(f"/search/?q={words}")
        page.locator(".card__name").get_by_role("link", name=name).first.click()
        page.locator("main").get_by_role("button", name="Add to cart").first.click()
        expect(page.get_by_role("dialog", name="Your cart").get_by_text(name).first).to_be_visible()
    stand_still(page, urlsplit(page.url).path)
    page.goto("/checkout/")
    page.get_by_label("State or province").select_option("Illinois")
    for label, value in BUYER.items():
        page.get_by_label(label, exact=True).fill(value)
    page.get_by_label("Postcode", exact=True).fill("???")
    page.get_by_role("radio", name="Card or wallet").check()
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_text("This is not valid there. For example:").first).to_be_visible()
    page.get_by_label("Postcode", exact=True).fill(BUYER["Postcode"])
    page.get_by_role("button", name="Place order and pay").click()
    page.get_by_label("Test card").select_option("3-D Secure")
    page.get_by_role("button", name="Pay $189.10").click()
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    return urlsplit(page.url).path


def stand_still(page: Page, product: str) -> None:
    """Nothing moves when pictures come, read from the top to the bottom with an empty cache."""
    browser, state = page.context.browser, page.context.storage_state()
    assert browser is not None
    home = "/".join(page.url.split("/")[:3])
    for width in (390, 1280):
        context = browser.new_context(
            base_url=home, storage_state=state, viewport={"width": width, "height": 844}
        )
        context.add_init_script(SHIFTS)
        reader = context.new_page()
        for path in ("/", "/c/camp/", product, "/cart/"):
            reader.goto(path, wait_until="load")
            reader.evaluate(READ)
            reader.wait_for_load_state("networkidle")
            assert reader.locator("main img[src*='/media/']").count() > 0, path
            assert reader.evaluate("window.shifts") == [], f"{path} at {width}"
        context.close()


def send(page: Page, number: str) -> None:
    """Pack all, which takes the money, ship and deliver."""
    page.goto(f"/admin/orders/order/?q={number}")
    page.get_by_role("link", name=number).first.click()
    for action, button, said in (
        ("Pack", "Pack the parcel", "The parcel is packed."),
        ("Ship", "Ship the parcel", "The parcel was shipped."),
        ("Delivered", "Yes, it has arrived", "The parcel has arrived."),
    ):
        act(page, action, button, said)


def act(page: Page, action: str, button: str, said: str) -> None:
    page.locator(f'[hx-get]:has-text("{action}")').last.click()
    page.get_by_role("button", name=button).click()
    expect(page.get_by_text(said)).to_be_visible()


def send_back(page: Page, order: str) -> str:
    """The guest sends the pack back, the dearest of the three pieces; return the number."""
    page.goto(order)
    page.get_by_role("link", name="Send something back").click()
    pack = page.get_by_role("group", name=re.compile("Trek pack"))
    pack.get_by_label("For a refund").select_option("1")
    page.get_by_label("Reason").select_option(label="I changed my mind")
    page.get_by_role("button", name="Request the return").click()
    heading = page.get_by_role("heading", name=re.compile("^Return FT-"))
    return heading.inner_text().removeprefix("Return ")


def refund(page: Page, number: str) -> None:
    page.goto("/admin/orders/return/")
    page.get_by_role("link", name=f"{number}-R1").first.click()
    act(page, "Received", "Yes, they are here", "The return was received.")
    act(page, "Inspect", "Exchange or refund what is accepted", "The return was settled.")


def check_ledgers(shop: OwnShop) -> None:
    """Stock and money add up, here and at the provider, once the worker has sent the refund."""
    sent = "SELECT 1 FROM orders_refund WHERE state = 'succeeded'"
    deadline = time.monotonic() + WORKER_MS / 1000
    while not shop.query(sent) and time.monotonic() < deadline:
        time.sleep(0.5)
    assert set(shop.query(LEDGERS)) == {(True, 0)}
    assert shop.query(MOVES) == MOVED
    payments = "SELECT state, amount_minor, refunded_minor FROM orders_payment"
    assert shop.query(payments) == [("succeeded", 18_910, 15_210)]
    assert shop.query("SELECT state, amount_minor FROM orders_refund") == [("succeeded", 15_210)]
    assert list(shop.stripe.held().values()) == [3_700]
    assert shop.query("SELECT status, total_minor, refunded_minor FROM orders_order") == [
        ("fulfilled", 18_910, 15_210)
    ]
