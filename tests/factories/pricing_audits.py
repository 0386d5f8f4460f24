"""Households that told traits, and models to audit on them."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

from django.contrib.auth import get_user_model

from pricing.demand.models.demand import DemandModelVersion
from profiles.accounts.services.bulk import load_traits_bulk
from profiles.models import Event, Shopper
from shop.ground.kernel.ids import uuid7
from tests.factories.pricing import NOON, Dairy, make_model, open_dairy

EACH = 25


def make_households(dairy: Dairy) -> list[int]:
    """Fifty shoppers, every second one "large", who all looked at cheese alike."""
    open_dairy()
    shoppers = Shopper.objects.bulk_create(
        Shopper(market_code="us", consent_price=True, created_at=NOON, last_seen_at=NOON)
        for _ in range(2 * EACH)
    )
    ids = sorted(one.pk for one in shoppers)
    values = ("small", "large")
    load_traits_bulk(rows=[(one, "household", values[row % 2]) for row, one in enumerate(ids)])
    Event.objects.bulk_create(
        view for row, one in enumerate(ids) for view in view_cheese(one, dairy, 1 + row // 2 % 5)
    )
    return ids


def view_cheese(shopper: int, dairy: Dairy, count: int) -> Iterator[Event]:
    """Views of cheddar by a shopper, a minute apart, not yet stored."""
    for number in range(count):
        yield Event(
            id=uuid7(),
            occurred_at=NOON - timedelta(minutes=1 + number),
            received_at=NOON,
            shopper_id=shopper,
            kind="view",
            variant_id=dairy.cheddar,
            category_id=dairy.hard,
            channel="online",
            source="test",
        )


def plant_proxy(households: list[int], dairy: Dairy) -> None:
    """Let large households look around, and small ones not at all: a proxy of the trait."""
    Event.objects.all().delete()
    Event.objects.bulk_create(
        view for one in households[1::2] for view in view_cheese(one, dairy, 9)
    )


def make_alike() -> DemandModelVersion:
    """A candidate like the model in use, by two other weights."""
    active = DemandModelVersion.objects.get(status="active")
    made = make_model(deals=0.3)
    DemandModelVersion.objects.filter(pk=made.pk).update(status="candidate")
    DemandModelVersion.objects.filter(pk=active.pk).update(status="active")
    made.refresh_from_db()
    return made


def make_staff(name: str) -> int:
    """The id of a member of staff."""
    account = get_user_model().objects.create_user(email=f"{name}@example.com", is_staff=True)
    return int(account.pk)
