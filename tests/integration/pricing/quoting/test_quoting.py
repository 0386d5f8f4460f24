"""What a shopper pays: personal after looking around, public when anything speaks against it."""

from __future__ import annotations

import time
from datetime import timedelta

import numpy as np
import pytest
import redis
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import (
    ReadOnce,
    drain_quotes,
    get_quote,
    publish_price_book,
    quote_listing,
    quote_variants,
    set_kill_switch,
)
from pricing.base.core.values import PriceView
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.quotes import Quote
from pricing.policy.models.policy import KillSwitch
from pricing.quoting.services import quoting
from profiles.consent.services import set_consent
from profiles.values import ShopperValue
from shop.ground.jobs import redis as redis_door
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


@pytest.fixture
def alice(dairy: Dairy) -> ShopperValue:
    """Alice has looked at three cheeses in an open dairy."""
    open_dairy()
    look_at(alice := make_treated(), dairy.cheeses[:3])
    return alice


def prices_of(
    dairy: Dairy, shopper: ShopperValue | None, **changes: object
) -> dict[int, PriceView]:
    return quote_variants(context=visit(shopper, **changes), variant_ids=dairy.all).prices


def amounts(views: dict[int, PriceView]) -> dict[int, int]:
    return {variant: view.quoted_minor for variant, view in views.items()}


def test_looking_at_three_cheeses_lowers_all_cheeses_at_once(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    before = amounts(prices_of(dairy, alice))
    look_at(alice, dairy.cheeses[:3])
    after = prices_of(dairy, alice)
    assert before == {v: view.public_minor for v, view in after.items()}
    assert {v for v, view in after.items() if view.quoted_minor < before[v]} == set(dairy.cheeses)
    assert {after[v].rung for v in dairy.cheeses} == {"personal"}


def test_looking_more_never_raises_a_price(dairy: Dairy, alice: ShopperValue) -> None:
    """Whatever the week's draw: the price never rises, and cheaper price points become likelier."""
    first = prices_of(dairy, alice)
    look_at(alice, [dairy.brie, dairy.brie, dairy.camembert, dairy.rye])
    second = prices_of(dairy, alice, now=NOON + timedelta(hours=2))
    drain_quotes()
    for cheese in dairy.cheeses:
        assert second[cheese].quoted_minor <= first[cheese].quoted_minor
        assert expected_minor(second[cheese]) < expected_minor(first[cheese])


def expected_minor(view: PriceView) -> float:
    """Return the mean of the prices that could have been shown, as the exposure has them."""
    row = Quote.objects.get(pk=view.quote_id)
    return float(np.dot(row.rung_minors, row.rung_probabilities))


def test_a_personal_price_says_what_it_is(dairy: Dairy, alice: ShopperValue) -> None:
    brie = prices_of(dairy, alice)[dairy.brie]
    assert brie.is_personal
    assert brie.label.startswith("Personal price, set automatically")
    assert sum(reason.amount_minor for reason in brie.reasons) == brie.quoted_minor
    assert [reason.code for reason in brie.reasons] == ["public", "personal"]
    assert brie.expires_at == NOON + timedelta(minutes=60)
    assert brie.unit_label == "lb"
    assert brie.unit_minor == int(brie.quoted_minor * 453.59237 / 200 + 0.5)


def test_new_york_gets_its_exact_sentence(dairy: Dairy, alice: ShopperValue) -> None:
    verbatim = "THIS PRICE WAS SET BY AN ALGORITHM USING YOUR PERSONAL DATA."
    assert prices_of(dairy, alice, jurisdiction_code="US-NY")[dairy.brie].label.startswith(verbatim)
    chinese = prices_of(dairy, alice, jurisdiction_code="US-NY", language="zh-hans")[dairy.brie]
    assert chinese.label.startswith(verbatim)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gpc": True}, "gpc"),
        ({"jurisdiction_code": "XX"}, "jurisdiction"),
        ({"jurisdiction_code": ""}, "jurisdiction"),
        ({"now": NOON + timedelta(days=15)}, "stale_model"),
    ],
)
def test_without_leave_the_price_is_the_anonymous_one(
    dairy: Dairy, alice: ShopperValue, change: dict[str, object], reason: str
) -> None:
    batch = quote_variants(context=visit(alice, **change), variant_ids=dairy.all)
    anonymous = quote_variants(context=visit(None, **change), variant_ids=dairy.all)
    assert batch.fallback_reason == reason
    assert batch.prices == anonymous.prices
    assert not any(view.is_personal for view in batch.prices.values())


