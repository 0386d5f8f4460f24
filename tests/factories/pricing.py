"""Prices to test with: a small dairy with a model and a book; Alice looks at cheese.

Alice agreed to personal prices, Bob is new, Charlie refused.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
from django.test import TestCase

from pricing.api import publish_price_book
from pricing.base.core.values import QuoteContext
from pricing.demand.core.served import WEEKS_OF_YEAR, ServedDemand
from pricing.demand.models.demand import DemandModelVersion
from pricing.optimum.core.quote import VariantTerms
from pricing.optimum.core.signals import RAW_SIGNALS, SIGNAL_FEATURES, ShopperSignals, SignalWeights
from profiles.accounts.services.identity import get_or_create_guest
from profiles.events.services.events import ingest_events
from profiles.values import Consents, ShopperValue
from shop.ground.catalog.models import Brand, Category, Market, Product, Variant
from shop.ground.kernel.arrays import hash_arrays, pack_arrays
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.ids import uuid7

NOON = datetime(2026, 11, 25, 12, tzinfo=UTC)
BROWSER = "Mozilla/5.0 (X11; Linux x86_64; rv:145.0) Gecko/20100101 Firefox/145.0"


@dataclass(frozen=True, slots=True)
class Dairy:
    """Variant ids of the products and ids of their categories."""

    cheddar: int
    gouda: int
    brie: int
    camembert: int
    rye: int
    merlot: int
    teddy: int
    cheese: int
    hard: int
    soft: int

    @property
    def cheeses(self) -> tuple[int, ...]:
        """The four cheeses."""
        return (self.cheddar, self.gouda, self.brie, self.camembert)

    @property
    def all(self) -> tuple[int, ...]:
        """Everything that is sold."""
        return (*self.cheeses, self.rye, self.merlot, self.teddy)


def make_dairy() -> Dairy:
    """Create the products. Cheese costs 4.00 to 7.00, bread 3.00, wine 9.00, the toy 12.00."""
    Market.objects.get_or_create(code="us", defaults={"name": "United States"})
    brand = Brand.objects.create(external_ref="dairy-brand", name="Meadow")
    cheese = _category("dairy", "cheese")
    hard, soft = _category("dairy", "cheese", "hard"), _category("dairy", "cheese", "soft")
    bread = _category("bakery", "bread", "rye-bread")
    wine = _category("drinks", "wine", "red-wine", is_restricted=True)
    toys = _category("toys", "plush", "bears", is_child_directed=True)

    def sell(name: str, category: Category, list_minor: int) -> int:
        return _variant(name, category, brand, list_minor)

    return Dairy(
        cheddar=sell("Cheddar", hard, 400),
        gouda=sell("Gouda", hard, 500),
        brie=sell("Brie", soft, 600),
        camembert=sell("Camembert", soft, 700),
        rye=sell("Rye bread", bread, 300),
        merlot=sell("Merlot", wine, 900),
        teddy=sell("Teddy bear", toys, 1200),
        cheese=cheese.pk,
        hard=hard.pk,
        soft=soft.pk,
    )


def make_pharmacy() -> tuple[int, int]:
    """Create two sensitive products, aspirin at 8.00 and cough drops at 4.00; return their ids.

    The flag stands on the category above theirs: what lies below inherits it.
    """
    brand, _ = Brand.objects.get_or_create(external_ref="dairy-brand", defaults={"name": "Meadow"})
    _category("pharmacy", "pain-relief", is_sensitive=True)
    tablets = _category("pharmacy", "pain-relief", "tablets")
    drops = _category("pharmacy", "pain-relief", "drops")
    return _variant("Aspirin", tablets, brand, 800), _variant("Cough drops", drops, brand, 400)


def _category(*names: str, **flags: bool) -> Category:
    parent = _category(*names[:-1]) if len(names) > 1 else None
    path = "/".join(names)
    made, _ = Category.objects.get_or_create(
        path=path,
        defaults={
            "external_ref": path,
            "slug": path.replace("/", "-"),
            "name": names[-1].title(),
            "depth": len(names) - 1,
            "parent": parent,
            **flags,
        },
    )
    return made


def _variant(name: str, category: Category, brand: Brand, list_minor: int) -> int:
    product = Product.objects.create(
        external_ref=name,
        name=name,
        slug=name.lower().replace(" ", "-"),
        category=category,
        brand=brand,
        popularity=list_minor,
        created_at=NOON,
    )
    variant = Variant.objects.create(
        product=product,
        external_ref=name,
        sku=name.upper().replace(" ", "-"),
        list_minor=list_minor,
        cost_minor=int(list_minor * 0.65),
        cost_source="merchant",
        measure_amount=200,
        measure_unit="g",
    )
    return int(variant.pk)


def make_model(
    elasticities: dict[int, float] | None = None,
    *,
    trained_at: datetime = NOON,
    is_causal: bool = False,
    sd: float = 0.2,
    **weights: float,
) -> DemandModelVersion:
    """Store an active model: `elasticities` by variant (as doubtful as `sd`), 1.8 for all others.

    `is_causal`: chance backs those that are named.
    """
    known = dict(sorted((elasticities or {}).items()))
    count = len(known)
    none, ids = np.zeros(0), np.zeros(0, dtype=np.int64)
    served = ServedDemand(
        variant_id=np.array(list(known), dtype=np.int64),
        elasticity=np.array(list(known.values())),
        elasticity_sd=np.full(count, sd),
        base_log=np.full(count, 3.0),
        usual_minor=np.full(count, 400.0),
        dispersion=np.ones(count),
        is_causal=np.full(count, is_causal),
        family_id=ids,
        family_elasticity=none,
        family_elasticity_sd=none,
        global_elasticity=np.array([1.8, 0.3]),
        department_id=ids,
        season=np.zeros((0, WEEKS_OF_YEAR)),
        weights=SignalWeights(**weights),
    )
    arrays = served.arrays()
    DemandModelVersion.objects.filter(status="active").update(status="retired")
    return DemandModelVersion.objects.create(
        kind="pooled_poisson",
        status="active",
        trained_at=trained_at,
        window_start=(trained_at - timedelta(weeks=53)).date(),
        window_end=trained_at.date(),
        parameters={"weights": served.weights.as_numbers()},
        arrays=pack_arrays(arrays),
        sha256=hash_arrays(arrays),
        feature_hash=fingerprint(sorted(SIGNAL_FEATURES)),
    )


def open_dairy(now: datetime = NOON) -> None:
    """Publish the first book of the dairy under a model; elasticities leave public prices alone."""
    make_model(trained_at=now - timedelta(hours=1))
    publish_price_book(now=now)


def make_shopper(*, is_willing: bool = True, now: datetime = NOON) -> ShopperValue:
    """Return Alice, who agrees to personal prices, or Charlie, who does not."""
    answers = Consents(price=is_willing, recommendations=True, analytics=True)
    with committed():
        return get_or_create_guest(pseudonym=None, defaults=answers, market_code="us", now=now)


def committed() -> AbstractContextManager[object]:
    """Run what waits for a commit although the test's transaction never commits."""
    return TestCase.captureOnCommitCallbacks(execute=True)


