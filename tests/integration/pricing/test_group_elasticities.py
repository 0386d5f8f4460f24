"""From purchases to elasticities of segments and tags: of many, as they were before."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from unittest.mock import patch

import numpy as np
import pytest

from pricing.core.values import LedgerRow
from pricing.selectors import training_shoppers
from pricing.selectors.elasticities import GroupElasticity, list_group_elasticities
from pricing.services import load_ledger_bulk, train_demand
from profiles.core.values import FeatureRow
from profiles.models import Event, Shopper
from profiles.services import refit_segments
from shop.kernel.ids import uuid7
from tests.factories.pricing import NOON
from tests.factories.pricing_shocks import make_teas

pytestmark = pytest.mark.django_db
ITEMS, WEEKS, SHOPPERS = 36, 40, 60
CALM, KEEN = 1.0, 3.0


@pytest.fixture
def shop_of_two_kinds() -> list[Shopper]:
    """Sixty shoppers; every other one buys mostly on offer."""
    variants = make_teas(ITEMS)
    shoppers = Shopper.objects.bulk_create(
        Shopper(created_at=NOON, last_seen_at=NOON, consent_price=True, external_ref=f"h{number}")
        for number in range(SHOPPERS)
    )
    _buy(variants, [one.pk for one in shoppers])
    return shoppers


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


def learn(**tags: list[int]) -> list[GroupElasticity]:
    """Train with these shoppers under these tags, and return what staff would see."""

    def tag_by_hand(row: FeatureRow, *_rest: object) -> tuple[str, ...]:
        return tuple(tag for tag, who in tags.items() if by_pseudonym[row.shopper] in who)

    by_pseudonym = {str(one): pk for pk, one in Shopper.objects.values_list("pk", "pseudonym")}
    refit_segments(now=NOON)
    with patch("profiles.selectors.segments.tag_shopper", tag_by_hand):
        train_demand(as_of=NOON, weeks=WEEKS)
    return list_group_elasticities()


def test_who_responds_more_is_seen_with_an_interval_and_a_badge(
    shop_of_two_kinds: list[Shopper],
) -> None:
    ids = [one.pk for one in shop_of_two_kinds]
    found = learn(thrifty=ids[1::2], finer=ids[::2], weekend=ids[:19])
    tags = {one.code: one for one in found if one.kind == "tag"}
    # Nineteen shoppers are too few to be told apart.
    assert list(tags) == ["thrifty", "finer"]
    assert tags["thrifty"].label == "thrifty choices"
    assert tags["thrifty"].size == 30
    assert tags["thrifty"].high < tags["finer"].low
    gap = tags["finer"].elasticity - tags["thrifty"].elasticity
    assert gap == pytest.approx(KEEN - CALM, abs=0.4)
    assert not any(one.is_causal for one in found)
    assert [one.kind for one in found if one.kind == "segment"]
    department = next(one for one in found if one.kind == "department")
    assert department.size == ITEMS
    assert department.low < department.elasticity < department.high


def test_who_gave_no_consent_is_in_no_group(shop_of_two_kinds: list[Shopper]) -> None:
    ids = [one.pk for one in shop_of_two_kinds]
    Shopper.objects.filter(pk__in=ids[:12]).update(consent_price=False)
    found = learn(thrifty=ids[1::2], finer=ids[::2])
    assert {one.code: one.size for one in found if one.kind == "tag"} == {
        "thrifty": 24,
        "finer": 24,
    }


def test_groups_are_as_they_were_before_the_weeks_they_are_measured_on(
    shop_of_two_kinds: list[Shopper],
) -> None:
    seen = []
    compute = training_shoppers.compute_feature_tables

    def watch(ids: Sequence[int], as_of: datetime) -> object:
        seen.append(as_of)
        return compute(ids, as_of)

    refit_segments(now=NOON)
    with patch.object(training_shoppers, "compute_feature_tables", watch):
        train_demand(as_of=NOON, weeks=WEEKS)
    assert [(NOON - one).days // 7 for one in seen] == [26]


def test_without_a_model_there_are_no_groups() -> None:
    assert list_group_elasticities() == []
