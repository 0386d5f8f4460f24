"""Whether a guest has joined an account: remembered in Redis, never beyond the joining."""

from __future__ import annotations

import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from profiles.accounts import selectors as guests
from profiles.accounts.selectors import belongs_to_account
from profiles.accounts.services.identity import get_or_create_guest, link_account
from profiles.events.core import FREE, JOINING, guest_key
from profiles.events.services.online import bar_guest
from profiles.models import Account
from profiles.values import Consents, ShopperValue
from shop.ground.jobs import redis as door
from shop.ground.kernel.clock import utc_now
from tests.factories.statements import act_after

pytestmark = pytest.mark.django_db


def make_guest() -> ShopperValue:
    return get_or_create_guest(pseudonym=None, defaults=Consents(), market_code="us", now=utc_now())


def make_account(email: str) -> int:
    return Account.objects.create_user(email=email, password="a-long-pass-phrase").pk


def count_queries(pseudonym: str, *, expected: bool) -> int:
    with CaptureQueriesContext(connection) as queries:
        assert belongs_to_account(pseudonym) is expected
    return len(queries)


def test_a_guest_is_looked_up_once() -> None:
    guest = make_guest()
    asked = [count_queries(guest.pseudonym, expected=False) for _ in range(3)]
    assert asked == [1, 0, 0]


def test_a_guest_who_is_taken_over_is_known_at_once() -> None:
    guest = make_guest()
    assert not belongs_to_account(guest.pseudonym)
    link_account(account_id=make_account("a@x.example"), pseudonym=guest.pseudonym, now=utc_now())
    assert belongs_to_account(guest.pseudonym)


def test_a_guest_who_is_merged_is_known_at_once() -> None:
    account_id = make_account("a@x.example")
    link_account(account_id=account_id, pseudonym=None, now=utc_now())
    guest = make_guest()
    assert not belongs_to_account(guest.pseudonym)
    link_account(account_id=account_id, pseudonym=guest.pseudonym, now=utc_now())
    assert belongs_to_account(guest.pseudonym)


def test_an_answer_from_before_the_joining_is_not_cached(clean_redis: redis.Redis) -> None:
    guest = make_guest()
    # Somebody signs in while the table is being asked.
    sign_in = act_after("FROM profiles_shopper", lambda: bar_guest(guest.pseudonym))
    with connection.execute_wrapper(sign_in):
        assert not belongs_to_account(guest.pseudonym)
    assert clean_redis.get(guest_key(guest.pseudonym)) == JOINING.encode()
    assert [count_queries(guest.pseudonym, expected=False) for _ in range(2)] == [1, 1]


def test_what_is_remembered_fades(clean_redis: redis.Redis) -> None:
    guest = make_guest()
    belongs_to_account(guest.pseudonym)
    assert clean_redis.get(guest_key(guest.pseudonym)) == FREE.encode()
    assert 0 < clean_redis.ttl(guest_key(guest.pseudonym)) <= guests.FREE_SECONDS


def test_without_redis_the_table_is_asked(monkeypatch: pytest.MonkeyPatch) -> None:
    guest = make_guest()
    belongs_to_account(guest.pseudonym)
    nobody = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.05)
    with monkeypatch.context() as patched:
        patched.setattr(door, "get_redis", lambda: nobody)
        asked = [count_queries(guest.pseudonym, expected=False) for _ in range(2)]
    door.redis_breaker.close()
    assert asked == [1, 1]


def test_what_is_no_pseudonym_belongs_to_nobody() -> None:
    assert count_queries("nobody", expected=False) == 0
