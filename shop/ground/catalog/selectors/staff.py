"""Find variants for staff by the words shoppers use, and what staff said of them."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Count, Q

from shop.ground.catalog.models import Product, Variant
from shop.ground.catalog.selectors.search import search_variants

MOST_FOUND = 500


def find_variant_ids(words: str) -> list[int] | None:
    """Return ids of the variants the store's own search finds, None if it finds nothing.

    Typos, plurals and Chinese work as in the store; only products on sale are found this way.
    """
    found = search_variants(words, "en", MOST_FOUND).variant_ids
    return [int(variant_id) for variant_id in found] or None


def find_product_ids(words: str) -> list[int] | None:
    """Return ids of the products the store's own search finds, None if it finds nothing."""
    found = Variant.objects.filter(pk__in=find_variant_ids(words) or ())
    return sorted(set(found.values_list("product_id", flat=True))) or None


def has_sku(sku: str) -> bool:
    """Return whether a variant has exactly this SKU, on sale or not. One query."""
    return Variant.objects.filter(sku=sku).exists()


def list_used_tax_classes() -> list[str]:
    """Return the tax classes of products on sale. One query."""
    rows = Product.objects.filter(is_active=True).exclude(tax_class="").order_by("tax_class")
    return list(rows.values_list("tax_class", flat=True).distinct())


def list_stated_costs(*, since: datetime) -> list[int]:
    """Return the variants whose cost staff typed since `since`, and nobody changed after; a cost
    that was taken away is none. One query."""
    rows = Variant.objects.filter(cost_stated_at__gte=since, cost_minor__isnull=False)
    return list(rows.order_by("pk").values_list("pk", flat=True))


def count_assumed_costs() -> tuple[int, int]:
    """Return how many variants on sale have a cost assumed from usual margins, and how many are on
    sale. One query."""
    found: dict[str, int] = Variant.objects.filter(is_active=True).aggregate(
        assumed=Count("pk", filter=Q(cost_source=Variant.CostSource.ASSUMED)), all=Count("pk")
    )
    return found["assumed"], found["all"]