def test_who_refused_pays_exactly_what_a_stranger_pays(dairy: Dairy) -> None:
    open_dairy()
    charlie = make_shopper(is_willing=False)
    look_at(charlie, dairy.cheeses)
    batch = quote_variants(context=visit(charlie), variant_ids=dairy.all)
    assert batch.fallback_reason == "no_consent"
    assert batch.prices == prices_of(dairy, None)


def test_opting_out_works_on_the_next_quote(dairy: Dairy, alice: ShopperValue) -> None:
    assert prices_of(dairy, alice)[dairy.brie].is_personal
    with committed():
        set_consent(
            shopper_id=alice.id,
            purpose="price",
            granted=False,
            how="switch",
            locale="en",
            text_version="1",
            now=NOON,
        )
    batch = quote_variants(context=visit(alice), variant_ids=dairy.all)
    assert batch.prices == prices_of(dairy, None)


def test_wine_and_toys_have_no_personal_price(dairy: Dairy, alice: ShopperValue) -> None:
    look_at(alice, [dairy.merlot, dairy.teddy] * 3)
    views = prices_of(dairy, alice)
    assert not views[dairy.merlot].is_personal
    assert not views[dairy.teddy].is_personal
    assert views[dairy.brie].is_personal


def test_the_holdout_pays_the_public_price_and_is_logged(dairy: Dairy) -> None:
    open_dairy()
    bob = make_held_out()
    look_at(bob, dairy.cheeses)
    views = prices_of(dairy, bob)
    assert amounts(views) == amounts(prices_of(dairy, None))
    trace = get_quote(views[dairy.brie].quote_id)
    assert (trace.arm, trace.propensity, trace.rung) == ("holdout", 1.0, "public")
    assert trace.guard_actions == ("not_allowed",)


def test_a_page_reads_redis_once_and_no_table(dairy: Dairy, alice: ShopperValue) -> None:
    prices_of(dairy, alice)
    with CaptureQueriesContext(
        connection,
    ) as queries:
        prices_of(dairy, alice)
    assert len(queries) == 0


def test_a_kept_quote_writes_nothing(
    dairy: Dairy, alice: ShopperValue, clean_redis: redis.Redis
) -> None:
    first = prices_of(dairy, alice)
    length = clean_redis.xlen("fairtag:quotes")
    again = prices_of(dairy, alice, now=NOON + timedelta(minutes=30))
    assert clean_redis.xlen("fairtag:quotes") == length == 1
    assert [again[v].quote_id for v in dairy.cheeses] == [first[v].quote_id for v in dairy.cheeses]
    assert again[dairy.brie].token == first[dairy.brie].token


def test_with_redis_down_prices_are_public_and_recover(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    personal = amounts(prices_of(dairy, alice))
    dead = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1, retry=None)
    with monkeypatch.context() as patch:
        patch.setattr(redis_door, "get_redis", lambda: dead)
        batch = quote_variants(context=visit(alice), variant_ids=dairy.all)
        assert batch.fallback_reason == "redis_down"
        assert batch.prices == prices_of(dairy, None)
    redis_door.redis_breaker.close()
    assert amounts(prices_of(dairy, alice)) == personal


@pytest.mark.parametrize(
    ("scope", "key"),
    [
        ("global", ""),
        ("market", "us"),
        ("category", "dairy"),
        ("category", "dairy/cheese/soft"),
        ("sku", "BRIE"),
    ],
)
def test_a_kill_switch_drops_to_the_public_price_and_back(
    dairy: Dairy, alice: ShopperValue, scope: str, key: str
) -> None:
    assert prices_of(dairy, alice)[dairy.brie].is_personal
    flip(scope, key, is_active=True)
    assert not prices_of(dairy, alice)[dairy.brie].is_personal
    is_narrow = key in ("BRIE", "dairy/cheese/soft")
    assert prices_of(dairy, alice)[dairy.cheddar].is_personal is is_narrow
    flip(scope, key, is_active=False)
    assert prices_of(dairy, alice)[dairy.brie].is_personal


