"""An hour of looking, buying and looking again while workers are late and servers fail."""

from __future__ import annotations

import random
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import pytest

from pricing.api import drain_quotes, publish_price_book, quote_variants
from profiles.events.api import record_purchase_events, restore_online_features
from profiles.values import PurchasedLine, ShopperValue
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.dead_redis import redis_down
from tests.factories.pricing import (
    NOON,
    Dairy,
    committed,
    look_at,
    make_treated,
    open_dairy,
    visit,
)

pytestmark = pytest.mark.django_db
SHOPPERS, MINUTES, SEED = 4, 110, 20261202


@dataclass
class Promised:
    """What a page promised: a price until a moment; `is_stored`: a worker has written it down."""

    minor: int
    until: datetime
    is_stored: bool = False


@dataclass
class Soak:
    """Shoppers with what they were promised, by shopper and variant."""

    dairy: Dairy
    shoppers: list[ShopperValue]
    promised: dict[tuple[int, int], Promised] = field(default_factory=dict)
    broken: list[str] = field(default_factory=list)
    looked: int = 0

    def look(self, shopper: ShopperValue, now: datetime, *, without_redis: bool) -> None:
        """Look at all prices: each promise that has not run out holds."""
        prices = quote_variants(context=visit(shopper, now=now), variant_ids=self.dairy.all).prices
        for variant_id, view in prices.items():
            key = shopper.id, variant_id
            kept = self.promised.get(key)
            if kept is not None and now < kept.until and (kept.is_stored or not without_redis):
                self.looked += 1
                if view.quoted_minor > kept.minor:
                    self.broken.append(f"{now:%H:%M} {key}: {kept} became {view.quoted_minor}")
            is_lower = kept is None or now >= kept.until or view.quoted_minor < kept.minor
            if view.quote_id is not None and view.expires_at is not None and is_lower:
                self.promised[key] = Promised(view.quoted_minor, view.expires_at)

    def drain(self) -> None:
        """Let the late worker write down what was quoted."""
        drain_quotes()
        for one in self.promised.values():
            one.is_stored = True


def buy(shopper: ShopperValue, variant_id: int, now: datetime) -> None:
    with committed():
        record_purchase_events(
            shopper_id=shopper.id,
            basket_ref=f"{shopper.id}-{now:%H%M}",
            lines=[PurchasedLine(variant_id, 1, 300, 300)],
            occurred_at=now,
            channel="online",
            now=now,
        )


def raise_prices(rng: random.Random, dairy: Dairy, now: datetime) -> None:
    """The merchant asks more for a cheese; everybody pays it from the next book on."""
    row = Variant.objects.get(pk=rng.choice(dairy.cheeses))
    Variant.objects.filter(pk=row.pk).update(list_minor=row.list_minor + 20)
    forget_catalog()
    publish_price_book(now=now, everything=True)


def test_every_promise_holds_in_an_hour_of_failures(
    dairy: Dairy, monkeypatch: pytest.MonkeyPatch
) -> None:
    rng = random.Random(SEED)
    open_dairy()
    soak = Soak(dairy, [make_treated() for _ in range(SHOPPERS)])
    for minute in range(MINUTES):
        now, shopper = NOON + timedelta(minutes=minute), rng.choice(soak.shoppers)
        act = rng.choice(("look", "look", "click", "buy", "raise", "drain", "repair"))
        without_redis = rng.random() < 0.25
        with ExitStack() as stack:
            if without_redis:
                stack.enter_context(redis_down(monkeypatch))
            if act == "click" and not without_redis:
                look_at(shopper, rng.sample(dairy.cheeses, 2), now)
            elif act == "buy":
                buy(shopper, rng.choice(dairy.cheeses), now)
            elif act == "raise" and minute % 5 == 0:
                raise_prices(rng, dairy, now)
            soak.look(shopper, now, without_redis=without_redis)
        if act == "drain":
            soak.drain()
        elif act == "repair":
            restore_online_features(now=now)
    assert soak.broken == []
    assert soak.looked > MINUTES
