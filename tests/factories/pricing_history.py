"""A tea shop with most of a year of sales that follow q = k p^-1.6, at prices that moved."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np

from pricing.api import load_ledger_bulk
from pricing.base.core.values import LedgerRow
from profiles.models import Event
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import NOON, make_shopper
from tests.factories.pricing_shocks import make_teas

ITEMS, WEEKS, ELASTICITY = 24, 40, 1.6


def open_tea_history(items: int = ITEMS) -> list[int]:
    """Create teas and their sales of the WEEKS before NOON; return their ids."""
    variants = make_teas(items)
    sell_teas(variants)
    return variants


def sell_teas(variants: list[int]) -> None:
    """Write prices into the ledger week by week, and what was bought at them."""
    rng = np.random.default_rng(7)
    monday = NOON - timedelta(days=NOON.weekday(), hours=12, weeks=WEEKS)
    shopper, events, ledger = make_shopper(), [], []
    for variant in variants:
        ledger.append(LedgerRow(variant, "list", 500, monday))
        for week in range(WEEKS):
            price = int(rng.choice([500, 450, 400, 350]))
            at = monday + timedelta(weeks=week)
            ledger.append(LedgerRow(variant, "public", price, at))
            units = int(rng.poisson(12 * (price / 500) ** -ELASTICITY))
            if units:
                events.append(_purchase(shopper.id, variant, at, price, units))
    load_ledger_bulk(rows=ledger)
    Event.objects.bulk_create(events)


def _purchase(shopper: int, variant: int, at: datetime, price: int, units: int) -> Event:
    return Event(
        id=uuid7(),
        occurred_at=at + timedelta(days=2),
        received_at=NOON,
        shopper_id=shopper,
        kind="purchase",
        variant_id=variant,
        quantity=units,
        paid_minor=price * units,
        list_minor=500 * units,
        is_discounted=price < 500,
        channel="store",
        source="test",
    )
