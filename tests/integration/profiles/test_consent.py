"""Answers: recorded for good, effective on the next quote."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
import redis
from django.db import connection, transaction
from django.db.utils import DatabaseError
from pytest_django import DjangoCaptureOnCommitCallbacks

from profiles.consent.services import UnknownPurpose, set_consent
from profiles.events.services.rebuild import repair_online_features
from profiles.models import ConsentRecord, OnlineLag, Shopper, ShopperProfile
from profiles.segments.selectors.online import read_online_profiles
from profiles.segments.services.segments import refresh_profiles
from profiles.shoppers.selectors.shoppers import (
    ShopperNotFound,
    get_shopper_by_id,
    list_consents,
    list_stale_pseudonyms,
)
from profiles.values import Consents, ShopperValue
from shop.ground.jobs import redis as door
from shop.ground.outbox.models import Fact
from tests.factories.profiles import EVERYTHING, NOON, make_guest

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("small_catalog")]
Commit = DjangoCaptureOnCommitCallbacks


@pytest.fixture
def alice(django_capture_on_commit_callbacks: Commit) -> ShopperValue:
    with django_capture_on_commit_callbacks(execute=True):
        return make_guest()


def answer(shopper: ShopperValue, purpose: str, granted: bool, **changes: Any) -> ShopperValue:
    known = {"how": "price switch", "locale": "en", "text_version": "2026-11", "now": NOON}
    return set_consent(shopper_id=shopper.id, purpose=purpose, granted=granted, **(known | changes))


def online_consents(shopper: ShopperValue) -> Consents | None:
    return read_online_profiles([shopper.pseudonym], NOON)[shopper.pseudonym].consents


def test_switching_off_holds_for_the_very_next_quote(
    alice: ShopperValue, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answered = answer(alice, "price", granted=False, reason="too personal")
    assert answered.consents == EVERYTHING.without_price()
    assert answered.opt_out_reason == "too personal"
    assert online_consents(alice) == EVERYTHING.without_price()
    assert not OnlineLag.objects.exists()


def test_switching_on_again_is_as_easy_and_forgets_the_reason(
    alice: ShopperValue, django_capture_on_commit_callbacks: Commit
) -> None:
    with django_capture_on_commit_callbacks(execute=True):
        answer(alice, "price", granted=False, reason="too personal")
        answer(alice, "price", granted=True)
    assert online_consents(alice) == EVERYTHING
    assert get_shopper_by_id(alice.id).opt_out_reason == ""


def test_each_answer_is_recorded_with_the_text_that_was_shown(alice: ShopperValue) -> None:
    answer(alice, "marketing", granted=False, how="account", locale="zh-hans")
    latest = list_consents(alice.id)[0]
    assert (latest.purpose, latest.is_granted, latest.how) == ("marketing", False, "account")
    assert (latest.locale, latest.text_version) == ("zh-hans", "2026-11")
    fact = Fact.objects.get(kind="ConsentChanged")
    assert fact.payload == {"shopper_id": alice.id}


def test_an_answer_that_changes_nothing_is_not_recorded_twice(alice: ShopperValue) -> None:
    answer(alice, "price", granted=True)
    assert ConsentRecord.objects.filter(shopper_id=alice.id).count() == 4
    assert not Fact.objects.exists()


def test_there_are_four_questions(alice: ShopperValue) -> None:
    with pytest.raises(UnknownPurpose):
        answer(alice, "resale", granted=True)


def test_nobody_answers_for_the_erased(alice: ShopperValue) -> None:
    Shopper.objects.filter(pk=alice.id).update(erased_at=NOON)
    with pytest.raises(ShopperNotFound):
        answer(alice, "price", granted=False)


def test_with_redis_down_a_shopper_is_opted_out_until_repaired(
    alice: ShopperValue,
    monkeypatch: pytest.MonkeyPatch,
    django_capture_on_commit_callbacks: Commit,
) -> None:
    nobody = redis.Redis(port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        with django_capture_on_commit_callbacks(execute=True):
            answer(alice, "price", granted=False)
    door.redis_breaker.close()
    assert list_stale_pseudonyms() == {alice.pseudonym}
    repair_online_features(now=NOON)
    assert online_consents(alice) == EVERYTHING.without_price()
    assert list_stale_pseudonyms() == frozenset()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE profiles_consentrecord SET is_granted = true",
        "DELETE FROM profiles_consentrecord",
    ],
)
def test_the_log_cannot_be_changed(alice: ShopperValue, statement: str) -> None:
    with (
        pytest.raises(DatabaseError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)
    assert ConsentRecord.objects.filter(shopper_id=alice.id).count() == 4


def test_a_minor_is_never_offered_a_personal_price(
    alice: ShopperValue, django_capture_on_commit_callbacks: Commit
) -> None:
    Shopper.objects.filter(pk=alice.id).update(is_minor=True)
    with django_capture_on_commit_callbacks(execute=True):
        answer(alice, "price", granted=False)
        minor = answer(alice, "price", granted=True, now=NOON + timedelta(minutes=1))
    assert not minor.consents.price
    consents = online_consents(alice)
    assert consents is not None
    assert not consents.price


def test_rolled_back_answers_change_nothing(alice: ShopperValue) -> None:
    with transaction.atomic():
        answer(alice, "price", granted=False)
        transaction.set_rollback(True)  # Django's own signature
    assert online_consents(alice) == EVERYTHING
    assert get_shopper_by_id(alice.id).consents == EVERYTHING


def test_who_agrees_to_nothing_has_no_profile(
    alice: ShopperValue, django_capture_on_commit_callbacks: Commit
) -> None:
    refresh_profiles(now=NOON)
    assert ShopperProfile.objects.filter(shopper_id=alice.id).exists()
    with django_capture_on_commit_callbacks(execute=True):
        for purpose in ("price", "recommendations", "analytics"):
            answer(alice, purpose, granted=False)
    assert not ShopperProfile.objects.exists()
    assert refresh_profiles(now=NOON) == 0
    profile = read_online_profiles([alice.pseudonym], NOON)[alice.pseudonym]
    assert profile.consents == Consents(marketing=True)
    assert (profile.feature_row, profile.segment, profile.tags) == (None, None, ())
