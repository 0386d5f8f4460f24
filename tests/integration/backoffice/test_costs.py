"""A cost that staff give by hand is a word of the feed of costs; an assumed one is none."""

from __future__ import annotations

from datetime import datetime

import pytest
from django.test import Client
from django.urls import reverse

from pricing.models import FeedPulse
from shop.catalog.models import Variant
from shop.kernel.clock import utc_now
from shop.outbox.models import Fact
from shop.outbox.services import deliver_facts
from shop.wiring import HANDLERS


def give_cost(browser: Client, cost: int, source: str) -> Variant:
    variant = Variant.objects.order_by("pk").first()
    given = {
        "product": variant.product_id,
        "name": variant.name,
        "is_active": "on",
        "position": variant.position,
        "measure_amount": "" if variant.measure_amount is None else variant.measure_amount,
        "measure_unit": variant.measure_unit,
        "cost_minor": cost,
        "cost_source": source,
        "gtin": variant.gtin,
    }
    answer = browser.post(reverse("admin:shop_variant_change", args=[variant.pk]), given)
    assert answer.status_code == 302
    variant.refresh_from_db()
    assert (variant.cost_minor, variant.cost_source) == (cost, source)
    return variant


def test_a_cost_given_by_hand_is_a_word_of_the_feed(root: Client) -> None:
    FeedPulse.objects.all().delete()
    variant = give_cost(root, 123, "merchant")
    fact = Fact.objects.get(kind="CostsChanged")
    assert fact.payload["variants"] == [variant.pk]
    deliver_facts(handlers={"CostsChanged": HANDLERS["CostsChanged"]}, now=utc_now())
    pulse = FeedPulse.objects.get()
    assert (pulse.name, pulse.last_at) == ("costs", datetime.fromisoformat(fact.payload["at"]))
    give_cost(root, 123, "merchant")
    assert Fact.objects.filter(kind="CostsChanged").count() == 1


@pytest.mark.parametrize("cost", [123, 124])
def test_an_assumed_cost_is_none(root: Client, cost: int) -> None:
    give_cost(root, cost, "assumed")
    assert not Fact.objects.filter(kind="CostsChanged").exists()
