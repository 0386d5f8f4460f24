"""What is kept about a person, handed out and forgotten."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import pytest
import redis
from allauth.account.models import EmailAddress
from django.apps import apps
from django.db import connection
from psycopg import sql
from pytest_django import DjangoCaptureOnCommitCallbacks

from profiles.accounts.services.bulk import load_traits_bulk
from profiles.accounts.services.identity import link_account
from profiles.events.core import profile_key, variants_key
from profiles.events.services.drain import drain_events
from profiles.events.services.events import ingest_events
from profiles.events.services.table import store_records
from profiles.models import (
    Account,
    ConsentRecord,
    Event,
    OnlineLag,
    Shopper,
    ShopperProfile,
)
from profiles.privacy.core import FieldClass
from profiles.privacy.services import (
    FIELDS,
    PRIVACY,
    StaffAccount,
    erase_everywhere,
    export_everything,
    forget_expired,
)
from profiles.segments.selectors.online import read_online_profiles
from profiles.segments.services.segments import refresh_profiles
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.selectors.shoppers import find_shopper
from profiles.values import ShopperValue
from shop.ground.outbox.models import Fact
from tests.factories.profiles import (
    BROWSER,
    CHEDDAR,
    EVERYTHING,
    GOUDA,
    NOON,
    make_event,
    make_guest,
    make_view,
)
from tests.integration.profiles.test_feature_parity import record

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]
Commit = DjangoCaptureOnCommitCallbacks
CANARY = "canary-7f3a"


def test_every_field_of_every_table_is_classified() -> None:
    models = {
        model.__name__: {field.name for field in (*model._meta.fields, *model._meta.many_to_many)}
        for model in apps.get_app_config("profiles").get_models()
    }
    assert {name: set(fields) for name, fields in FIELDS.items()} == models


def test_traits_for_audits_are_classified_so() -> None:
    assert FIELDS["AuditTrait"]["value"] is FieldClass.AUDIT


@pytest.fixture
def alice(django_capture_on_commit_callbacks: Commit) -> ShopperValue:
    """Alice: an account, a merged guest, a search with a canary in it, traits, a profile."""
    account = Account.objects.create_user(f"{CANARY}@example.com", "correct horse battery")
    with django_capture_on_commit_callbacks(execute=True):
        owner = link_account(account_id=account.pk, pseudonym=make_guest().pseudonym, now=NOON)
        guest = make_guest()
    search = make_view(kind="search", query=f"{CANARY} cheese")
    del search["variant_id"]
    for shopper, event in ((owner, search), (guest, make_view(GOUDA)), (owner, make_view(CHEDDAR))):
        ingest_events(
            shopper=shopper,
            events=[event],
            now=NOON,
            channel="online",
            user_agent=BROWSER,
            consents=EVERYTHING,
        )
    drain_events(limit=10, now=NOON)
    with django_capture_on_commit_callbacks(execute=True):
        link_account(account_id=account.pk, pseudonym=guest.pseudonym, now=NOON)
    load_traits_bulk(rows=[(owner.id, "age", f"{CANARY}-45")])
    Shopper.objects.filter(pk=owner.id).update(external_ref=f"{CANARY}-household")
    refresh_profiles(now=NOON)
    return owner


def test_an_export_holds_everything_and_is_json(alice: ShopperValue) -> None:
    exported = export_everything(shopper_id=alice.id, rooms=[PRIVACY])["profiles"]
    text = json.dumps(exported)
    assert text.count(CANARY) == 4  # e-mail address, search, trait, reference
    assert {event["kind"] for event in exported["events"]} == {"search", "view"}
    assert exported["shopper"]["consents_now"]["price"]
    assert len(exported["consents"]) == 4
    assert exported["profile"]["features"]["activity"] > 0
    assert len(exported["shopper"]["merged_pseudonyms"]) == 1


def rows_with_canary() -> list[str]:
    """Return the tables of this database in which any text holds the canary."""
    found = []
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            query = sql.SQL("SELECT 1 FROM {} t WHERE t::text LIKE %s").format(
                sql.Identifier(table)
            )
            cursor.execute(query, [f"%{CANARY}%"])
            if cursor.fetchone():
                found.append(table)
    return found


def test_the_erased_leave_no_trace(
    alice: ShopperValue,
    redis_connection: redis.Redis,
    django_capture_on_commit_callbacks: Commit,
) -> None:
    assert rows_with_canary()
    late = make_view(kind="search", query=CANARY)
    del late["variant_id"]
    ingest_events(
        shopper=alice,
        events=[late],
        now=NOON,
        channel="online",
        user_agent=BROWSER,
        consents=EVERYTHING,
    )
    with django_capture_on_commit_callbacks(execute=True):
        erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)

    assert rows_with_canary() == []
    assert find_shopper(alice.pseudonym) is None
    assert not Event.objects.exists()
    assert not ShopperProfile.objects.exists()
    assert not AuditTrait.objects.exists()
    assert not Account.objects.exists()
    assert not OnlineLag.objects.exists()
    assert not redis_connection.exists(profile_key(alice.pseudonym), variants_key(alice.pseudonym))
    assert all(
        CANARY.encode() not in str(entry).encode()
        for entry in redis_connection.xrange("fairtag:events")
    )
    assert Fact.objects.get(kind="ShopperErased").payload == {"shopper_id": alice.id}


def test_erasing_keeps_the_consent_log_attached_to_nobody(alice: ShopperValue) -> None:
    erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)
    nobody = Shopper.objects.get(pk=alice.id)
    assert ConsentRecord.objects.filter(shopper=nobody).count() == 4
    assert str(nobody.pseudonym) != alice.pseudonym
    assert (nobody.account_id, nobody.external_ref, nobody.erased_at) == (None, None, NOON)
    assert not nobody.consent_price
    assert not nobody.consent_recommendations


def test_erasing_twice_is_erasing_once(alice: ShopperValue) -> None:
    erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)
    erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON + timedelta(days=1))
    assert Shopper.objects.get(pk=alice.id).erased_at == NOON


def test_an_event_of_a_shopper_being_erased_is_dropped(
    alice: ShopperValue,
) -> None:
    row = record(make_event("view"), alice)
    erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)
    assert store_records([row], now=NOON).gone == 1
    assert not Event.objects.exists()


def test_staff_are_not_erased_by_the_shoppers_door(alice: ShopperValue) -> None:
    Account.objects.update(is_staff=True)
    with pytest.raises(StaffAccount):
        erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)
    assert Event.objects.exists()


def store(shopper: ShopperValue, kind: str, at: datetime) -> None:
    store_records([record(make_event(kind, at), shopper)], now=NOON)


def test_what_was_only_looked_at_is_forgotten_after_ninety_days() -> None:
    alice = make_guest()
    OnlineLag.objects.all().delete()
    for kind in ("view", "search", "purchase", "order"):
        store(alice, kind, NOON - timedelta(days=91))
        store(alice, kind, NOON - timedelta(days=89))
    assert forget_expired(now=NOON) == 2
    kept = Event.objects.filter(occurred_at__lt=NOON - timedelta(days=90))
    assert set(kept.values_list("kind", flat=True)) == {"purchase", "order"}
    assert Event.objects.count() == 6
    assert OnlineLag.objects.get().shopper_id == alice.id
    assert forget_expired(now=NOON) == 0


def test_features_are_forgotten_half_a_year_after_the_last_visit(
    redis_connection: redis.Redis, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        alice, bob = make_guest(), make_guest()
    refresh_profiles(now=NOON)
    Shopper.objects.filter(pk=alice.id).update(last_seen_at=NOON - timedelta(days=181))
    assert forget_expired(now=NOON) == 1
    assert ShopperProfile.objects.get().shopper_id == bob.id
    profiles = read_online_profiles([alice.pseudonym, bob.pseudonym], NOON)
    assert not profiles[alice.pseudonym].is_warm
    assert profiles[bob.pseudonym].is_warm


def test_the_consent_log_is_forgotten_three_years_after_erasure(
    alice: ShopperValue,
) -> None:
    erase_everywhere(shopper_id=alice.id, rooms=[PRIVACY], now=NOON)
    log = ConsentRecord.objects.filter(shopper_id=alice.id)
    forget_expired(now=NOON + timedelta(days=3 * 365))
    assert log.count() == 4
    forget_expired(now=NOON + timedelta(days=3 * 366 + 1))
    assert log.count() == 0


def test_accounts_that_nobody_confirmed_go_after_thirty_days() -> None:
    def sign_up(email: str, days: int, **given: Any) -> None:
        account = Account.objects.create(
            email=email, date_joined=NOON - timedelta(days=days, seconds=1), **given
        )
        EmailAddress.objects.create(user=account, email=email, verified=False, primary=True)

    sign_up("old@example.com", 30)
    sign_up("young@example.com", 29)
    sign_up("staff@example.com", 40, is_staff=True)
    sign_up("came@example.com", 40, last_login=NOON)
    confirmed = Account.objects.create_user("confirmed@example.com")
    Account.objects.filter(pk=confirmed.pk).update(date_joined=NOON - timedelta(days=400))
    assert forget_expired(now=NOON) == 1
    left = Account.objects.order_by("email").values_list("email", flat=True)
    assert list(left) == [f"{name}@example.com" for name in ("came", "confirmed", "staff", "young")]
