"""Price books: public prices inside the guardrails, at one instant, in one transaction."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction

from pricing.api import (
    current_public_prices,
    floor_minor,
    load_ledger_bulk,
    publish_price_book,
    quote_variants,
)
from pricing.base.core.values import LedgerRow
from pricing.ledger.models.books import PriceBook, PriceBookEntry
from pricing.ledger.models.ledger import PriceLedgerEntry, PublicPrice
from pricing.policy.models.policy import EmergencyCap, PricingPolicy
from pricing.publishing.services.breakers import flag_emergency
from pricing.publishing.services.products import Ask, set_list_prices
from profiles.events.services.drain import drain_events
from shop.ground.catalog.models import Product
from shop.ground.catalog.selectors import forget_catalog
from shop.ground.outbox.models import Fact
from tests.factories.policies import change_policy
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_model,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db
YEAR_AGO = NOON - timedelta(days=365)


def public_of(variant: int) -> int:
    return PublicPrice.objects.get(variant_id=variant).public_minor


def entries_of(variant: int) -> list[tuple[str, int, str]]:
    rows = PriceLedgerEntry.objects.filter(variant_id=variant).order_by("valid_from", "kind")
    return list(rows.values_list("kind", "amount_minor", "source"))


def test_the_first_book_opens_every_series_at_list_price(dairy: Dairy) -> None:
    report = publish_price_book(now=NOON)
    assert (report.version, report.is_new, report.variants) == (1, True, 7)
    assert public_of(dairy.brie) == 600
    assert entries_of(dairy.brie) == [("list", 600, "merchant"), ("public", 600, "merchant")]
    assert PriceBook.objects.get().effective_at == NOON


def test_nothing_changed_publishes_nothing(dairy: Dairy) -> None:
    open_dairy()
    report = publish_price_book(now=NOON + timedelta(minutes=15))
    assert (report.version, report.is_new, report.variants) == (1, False, 0)
    assert PriceBook.objects.count() == 1


def test_an_observational_elasticity_moves_a_price_one_step_at_most(
    dairy: Dairy,
) -> None:
    open_dairy()
    change_policy(shock_share=0.0)  # the last day begins another week, and chance with it
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    prices = []
    for day in range(1, 6):
        publish_price_book(now=NOON + timedelta(days=day), everything=True)
        prices.append(public_of(dairy.brie))
    assert prices == [599] * 5
    assert PublicPrice.objects.get(variant_id=dairy.brie).anchor_minor == 600


def test_a_public_change_enters_the_ledger_when_it_holds(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    later = NOON + timedelta(hours=3)
    publish_price_book(now=later)
    book = PriceBook.objects.get(is_current=True)
    entry = PriceLedgerEntry.objects.filter(variant_id=dairy.brie).latest("valid_from")
    assert (entry.amount_minor, entry.source, entry.kind) == (599, "model", "public")
    assert entry.valid_from == book.effective_at == later + timedelta(seconds=2)


def test_all_workers_turn_the_page_at_the_same_instant(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: 4.0}, trained_at=NOON)
    later = NOON + timedelta(hours=3)
    publish_price_book(now=later)
    for seconds, expected in ((0, 600), (1.9, 600), (2, 599), (60, 599)):
        at = later + timedelta(seconds=seconds)
        assert current_public_prices(variant_ids=[dairy.brie], now=at).public_minor == [expected]


def test_a_merchants_price_cut_changes_only_its_own_price(
    dairy: Dairy,
) -> None:
    open_dairy()
    later = NOON + timedelta(hours=2)
    assert set_list_prices(asks={dairy.brie: Ask(450)}, market="us", now=later) == 1
    report = publish_price_book(now=later)
    assert (report.is_new, report.variants) == (True, 1)
    found = current_public_prices(variant_ids=dairy.all, now=later + timedelta(seconds=5))
    assert dict(zip(found.variant_id.tolist(), found.public_minor.tolist(), strict=True)) == {
        **dict.fromkeys([dairy.brie], 450),
        dairy.cheddar: 400,
        dairy.gouda: 500,
        dairy.camembert: 700,
        dairy.rye: 300,
        dairy.merlot: 900,
        dairy.teddy: 1200,
    }


def test_a_merchants_price_rise_is_climbed_ten_percent_a_day(dairy: Dairy) -> None:
    open_dairy()
    make_model({dairy.brie: 1.0}, trained_at=NOON)
    start = NOON + timedelta(hours=2)
    set_list_prices(asks={dairy.brie: Ask(799)}, market="us", now=start)
    prices = []
    for hours in (0, 6, 31, 56, 81):
        publish_price_book(now=start + timedelta(hours=hours), everything=True)
        prices.append(public_of(dairy.brie))
    # Within a step of ten percent a day, and charm-ended.
    assert prices == [659, 659, 719, 789, 799]


def test_prices_set_twice_the_same_change_nothing(dairy: Dairy) -> None:
    open_dairy()
    assert (
        set_list_prices(asks={dairy.brie: Ask(600)}, market="us", now=NOON + timedelta(hours=1))
        == 0
    )
    assert not Fact.objects.filter(kind="ListPricesChanged").exists()


def test_an_emergency_cap_wins_over_everything(dairy: Dairy) -> None:
    load_ledger_bulk(
        rows=[
            LedgerRow(dairy.brie, "list", 600, YEAR_AGO),
            LedgerRow(dairy.brie, "public", 600, YEAR_AGO),
            LedgerRow(dairy.brie, "public", 500, NOON - timedelta(days=10)),
            LedgerRow(dairy.brie, "public", 590, NOON - timedelta(days=5)),
        ]
    )
    open_dairy()
    flag_emergency(
        market="us",
        category_id=dairy.cheese,
        starts_at=NOON,
        cap_share=0.1,
        reason="flood",
        by_id=None,
    )
    publish_price_book(now=NOON + timedelta(minutes=5))
    assert public_of(dairy.brie) == 550
    assert public_of(dairy.rye) == 300
    EmergencyCap.objects.all().delete()


def test_history_is_loaded_once_and_the_newest_price_holds(dairy: Dairy) -> None:
    rows = [
        LedgerRow(dairy.brie, "list", 650, YEAR_AGO),
        LedgerRow(dairy.brie, "public", 650, YEAR_AGO),
        LedgerRow(dairy.brie, "public", 520, NOON - timedelta(days=3)),
    ]
    assert load_ledger_bulk(rows=rows) == 3
    assert load_ledger_bulk(rows=rows) == 0
    price = PublicPrice.objects.get(variant_id=dairy.brie)
    assert (price.list_minor, price.public_minor, price.anchor_minor) == (650, 520, 520)


def test_the_ledger_is_append_only(dairy: Dairy) -> None:
    publish_price_book(now=NOON)
    for statement in (
        "UPDATE pricing_priceledgerentry SET amount_minor = 1",
        "DELETE FROM pricing_priceledgerentry",
    ):
        with (
            pytest.raises(IntegrityError, match="append-only"),
            transaction.atomic(),
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)


def test_the_price_book_and_the_request_agree_to_the_cent(dairy: Dairy) -> None:
    open_dairy()
    alice = make_treated()
    look_at(alice, [*dairy.cheeses, dairy.brie, dairy.rye])
    asked = quote_variants(context=visit(alice), variant_ids=dairy.all)
    drain_events_now()
    publish_price_book(now=NOON + timedelta(minutes=15), everything=True)
    entry = PriceBookEntry.objects.get(shopper_id=alice.id)
    booked = dict(zip(entry.variant_ids, entry.quoted_minors, strict=True))
    assert booked == {v: p.quoted_minor for v, p in asked.prices.items() if p.is_personal}
    assert len(booked) == 5


def drain_events_now() -> None:
    drain_events(limit=1_000, now=NOON)


def test_after_redis_forgot_everything_the_price_book_answers(
    dairy: Dairy, clean_redis: object
) -> None:
    change_policy(exploration=0.0)  # chance draws nobody another price
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    personal = quote_variants(context=visit(alice), variant_ids=dairy.all)
    drain_events_now()
    later = NOON + timedelta(minutes=15)
    publish_price_book(now=later, everything=True)
    clean_redis.flushdb()
    batch = quote_variants(
        context=visit(alice, later + timedelta(seconds=3)), variant_ids=dairy.all
    )
    assert batch.rung_counts == {"personal": 0, "book": 4, "public": 3}
    for variant in dairy.cheeses:
        assert batch.prices[variant].quoted_minor == personal.prices[variant].quoted_minor


def test_floors_follow_cost_but_raise_no_merchants_price(dairy: Dairy) -> None:
    load_ledger_bulk(
        rows=[
            LedgerRow(dairy.brie, "list", 600, YEAR_AGO),
            LedgerRow(dairy.brie, "public", 300, NOON - timedelta(days=1)),
        ]
    )
    open_dairy()
    floors = floor_minor(variant_ids=dairy.all, now=NOON)
    assert floors[dairy.brie] == 300
    assert floors[dairy.cheddar] == 266
    assert public_of(dairy.brie) == 300


@pytest.mark.parametrize(
    ("changed", "repriced"), [({"popularity": 9.0, "name": "Brie!"}, 0), ({"minimum_age": 18}, 1)]
)
def test_a_product_is_priced_anew_where_its_price_could_differ(
    dairy: Dairy, changed: dict[str, object], repriced: int
) -> None:
    open_dairy()
    Product.objects.filter(variants=dairy.brie).update(**changed)
    forget_catalog()
    report = publish_price_book(now=NOON + timedelta(minutes=1))
    assert (report.is_new, report.variants) == (repriced > 0, repriced)
    assert not publish_price_book(now=NOON + timedelta(minutes=2)).is_new


def test_what_is_set_is_published_without_everything_else(dairy: Dairy) -> None:
    open_dairy()
    later = NOON + timedelta(minutes=1)
    set_list_prices(asks={dairy.brie: Ask(590)}, market="us", now=later)
    report = publish_price_book(now=later, only_touched=True)
    assert (report.variants, report.shoppers) == (1, 0)
    change_policy()
    again = later + timedelta(minutes=1)
    set_list_prices(asks={dairy.brie: Ask(580)}, market="us", now=again)
    assert not publish_price_book(now=again, only_touched=True).is_new
    assert publish_price_book(now=again).variants == 7


def test_a_policy_change_reprices_everything(dairy: Dairy) -> None:
    open_dairy()
    old = PricingPolicy.objects.get(is_active=True)
    PricingPolicy.objects.filter(pk=old.pk).update(is_active=False)
    PricingPolicy.objects.create(
        version=2, is_active=True, personal_cap=0.05, reason="careful", created_at=NOON
    )
    with committed():
        report = publish_price_book(now=NOON + timedelta(minutes=15))
    assert report.variants == 7
    alice = make_treated()
    look_at(alice, [*dairy.cheeses] * 4)
    later = NOON + timedelta(minutes=16)
    views = quote_variants(context=visit(alice, later), variant_ids=dairy.all).prices
    assert min(v.quoted_minor / v.public_minor for v in views.values()) >= 0.95
