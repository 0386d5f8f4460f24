"""Quotes in their table: whole, once, never changed, decided again bit for bit."""

from __future__ import annotations

from datetime import datetime, timedelta
from uuid import uuid4

import pytest
import redis
from django.db import IntegrityError, connection, transaction
from prometheus_client import REGISTRY

from pricing.api import (
    QuoteNotFound,
    QuoteRefused,
    carry_promises,
    drain_quotes,
    get_quote,
    quote_variants,
    replay_quote,
    store_quotes,
    verify_quote,
)
from pricing.base.core.tokens import signature_of
from pricing.base.core.values import PriceView
from pricing.ledger.models.quotes import Quote
from pricing.privacy import erase_shopper
from pricing.rollout.services.replay import NotReplayable
from profiles.values import ShopperValue
from shop.ground.jobs.models import QuarantinedRow
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import (
    NOON,
    Dairy,
    look_at,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def alice(dairy: Dairy) -> ShopperValue:
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses[:3])
    return alice


@pytest.fixture
def brie(dairy: Dairy, alice: ShopperValue) -> PriceView:
    """Alice's personal price of brie."""
    return quote(dairy, alice)


def quote(dairy: Dairy, shopper: ShopperValue | None, now: datetime = NOON) -> PriceView:
    batch = quote_variants(context=visit(shopper, now), variant_ids=dairy.all)
    return batch.prices[dairy.brie]


def test_a_stored_decision_holds_everything_and_adds_up(brie: PriceView) -> None:
    drain_quotes()
    trace = get_quote(brie.quote_id)
    assert sum(reason.amount_minor for reason in trace.reasons) == trace.quoted_minor
    # She bought nothing and opened no offer: nothing is said of either.
    assert {one.code for one in trace.reasons} <= {"public", "interest", "test"}
    assert trace.counterfactuals[-1].code == "without_interest"
    assert trace.counterfactuals[-1].quoted_minor == trace.public_minor
    chosen = [one for one in trace.candidates if one["outcome"] == "chosen"]
    assert [one["minor"] for one in chosen] == [trace.quoted_minor]
    assert trace.features["family"] == pytest.approx(3.0)
    assert trace.shopper_hash not in ("", "0" * 32)
    row = Quote.objects.get(pk=brie.quote_id)
    assert row.rung_minors == [one["minor"] for one in trace.candidates]
    assert sum(row.rung_probabilities) == pytest.approx(1.0)
    assert all(chance == 0.0 or chance >= 0.01 for chance in row.rung_probabilities)
    assert row.propensity == row.rung_probabilities[row.rung_minors.index(trace.quoted_minor)]
    assert (trace.arm, trace.propensity, row.stock) == ("treated", row.propensity, 0)


def test_the_undrained_quote_is_the_drained_one(brie: PriceView) -> None:
    before = get_quote(brie.quote_id)
    drain_quotes()
    after = get_quote(brie.quote_id)
    assert before.is_stored is False
    assert after.is_stored is True
    same = [name for name in before.__slots__ if name != "is_stored"]
    assert {n: getattr(before, n) for n in same} == {n: getattr(after, n) for n in same}


def test_a_quote_in_the_cart_is_stored_at_once(brie: PriceView) -> None:
    assert store_quotes(tokens=[brie.token]) == [brie.quote_id]
    row = Quote.objects.get(pk=brie.quote_id)
    assert row.is_complete
    assert row.signature == signature_of(brie.token)
    assert store_quotes(tokens=[brie.token]) == [brie.quote_id]
    assert drain_quotes() == 3


def test_without_the_stream_the_token_is_stored_and_completed_later(
    brie: PriceView, clean_redis: redis.Redis
) -> None:
    kept = clean_redis.xrange("fairtag:quotes")
    clean_redis.delete("fairtag:quotes")
    store_quotes(tokens=[brie.token])
    row = Quote.objects.get(pk=brie.quote_id)
    assert (row.is_complete, row.quoted_minor, row.candidates) == (False, brie.quoted_minor, [])
    clean_redis.xadd("fairtag:quotes", kept[0][1])
    assert drain_quotes() == 4
    row.refresh_from_db()
    assert row.is_complete
    assert replay_quote(quote_id=brie.quote_id).is_identical


