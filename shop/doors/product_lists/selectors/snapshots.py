"""The shop's products as a list would say them: what imports compare with and exports write."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

from shop.doors.product_lists.core.cells import Value, settle, write_size
from shop.doors.product_lists.core.columns import BY_NAME
from shop.doors.product_lists.core.differences import Known, Snapshot
from shop.doors.product_lists.core.rows import ListedProduct
from shop.doors.product_lists.models import ProductImportRow
from shop.ground.catalog.core.loading import CategoryRow, VariantRow
from shop.ground.catalog.selectors.stored import (
    StoredProduct,
    find_products,
    list_category_rows,
    read_products,
)
from shop.ground.inventory.selectors import read_stock


@dataclass(frozen=True, slots=True)
class Shop:
    """Stored products by reference, with what else a list says of them."""

    products: Mapping[str, StoredProduct]
    stock: Mapping[int, tuple[int, int]]
    categories: Mapping[str, CategoryRow]


@dataclass(frozen=True, slots=True)
class SoldProduct:
    """A stored product with the names of its categories, and (on hand, reserved) by SKU."""

    stored: StoredProduct
    category: list[str]
    stock: Mapping[str, tuple[int, int]]


def show_products(refs: Collection[str]) -> dict[str, SoldProduct]:
    """Return products as documents say them, by reference. Six queries."""
    shop = read_shop(refs)
    return {
        ref: SoldProduct(
            stored=one,
            category=[each.name for each in list_chain(shop.categories, one.row.category_path)],
            stock={sku: shop.stock.get(pk, (0, 0)) for sku, pk in one.variant_ids.items()},
        )
        for ref, one in shop.products.items()
    }


def read_shop(refs: Collection[str]) -> Shop:
    """Return the stored products with these references. Six queries."""
    products = read_products(refs)
    ids = [one for product in products.values() for one in product.variant_ids.values()]
    return Shop(
        products=products,
        stock=read_stock(ids),
        categories={row.path: row for row in list_category_rows()},
    )


def read_shop_for(groups: Collection[ListedProduct]) -> Shop:
    """Return what the shop has of listed products: of their references, SKUs and bar codes."""
    return read_shop(find_refs(groups))


def find_refs(groups: Collection[ListedProduct]) -> list[str]:
    """Return references of the shop's products that listed ones name or meet. One query."""
    rows = [row for group in groups for row in group.rows]
    codes = {str(row.values["barcode"]) for row in rows if row.values.get("barcode")}
    spelled = {code.zfill(width) for code in codes for width in (12, 13, 14)}
    return find_products(
        refs={group.handle for group in groups},
        skus={row.sku for row in rows if row.sku},
        gtins=codes | spelled | {code.lstrip("0") for code in codes},
    )


def take_snapshot(shop: Shop, *, currency: str) -> Snapshot:
    """Return what a list is compared with. One query, for variants that an undo has archived."""
    variants: dict[str, Known] = {}
    barcodes: dict[str, str] = {}
    skus = [row.sku for product in shop.products.values() for row in product.row.variants]
    withdrawn = set(
        ProductImportRow.objects.filter(
            sku__in=skus, state=ProductImportRow.State.UNDONE, outcome="new"
        ).values_list("sku", flat=True)
    )
    for ref, product in shop.products.items():
        for row in product.row.variants:
            variant_id = product.variant_ids[row.sku]
            variants[row.sku] = Known(
                handle=ref,
                values=say_variant(shop, product, row, currency=currency),
                options=_settle_options(row.options, currency),
                prices=product.prices.get(row.sku, {}),
                reserved=shop.stock.get(variant_id, (0, 0))[1],
                is_withdrawn=row.sku in withdrawn and not row.is_active,
            )
            if row.gtin:
                barcodes[row.gtin.zfill(14)] = row.sku
    shared = {
        ref: {**say_shared(shop, product, currency=currency), "pictures": _list_pictures(product)}
        for ref, product in shop.products.items()
    }
    return Snapshot(variants, shared, barcodes)


def say_shared(shop: Shop, product: StoredProduct, *, currency: str) -> dict[str, Value]:
    """Return what all variants of a product share, as a list says it."""
    row = product.row
    chain = list_chain(shop.categories, row.category_path)
    in_chinese = [one.name_zh for one in chain]
    said: dict[str, Value] = {
        "handle": row.ref,
        "title": row.name,
        "title_zh": row.name_zh or None,
        "description": row.description or None,
        "description_zh": row.description_zh or None,
        "category": [one.name for one in chain],
        "category_zh": in_chinese if all(in_chinese) else None,
        "brand": product.brand or None,
        "tax_class": row.tax_class or None,
        "sensitive": bool(row.is_sensitive),
        "child_directed": bool(row.is_child_directed),
        "minimum_age": row.minimum_age or None,
        "attributes": dict(row.attributes or {}) or None,
    }
    for number, name in enumerate(row.option_names, start=1):
        said[f"option{number}_name"] = name
    return _settle(said, currency)


def say_variant(
    shop: Shop, product: StoredProduct, row: VariantRow, *, currency: str
) -> dict[str, Value]:
    """Return what a list says of one variant, its options and prices of other markets left out.

    Pictures of all variants stand with the first.
    """
    variant_id = product.variant_ids[row.sku]
    is_first = row is product.row.variants[0]
    pictures = [*(product.pictures if is_first else ()), *product.variant_pictures.get(row.sku, ())]
    said: dict[str, Value] = {
        "sku": row.sku,
        "barcode": row.gtin or None,
        "price": row.list_minor,
        "cost": row.cost_minor,
        "stock": shop.stock.get(variant_id, (0, 0))[0],
        "size": write_size(row.measure_amount, row.measure_unit) if row.measure_amount else None,
        "pictures": pictures or None,
        "archived": not row.is_active or not product.row.is_active,
    }
    return _settle(said, currency)


def _list_pictures(product: StoredProduct) -> list[str]:
    own = [name for names in product.variant_pictures.values() for name in names]
    return [*product.pictures, *own]


def list_chain(categories: Mapping[str, CategoryRow], path: str) -> list[CategoryRow]:
    """Return a category with those above it, the topmost first."""
    chain: list[CategoryRow] = []
    while path:
        chain.insert(0, categories[path])
        path = chain[0].parent_path
    return chain


def _settle_options(options: Mapping[str, str], currency: str) -> dict[str, str]:
    name, value = BY_NAME["option1_name"], BY_NAME["option1_value"]
    return {
        str(settle(one, name, currency)): str(settle(chosen, value, currency))
        for one, chosen in options.items()
    }


def _settle(said: Mapping[str, Value], currency: str) -> dict[str, Value]:
    return {name: settle(value, BY_NAME[name], currency) for name, value in said.items()}
