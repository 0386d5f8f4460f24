"""Members of staff with tokens for their systems."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management import call_command

from promotions.tokens.core import PRICES_A_DAY, StaffScope
from promotions.tokens.services import make_staff_token
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import MERCHANDISER
from tests.fixtures_api import ApiClient


def make_holder(name: str = "ann", role: str = MERCHANDISER) -> int:
    """Return the account of a member of staff with a role; the same one for the same name."""
    account, is_new = get_user_model().objects.get_or_create(
        email=f"{name}@staff.example", defaults={"is_staff": True}
    )
    if is_new:
        if not Group.objects.filter(name=role).exists():
            call_command("seed_roles", verbosity=0)
        account.groups.add(Group.objects.get(name=role))
    return int(account.pk)


def make_staff_key(
    account_id: int, *scopes: StaffScope, days: int = 30, prices_a_day: int = PRICES_A_DAY
) -> str:
    """Return a token, with all scopes unless some are named."""
    now = utc_now()
    return make_staff_token(
        account_id=account_id,
        name="CI",
        scopes=scopes or [*StaffScope],
        expires_at=now + timedelta(days=days),
        now=now,
        prices_a_day=prices_a_day,
    )[1]


def make_staff_client(
    name: str = "ann", *scopes: StaffScope, role: str = MERCHANDISER
) -> ApiClient:
    """Return a system that writes campaigns for a member of staff."""
    key = make_staff_key(make_holder(name, role), *scopes)
    return ApiClient(Authorization=f"Bearer {key}")


def make_root_client() -> ApiClient:
    """Return a system of somebody who may do everything."""
    account_id = make_holder("root")
    get_user_model().objects.filter(pk=account_id).update(is_superuser=True)
    return ApiClient(Authorization=f"Bearer {make_staff_key(account_id)}")