def test_a_public_price_in_the_cart_belongs_to_nobody(dairy: Dairy) -> None:
    open_dairy()
    brie = quote(dairy, None)
    (quote_id,) = store_quotes(tokens=[brie.token])
    trace = get_quote(quote_id, shopper_pseudonym="anybody")
    assert (trace.is_personal, trace.quoted_minor, trace.is_complete) == (False, 600, True)
    assert store_quotes(tokens=[quote(dairy, None).token]) == [quote_id]
    with pytest.raises(NotReplayable):
        replay_quote(quote_id=quote_id)


def test_every_stored_decision_replays_bit_for_bit(dairy: Dairy) -> None:
    open_dairy()
    ids = []
    for views in range(1, 9):
        shopper = make_treated()
        look_at(shopper, dairy.cheeses[: 1 + views % 4] * views)
        for hour in (0, 2):
            batch = quote_variants(
                context=visit(shopper, NOON + timedelta(hours=hour)), variant_ids=dairy.all
            )
            ids += [view.quote_id for view in batch.prices.values() if view.quote_id]
    drain_quotes()
    replays = [replay_quote(quote_id=one) for one in ids]
    assert len(replays) >= 50
    assert [one for one in replays if not one.is_identical] == []


def test_a_tampered_decision_does_not_replay(brie: PriceView) -> None:
    drain_quotes()
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pricing_quote DISABLE TRIGGER append_only")
        cursor.execute(
            "UPDATE pricing_quote SET features = jsonb_set(features, '{family}', '9')"
            " WHERE id = %s",
            [brie.quote_id],
        )
    replayed = replay_quote(quote_id=brie.quote_id)
    assert not replayed.is_identical
    assert "reasons" in replayed.differences or "candidates" in replayed.differences


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE pricing_quote SET quoted_minor = quoted_minor - 1",
        "UPDATE pricing_quote SET shopper_id = 99",
        "UPDATE pricing_quote SET shopper_id = NULL, features = '{}'",
        "DELETE FROM pricing_quote",
    ],
)
def test_quotes_are_append_only(brie: PriceView, statement: str) -> None:
    drain_quotes()
    with (
        pytest.raises(IntegrityError, match="append-only"),
        transaction.atomic(),
        connection.cursor() as cursor,
    ):
        cursor.execute(statement)


def test_the_table_refuses_a_price_above_the_public_price(brie: PriceView) -> None:
    drain_quotes()
    row = Quote.objects.get(pk=brie.quote_id)
    row.pk, row.quoted_minor = uuid7(), row.public_minor + 1
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_a_forgotten_shopper_leaves_the_quote_without_a_name(
    alice: ShopperValue, brie: PriceView, clean_redis: redis.Redis
) -> None:
    drain_quotes()
    erase_shopper(alice.id, NOON)
    trace = get_quote(brie.quote_id)
    assert (trace.shopper_id, trace.quoted_minor) == (None, brie.quoted_minor)
    assert replay_quote(quote_id=brie.quote_id).is_identical
    assert clean_redis.keys(f"fairtag:held:*{alice.pseudonym}") == []


def test_nobody_sees_the_quote_of_somebody_else(alice: ShopperValue, brie: PriceView) -> None:
    assert get_quote(brie.quote_id, shopper_pseudonym=alice.pseudonym).quote_id == brie.quote_id
    with pytest.raises(QuoteNotFound):
        get_quote(brie.quote_id, shopper_pseudonym=str(uuid4()))
    for unknown in (uuid7(), uuid4()):
        with pytest.raises(QuoteNotFound):
            get_quote(unknown)