def test_a_model_can_be_killed_by_its_number(dairy: Dairy, alice: ShopperValue) -> None:
    model = PriceBook.objects.get().model_version_id
    flip("model", str(model), is_active=True)
    assert not any(view.is_personal for view in prices_of(dairy, alice).values())


def flip(scope: str, key: str, *, is_active: bool) -> None:
    with committed():
        set_kill_switch(
            scope=scope, key=key, is_active=is_active, reason="test", by_id=None, now=NOON
        )


def test_the_listing_sorts_by_the_same_prices(dairy: Dairy, alice: ShopperValue) -> None:
    shown = amounts(prices_of(dairy, alice))
    ids = np.array([*dairy.all, 999_999])
    listed = quote_listing(context=visit(alice), variant_ids=ids)
    assert listed.tolist() == [*(shown[v] for v in dairy.all), 0]


def test_before_the_first_book_everybody_pays_the_list_price(dairy: Dairy) -> None:
    batch = quote_variants(context=visit(make_treated()), variant_ids=[*dairy.all, 999_999])
    assert batch.fallback_reason == "no_book"
    assert amounts(batch.prices)[dairy.brie] == 600
    assert 999_999 not in batch.prices
    assert batch.prices[dairy.brie].token is None


def test_a_spoiled_book_is_not_served(dairy: Dairy, alice: ShopperValue) -> None:
    before = amounts(prices_of(dairy, None))
    publish_price_book(now=NOON + timedelta(hours=1), everything=True)
    PriceBook.objects.filter(version=2).update(arrays=b"spoiled")
    later = NOON + timedelta(hours=1, minutes=1)
    assert amounts(prices_of(dairy, None, now=later)) == before


def test_every_new_quote_reaches_the_table(dairy: Dairy, alice: ShopperValue) -> None:
    brie = prices_of(dairy, alice)[dairy.brie]
    assert not get_quote(brie.quote_id).is_stored
    assert drain_quotes() == 4
    trace = get_quote(brie.quote_id)
    assert (trace.is_stored, trace.shopper_id, trace.quoted_minor) == (
        True,
        alice.id,
        brie.quoted_minor,
    )
    assert drain_quotes() == 0


def test_another_processs_switch_is_obeyed_within_a_second(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prices_of(dairy, alice)[dairy.brie].is_personal
    KillSwitch.objects.create(scope="global", is_active=True, reason="elsewhere", at=NOON)
    dead = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1, retry=None)
    time.sleep(0.6)
    assert not prices_of(dairy, alice)[dairy.brie].is_personal
    with monkeypatch.context() as patch:
        patch.setattr(redis_door, "get_redis", lambda: dead)
        assert not prices_of(dairy, alice)[dairy.brie].is_personal


def test_a_page_without_redis_asks_the_table_for_promises(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    dead = redis.Redis(host="127.0.0.1", port=1, socket_connect_timeout=0.1, retry=None)
    monkeypatch.setattr(redis_door, "get_redis", lambda: dead)
    prices_of(dairy, alice)
    with CaptureQueriesContext(connection) as queries:
        prices_of(dairy, alice)
    assert len(queries) == 2  # who it is with what they agreed to, and what was promised


def test_a_page_that_prices_twice_reads_its_shopper_once(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The shelf is sorted first, then a part of it is shown: prices are those of two readings."""
    read, seen = quoting.read_shopper_state, []
    monkeypatch.setattr(
        quoting, "read_shopper_state", lambda **asked: seen.append(asked) or read(**asked)
    )
    shelf, some = np.array(dairy.all), [dairy.brie, dairy.rye]
    apart = quote_listing(context=visit(alice), variant_ids=shelf).tolist()
    assert quote_variants(context=visit(alice), variant_ids=some).prices[dairy.brie].is_personal
    assert len(seen) == 2
    once = ReadOnce(dairy.all)
    together = quote_listing(context=visit(alice), variant_ids=shelf, once=once).tolist()
    shown = quote_variants(context=visit(alice), variant_ids=some, once=once).prices
    assert len(seen) == 3
    assert together == apart
    assert {one: shown[one].quoted_minor for one in some} == {
        one: price for one, price in zip(dairy.all, apart, strict=True) if one in some
    }
