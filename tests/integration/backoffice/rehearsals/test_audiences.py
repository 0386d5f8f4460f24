"""Whom a promotion could reach: in a sample with its doubt, and by what was ordered when."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from orders.cart.services.carts import add_to_cart
from orders.models import Order
from profiles.models import Shopper
from profiles.shoppers.selectors import shoppers as audience
from promotions.models import Campaign
from shop.doors.backoffice.campaigns.audiences import count_audience
from tests.factories.orders import NOON, FakePrices, Shelf, context_of, make_shopper, pay, place
from tests.integration.backoffice.rehearsals.test_rehearsals import LATER, make_draft

pytestmark = pytest.mark.django_db


def test_a_large_audience_is_sampled_and_its_doubt_said(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    for n in range(40):
        Shopper.objects.create(
            market_code="us", consent_recommendations=n % 2 == 0, created_at=NOON, last_seen_at=NOON
        )
    draft = make_draft(condition={"not": {"tags": ["baker"]}}, percent=25)
    monkeypatch.setattr(audience, "MOST_EXACT", 10)
    found = count_audience(campaign_id=draft.pk, market_code="us", carts=(), now=NOON)
    assert (found.every, found.total) == (4, 40)
    assert found.low <= found.count <= found.high
    assert 0 <= found.low < found.high <= 40


def test_what_was_ordered_and_spent_is_counted_in_its_window(
    prices: FakePrices, shelf: Shelf
) -> None:
    bob = context_of(make_shopper())
    add_to_cart(context=bob, variant_id=shelf.cheddar, quantity=2)
    pay(place(bob))
    Shopper.objects.update(consent_recommendations=True, market_code="us")
    Shopper.objects.create(
        market_code="us", consent_recommendations=True, created_at=NOON, last_seen_at=NOON
    )
    total = Order.objects.get().total_minor

    def count(condition: dict[str, Any], now: Any = LATER) -> int:
        draft = make_draft(f"draft-{Campaign.objects.count()}", condition=condition)
        asked = {"campaign_id": draft.pk, "market_code": "us", "carts": ()}
        return count_audience(**asked, now=now).count

    assert [count({"spent": {"days": 30, "at_least": at}}) for at in (total, total + 1)] == [1, 0]
    assert count({"orders": {"days": 30, "at_least": 1}}) == 1
    assert count({"orders": {"days": 1, "at_least": 1}}, now=NOON + timedelta(days=9)) == 0
    assert count({"last_order": {"at_least_days": 1}}) == 1
    assert count({"first_order": True}) == Shopper.objects.count() - 1
