"""Was-prices stand only where the ledger and real sales allow them."""

from __future__ import annotations

from datetime import timedelta

import numpy as np
import pytest

from pricing.api import (
    load_ledger_bulk,
    publish_price_book,
    quote_variants,
    resolve_jurisdiction,
)
from pricing.base.core.reference import REASONS
from pricing.base.core.values import LedgerRow
from pricing.ledger.models.ledger import PublicPrice
from profiles.models import Event
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import NOON, Dairy, make_shopper, visit
from tests.factories.references import FoundReferences, load_references

pytestmark = pytest.mark.django_db
STARTED = NOON - timedelta(days=4)


@pytest.fixture
def reduced(dairy: Dairy) -> Dairy:
    """Brie was 6.00, once 5.50 three weeks ago, and costs 4.80 since four days."""
    load_ledger_bulk(
        rows=[
            LedgerRow(dairy.brie, "list", 600, NOON - timedelta(days=200)),
            LedgerRow(dairy.brie, "public", 600, NOON - timedelta(days=200)),
            LedgerRow(dairy.brie, "public", 550, NOON - timedelta(days=24)),
            LedgerRow(dairy.brie, "public", 600, NOON - timedelta(days=20)),
            LedgerRow(dairy.brie, "public", 480, STARTED),
        ]
    )
    return dairy


def sell(variant: int, days_ago: float, minor: int, units: int = 1) -> None:
    Event.objects.create(
        id=uuid7(),
        occurred_at=NOON - timedelta(days=days_ago),
        received_at=NOON,
        shopper_id=make_shopper().id,
        kind="purchase",
        variant_id=variant,
        quantity=units,
        paid_minor=minor * units,
        list_minor=600 * units,
        channel="store",
        source="test",
    )


def find(variant: int) -> FoundReferences:
    listed = PublicPrice.objects.get(variant_id=variant).list_minor
    return load_references(
        variant_id=np.array([variant]),
        list_minor=np.array([listed]),
        now=NOON,
        place=("us", "online"),
    )


def ask(variant: int, jurisdiction: str) -> tuple[int | None, str]:
    rule = resolve_jurisdiction(code=jurisdiction, now=NOON)
    basis = find(variant).by_strategy[rule.reference_strategy]
    return int(basis.amount[0]) or None, REASONS[int(basis.reason[0])]


def test_each_law_has_its_own_was_price(reduced: Dairy) -> None:
    for days_ago, minor, units in ((60, 600, 6), (22, 550, 2), (6, 590, 1), (2, 480, 9)):
        sell(reduced.brie, days_ago, minor, units)
    assert ask(reduced.brie, "FR") == (550, "")
    assert ask(reduced.brie, "CN") == (590, "")
    assert ask(reduced.brie, "US-NY") == (600, "")
    assert ask(reduced.brie, "GB") == (550, "")
    assert find(reduced.brie).reductions.start.tolist() == [STARTED.timestamp()]


def test_a_list_price_without_sales_is_no_reference(reduced: Dairy) -> None:
    sell(reduced.brie, 60, 600, 1)
    sell(reduced.brie, 22, 550, 9)
    assert ask(reduced.brie, "FR") == (None, "list_not_genuine")


def test_without_a_reduction_nothing_may_be_claimed(reduced: Dairy) -> None:
    load_ledger_bulk(
        rows=[
            LedgerRow(reduced.rye, "list", 300, NOON - timedelta(days=90)),
            LedgerRow(reduced.rye, "public", 280, NOON - timedelta(days=90)),
        ]
    )
    sell(reduced.rye, 30, 300, 5)
    assert ask(reduced.rye, "FR") == (None, "no_reduction")


def test_new_goods_have_no_history(reduced: Dairy) -> None:
    load_ledger_bulk(
        rows=[
            LedgerRow(reduced.gouda, "list", 500, NOON - timedelta(days=20)),
            LedgerRow(reduced.gouda, "public", 500, NOON - timedelta(days=20)),
            LedgerRow(reduced.gouda, "public", 450, NOON - timedelta(days=2)),
        ]
    )
    sell(reduced.gouda, 10, 600, 5)
    assert ask(reduced.gouda, "FR") == (None, "no_history")


def test_the_page_shows_the_was_price_of_the_visitors_law(reduced: Dairy) -> None:
    for days_ago, minor, units in ((60, 600, 6), (22, 550, 2)):
        sell(reduced.brie, days_ago, minor, units)
    publish_price_book(now=NOON)

    def shown(code: str, language: str = "en") -> tuple[int | None, str]:
        context = visit(None, jurisdiction_code=code, language=language)
        view = quote_variants(context=context, variant_ids=[reduced.brie]).prices[reduced.brie]
        return view.reference_minor, view.reference_note

    assert shown("DE") == (550, "Lowest price in the 30 days before this reduction")
    assert shown("US-other") == (600, "Median price paid in the 90 days before this reduction")
    assert shown("US-other", "zh-hans") == (600, "本次降价前90天内的成交价中位数")

    def name(code: str, language: str = "en") -> str:
        context = visit(None, jurisdiction_code=code, language=language)
        view = quote_variants(context=context, variant_ids=[reduced.brie]).prices[reduced.brie]
        return view.reference_name

    assert name("DE") == name("DE", "zh-hans") == "Niedrigster Preis (30 Tage)"
    assert name("EU") == name("unknown") == "30-day low"
    places = ("US-NY", "US-MD", "US-CT", "US-other")
    assert {name(place) for place in places} == {"90-day median paid"}
    assert name("US-other", "zh-hans") == "近 90 天成交中位价"
