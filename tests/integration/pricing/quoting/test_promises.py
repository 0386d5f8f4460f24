"""What was promised stands until its moment: only consent, law and kill switches end it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import redis
from django.db import OperationalError

from pricing.api import drain_quotes, quote_variants, set_kill_switch
from pricing.base.core.values import PriceView
from pricing.ledger.core.offered import HOLD_LOWER, HeldQuote, pack_held, unpack_held
from pricing.quoting.selectors import serving
from pricing.quoting.services import quoting
from pricing.quoting.services.deciding import ShopperState
from profiles.consent.services import set_consent
from profiles.events.api import record_purchase_events
from profiles.models import OnlineLag
from profiles.values import PurchasedLine, ShopperValue
from promotions.offers.selectors.price_block import build_price_block
from shop.ground.kernel.clock import epoch_ms
from tests.factories.dead_redis import redis_down
from tests.factories.own_valkey import STATES, own_valkey
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db
SOON = NOON + timedelta(minutes=7)


@pytest.fixture
def alice(dairy: Dairy) -> ShopperValue:
    """Alice has looked at three cheeses in an open dairy."""
    open_dairy()
    look_at(alice := make_treated(), dairy.cheeses[:3])
    return alice


def prices_of(dairy: Dairy, shopper: ShopperValue, **changes: object) -> dict[int, PriceView]:
    return quote_variants(context=visit(shopper, **changes), variant_ids=dairy.all).prices


def told(views: dict[int, PriceView]) -> dict[int, tuple[int, UUID | None]]:
    return {one: (view.quoted_minor, view.quote_id) for one, view in views.items()}


def buy(shopper: ShopperValue, variant_id: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pay an order while Redis is too slow to count it: a worker repairs that, some day."""
    line = PurchasedLine(variant_id, 1, 300, 300)
    with redis_down(monkeypatch), committed():
        record_purchase_events(
            shopper_id=shopper.id,
            basket_ref="order-1",
            lines=[line],
            occurred_at=NOON,
            channel="online",
            now=NOON,
        )
    assert OnlineLag.objects.filter(shopper_id=shopper.id).exists()
    serving.forget_serving()


