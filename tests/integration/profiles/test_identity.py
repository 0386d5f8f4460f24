"""Guests, logins, and how the one becomes the other."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import timedelta
from threading import Barrier, BrokenBarrierError
from uuid import uuid4

import pytest
from django.db import connection
from pytest_django import DjangoCaptureOnCommitCallbacks
from pytest_django.fixtures import DjangoAssertNumQueries

from profiles.accounts.services.identity import get_or_create_guest, link_account
from profiles.events.services.drain import drain_events
from profiles.events.services.events import ingest_events
from profiles.events.services.rebuild import repair_online_features
from profiles.models import Account, ConsentRecord, Event, Shopper
from profiles.segments.selectors.online import compute_feature_rows, read_online_profiles
from profiles.shoppers.selectors.shoppers import (
    ShopperNotFound,
    find_shopper,
    find_shopper_for_account,
    get_shopper,
)
from profiles.values import Consents, ShopperValue
from tests.factories.profiles import (
    BRIE,
    BROWSER,
    CHEDDAR,
    EVERYTHING,
    GOUDA,
    NOON,
    NOTHING,
    make_guest,
    make_view,
)
from tests.factories.statements import act_after

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]
Commit = DjangoCaptureOnCommitCallbacks


def make_account(name: str = "alice") -> Account:
    return Account.objects.create_user(f"{name}@example.com", "correct horse battery")


def view(shopper: ShopperValue, *variants: int) -> None:
    ingest_events(
        shopper=shopper,
        events=[make_view(variant) for variant in variants],
        now=NOON,
        channel="online",
        user_agent=BROWSER,
        consents=EVERYTHING,
    )


def test_a_guest_is_known_by_the_cookie(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    alice = make_guest()
    with django_assert_num_queries(1):
        again = get_or_create_guest(
            pseudonym=alice.pseudonym, defaults=NOTHING, market_code="us", now=NOON
        )
    assert again == alice


@pytest.mark.parametrize("cookie", [None, "", "nonsense", "07943a6b-c08e-4877-881a-ebe57ff91518"])
def test_an_unknown_cookie_gets_a_pseudonym_of_our_own(cookie: str | None) -> None:
    guest = get_or_create_guest(pseudonym=cookie, defaults=NOTHING, market_code="us", now=NOON)
    assert guest.pseudonym != cookie
    assert Shopper.objects.count() == 1


def test_defaults_of_a_new_guest_are_recorded_as_defaults() -> None:
    guest = make_guest(Consents(price=True, recommendations=True))
    records = ConsentRecord.objects.filter(shopper_id=guest.id)
    assert set(records.values_list("purpose", "is_granted", "how")) == {
        ("price", True, "default"),
        ("recommendations", True, "default"),
        ("marketing", False, "default"),
        ("analytics", False, "default"),
    }


def test_a_new_guest_may_get_a_personal_price_at_once(
    django_capture_on_commit_callbacks: Commit,
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        alice = make_guest()
    profile = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym]
    assert (profile.is_warm, profile.consents) == (True, EVERYTHING)


def test_a_first_login_takes_the_guest_over() -> None:
    guest = make_guest()
    account = make_account()
    shopper = link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)
    assert (shopper.id, shopper.pseudonym, shopper.account_id) == (
        guest.id,
        guest.pseudonym,
        account.pk,
    )


def test_a_login_without_a_cookie_gets_everything_off() -> None:
    account = make_account()
    shopper = link_account(account_id=account.pk, pseudonym=None, now=NOON)
    assert shopper.consents == NOTHING
    assert find_shopper_for_account(account.pk) == shopper
    assert link_account(account_id=account.pk, pseudonym=None, now=NOON) == shopper


def test_a_guest_merges_into_the_login(django_capture_on_commit_callbacks: Commit) -> None:
    account = make_account()
    with django_capture_on_commit_callbacks(execute=True):
        owner = link_account(account_id=account.pk, pseudonym=make_guest().pseudonym, now=NOON)
        guest = make_guest(now=NOON - timedelta(days=2))
    view(owner, CHEDDAR)
    view(guest, GOUDA)
    drain_events(limit=10, now=NOON)
    view(guest, BRIE)  # still in the stream when the guest logs in

    with django_capture_on_commit_callbacks(execute=True):
        merged = link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)

    assert merged.id == owner.id
    assert merged.created_at == NOON - timedelta(days=2)
    assert get_shopper(guest.pseudonym).pseudonym == owner.pseudonym
    online = read_online_profiles([owner.pseudonym], NOON)[owner.pseudonym].feature_row
    assert online is not None
    assert set(online.variant_affinity) == {CHEDDAR, GOUDA, BRIE}
    drain_events(limit=10, now=NOON)
    assert set(Event.objects.values_list("shopper_id", flat=True)) == {owner.id}
    repair_online_features(now=NOON)
    batch = next(compute_feature_rows([owner.id], NOON))
    online = read_online_profiles([owner.pseudonym], NOON)[owner.pseudonym].feature_row
    assert online is not None
    assert online.values == pytest.approx(batch.values, rel=1e-9)
    assert online.variant_affinity == pytest.approx(batch.variant_affinity, rel=1e-9)


def test_merging_keeps_the_stricter_answer_and_says_so() -> None:
    account = make_account()
    owner = link_account(account_id=account.pk, pseudonym=make_guest().pseudonym, now=NOON)
    guest = make_guest(Consents(price=False, recommendations=True, marketing=False, analytics=True))
    merged = link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)
    assert merged.consents == Consents(recommendations=True, analytics=True)
    withdrawn = ConsentRecord.objects.filter(shopper_id=owner.id, how="merge")
    assert set(withdrawn.values_list("purpose", "is_granted")) == {
        ("price", False),
        ("marketing", False),
    }


def test_merging_never_switches_something_on() -> None:
    account = make_account()
    link_account(account_id=account.pk, pseudonym=make_guest(NOTHING).pseudonym, now=NOON)
    merged = link_account(account_id=account.pk, pseudonym=make_guest().pseudonym, now=NOON)
    assert merged.consents == NOTHING


def test_a_minor_stays_a_minor_through_a_merge() -> None:
    account = make_account()
    link_account(account_id=account.pk, pseudonym=make_guest().pseudonym, now=NOON)
    guest = make_guest()
    Shopper.objects.filter(pk=guest.id).update(is_minor=True)
    merged = link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)
    assert merged.is_minor
    assert not merged.consents.price


def test_a_cookie_of_another_login_is_left_alone() -> None:
    alices = link_account(
        account_id=make_account("alice").pk, pseudonym=make_guest().pseudonym, now=NOON
    )
    bobs = link_account(account_id=make_account("bob").pk, pseudonym=alices.pseudonym, now=NOON)
    assert bobs.id != alices.id
    assert get_shopper(alices.pseudonym) == alices


def test_a_merged_guest_cannot_be_merged_again() -> None:
    first = make_account("alice")
    owner = link_account(account_id=first.pk, pseudonym=make_guest().pseudonym, now=NOON)
    guest = make_guest()
    link_account(account_id=first.pk, pseudonym=guest.pseudonym, now=NOON)
    bob = link_account(account_id=make_account("bob").pk, pseudonym=guest.pseudonym, now=NOON)
    assert bob.id not in {owner.id, guest.id}


def test_nobody_is_found_by_nonsense() -> None:
    assert find_shopper("nonsense") is None
    with pytest.raises(ShopperNotFound):
        get_shopper(str(uuid4()))


def test_one_person_has_one_login_whatever_the_case() -> None:
    account = Account.objects.create_user("Alice@Example.COM", "correct horse battery")
    assert account.email == "alice@example.com"
    assert Account.objects.get_by_natural_key("ALICE@example.com") == account
    with pytest.raises(ValueError, match="e-mail"):
        Account.objects.create_user("", "x")


@pytest.mark.django_db(transaction=True)
def test_two_tabs_that_log_in_at_once_become_one_shopper() -> None:
    account = make_account()
    guests = [make_guest(), make_guest()]
    both_looked = Barrier(2)

    def wait() -> None:
        """Let both look before either writes; with the lock the second cannot look yet."""
        with suppress(BrokenBarrierError):
            both_looked.wait(timeout=0.5)

    def log_in(guest: ShopperValue) -> int:
        try:
            with connection.execute_wrapper(act_after('FROM "profiles_shopper"', wait)):
                return link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON).id
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        shoppers = set(pool.map(log_in, guests))

    assert len(shoppers) == 1
    assert Shopper.objects.get(account=account).pk in shoppers
    assert Shopper.objects.filter(merged_into__in=shoppers).count() == 1
