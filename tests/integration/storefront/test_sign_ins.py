"""Wrong passwords from elsewhere cost the owner nothing, and guessing stays slow."""

from __future__ import annotations

import re

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from shop.doors.storefront import sign_ins
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db
ALICE = {"login": "alice@example.com", "password": "correct horse"}
WRONG = {**ALICE, "password": "not this one"}
HOME = "198.51.100.7"


@pytest.fixture
def owner(shelf: object) -> Client:
    get_user_model().objects.create_user(email=ALICE["login"], password=ALICE["password"])
    return Client(REMOTE_ADDR=HOME)


def _sign_in(client: Client, given: dict[str, str] = ALICE, address: str = HOME) -> int:
    return client.post("/account/login/", given, REMOTE_ADDR=address).status_code


def test_28_foreign_wrong_passwords_do_not_lock_the_owner_out(owner: Client) -> None:
    answers = [_sign_in(Client(), WRONG, f"203.0.113.{n % 4}") for n in range(28)]
    assert set(answers) == {200, 429}  # five at each address, then none
    assert answers.count(200) == 20
    wrong = {"email": ALICE["login"], "password": "not this one"}
    for _ in range(5):
        ApiClient(REMOTE_ADDR="203.0.113.9").post("/_allauth/app/v1/auth/login", wrong)
    assert _sign_in(owner) == 302


def test_guessing_from_many_addresses_ends_and_known_devices_go_on(
    owner: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sign_ins.RATES, sign_ins.ANYWHERE, "6/d/key")
    assert _sign_in(owner) == 302
    del owner.cookies["sessionid"]
    answers = [_sign_in(Client(), WRONG, f"203.0.113.{n}") for n in range(8)]
    assert answers == [200] * 6 + [429] * 2
    refused = Client().post("/account/login/", ALICE, REMOTE_ADDR="192.0.2.1")
    assert refused.status_code == 429
    assert "reset your password by e-mail" in refused.content.decode()
    assert _sign_in(owner, address="192.0.2.200") == 302


def test_a_known_device_of_one_account_guesses_no_other(
    owner: Client,
) -> None:
    get_user_model().objects.create_user(email="bob@example.com", password="battery staple")
    assert _sign_in(owner) == 302
    del owner.cookies["sessionid"]
    assert [_sign_in(owner, WRONG) for _ in range(6)] == [200] * 5 + [429]
    bob = {"login": "bob@example.com", "password": "not this one"}
    assert [_sign_in(owner, bob, "192.0.2.9") for _ in range(6)] == [200] * 5 + [429]


def test_a_reset_answers_alike_and_emails_known_and_unknown(owner: Client) -> None:
    answers = []
    for email in (ALICE["login"], "nobody@example.com"):
        page = owner.post("/account/password/reset/", {"email": email})
        api = ApiClient().post("/_allauth/app/v1/auth/password/request", {"email": email})
        answers.append((page.status_code, page["Location"], api.status_code, api.content))
    assert answers[0] == answers[1]
    assert [letter.to for letter in mail.outbox] == [
        [ALICE["login"]],
        [ALICE["login"]],
        ["nobody@example.com"],
        ["nobody@example.com"],
    ]


@pytest.mark.parametrize(
    ("language", "headings"), [("en", ["E-mail", "Devices"]), ("zh-hans", ["电子邮箱", "设备"])]
)
def test_account_pages_are_headed_as_the_menu_names_them(
    owner: Client, language: str, headings: list[str]
) -> None:
    assert _sign_in(owner) == 302
    for name, heading in zip(("account_email", "usersessions_list"), headings, strict=True):
        with override(language):
            address = reverse(name)
        page = owner.get(address).content.decode()
        found = re.findall(r"<h1[^>]*>\s*(.*?)\s*</h1>", page)
        assert found == [heading]
        assert f'<a href="{address}">{heading}</a>' in page
