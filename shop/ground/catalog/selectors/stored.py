"""Products as they are stored: whole, in the shape in which they are saved."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from django.db.models import Q

from shop.ground.catalog.core.loading import CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.models import Brand, Category, Product, ProductPicture, Variant


@dataclass(frozen=True, slots=True)
class StoredProduct:
    """A product as `save_products` takes it, with the ids of its variants and their prices in
    further markets by SKU, and the files of its pictures in their order: of all variants, and by
    SKU of one."""

    row: ProductRow
    revision: int
    brand: str
    variant_ids: Mapping[str, int]
    prices: Mapping[str, Mapping[str, int]]
    pictures: tuple[str, ...] = ()
    variant_pictures: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


def find_products(
    *, refs: Collection[str], skus: Collection[str], gtins: Collection[str] = ()
) -> list[str]:
    """Return references of the products with these references, or with variants that have these
    SKUs or bar codes. One query."""
    asked = Q(external_ref__in=refs) | Q(variants__sku__in=skus)
    if gtins:
        asked |= Q(variants__gtin__in=gtins)
    return sorted(set(Product.objects.filter(asked).values_list("external_ref", flat=True)))


def map_skus(skus: Collection[str]) -> dict[str, str]:
    """Return the reference of the product that has each of these SKUs. One query."""
    rows = Variant.objects.filter(sku__in=skus)
    return dict(rows.values_list("sku", "product__external_ref"))


def list_home_prices(skus: Collection[str]) -> dict[str, int]:
    """Return the list price of each of these SKUs in the home market. One query."""
    return dict(Variant.objects.filter(sku__in=skus).values_list("sku", "list_minor"))


def map_product_ids(refs: Collection[str]) -> dict[str, int]:
    """Return the ids of products by reference. One query."""
    rows = Product.objects.filter(external_ref__in=refs)
    return dict(rows.values_list("external_ref", "pk"))


def list_pictures(refs: Collection[str]) -> dict[tuple[str, str], tuple[int, int]]:
    """Return (product, picture) of products' pictures by reference and file name. One query."""
    rows = ProductPicture.objects.filter(product__external_ref__in=refs)
    names = ("product__external_ref", "file_name", "product_id", "pk")
    return {(ref, name): (one, pk) for ref, name, one, pk in rows.values_list(*names)}


def list_product_refs(*, after: int, limit: int) -> list[tuple[int, str]]:
    """Return the next products after an id, as (id, reference). One query."""
    rows = Product.objects.filter(pk__gt=after).order_by("pk")
    return list(rows.values_list("pk", "external_ref")[:limit])


def read_products(refs: Collection[str]) -> dict[str, StoredProduct]:
    """Return products with all their variants and pictures by reference. Five queries."""
    products = (
        Product.objects.filter(external_ref__in=refs)
        .select_related("category", "brand")
        .prefetch_related("variants__list_prices", "pictures__variant")
    )
    return {one.external_ref: _store(one) for one in products}


def _store(product: Product) -> StoredProduct:
    variants = sorted(product.variants.all(), key=lambda one: (one.position, one.pk))
    shared, own = _name_pictures(product)
    row = ProductRow(
        ref=product.external_ref,
        name=product.name,
        category_path=product.category.path,
        brand_ref=product.brand.external_ref,
        variants=tuple(_store_variant(one) for one in variants),
        slug=product.slug,
        name_zh=product.name_zh,
        description=product.description,
        description_zh=product.description_zh,
        is_active=product.is_active,
        popularity=product.popularity,
        attributes=product.attributes,
        option_names=tuple(product.option_names),
        is_sensitive=product.is_sensitive,
        is_child_directed=product.is_child_directed,
        minimum_age=product.minimum_age or 0,
        tax_class=product.tax_class,
    )
    return StoredProduct(
        row=row,
        revision=product.revision,
        brand=product.brand.name,
        variant_ids={one.sku: one.pk for one in variants},
        prices={
            one.sku: {price.market_id: price.amount_minor for price in one.list_prices.all()}
            for one in variants
        },
        pictures=tuple(shared),
        variant_pictures={sku: tuple(names) for sku, names in own.items()},
    )


def _name_pictures(product: Product) -> tuple[list[str], dict[str, list[str]]]:
    """Return the file names of all variants' pictures, and of single ones' by SKU."""
    shared: list[str] = []
    own: dict[str, list[str]] = {}
    for picture in sorted(product.pictures.all(), key=lambda one: (one.position, one.pk)):
        if picture.state == picture.State.REFUSED:
            continue
        if picture.variant is None:
            shared.append(picture.file_name)
        else:
            own.setdefault(picture.variant.sku, []).append(picture.file_name)
    return shared, own


def _store_variant(variant: Variant) -> VariantRow:
    return VariantRow(
        ref=variant.external_ref,
        sku=variant.sku,
        list_minor=variant.list_minor,
        list_source=variant.list_source,
        name=variant.name,
        options=variant.options,
        measure_amount=variant.measure_amount,
        measure_unit=variant.measure_unit,
        cost_minor=variant.cost_minor,
        cost_source=variant.cost_source,
        gtin=variant.gtin,
        is_active=variant.is_active,
        position=variant.position,
        is_loose=variant.is_loose,
    )


def list_category_rows() -> list[CategoryRow]:
    """Return all categories as they are loaded, parents first. One query."""
    return [
        CategoryRow(
            path=one.path,
            parent_path=one.parent.path if one.parent else "",
            name=one.name,
            name_zh=one.name_zh,
            depth=one.depth,
            icon=one.icon,
            position=one.position,
            is_child_directed=one.is_child_directed,
            is_restricted=one.is_restricted,
            is_sensitive=one.is_sensitive,
        )
        for one in Category.objects.select_related("parent").order_by("depth", "position", "pk")
    ]


def list_category_names() -> dict[str, tuple[str, ...]]:
    """Return the names of each category and of those above it, by how a list writes them:
    "Clothing > Jackets". One query."""
    chains: dict[str, tuple[str, ...]] = {}
    for row in list_category_rows():
        chains[row.path] = (*chains.get(row.parent_path, ()), row.name)
    return {" > ".join(names): names for names in chains.values()}


def list_refs(product_ids: Collection[int]) -> list[str]:
    """Return the references of products by their ids. One query."""
    rows = Product.objects.filter(pk__in=product_ids).order_by("pk")
    return list(rows.values_list("external_ref", flat=True))


def list_brand_refs() -> dict[str, str]:
    """Return the reference of every brand by its name. One query."""
    return dict(Brand.objects.order_by("-pk").values_list("name", "external_ref"))
