"""One bucket for an act and a client, whichever door is used; and words for people when it is
empty."""

from __future__ import annotations

import pytest
from django.contrib.auth import get_user_model
from django.test import Client
from pytest_django import Settings

from shop.doors.storefront.visitors import SHOPPER_COOKIE, sign_shopper
from tests.factories.orders import FakePrices, Shelf, make_shopper
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

CODE = {"code": "NOSUCH"}
ORDER = {"number": "FT-7K3M9-2QXAB", "email": "alice@example.com"}
HTMX = {"hx-request": "true", "hx-target": "cart"}


@pytest.fixture
def browser(shelf: Shelf, prices: FakePrices) -> Client:
    """Alice's browser, with the cookie of a guest."""
    client = Client()
    client.cookies[SHOPPER_COOKIE] = sign_shopper(make_shopper().pseudonym, None)
    return client


def track(browser: Client, prefix: str = "", **headers: str) -> int:
    return browser.post(f"{prefix}/orders/", ORDER, headers=headers).status_code


def test_codes_are_tried_only_as_often_as_allowed(browser: Client, settings: Settings) -> None:
    settings.API_RATES = {"guess": "2/h"}
    answers = [browser.post("/cart/code/", CODE, headers=HTMX) for _ in range(3)]
    assert [answer.status_code for answer in answers][2] == 429
    assert 429 not in [answer.status_code for answer in answers][:2]
    assert 0 < int(answers[2]["Retry-After"]) <= 1800
    assert "Too many tries in a short time. Please come back in 30 minutes." in str(
        answers[2].content
    )
    assert b"<html" not in answers[2].content
    assert browser.post("/cart/code/", {**CODE, "remove": "1"}).status_code != 429


def test_without_script_the_whole_cart_says_so(browser: Client, settings: Settings) -> None:
    settings.API_RATES = {"guess": "1/h"}
    browser.post("/cart/code/", CODE)
    refused = browser.post("/zh-hans/cart/code/", CODE)
    assert refused.status_code == 429
    page = refused.content.decode()
    assert "<html" in page
    assert "短时间内尝试次数过多，请 60 分钟后再来。" in page


def test_looking_for_orders_is_limited_and_keeps_what_was_typed(
    browser: Client, settings: Settings
) -> None:
    settings.API_RATES = {"guess": "2/h"}
    assert [track(browser) for _ in range(3)] == [422, 422, 429]
    refused = browser.post("/orders/", ORDER)
    assert refused["Retry-After"]
    assert ORDER["number"] in refused.content.decode()
    assert browser.get("/orders/").status_code == 200


def test_a_new_cookie_or_the_api_buys_no_new_tries(
    browser: Client, settings: Settings, shelf: Shelf
) -> None:
    settings.API_RATES = {"guess": "2/h"}
    assert ApiClient().post("/api/v1/orders/track", ORDER).status_code == 404
    assert track(browser) == 422
    assert track(Client()) == 429
    assert ApiClient().post("/api/v1/orders/track", ORDER).status_code == 429


def test_a_guest_moves_money_as_often_as_the_api_allows(
    browser: Client, settings: Settings
) -> None:
    settings.API_RATES = {"money": "1/h"}
    assert browser.post("/checkout/").status_code == 302  # the cart is empty
    refused = browser.post("/checkout/")
    assert refused.status_code == 429
    assert "Please wait a moment" in refused.content.decode()
    assert browser.get("/checkout/").status_code == 302


def test_an_address_of_version_six_counts_as_its_line(browser: Client, settings: Settings) -> None:
    settings.API_RATES = {"guess": "1/h"}
    settings.TRUSTED_PROXIES = ["127.0.0.1"]
    mine = {"X-Forwarded-For": "2001:db8:0:7::1"}
    hopped = {"X-Forwarded-For": "2001:db8:0:7:ffff::2"}
    neighbor = {"X-Forwarded-For": "2001:db8:0:8::1"}
    assert [track(browser, **who) for who in (mine, hopped, neighbor)] == [422, 429, 422]


@pytest.mark.usefixtures("redis_down")
def test_without_redis_guessing_does_not_become_free(
    browser: Client, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WEB_CONCURRENCY", "2")
    settings.API_RATES = {"guess": "4/h"}
    assert [track(browser) for _ in range(3)] == [422, 422, 429]


def test_failed_sign_ins_are_counted_together_with_the_api(browser: Client) -> None:
    get_user_model().objects.create_user(email="alice@example.com", password="correct horse")
    wrong = {"email": "alice@example.com", "password": "not this one"}
    for _ in range(5):
        assert ApiClient().post("/_allauth/app/v1/auth/login", wrong).status_code == 400
    refused = browser.post("/account/login/", {"login": wrong["email"], **wrong})
    assert (refused.status_code, refused["Retry-After"]) == (429, "300")
    assert "alice@example.com" in refused.content.decode()


def test_too_many_sign_ups_get_a_page_and_a_time(browser: Client) -> None:
    answers = [browser.post("/account/signup/", {}) for _ in range(21)]
    assert {answer.status_code for answer in answers[:20]} == {200}
    assert (answers[20].status_code, answers[20]["Retry-After"]) == (429, "60")
    assert "Please wait a moment" in answers[20].content.decode()


def test_odd_input_at_the_cart_is_answered(browser: Client) -> None:
    told = browser.post("/cart/code/", {"code": "NOPE123"}, follow=True)
    assert told.request["PATH_INFO"] == "/cart/"
    assert "NOPE123: " in told.content.decode()
    assert browser.post("/cart/accept/", {"version": "²"}).status_code < 500
    back = browser.post("/privacy/choices/", {"personal": "off", "next": "/zh-hans/cart/line/?a=1"})
    assert back["Location"] == "/zh-hans/cart/"
    asked = "/search/?q=/cart/x"
    kept = browser.post("/privacy/choices/", {"personal": "off", "next": asked})
    assert kept["Location"] == asked
