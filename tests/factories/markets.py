"""Further markets for tests."""

from __future__ import annotations

from shop.catalog.models import ListPrice, Market, Variant
from shop.catalog.selectors import forget_catalog


def sell_abroad(*variant_ids: int) -> None:
    """Open the market "ca" and sell the variants there (all by default), at as many cents."""
    Market.objects.create(code="ca", name="Canada", currency="CAD", jurisdiction_code="US-other")
    sold = Variant.objects.filter(pk__in=variant_ids) if variant_ids else Variant.objects.all()
    ListPrice.objects.bulk_create(
        ListPrice(variant=one, market_id="ca", amount_minor=one.list_minor) for one in sold
    )
    forget_catalog()
