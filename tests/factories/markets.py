"""Further markets for tests."""

from __future__ import annotations

from collections.abc import Mapping

from orders.models import DeliveryMethod
from orders.terms.selectors import forget_terms
from shop.ground.catalog.models import ListPrice, Market, Variant
from shop.ground.catalog.selectors import forget_catalog


def sell_abroad(*variant_ids: int) -> None:
    """Open the market "ca" and sell the variants there (all by default), at as many cents."""
    Market.objects.create(code="ca", name="Canada", currency="CAD", jurisdiction_code="US-other")
    sold = Variant.objects.filter(pk__in=variant_ids) if variant_ids else Variant.objects.all()
    ListPrice.objects.bulk_create(
        ListPrice(variant=one, market_id="ca", amount_minor=one.list_minor) for one in sold
    )
    forget_catalog()


def open_japan(prices: Mapping[int, tuple[int, int | None]]) -> None:
    """Open the market "jp", whose yen have no smaller unit, with list price and cost by variant;
    delivery is 500 yen and nothing is taxed."""
    Market.objects.create(
        code="jp", name="Japan", currency="JPY", country="JP", jurisdiction_code="JP"
    )
    DeliveryMethod.objects.create(market_code="jp", code="post", name="Post", price_minor=500)
    ListPrice.objects.bulk_create(
        ListPrice(variant_id=pk, market_id="jp", amount_minor=amount, cost_minor=cost)
        for pk, (amount, cost) in prices.items()
    )
    forget_catalog()
    forget_terms()
