"""Signing in costs nobody anything, and takes nothing from anybody else."""

from __future__ import annotations

from datetime import timedelta

import pytest

from orders.cart.services.carts import add_to_cart, view_cart
from pricing.api import quote_variants
from pricing.base.core.values import PriceView
from profiles.accounts.services.identity import link_account
from profiles.models import Account
from profiles.values import ShopperValue
from shop.doors.pages.sign_in import join_guest
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_held_out,
    make_shopper,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db
LATER = NOON + timedelta(minutes=5)


def open_account(name: str, shopper: ShopperValue) -> int:
    """Return the id of a login whose shopper is `shopper`."""
    account = Account.objects.create_user(f"{name}@shop.example", "correct horse battery")
    with committed():
        link_account(account_id=account.pk, pseudonym=shopper.pseudonym, now=NOON)
    return int(account.pk)


def sign_in(account_id: int, guest: ShopperValue) -> ShopperValue:
    with committed():
        joined = join_guest(
            account_id=account_id, guest=guest.pseudonym, context=visit(guest, LATER)
        )
    return joined.shopper


def prices_of(dairy: Dairy, shopper: ShopperValue) -> dict[int, PriceView]:
    return quote_variants(context=visit(shopper, LATER), variant_ids=dairy.all).prices


@pytest.mark.parametrize("make_owner", [make_treated, make_held_out])
def test_signing_in_never_raises_a_price(dairy: Dairy, make_owner) -> None:  # noqa: ANN001  # a factory
    open_dairy()
    alice_at_home = make_owner()
    account_id = open_account("alice", alice_at_home)
    guest = make_treated()
    look_at(guest, dairy.cheeses)
    promised = prices_of(dairy, guest)
    assert promised[dairy.brie].quoted_minor < promised[dairy.brie].public_minor

    alice = sign_in(account_id, guest)

    assert alice.id == alice_at_home.id
    after = prices_of(dairy, alice)
    raised = {v for v in dairy.all if after[v].quoted_minor > promised[v].quoted_minor}
    assert raised == set()


def test_a_guest_becomes_the_shopper_of_a_new_login(dairy: Dairy) -> None:
    open_dairy()
    guest = make_treated()
    look_at(guest, dairy.cheeses)
    promised = prices_of(dairy, guest)
    account = Account.objects.create_user("bob@shop.example", "correct horse battery")
    bob = sign_in(account.pk, guest)
    assert bob.id == guest.id
    assert prices_of(dairy, bob) == promised


def test_the_cart_follows_and_twice_is_once(dairy: Dairy) -> None:
    open_dairy()
    account_id = open_account("alice", make_shopper())
    guest = make_shopper()
    with committed():
        add_to_cart(context=visit(guest), variant_id=dairy.rye, quantity=2, token=None)
    for _ in range(2):
        alice = sign_in(account_id, guest)
    assert [line.quantity for line in view_cart(context=visit(alice, LATER)).lines] == [2]


def test_a_token_on_a_shared_device_takes_nothing(dairy: Dairy) -> None:
    """Alice signed in here and left; Bob signs in with the guest token she began with."""
    open_dairy()
    alice = make_shopper()
    open_account("alice", alice)
    with committed():
        add_to_cart(context=visit(alice), variant_id=dairy.rye, quantity=3, token=None)
    bob_id = open_account("bob", make_shopper())

    bob = sign_in(bob_id, alice)

    assert bob.id != alice.id
    assert view_cart(context=visit(bob, LATER)).lines == ()
    assert [line.quantity for line in view_cart(context=visit(alice, LATER)).lines] == [3]
