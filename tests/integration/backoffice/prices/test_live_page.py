"""See it happen: events of shoppers beside the prices that followed."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

from django.test import Client
from django.urls import reverse

from pricing.ledger.models.quotes import Quote
from profiles.events.models import Event
from shop.doors.backoffice.memory import forget_all
from shop.ground.kernel.clock import utc_now
from tests.factories.backoffice_prices import make_quote


def test_an_event_stands_beside_the_price_it_changed(root: Client) -> None:
    forget_all()
    quote = Quote.objects.order_by("pk").first()
    at = utc_now() - timedelta(minutes=1)
    shared = {"shopper_hash": "7f3a" + 28 * "0"}
    seen = {"activity": 1.0, "variant": 1.0}
    make_quote(quote.variant, quote.shopper, at - timedelta(seconds=5), features=seen, **shared)
    Event.objects.create(
        id=uuid4(),
        occurred_at=at,
        received_at=at,
        shopper=quote.shopper,
        kind="cart_add",
        variant_id=quote.variant.pk,
        channel="online",
        source="device",
    )
    grown = {"activity": 2.0, "variant": 3.0}
    later = at + timedelta(milliseconds=12)
    decided = make_quote(
        quote.variant, quote.shopper, later, features=grown, quoted_minor=430, **shared
    )
    page = root.get(reverse("admin:live"))
    (one,) = page.context["happenings"]
    assert (one.who, one.is_simulated) == ("Shopper 7F3A", False)
    assert one.act.startswith("put ")
    (price,) = one.prices
    assert price.quote_id == decided
    assert (price.before, price.now, price.step) == ("$4.50", "$4.30", "−$0.20")
    assert price.delay == "12 milliseconds after the event"
    assert price.moved == (
        "how much they browsed lately: 1 → 2",
        "interest in exactly this one: 1 → 3",
    )
    assert reverse("admin:replay_quote", args=[decided]) in page.content.decode()


def test_only_a_demo_simulates_visits(root: Client, settings: Any) -> None:
    address = reverse("admin:simulate_visit")
    settings.ENVIRONMENT_NAME = "production"
    assert "Simulate a visit" not in root.get(reverse("admin:live")).content.decode()
    assert root.post(address, {"shopper": "2"}).status_code == 403
    settings.ENVIRONMENT_NAME = "demo"
    page = root.post(address, {"shopper": "2"}, follow=True)
    (told,) = page.context["messages"]
    assert "9 events were taken in" in str(told)
