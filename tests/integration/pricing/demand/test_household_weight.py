"""From purchases to the weight that earlier offers have in personal prices."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from pricing.api import load_ledger_bulk, train_demand
from pricing.base.core.values import LedgerRow
from pricing.demand.models.demand import DemandModelVersion
from pricing.demand.selectors.training_shoppers import say_households
from profiles.models import Event, Shopper
from profiles.segments.services.segments import refit_segments
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import NOON
from tests.factories.pricing_shocks import make_teas

pytestmark = pytest.mark.django_db
ITEMS, WEEKS, SHOPPERS = 36, 40, 60
CALM, KEEN = 1.0, 3.0


@pytest.fixture
def shop_of_two_kinds() -> list[int]:
    """Sixty shoppers; every other one buys mostly on offer."""
    variants = make_teas(ITEMS)
    shoppers = Shopper.objects.bulk_create(
        Shopper(created_at=NOON, last_seen_at=NOON, consent_price=True, external_ref=f"h{number}")
        for number in range(SHOPPERS)
    )
    _buy(variants, [one.pk for one in shoppers])
    return variants


def _buy(variants: list[int], shoppers: list[int]) -> None:
    rng = np.random.default_rng(3)
    monday = NOON - timedelta(days=NOON.weekday(), hours=12, weeks=WEEKS)
    slope = np.where(np.arange(SHOPPERS) % 2, KEEN, CALM)
    events, ledger = [], []
    for variant in variants:
        ledger.append(LedgerRow(variant, "list", 500, monday))
        for week in range(WEEKS):
            price = int(rng.choice([500, 400, 300]))
            at = monday + timedelta(weeks=week)
            ledger.append(LedgerRow(variant, "public", price, at))
            units = rng.poisson(0.12 * (price / 500) ** -slope)
            events += [
                Event(
                    id=uuid7(),
                    occurred_at=at + timedelta(days=2),
                    received_at=NOON,
                    shopper_id=shoppers[buyer],
                    kind="purchase",
                    variant_id=variant,
                    quantity=int(units[buyer]),
                    paid_minor=price * int(units[buyer]),
                    list_minor=500 * int(units[buyer]),
                    is_discounted=price < 500,
                    channel="store",
                    source="test",
                )
                for buyer in np.flatnonzero(units)
            ]
    load_ledger_bulk(rows=ledger)
    Event.objects.bulk_create(events + _order(shoppers, monday))


def _order(shoppers: list[int], monday: datetime) -> list[Event]:
    return [
        Event(
            id=uuid7(),
            occurred_at=monday + timedelta(weeks=week, days=2),
            received_at=NOON,
            shopper_id=buyer,
            kind="order",
            channel="store",
            source="test",
        )
        for week in range(WEEKS)
        for buyer in shoppers
    ]


def test_shoppers_own_price_response_is_tested_and_weighs_in_prices(
    shop_of_two_kinds: list[int],
) -> None:
    refit_segments(now=NOON)
    train_demand(as_of=NOON, weeks=WEEKS)
    model = DemandModelVersion.objects.latest("trained_at")
    own = model.metrics["household_response"]
    assert own["households"] == SHOPPERS
    assert own["lines"] > 1_000
    # Half of them respond three times as much, and it shows in what they bought on offer before.
    assert own["is_real"]
    assert own["weight"] == model.parameters["weights"]["deals"]
    assert "is real" in say_households(model.metrics)
