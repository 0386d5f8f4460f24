"""The demo's logins: one of each role, two real households, the same passwords every time."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from django.core.management import CommandError, call_command
from pytest_django import Settings

from profiles.models import Shopper, ShopperProfile
from shop.ground.staff.roles import ROLES


def read_logins(capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """Run the command and return what it printed."""
    call_command("seed_demo_accounts", "--json")
    logins: list[dict[str, Any]] = json.loads(capsys.readouterr().out)
    return logins


@pytest.fixture
def households(stocked_shop: None) -> None:
    """Two of the imported households nobody logs in as: one mostly on offer, one fresh food."""
    free = Shopper.objects.order_by("pk")
    free.update(account=None)
    offers, fresh = free[:2]
    ShopperProfile.objects.exclude(shopper=offers).update(tags=[])
    ShopperProfile.objects.filter(shopper=fresh).update(tags=["fresh_food"])


def test_the_command_makes_a_login_for_everybody_and_is_idempotent(
    households: None, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.IS_HTTPS = False
    first = read_logins(capsys)
    assert [login["role"] for login in first][:7] == ["admin", *ROLES]
    assert [login["role"] for login in first][7:] == [
        "shopper likely to buy on offer, household 0",
        "fresh-food regular, household 1",
    ]
    assert read_logins(capsys) == first
    assert get_user_model().objects.filter(email__endswith="@fairtag.example").count() == 9


def test_the_printed_password_opens_the_account_with_its_role_alone(
    households: None, settings: Settings, capsys: pytest.CaptureFixture[str]
) -> None:
    settings.IS_HTTPS = False
    for login in read_logins(capsys)[:7]:
        account = get_user_model().objects.get(email=login["email"])
        assert account.check_password(login["password"])
        assert account.is_superuser is (login["role"] == "admin")
        held = [group.name for group in account.groups.all()]
        assert held == ([] if account.is_superuser else [login["role"]])


def test_behind_https_demo_logins_are_refused_unless_meant(
    households: None, settings: Settings
) -> None:
    settings.IS_HTTPS = True
    with pytest.raises(CommandError, match="--anyway"):
        call_command("seed_demo_accounts")
