"""The checkout form sent twice: its second answer leads to the order of the first."""

from __future__ import annotations

from concurrent.futures import Future, ThreadPoolExecutor
from threading import Event

import pytest
from django.db import connection
from django.test import Client

from orders.models import Order
from orders.payments.models import Payment
from tests.factories.orders import BOB_AT_HOME, FakePrices, Shelf
from tests.factories.statements import act_after, act_before

KEY, OTHER_KEY = "0b8a5f6e-0000-4000-8000-000000000001", "0b8a5f6e-0000-4000-8000-000000000002"
KEY_LOCK = "pg_try_advisory_xact_lock"


def _fill(shelf: Shelf) -> tuple[Client, dict[str, str]]:
    """Return a guest's browser with a piece in the cart, and the filled-in form."""
    browser = Client()
    browser.post("/cart/add/", {"line": f"{shelf.rye}:"})
    shown = browser.get("/checkout/").context["checkout"].cart.total_minor
    given = {name: getattr(BOB_AT_HOME, name) for name in BOB_AT_HOME.__slots__}
    given |= {"place": "1", "delivery": "standard", "method": "sandbox-card", "key": KEY}
    return browser, {**given, "shown_total": str(shown)}


def _same_guest(browser: Client) -> Client:
    tab = Client()
    tab.cookies.update(browser.cookies)
    return tab


@pytest.mark.django_db
def test_a_form_sent_again_leads_to_its_order(prices: FakePrices, shelf: Shelf) -> None:
    browser, given = _fill(shelf)
    tab = _same_guest(browser)
    first = browser.post("/checkout/", given)
    second = tab.post("/checkout/", given)
    assert (second.status_code, second["Location"]) == (302, first["Location"])
    assert "1 Mill Lane" in tab.get(second["Location"]).content.decode()
    assert (Order.objects.count(), Payment.objects.count()) == (1, 1)


@pytest.mark.django_db
def test_another_email_sent_again_proves_nothing(prices: FakePrices, shelf: Shelf) -> None:
    browser, given = _fill(shelf)
    tab = _same_guest(browser)
    link = browser.post("/checkout/", given)["Location"]
    assert tab.post("/checkout/", given | {"email": "eve@example.org"})["Location"] == link
    assert "1 Mill Lane" not in tab.get(link).content.decode()


@pytest.mark.django_db
def test_an_old_form_leaves_a_new_cart_alone(prices: FakePrices, shelf: Shelf) -> None:
    browser, given = _fill(shelf)
    first = browser.post("/checkout/", given)
    browser.post("/cart/add/", {"line": f"{shelf.gouda}:"})
    again = browser.post("/checkout/", given | {"shown_total": "9999"})
    assert (again.status_code, again["Location"]) == (302, first["Location"])
    assert [line.card.name for line in browser.get("/cart/").context["cart"].lines] == ["Gouda"]


@pytest.mark.django_db
def test_the_key_of_somebody_else_leads_to_no_order(prices: FakePrices, shelf: Shelf) -> None:
    browser, given = _fill(shelf)
    browser.post("/checkout/", given)
    stranger, own = _fill(shelf)
    stranger.post("/checkout/", own | {"key": OTHER_KEY})
    for each in (stranger, Client()):
        answer = each.post("/checkout/", given)
        assert (answer.status_code, answer["Location"]) == (302, "/cart/")


@pytest.mark.parametrize("key", [KEY, OTHER_KEY])
def test_two_tabs_at_once_make_one_order(busy_shop: tuple[Shelf, FakePrices], key: str) -> None:
    """The second tab asks for its key while the first has the order written but not committed."""
    browser, given = _fill(busy_shop[0])
    tab = _same_guest(browser)
    written, asked = Event(), Event()
    first: list[Future[str]] = []

    def wait() -> None:
        written.set()
        asked.wait(10)

    def press() -> str:
        try:
            with connection.execute_wrapper(act_after('INSERT INTO "orders_order"', wait)):
                return browser.post("/checkout/", given)["Location"]
        finally:
            connection.close()

    def begin() -> None:
        if not first:
            first.append(pool.submit(press))
            written.wait(10)

    with (
        ThreadPoolExecutor(1) as pool,
        connection.execute_wrapper(act_before(KEY_LOCK, begin)),
        connection.execute_wrapper(act_after(KEY_LOCK, asked.set)),
    ):
        second = tab.post("/checkout/", given | {"key": key})
        link = first[0].result(10)
    assert (second.status_code, second["Location"]) == (302, link if key == KEY else "/cart/")
    assert Order.objects.get().status == "paid"
