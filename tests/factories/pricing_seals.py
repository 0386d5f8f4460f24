"""Quotes to be sealed, and sealed days compared with their tables at once."""

from __future__ import annotations

from datetime import date, datetime

from pricing.api import drain_quotes, quote_variants
from pricing.ledger.models.impressions import LookSeal
from pricing.ledger.models.quotes import QuoteSeal
from pricing.publishing.services.breakers import check_seals
from profiles.values import ShopperValue
from tests.factories.pricing import NOON, Dairy, look_at, make_treated, open_dairy, visit

SEALS = (QuoteSeal, LookSeal)


def quote_at_noon(dairy: Dairy) -> ShopperValue:
    """Write four quotes of noon into their table; return Alice, who asked."""
    open_dairy()
    alice = make_treated()
    look_at(alice, dairy.cheeses)
    quote_variants(context=visit(alice), variant_ids=dairy.all)
    drain_quotes()
    return alice


def find_changed_days(now: datetime = NOON) -> list[date]:
    """Compare all sealed days; return those that are not what was sealed."""
    for seals in SEALS:
        seals.objects.update(checked_at=None)
    check_seals(now=now)
    return sorted(
        {
            day
            for seals in SEALS
            for day in seals.objects.exclude(found_digest="").values_list("day", flat=True)
        }
    )
