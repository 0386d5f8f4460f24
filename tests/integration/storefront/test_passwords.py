"""Passwords are not those that are guessed first, and who changes an account says who they are."""

from __future__ import annotations

import re

import pytest
from allauth.account.models import EmailAddress
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from pytest_django import Settings

from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db

AUTH = "/_allauth/app/v1/auth"
NEW, KNOWN, PASSWORD = "anna@example.com", "carl@example.com", "a long and quiet river"


@pytest.fixture(autouse=True)
def _account(shelf: object) -> None:
    get_user_model().objects.create_user(KNOWN, PASSWORD)


@pytest.mark.parametrize(
    ("password", "is_taken"),
    [
        ("Fairtag-2026", False),
        ("coupons4shop", False),
        ("password123", False),  # among the 20,000 most common
        ("shop-of-quiet-rivers", True),
    ],
)
def test_a_password_needs_more_than_words_of_the_shop(password: str, is_taken: bool) -> None:
    answer = Client().post("/account/signup/", {"email": NEW, "password1": password})
    assert answer.status_code == (302 if is_taken else 200)
    given = {"email": "app@example.com", "password": password}
    assert ApiClient().post(f"{AUTH}/signup", given).status_code == (401 if is_taken else 400)


def test_adding_an_email_address_asks_for_the_password() -> None:
    browser = Client()
    browser.force_login(get_user_model().objects.get(email=KNOWN))
    session = browser.session
    for record in session["account_authentication_methods"]:
        record["at"] -= 901
    session.save()
    added = {"email": "mallory@example.com", "action_add": ""}
    answer = browser.post("/account/email/", added)
    assert answer["Location"].startswith("/account/reauthenticate/")
    assert not EmailAddress.objects.filter(email="mallory@example.com").exists()
    browser.post(answer["Location"], {"password": PASSWORD})
    browser.post("/account/email/", added)
    assert EmailAddress.objects.filter(email="mallory@example.com", verified=False).exists()


def test_a_password_reset_link_ends_after_an_hour(settings: Settings) -> None:
    assert settings.PASSWORD_RESET_TIMEOUT == 3_600
    Client().post("/account/password/reset/", {"email": KNOWN})
    (link,) = re.findall(r"http://testserver(/\S+)", str(mail.outbox[0].body))
    assert Client().get(link).status_code == 302
    settings.PASSWORD_RESET_TIMEOUT = -1  # that hour is over
    assert Client().get(link).status_code == 200