@contextmanager
def blind(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The database has not answered for long."""

    def fail() -> None:
        raise OperationalError("no answer")

    with monkeypatch.context() as patch:
        patch.setattr(serving, "list_stale_pseudonyms", fail)
        patch.setattr(serving, "FRESH_SECONDS", 0.0)
        patch.setattr(serving, "BLIND_SECONDS", 0.0)
        yield


def test_a_paid_order_whose_events_wait_breaks_no_promise(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    cheeses = dairy.cheeses[:3]
    promised = told(quote_variants(context=visit(alice), variant_ids=cheeses).prices)
    buy(alice, dairy.rye, monkeypatch)
    batch = quote_variants(context=visit(alice, now=SOON), variant_ids=dairy.all)
    after = told(batch.prices)
    assert {one: after[one] for one in cheeses} == promised
    others = set(dairy.all) - set(cheeses)
    assert not any(batch.prices[one].is_personal for one in others)
    assert batch.fallback_reason == "profile_lags"


def test_an_old_promise_keeps_its_discount_while_the_profile_lags(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = prices_of(dairy, alice)
    buy(alice, dairy.rye, monkeypatch)
    later = prices_of(dairy, alice, now=NOON + timedelta(hours=20))
    for cheese in dairy.cheeses:
        assert later[cheese].quoted_minor == promised[cheese].quoted_minor
        assert later[cheese].is_personal


def test_a_withdrawn_consent_ends_promises_while_the_profile_lags(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert prices_of(dairy, alice)[dairy.brie].is_personal
    buy(alice, dairy.rye, monkeypatch)
    answer: dict[str, Any] = {"how": "switch", "locale": "en", "text_version": "1", "now": NOON}
    with committed():
        set_consent(shopper_id=alice.id, purpose="price", granted=False, **answer)
    batch = quote_variants(context=visit(alice, now=SOON), variant_ids=dairy.all)
    assert not any(view.is_personal for view in batch.prices.values())
    assert batch.fallback_reason == "no_consent"


def test_without_redis_the_table_knows_what_was_promised(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = prices_of(dairy, alice)
    drain_quotes()
    with redis_down(monkeypatch):
        batch = quote_variants(context=visit(alice, now=SOON), variant_ids=dairy.all)
        expired = prices_of(dairy, alice, now=NOON + timedelta(minutes=61))
    assert batch.prices == promised  # ids, tokens and moments too
    assert batch.fallback_reason == "redis_down"
    assert not any(view.is_personal for view in expired.values())


def test_a_silent_database_breaks_no_promise(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    promised = told(prices_of(dairy, alice))
    with blind(monkeypatch):
        batch = quote_variants(context=visit(alice, now=SOON), variant_ids=dairy.all)
    assert told(batch.prices) == promised
    assert batch.fallback_reason == "no_word_from_database"


def test_a_kill_switch_ends_promises_while_the_profile_lags(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    prices_of(dairy, alice)
    buy(alice, dairy.rye, monkeypatch)
    with committed():
        set_kill_switch(scope="sku", key="BRIE", is_active=True, reason="x", by_id=None, now=NOON)
    after = prices_of(dairy, alice, now=SOON)
    assert (after[dairy.brie].is_personal, after[dairy.cheddar].is_personal) == (False, True)


def test_of_two_pages_made_at_once_the_lower_stays(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The slower page read the shopper before three further looks, and writes last."""
    states = []
    read = quoting.read_shopper_state

    def keep(**asked: Any) -> Any:
        states.append(read(**asked))
        return states[-1]

    monkeypatch.setattr(quoting, "read_shopper_state", keep)
    prices_of(dairy, alice)
    before = states[-1]
    look_at(alice, dairy.cheeses * 3)
    lower = prices_of(dairy, alice)
    monkeypatch.setattr(quoting, "read_shopper_state", lambda **_: before)
    higher = prices_of(dairy, alice)
    raised = [one for one in dairy.all if higher[one].quoted_minor > lower[one].quoted_minor]
    assert raised
    monkeypatch.setattr(quoting, "read_shopper_state", read)
    last = prices_of(dairy, alice, now=SOON)
    drain_quotes()  # the higher one was written down last
    with redis_down(monkeypatch):
        told_by_table = prices_of(dairy, alice, now=SOON)
    for found in (last, told_by_table):
        assert {one: found[one].quoted_minor for one in raised} == {
            one: lower[one].quoted_minor for one in raised
        }


@pytest.mark.parametrize("state", ["OOM", "MISCONF"])
def test_a_redis_that_cannot_write_breaks_no_promise(
    dairy: Dairy, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, state: str
) -> None:
    """Three further looks make lower prices, which nothing can keep."""
    cheeses = dairy.cheeses[:3]
    with own_valkey(tmp_path, monkeypatch) as client:
        open_dairy()
        look_at(alice := make_treated(), cheeses)
        promised = told(quote_variants(context=visit(alice), variant_ids=cheeses).prices)
        look_at(alice, cheeses * 3)
        STATES[state](client)
        batch = quote_variants(context=visit(alice, now=SOON), variant_ids=cheeses)
    assert told(batch.prices) == promised
    assert batch.fallback_reason == "redis_down"


def make_held(quoted: int, *, expires_ms: int) -> bytes:
    return pack_held(HeldQuote(UUID(int=quoted).bytes, quoted, 400, 0, 0, expires_ms, "token"))


@pytest.mark.parametrize(
    ("expires_ms", "quoted", "stays"),
    [(2_000, 380, 369), (2_000, 359, 359), (1_000, 380, 380)],
    ids=["higher", "lower", "run out"],
)
def test_a_promise_is_replaced_by_a_lower_price_only(
    clean_redis: redis.Redis, expires_ms: int, quoted: int, stays: int
) -> None:
    clean_redis.hset("held", "7", make_held(369, expires_ms=expires_ms))
    clean_redis.eval(HOLD_LOWER, 1, "held", 1_000, "7", make_held(quoted, expires_ms=9_000))
    held = unpack_held(clean_redis.hget("held", "7"))
    assert held is not None
    assert held.quoted_minor == stays


def test_a_kept_public_price_is_no_personal_price(
    dairy: Dairy, alice: ShopperValue, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The public price rises over what a known shopper was told an hour ago at most."""
    view = quote_variants(context=visit(None), variant_ids=[dairy.brie]).prices[dairy.brie]
    held = HeldQuote(
        UUID(int=1).bytes, 300, 300, 0, epoch_ms(NOON), epoch_ms(NOON) + 3_600_000, view.token or ""
    )
    monkeypatch.setattr(
        quoting, "read_shopper_state", lambda **_: ShopperState(held={dairy.brie: held})
    )
    brie = quote_variants(context=visit(alice, now=SOON), variant_ids=[dairy.brie]).prices[
        dairy.brie
    ]
    assert (brie.quoted_minor, brie.is_personal, brie.is_kept, brie.label) == (300, False, True, "")
    assert [part.code for part in brie.reasons] == ["public", "kept"]
    assert sum(part.amount_minor for part in brie.reasons) == 300
    block = build_price_block(brie, "en")
    everyone = f"Everyone ${brie.public_minor / 100:.2f}"
    assert block.comparison is not None
    assert (block.now, block.comparison.said, block.kind) == ("$3.00", everyone, "kept")
    assert block.tag.startswith("Kept until ")
    assert build_price_block(brie, "zh-hans").tag.startswith("保留至 ")
