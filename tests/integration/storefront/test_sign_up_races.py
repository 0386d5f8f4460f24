"""Sign-ups for one address at the same moment: all are answered alike, and one account is made."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from django.contrib.auth import get_user_model
from django.core import mail
from django.test import Client

from tests.factories.races import race
from tests.fixtures_api import ApiClient

pytestmark = pytest.mark.django_db(transaction=True)

ADDRESS, PASSWORD = "anna@example.com", "a long and quiet river"
PEOPLE = 4


def _by_page(_n: int) -> tuple[int, str]:
    given = {"email": ADDRESS, "password1": PASSWORD}
    answer = Client(raise_request_exception=False).post("/account/signup/", given)
    return answer.status_code, answer.get("Location", "")


def _by_api(_n: int) -> tuple[int, str]:
    given = {"email": ADDRESS, "password": PASSWORD}
    answer = ApiClient().post("/_allauth/app/v1/auth/signup", given)
    pending = [each["id"] for each in answer.json()["data"]["flows"] if "is_pending" in each]
    return answer.status_code, ",".join(pending)


@pytest.mark.parametrize(
    ("sign_up", "expected"),
    [(_by_page, (302, "/account/confirm-email/")), (_by_api, (401, "verify_email"))],
)
def test_all_are_answered_alike_and_one_account_is_made(
    sign_up: Callable[[int], tuple[int, str]], expected: tuple[int, str]
) -> None:
    assert race(sign_up, PEOPLE, PEOPLE) == [expected] * PEOPLE
    assert get_user_model().objects.filter(email=ADDRESS).count() == 1
    assert {tuple(letter.to) for letter in mail.outbox} == {(ADDRESS,)}
