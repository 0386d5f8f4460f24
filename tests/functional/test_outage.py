"""Redis dies while somebody shops: the store sells on, and recovers by itself."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.functional.conftest import Visitor
from tests.functional.shop import Shop
from tests.functional.walk import (
    PERSONAL,
    become_known,
    fill_checkout,
    put_into_cart,
    read_amount,
    read_price,
    read_prices,
    view_products,
)

LISTING = "/search/?q=cheese"
# What the schedule does every few seconds where workers run: profiles catch up with the table.
REPAIR = """
from profiles.events.services.rebuild import repair_online_features
from shop.ground.kernel.clock import utc_now
repair_online_features(now=utc_now())
"""


@pytest.fixture
def restored(shop: Shop) -> Iterator[Shop]:
    """The shop; whatever the test did to Valkey, it runs again afterwards."""
    yield shop
    shop.valkey.start()


def kill_valkey(shop: Shop) -> None:
    pid = int((shop.valkey.folder / "valkey.pid").read_text())
    os.kill(pid, signal.SIGKILL)


def test_the_shop_sells_while_redis_is_dead_and_recovers(
    page: Page, visit: Visitor, restored: Shop
) -> None:
    become_known(page, LISTING)
    before = read_prices(page)
    card = page.locator(".card", has=page.locator(PERSONAL)).first
    promised = read_price(card.locator(".price"))
    held = str(card.locator(".price").get_attribute("data-variant"))

    kill_valkey(restored)
    put_into_cart(card)
    page.goto("/cart/")
    # Signed, so it needs no Redis. Offers stand below the line's own price: its sum is compared.
    assert read_amount(page.locator(".line__sum").inner_text()) == promised.mine
    page.goto(LISTING)
    during = read_prices(page)
    # One more of what is in the cart costs what the cart holds, and its card says so.
    assert during.pop(held) == promised
    assert page.locator(PERSONAL).count() == 1
    assert {variant: price.mine for variant, price in during.items()} == {
        variant: price.everyone for variant, price in before.items() if variant in during
    }
    page.goto("/")
    expect(page.get_by_role("heading", name="What everybody buys")).to_be_visible()
    page.goto("/checkout/")
    fill_checkout(page)
    page.get_by_role("button", name="Place order and pay").click()
    expect(page.get_by_text("Thank you!")).to_be_visible()
    view_products(page, LISTING, 1)

    restored.valkey.start()
    page.wait_for_timeout(1_000)  # the breaker asks again after half a second
    restored.shell.run(REPAIR)
    page.goto(LISTING)
    expect(page.locator(PERSONAL).first).to_be_visible()
