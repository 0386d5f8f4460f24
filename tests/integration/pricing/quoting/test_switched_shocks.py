"""A kill switch takes back by itself what chance and experiments did to public prices."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime, timedelta
from threading import Thread
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from pricing.api import publish_price_book, quote_variants, set_kill_switch, turn_price_shocks
from pricing.base.core.values import QuoteContext
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.learning.services.impression_counts import drain_looks
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.ledger.models.proposals import PriceProposal
from pricing.policy.models.policy import EmergencyCap
from pricing.publishing.services import books
from pricing.publishing.services.books import turn_public_arms
from pricing.quoting.models.returns import ChanceReturn
from pricing.quoting.selectors import serving
from pricing.quoting.selectors.serving import FRESH_SECONDS, forget_serving, get_serving
from pricing.quoting.services import returns
from pricing.quoting.services.returns import HEARD
from pricing.tasks import reprice_soon
from profiles.experiments.selectors.cells import find_public_arms
from shop.ground.catalog.models import Variant
from shop.ground.kernel.clock import utc_now
from shop.ground.outbox.models import Fact
from shop.wiring import HANDLERS
from tests.factories.dead_redis import redis_down
from tests.factories.experiments import start_switchback
from tests.factories.pricing import NOON, visit
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("forgetful")]
MINUTE = timedelta(minutes=1)
INSTANT = timedelta(milliseconds=1)
PLACE = ("us", "online")


@pytest.fixture
def teas() -> list[int]:
    """Forty teas at 4.59 with a floor below and a list price above."""
    variants = make_teas()
    open_tea_shop(variants)
    return variants


def prices() -> dict[int, int]:
    return dict(PublicPrice.objects.values_list("variant_id", "public_minor"))


def served(at: datetime, memory: Any = None) -> dict[int, int]:
    """Return the prices of everybody at a moment, as a process serves them."""
    page = (memory.get() if memory else get_serving()).served(*PLACE, at)
    assert page is not None
    terms = page.book.terms
    return dict(zip(terms.variant_id.tolist(), terms.public_minor.tolist(), strict=True))


def count_moved(of: dict[int, int]) -> int:
    return sum(price != 459 for price in of.values())


def throw(scope: str, key: str, at: datetime, *, is_active: bool = True) -> None:
    set_kill_switch(scope=scope, key=key, is_active=is_active, reason="test", by_id=None, now=at)
    forget_serving()  # as on commit


def key_of(scope: str, variant: int) -> str:
    model = PriceBook.objects.get(is_current=True).model_version_id
    sku = Variant.objects.get(pk=variant).sku
    return {"market": "us", "category": "g/t", "sku": sku, "model": str(model)}.get(scope, "")


def first_shock() -> PriceShock:
    return PriceShock.objects.order_by("variant_id").select_related("variant")[0]


@pytest.mark.parametrize("scope", ["global", "market", "category", "sku", "model"])
def test_within_a_second_every_process_serves_prices_without_chance(
    teas: list[int], scope: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No worker, no new book, no Redis: another process hears of it from the database alone."""
    turn_price_shocks(now=MONDAY)
    variant = first_shock().variant_id
    others = [serving.ServingMemory() for _ in range(3)]
    now = max(utc_now(), MONDAY) + MINUTE
    for memory in others:
        assert count_moved(served(now, memory)) == 10
    with redis_down(monkeypatch):
        throw(scope, key_of(scope, variant), now)
        begun = time.monotonic()
        time.sleep(FRESH_SECONDS)
        heard = [served(now + timedelta(seconds=1), memory) for memory in others]
        assert time.monotonic() - begun < HEARD.total_seconds()
    for found in heard:
        assert found[variant] == 459
        assert count_moved(found) == (9 if scope == "sku" else 0)
    # All turn the page at one instant, and nobody before.
    for memory in others:
        assert count_moved(served(now + HEARD - INSTANT, memory)) == 10
    assert PriceBook.objects.filter(market_id="us").count() == 2


