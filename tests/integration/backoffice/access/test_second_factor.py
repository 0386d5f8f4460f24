"""In production a password alone opens no staff page."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from allauth.mfa.totp.internal.auth import (
    format_hotp_value,
    hotp_value,
    yield_hotp_counters_from_time,
)
from django.contrib.auth import get_user_model
from django.test import Client
from django.urls import reverse
from pytest_django import Settings

from shop.env import read_staff_mfa
from shop.ground.staff.roles import ANALYST

SET_UP = "/account/2fa/"
PASSWORD = "correct horse battery staple"


@pytest.fixture(autouse=True)
def _required(settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = True
    settings.MFA_TOTP_TOLERANCE = 1  # half a minute may end between making a code and sending it


@pytest.mark.parametrize("page", ["index", "orders_order_changelist", "quote_inspector"])
def test_staff_without_a_factor_are_sent_to_set_one_up(
    root: Client, as_role: Callable[[str], Client], page: str
) -> None:
    for browser in (root, as_role(ANALYST)):
        answer = browser.get(reverse(f"admin:{page}"))
        assert (answer.status_code, answer["Location"]) == (302, SET_UP)
    assert "Staff need a second factor." in root.get(SET_UP).content.decode()


def test_the_way_out_stays_open(root: Client) -> None:
    assert root.post(reverse("admin:logout")).status_code == 200
    assert "_auth_user_id" not in root.session


@pytest.mark.django_db
def test_strangers_are_sent_to_the_login_as_ever(client: Client) -> None:
    assert "/login/" in client.get(reverse("admin:index"))["Location"]


def test_the_demo_stays_without(root: Client, settings: Settings) -> None:
    settings.STAFF_MFA_REQUIRED = False
    assert root.get(reverse("admin:index")).status_code == 200


@pytest.mark.usefixtures("stocked_shop")
def test_the_second_factor_is_set_up_and_then_required(client: Client) -> None:
    alice = get_user_model().objects.create_superuser("alice@staff.example", PASSWORD)
    login = {"login": alice.email, "password": PASSWORD}
    client.post("/account/login/", login)
    assert client.get(reverse("admin:index"))["Location"] == SET_UP
    client.post("/account/reauthenticate/", {"password": PASSWORD})
    page = client.get(f"{SET_UP}totp/activate/")
    secret = page.context["form"].secret
    client.post(f"{SET_UP}totp/activate/", {"code": code_of(secret)})
    assert client.get(reverse("admin:index")).status_code == 200

    client.logout()
    answer = client.post("/account/login/", login)
    assert answer["Location"].startswith(f"{SET_UP}authenticate/")
    assert "/login/" in client.get(reverse("admin:index"))["Location"]


def code_of(secret: str) -> str:
    counter = next(yield_hotp_counters_from_time())
    return format_hotp_value(hotp_value(secret, counter))


@pytest.mark.parametrize(
    ("said", "is_https", "expected"),
    [(None, True, True), (None, False, False), ("off", True, False), ("required", False, True)],
)
def test_production_requires_it_unless_told_otherwise(
    monkeypatch: pytest.MonkeyPatch, said: str | None, is_https: bool, expected: bool
) -> None:
    if said is None:
        monkeypatch.delenv("FAIRTAG_STAFF_MFA", raising=False)
    else:
        monkeypatch.setenv("FAIRTAG_STAFF_MFA", said)
    assert read_staff_mfa(is_https=is_https) is expected


def test_a_wrong_word_is_one_clear_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("FAIRTAG_STAFF_MFA", "maybe")
    with pytest.raises(SystemExit, match="FAIRTAG_STAFF_MFA is maybe; it must be required or off"):
        read_staff_mfa(is_https=True)
