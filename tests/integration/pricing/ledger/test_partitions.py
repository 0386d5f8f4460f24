"""Months of quotes, and the chain over their days that shows any change."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from django.db import connection

from pricing.api import ensure_partitions, seal_quotes
from pricing.ledger.models.quotes import Quote, QuoteSeal
from profiles.values import ShopperValue
from tests.factories.pricing import NOON, Dairy
from tests.factories.pricing_seals import find_changed_days, quote_at_noon

pytestmark = pytest.mark.django_db


@pytest.fixture
def quoted(dairy: Dairy) -> ShopperValue:
    """Four quotes of noon lie in the table."""
    return quote_at_noon(dairy)


def partition_of(quote: Quote) -> str:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT tableoid::regclass::text FROM pricing_quote WHERE id = %s", [quote.pk]
        )
        return str(cursor.fetchone()[0])


def test_rows_move_into_the_partition_of_their_month(quoted: ShopperValue) -> None:
    quote = Quote.objects.first()
    assert partition_of(quote) == "pricing_quote_default"
    assert ensure_partitions(now=NOON, months=2) == 9
    assert partition_of(quote) == "pricing_quote_2026_11"
    assert Quote.objects.count() == 4
    assert ensure_partitions(now=NOON, months=2) == 0


def test_sealed_days_show_a_change_and_forgive_a_forgotten_shopper(quoted: ShopperValue) -> None:
    assert seal_quotes(now=NOON) == 0
    assert seal_quotes(now=NOON + timedelta(days=4)) == 3
    seal = QuoteSeal.objects.get(day=date(2026, 11, 25))
    assert (seal.rows, seal.previous) == (4, "0" * 64)
    Quote.objects.update(shopper_id=None)
    assert find_changed_days() == []
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE pricing_quote DISABLE TRIGGER append_only")
        cursor.execute("UPDATE pricing_quote SET purpose = 'other' WHERE quoted_minor < 600")
    assert find_changed_days() == [date(2026, 11, 25)]
