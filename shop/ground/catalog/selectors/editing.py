"""A product as staff edit it, and what may be chosen for it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields
from datetime import datetime
from decimal import Decimal

from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.models import (
    Brand,
    Category,
    ListPrice,
    Product,
    ProductFacts,
    Variant,
)
from shop.ground.catalog.selectors.cards import ProductNotFound
from shop.ground.kernel.translation import gettext_noop


@dataclass(frozen=True, slots=True)
class EditedVariant:
    """A variant with all that staff may change. Amounts are minor units; those of `abroad` are list
    prices of further markets by code."""

    variant_id: int
    ref: str
    sku: str
    name: str
    options: Mapping[str, str]
    measure_amount: Decimal | None
    measure_unit: str
    list_minor: int
    cost_minor: int | None
    cost_source: str
    gtin: str
    is_active: bool
    abroad: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class EditedProduct:
    """A product with its variants; `revision` says which state this is, `saved_at` since when (None
    where that was not kept)."""

    product_id: int
    ref: str
    slug: str
    name: str
    name_zh: str
    description: str
    description_zh: str
    category_id: int
    category_path: str
    category_name: str
    brand_ref: str
    brand_name: str
    attributes: Mapping[str, str]
    option_names: tuple[str, ...]
    is_active: bool
    is_sensitive: bool
    is_child_directed: bool
    minimum_age: int | None
    tax_class: str
    revision: int
    saved_at: datetime | None
    facts: FactsValue
    variants: tuple[EditedVariant, ...]


def find_edited(product_id: int) -> EditedProduct:
    """Return a product as it is now, archived or not. Raises ProductNotFound. Three queries."""
    row = Product.objects.select_related("category", "brand", "facts").filter(pk=product_id).first()
    if row is None:
        raise ProductNotFound(gettext_noop("There is no such product."), product_id=product_id)
    variants = (
        Variant.objects.filter(product=row)
        .prefetch_related("list_prices")
        .order_by("position", "pk")
    )
    return EditedProduct(
        product_id=row.pk,
        ref=row.external_ref,
        slug=row.slug,
        name=row.name,
        name_zh=row.name_zh,
        description=row.description,
        description_zh=row.description_zh,
        category_id=row.category_id,
        category_path=row.category.path,
        category_name=row.category.name,
        brand_ref=row.brand.external_ref,
        brand_name=row.brand.name,
        attributes=row.attributes,
        option_names=tuple(row.option_names),
        is_active=row.is_active,
        is_sensitive=row.is_sensitive,
        is_child_directed=row.is_child_directed,
        minimum_age=row.minimum_age,
        tax_class=row.tax_class,
        revision=row.revision,
        saved_at=row.changed_at if row.revision else row.created_at,
        facts=_read_facts(getattr(row, "facts", None)),
        variants=tuple(_edited(one, tuple(row.option_names)) for one in variants),
    )


def _read_facts(row: ProductFacts | None) -> FactsValue:
    if row is None:
        return FactsValue()
    return FactsValue(**{one.name: getattr(row, one.name) for one in fields(FactsValue)})


def _edited(row: Variant, option_names: tuple[str, ...]) -> EditedVariant:
    # A JSON object has no order: that of the product's options is the variant's.
    order = {name: at for at, name in enumerate(option_names)}
    named = sorted(row.options.items(), key=lambda pair: order.get(pair[0], len(order)))
    return EditedVariant(
        variant_id=row.pk,
        ref=row.external_ref,
        sku=row.sku,
        name=row.name,
        options=dict(named),
        measure_amount=row.measure_amount,
        measure_unit=row.measure_unit,
        list_minor=row.list_minor,
        cost_minor=row.cost_minor,
        cost_source=row.cost_source,
        gtin=row.gtin,
        is_active=row.is_active,
        abroad={one.market_id: one.amount_minor for one in row.list_prices.all()},
    )


def list_sold_abroad(*, variant_ids: Collection[int], market: str) -> dict[int, int]:
    """Return list prices by variant id in a market but the home one. One query."""
    rows = ListPrice.objects.filter(market_id=market, variant_id__in=variant_ids)
    return dict(rows.values_list("variant_id", "amount_minor"))


def list_category_choices() -> list[tuple[str, str]]:
    """Return (path, name moved right by its depth) of all categories, in their order. One query."""
    rows = Category.objects.order_by("path").values_list("path", "name", "depth")
    return [(path, "\u2003" * depth + name) for path, name, depth in rows]


def find_category(path: str) -> tuple[str, int] | None:
    """Return the name and depth of a category. One query."""
    return Category.objects.filter(path=path).values_list("name", "depth").first()


def list_brands() -> list[tuple[str, str]]:
    """Return (reference, name) of all brands by name. One query."""
    return list(Brand.objects.order_by("name", "pk").values_list("external_ref", "name"))


def list_skus(*, beginning: str) -> set[str]:
    """Return all SKUs that begin so. One query."""
    return set(Variant.objects.filter(sku__startswith=beginning).values_list("sku", flat=True))


def list_taken_skus(skus: Collection[str], *, but_of: str) -> dict[str, str]:
    """Return which SKUs another product than that of the reference `but_of` has, with its name."""
    rows = Variant.objects.filter(sku__in=skus).exclude(product__external_ref=but_of)
    return dict(rows.values_list("sku", "product__name"))


def list_taken_gtins(gtins: Mapping[str, str]) -> dict[str, str]:
    """Return which numbers another variant has than the one they are for (by reference), with the
    name of its product. One query."""
    rows = Variant.objects.filter(gtin__in=gtins).values_list(
        "gtin", "external_ref", "product__name"
    )
    return {gtin: name for gtin, ref, name in rows if gtins[gtin] != ref}