def test_the_ledger_knows_when_a_switched_price_held(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    shock = first_shock()
    later = MONDAY + timedelta(hours=5)
    assert publish_price_book(now=later).public_changes == 0
    throw("sku", shock.variant.sku, later)
    assert Fact.objects.get(kind="KillSwitchFlipped").payload["key"] == shock.variant.sku
    assert reprice_soon in HANDLERS["KillSwitchFlipped"]  # who hears it publishes
    told = Fact.objects.filter(kind="PublicPricesChanged").count()
    report = publish_price_book(now=later + timedelta(seconds=20))
    assert (report.public_changes, report.variants) == (0, 10)
    assert (prices()[shock.variant_id], count_moved(prices())) == (459, 9)
    assert prices() == served(later + MINUTE)
    entry = PriceLedgerEntry.objects.filter(variant=shock.variant_id, kind="public").latest("id")
    assert (entry.amount_minor, entry.valid_from, entry.source) == (459, later + HEARD, "shock")
    change = PriceProposal.objects.filter(variant=shock.variant_id).latest("id")
    assert (change.state, change.cause, change.final_minor) == ("published", "shock", 459)
    assert (change.current_minor, change.floor_minor < 459) == (shock.shocked_minor, True)
    assert Fact.objects.filter(kind="PublicPricesChanged").count() == told + 1
    shock.refresh_from_db()
    assert shock.ended_at == later + HEARD
    # Told once: neither the next run nor the switch's way back moves anything.
    assert publish_price_book(now=later + MINUTE).variants == 0
    throw("sku", shock.variant.sku, later + 2 * MINUTE, is_active=False)
    assert publish_price_book(now=later + 3 * MINUTE).public_changes == 0
    assert count_moved(prices()) == 9


def test_a_price_changed_a_minute_ago_goes_back(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    throw("global", "", MONDAY + MINUTE)
    assert count_moved(served(MONDAY + 2 * MINUTE)) == 0
    publish_price_book(now=MONDAY + 3 * MINUTE)
    assert (count_moved(prices()), PriceShock.objects.filter(ended_at=None).count()) == (0, 0)


def test_a_price_taken_back_stays_when_the_switch_is_released(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    for second, is_active in enumerate((True, False, True, False)):
        throw("global", "", MONDAY + MINUTE + timedelta(seconds=second), is_active=is_active)
    assert ChanceReturn.objects.count() == 1
    assert count_moved(served(MONDAY + 2 * MINUTE)) == 0
    publish_price_book(now=MONDAY + 3 * MINUTE)
    assert count_moved(prices()) == 0


def test_two_switches_take_back_their_own_prices(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    first, second = PriceShock.objects.order_by("variant_id").select_related("variant")[:2]
    throw("sku", first.variant.sku, MONDAY + MINUTE)
    throw("sku", second.variant.sku, MONDAY + 2 * MINUTE)
    assert count_moved(served(MONDAY + 2 * MINUTE)) == 9
    assert count_moved(served(MONDAY + 3 * MINUTE)) == 8
    publish_price_book(now=MONDAY + 4 * MINUTE)
    assert count_moved(prices()) == 8


def test_a_price_taken_back_is_quoted_anew_without_a_look(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    shock, seen = first_shock(), list[int]()
    nobody = replace(visit(None), now=MONDAY + MINUTE, is_look=True)
    throw("sku", shock.variant.sku, MONDAY + MINUTE)

    def look(context: QuoteContext) -> tuple[Any, Any]:
        found = quote_variants(context=context, variant_ids=teas).prices
        seen.append(drain_looks())
        return found[shock.variant_id], found[next(one for one in teas if one not in shocked)]

    shocked = set(PriceShock.objects.values_list("variant_id", flat=True))
    before, other = look(nobody)
    after, same = look(replace(nobody, now=MONDAY + MINUTE + HEARD))
    assert (before.public_minor, after.public_minor) == (shock.shocked_minor, 459)
    assert (before.token != after.token, after.reference_minor, other) == (True, None, same)
    assert seen == [40, 39]


def test_in_an_emergency_nothing_rises(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    EmergencyCap.objects.create(market_id="us", starts_at=MONDAY, reason="flood")
    before = served(MONDAY + MINUTE)
    throw("global", "", MONDAY + MINUTE)
    after = served(MONDAY + 2 * MINUTE)
    assert {min(price, 459) for price in before.values()} == set(after.values())
    assert all(after[one] <= before[one] for one in teas)
    assert count_moved(after) > 0


def test_a_switch_works_even_if_taking_prices_back_fails(
    teas: list[int], monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    turn_price_shocks(now=MONDAY)

    def fail(**_asked: Any) -> dict[int, Any]:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1 / 0")
        return {}

    later = MONDAY + timedelta(hours=2)
    with monkeypatch.context() as patch:
        patch.setattr(returns, "load_moved", fail)
        throw("global", "", later)
    page = get_serving().served(*PLACE, later)
    assert page is not None
    assert page.is_closed.all()
    assert "wait for the next price book" in caplog.text
    assert (ChanceReturn.objects.count(), count_moved(served(later + MINUTE))) == (0, 10)
    publish_price_book(now=later + MINUTE)
    assert count_moved(prices()) == 0


@pytest.mark.django_db(transaction=True)
def test_a_book_made_during_a_flip_is_made_anew(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The flip neither waits for the run nor is lost to it."""
    open_tea_shop(make_teas())
    turn_price_shocks(now=MONDAY)
    made, store = list[int](), books.store_book

    def flip() -> None:
        throw("global", "", MONDAY + MINUTE)
        connection.close()

    def store_and_flip(**given: Any) -> PriceBook:
        row = store(**given)
        made.append(row.version)
        if len(made) == 1:
            thread = Thread(target=flip)
            thread.start()
            thread.join(timeout=20)
            assert not thread.is_alive()
        return row

    monkeypatch.setattr(books, "store_book", store_and_flip)
    report = publish_price_book(now=MONDAY + MINUTE, everything=True)
    assert made == [report.version, report.version]
    assert (count_moved(prices()), count_moved(served(MONDAY + 2 * MINUTE))) == (0, 0)
    assert not ChanceReturn.objects.filter(settled_at=None).exists()


def lowered(goods: list[int], at: datetime) -> set[int]:
    arms = find_public_arms(now=at)
    assert set(arms) == set(goods)
    return {one for one, arm in arms.items() if not arm.is_control}


def test_one_flip_takes_back_arms_of_current_and_next_turns(teas: list[int]) -> None:
    """Nine seconds before a turn its book is written: one switch takes both pages back."""
    start, turn = NOON + timedelta(hours=3), NOON + timedelta(hours=3, days=2)
    products = teas[:12]
    start_switchback(products, now=start)
    turn_public_arms(now=start)
    low = lowered(products, start)
    turn_public_arms(now=turn - timedelta(seconds=9))
    at = turn - timedelta(seconds=8)
    forget_serving()
    assert {one for one, price in served(at).items() if price < 459} == low
    assert {one for one, price in served(turn).items() if price < 459} == set(products) - low
    with CaptureQueriesContext(connection) as captured:
        throw("category", "g/t", at)
    assert len([q for q in captured.captured_queries if "chancereturn" in q["sql"]]) <= 3
    assert ChanceReturn.objects.count() == 2
    for moment in (at + HEARD, turn - INSTANT, turn + INSTANT, turn + MINUTE):
        assert count_moved(served(moment)) == 0
    assert count_moved(served(at + HEARD - INSTANT)) == len(low)
    publish_price_book(now=turn + timedelta(seconds=3))
    assert count_moved(prices()) == 0
    entries = PriceLedgerEntry.objects.filter(kind="public", source="experiment", amount_minor=459)
    held = entries.order_by("id").values_list("variant_id", "valid_from")
    expected = [(one, moment) for one in low for moment in (at + HEARD, turn)]
    expected += [(one, turn + INSTANT) for one in set(products) - low]
    assert sorted(held) == sorted(expected)
    told = ArmPrice.objects.filter(ended_at=None).values_list("shown_minor", "obstacle").distinct()
    assert set(told) == {(459, ""), (459, "closed")}
