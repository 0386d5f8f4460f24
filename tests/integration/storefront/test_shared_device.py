"""Whoever comes after a sign-out on the same device is a stranger."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client

from profiles.shoppers.selectors.shoppers import find_shopper_for_account
from shop.doors.storefront.visitors import SHOPPER_COOKIE, read_shopper
from tests.factories.orders import FakePrices, Shelf

pytestmark = pytest.mark.django_db

LOGIN = {"login": "alice@example.com", "password": "correct horse battery"}


@pytest.fixture
def browser(shelf: Shelf, prices: FakePrices) -> Client:
    """A browser at the shelf; the guest in it has put cheese into the cart."""
    get_user_model().objects.create_user(email=LOGIN["login"], password=LOGIN["password"])
    client = Client()
    assert client.post("/cart/add/", {"line": f"{shelf.cheddar}:"}).status_code == 302
    return client


def has_cheese(browser: Client) -> bool:
    return b"heddar" in browser.get("/cart/").content


def test_the_guests_cart_follows_into_the_account_only(browser: Client) -> None:
    assert has_cheese(browser)
    assert browser.post("/account/login/", LOGIN).status_code == 302
    assert has_cheese(browser)
    browser.post("/account/logout/")
    assert not has_cheese(browser)
    assert SHOPPER_COOKIE not in browser.cookies or not browser.cookies[SHOPPER_COOKIE].value


def test_a_cookie_from_before_the_login_belongs_to_nobody(browser: Client, shelf: Shelf) -> None:
    before = browser.cookies[SHOPPER_COOKIE].value
    browser.post("/account/login/", LOGIN)
    browser.get("/account/")
    browser.post("/account/logout/")
    browser.cookies[SHOPPER_COOKIE] = before
    assert not has_cheese(browser)

    browser.cookies[SHOPPER_COOKIE] = before
    browser.post("/cart/add/", {"line": f"{shelf.rye}:"})
    alice = find_shopper_for_account(get_user_model().objects.get().pk)
    known = read_shopper(browser.cookies[SHOPPER_COOKIE].value)
    assert alice is not None
    assert known is not None
    assert known[0] != alice.pseudonym
    assert not has_cheese(browser)
