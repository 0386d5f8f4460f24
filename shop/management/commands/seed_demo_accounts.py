"""Make the logins of the demo: an administrator, one of each role, two real households."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from contextlib import suppress
from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.contrib.auth.models import Group
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import transaction

from orders.order.api import list_orders
from profiles.accounts.api import find_household, link_account
from profiles.shoppers.api import find_shopper_for_account
from promotions.demo.api import open_demo_membership
from promotions.loyalty.api import PointsRefused, Purchase
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.roles import ROLES
from shop.management.commands.seed_roles import seed_roles

DOMAIN = "fairtag.example"
MOST_ORDERS = 10_000  # more than any household's year
# Said of what a household bought last; marked, for nobody wrote it.
SHOPPERS = {"olivia": "on_offer", "felix": "fresh_food"}


class Command(BaseCommand):
    help = (
        "Create the demo's logins and print them. Passwords follow from SECRET_KEY: a second run"
        " prints the same ones."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the options."""
        parser.add_argument("--json", action="store_true", help="print a JSON list")
        parser.add_argument(
            "--staff-only", action="store_true", help="no shoppers: a shop that nobody knows yet"
        )
        parser.add_argument(
            "--anyway", action="store_true", help="even behind HTTPS: a public demo"
        )

    def handle(self, *args: Any, **options: Any) -> None:
        """Run; safe at any time, changes nothing the second time."""
        if settings.IS_HTTPS and not options["anyway"]:
            raise CommandError("These are demo logins: behind HTTPS say --anyway to mean it.")
        seed_roles()
        logins = [_make_staff("admin", role="")]
        logins += [_make_staff(role, role=role) for role in ROLES]
        if not options["staff_only"]:
            logins += [_make_shopper(name, tag) for name, tag in SHOPPERS.items()]
        if options["json"]:
            self.stdout.write(json.dumps(logins, indent=1))
            return
        for login in logins:
            self.stdout.write(f"{login['role']:<34} {login['email']:<34} {login['password']}")


def draw_password(email: str) -> str:
    """Return the demo password of `email` in this installation: three words of four letters."""
    drawn = hmac.new(settings.SECRET_KEY.encode(), f"demo:{email}".encode(), hashlib.sha256)
    letters = base64.b32encode(drawn.digest()).decode().lower()
    return f"{letters[:4]}-{letters[4:8]}-{letters[8:12]}"


@transaction.atomic
def _make_account(name: str, *, is_staff: bool, is_superuser: bool) -> tuple[Any, dict[str, str]]:
    email = f"{name}@{DOMAIN}"
    password = draw_password(email)
    accounts = get_user_model().objects
    account = accounts.filter(email=email).first()
    if account is None:
        account = accounts.create_user(email, password, first_name=name.capitalize())
    elif not account.check_password(password):
        account.set_password(password)
    account.is_active, account.is_staff, account.is_superuser = True, is_staff, is_superuser
    account.save()
    account.confirm_email()
    return account, {"role": name, "email": email, "password": password}


def _make_staff(name: str, *, role: str) -> dict[str, str]:
    account, login = _make_account(name, is_staff=True, is_superuser=not role)
    account.groups.set(Group.objects.filter(name=role))
    return login


@transaction.atomic
def _make_shopper(name: str, tag: str) -> dict[str, str]:
    """Link a login to a household that carries `tag`, or to the busiest one that is free."""
    account, login = _make_account(name, is_staff=False, is_superuser=False)
    shopper = find_shopper_for_account(account.pk)
    if shopper is None:
        household = find_household(tag=tag)
        shopper = link_account(
            account_id=account.pk,
            pseudonym=None if household is None else str(household.pseudonym),
            now=utc_now(),
            market_code=settings.MARKET_CODE,
        )
    with suppress(PointsRefused):  # a shop without a programme has no members
        open_demo_membership(
            shopper_id=shopper.id,
            market_code=settings.MARKET_CODE,
            purchases={
                order.number: Purchase(order.placed_at, order.total_minor)
                for order in list_orders(shopper_id=shopper.id, limit=MOST_ORDERS)
                if order.channel == "store"
            },
            now=utc_now(),
        )
    what = {"on_offer": "shopper likely to buy on offer", "fresh_food": "fresh-food regular"}[tag]
    known_as = f", {shopper.external_ref}" if shopper.external_ref else ""
    return {**login, "role": f"{what}{known_as}"}