def test_an_unreadable_entry_goes_to_quarantine_and_holds_up_nobody(
    brie: PriceView, clean_redis: redis.Redis
) -> None:
    clean_redis.xadd("fairtag:quotes", {"h": b"{}", "r": b"?"})
    assert drain_quotes() == 4
    assert QuarantinedRow.objects.filter(source="quotes").count() == 1
    assert clean_redis.xlen("fairtag:quotes") == 0


def _forge(token: str) -> str:
    """Return the token with another letter in its signature."""
    return f"{token[:-9]}{'B' if token[-9] == 'A' else 'A'}{token[-8:]}"


def test_a_token_is_honored_for_its_owner_variant_and_time(
    dairy: Dairy, alice: ShopperValue, brie: PriceView
) -> None:
    def check(**changes: object) -> int:
        asked = {
            "token": brie.token,
            "shopper_pseudonym": alice.pseudonym,
            "variant_id": dairy.brie,
            "now": NOON + timedelta(minutes=59),
        }
        return verify_quote(**(asked | changes)).quoted_minor

    assert check() == brie.quoted_minor
    stranger = str(uuid4())
    for change, code in (
        ({"now": NOON + timedelta(minutes=60)}, "quote_expired"),
        ({"now": NOON - timedelta(seconds=1)}, "quote_expired"),
        ({"shopper_pseudonym": stranger}, "quote_other_shopper"),
        ({"shopper_pseudonym": None}, "quote_other_shopper"),
        ({"variant_id": dairy.gouda}, "quote_other_variant"),
        ({"token": _forge(brie.token)}, "quote_forged"),
        ({"token": "x"}, "quote_malformed"),
    ):
        with pytest.raises(QuoteRefused) as refused:
            check(**change)
        assert refused.value.code == code


def test_a_tampered_token_is_counted_and_logged_without_its_text(
    dairy: Dairy, alice: ShopperValue, brie: PriceView, caplog: pytest.LogCaptureFixture
) -> None:
    def count(code: str) -> float:
        found = REGISTRY.get_sample_value("fairtag_quotes_refused_total", {"code": code})
        return found or 0.0

    mine = {"shopper_pseudonym": alice.pseudonym, "variant_id": dairy.brie, "now": NOON}
    for token, code in ((_forge(brie.token), "quote_forged"), ("x" * 40, "quote_malformed")):
        before = count(code)
        caplog.clear()
        with pytest.raises(QuoteRefused) as refused:
            verify_quote(token=token, **mine)
        assert count(code) == before + 1
        assert caplog.messages == [f"a quote token was tampered with: {code}"]
        told = f"{caplog.text} {refused.value} {refused.value.detail}"
        assert all(token[at : at + 8] not in told for at in range(len(token) - 8))
    before = count("quote_forged")
    verify_quote(token=brie.token, **mine)
    assert count("quote_forged") == before


def test_a_token_outlives_the_kill_switch_and_redis(
    dairy: Dairy, alice: ShopperValue, brie: PriceView, django_assert_num_queries: object
) -> None:
    with django_assert_num_queries(0):
        promised = verify_quote(
            token=brie.token,
            shopper_pseudonym=alice.pseudonym,
            variant_id=dairy.brie,
            now=NOON + timedelta(minutes=1),
        )
    assert promised.quoted_minor == brie.quoted_minor


def test_a_login_never_raises_a_price(dairy: Dairy, alice: ShopperValue, brie: PriceView) -> None:
    account = make_treated()
    names = {"former": alice.pseudonym, "pseudonym": account.pseudonym}
    assert carry_promises(**names, now=NOON) == 4
    later = NOON + timedelta(minutes=5)
    own = quote(dairy, account, later)
    assert (own.quoted_minor, own.quote_id != brie.quote_id) == (brie.quoted_minor, True)
    promised = verify_quote(
        token=own.token,
        shopper_pseudonym=account.pseudonym,
        variant_id=dairy.brie,
        now=later,
    )
    assert promised.quoted_minor == brie.quoted_minor
    drain_quotes()
    assert [one.code for one in get_quote(own.quote_id).reasons] == ["public", "hold"]
    assert carry_promises(**names, now=later) == 0
