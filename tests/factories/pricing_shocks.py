"""A tea shop large enough for chance to find some of its products."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from pricing.api import load_ledger_bulk, publish_price_book
from pricing.base.core.values import LedgerRow
from pricing.experiments.models.price_tests import PriceShock
from pricing.policy.models.policy import PricingPolicy
from shop.ground.catalog.models import Brand, Category, Market, Product, Variant
from shop.ground.catalog.selectors import forget_catalog
from tests.factories.pricing import NOON, make_model

TEAS = 40
# Ids of their own: which products chance finds follows them, not how many tests ran before.
FIRST_ID = 9_000_001
# The Monday after NOON, 00:20 on the clocks of the business (New York).
MONDAY = datetime(2026, 11, 30, 5, 20, tzinfo=UTC)


def make_teas(count: int = TEAS) -> list[int]:
    """Create `count` teas of one category, 5.00 on the list, sold at 4.59; return their ids.

    Price tests are drawn by the numbers of category and variant: both are the same in every order
    of tests.
    """
    Market.objects.get_or_create(code="us", defaults={"name": "United States"})
    top = Category.objects.create(
        pk=FIRST_ID, external_ref="g", slug="g", name="Grocery", path="g", depth=0, position=0
    )
    leaf = Category.objects.create(
        pk=FIRST_ID + 1, external_ref="g/t", slug="gt", name="Tea", path="g/t", depth=1, parent=top
    )
    brand = Brand.objects.create(external_ref="b", name="Meadow")
    variants = [_make_tea(number, leaf, brand) for number in range(count)]
    forget_catalog()
    return variants


def _make_tea(number: int, category: Category, brand: Brand) -> int:
    product = Product.objects.create(
        external_ref=f"t{number}",
        name=f"Tea {number}",
        slug=f"tea-{number}",
        category=category,
        brand=brand,
        created_at=NOON,
    )
    variant = Variant.objects.create(
        pk=FIRST_ID + number,
        product=product,
        external_ref=f"t{number}",
        sku=f"TEA-{number}",
        list_minor=500,
        cost_minor=300,
        cost_source="merchant",
    )
    return int(variant.pk)


def open_tea_shop(variants: list[int], **policy: Any) -> None:
    """Publish the first book of the teas on a Wednesday; the model leaves their prices alone."""
    bounds = {"shock_share": 0.25, "min_confidence": 0.99, **policy}
    PricingPolicy.objects.filter(is_active=True).update(**bounds)
    begin = NOON - timedelta(days=90)
    rows = [
        LedgerRow(variant, kind, amount, begin)
        for variant in variants
        for kind, amount in (("list", 500), ("public", 459))
    ]
    load_ledger_bulk(rows=rows)
    make_model(trained_at=NOON - timedelta(hours=1))
    publish_price_book(now=NOON)


def make_shock_row(variant: Variant) -> PriceShock:
    """Write down a shock that holds: 4.80 became 4.69 for the week of NOON."""
    return PriceShock.objects.create(
        variant=variant,
        market_id="us",
        week=(NOON - timedelta(days=NOON.weekday())).date(),
        direction=-1,
        probability=0.025,
        base_minor=480,
        shocked_minor=469,
        is_applied=True,
        seed="us/online",
        policy_version=1,
        started_at=NOON,
    )