def make_treated(now: datetime = NOON) -> ShopperValue:
    """Return a willing shopper who is not in the permanent holdout."""
    return _draw(now, is_held_out_wanted=False)


def make_held_out(now: datetime = NOON) -> ShopperValue:
    """Return a willing shopper in the permanent holdout."""
    return _draw(now, is_held_out_wanted=True)


def _draw(now: datetime, *, is_held_out_wanted: bool) -> ShopperValue:
    state = importlib.import_module("pricing.quoting.services.deciding")
    while True:
        shopper = make_shopper(now=now)
        if state.is_held_out(shopper.pseudonym, 0.05) == is_held_out_wanted:
            return shopper


def look_at(shopper: ShopperValue, variants: Iterable[int], now: datetime = NOON) -> None:
    """Let the shopper view each variant once, at `now`."""
    events = [
        {
            "id": str(uuid7()),
            "kind": "view",
            "variant_id": variant,
            "occurred_at": now.isoformat(),
        }
        for variant in variants
    ]
    outcome = ingest_events(
        shopper=shopper,
        events=events,
        now=now,
        channel="online",
        user_agent=BROWSER,
        consents=shopper.consents,
    )
    assert outcome.accepted == len(events), outcome


def visit(shopper: ShopperValue | None, now: datetime = NOON, **changes: Any) -> QuoteContext:
    """Return the context of a visit to the US shop; None is an anonymous visitor."""
    fields: dict[str, Any] = {
        "shopper_pseudonym": None if shopper is None else shopper.pseudonym,
        "market": "us",
        "channel": "online",
        "jurisdiction_code": "US-other",
        "language": "en",
        "gpc": False,
        "now": now,
        "purpose": "test",
    }
    return QuoteContext(**(fields | changes))


def make_signals(n: int, m: int, **sums: float) -> ShopperSignals:
    """Return signals of n shoppers for m variants; what is not named is 0."""
    return ShopperSignals(**{name: np.full((n, m), sums.get(name, 0.0)) for name in RAW_SIGNALS})


def make_terms(
    public: Iterable[int],
    *,
    cost_share: float = 0.65,
    elasticity: float = 1.8,
    elasticity_sd: float = 0.3,
) -> VariantTerms:
    """Return terms of variants at these public prices, floors 2 % above cost."""
    prices = np.array(list(public), dtype=np.int64)
    cost = prices * cost_share
    count = len(prices)
    return VariantTerms(
        variant_id=np.arange(1, count + 1),
        public_minor=prices,
        list_minor=prices + 50,
        floor_minor=np.ceil(cost * 1.02).astype(np.int64),
        unit_cost=cost,
        elasticity=np.full(count, elasticity),
        elasticity_sd=np.full(count, elasticity_sd),
        category_id=np.ones(count, dtype=np.int64),
        is_open=np.ones(count, dtype=np.bool_),
    )
