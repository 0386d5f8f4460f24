"""A kill switch takes back at once what chance did to public prices."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from pricing.models import PriceShock, PublicPrice
from pricing.services import publish_price_book, set_kill_switch, turn_price_shocks
from pricing.tasks import reprice_soon
from shop.outbox.models import Fact
from shop.wiring import HANDLERS
from tests.factories.pricing_shocks import MONDAY, make_teas, open_tea_shop

pytestmark = pytest.mark.django_db
MINUTE = timedelta(minutes=1)


@pytest.fixture
def teas() -> list[int]:
    """Forty teas at 4.59 with a floor below and a list price above."""
    variants = make_teas()
    open_tea_shop(variants)
    return variants


def prices() -> dict[int, int]:
    return dict(PublicPrice.objects.values_list("variant_id", "public_minor"))


def throw_switch(key: str, at: datetime, *, is_active: bool = True) -> None:
    set_kill_switch(scope="sku", key=key, is_active=is_active, reason="test", by_id=None, now=at)


def count_moved() -> int:
    return sum(price != 459 for price in prices().values())


def test_a_switch_takes_chance_back_at_once_and_only_where_it_is_thrown(teas: list[int]) -> None:
    turn_price_shocks(now=MONDAY)
    shock = PriceShock.objects.order_by("variant_id").select_related("variant")[0]
    later = MONDAY + timedelta(hours=5)
    assert publish_price_book(now=later).public_changes == 0
    throw_switch(shock.variant.sku, later + timedelta(seconds=1))
    assert Fact.objects.get(kind="KillSwitchFlipped").payload["key"] == shock.variant.sku
    assert reprice_soon in HANDLERS["KillSwitchFlipped"]  # who hears it publishes
    report = publish_price_book(now=later + timedelta(seconds=2))
    assert (report.public_changes, report.variants) == (1, 10)
    assert (prices()[shock.variant_id], count_moved()) == (459, 9)
    shock.refresh_from_db()
    assert shock.ended_at == later + timedelta(seconds=2)
    # Looked at once: neither the next run nor the switch's way back moves anything.
    assert publish_price_book(now=later + timedelta(minutes=1)).variants == 0
    throw_switch(shock.variant.sku, later + timedelta(minutes=2), is_active=False)
    assert publish_price_book(now=later + timedelta(minutes=3)).public_changes == 0
    assert count_moved() == 9


def test_a_switch_on_a_price_that_may_not_go_back_yet_is_heard_when_it_may(
    teas: list[int],
) -> None:
    turn_price_shocks(now=MONDAY)
    set_kill_switch(
        scope="global", key="", is_active=True, reason="test", by_id=None, now=MONDAY + MINUTE
    )
    assert publish_price_book(now=MONDAY + 2 * MINUTE).public_changes == 0
    assert publish_price_book(now=MONDAY + 30 * MINUTE).variants == 0
    assert publish_price_book(now=MONDAY + 61 * MINUTE).public_changes == 10
    assert (count_moved(), PriceShock.objects.filter(ended_at=None).count()) == (0, 0)
