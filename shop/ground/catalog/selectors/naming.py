"""Names and numbers of products of every kind, and products by the names staff type."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping

from django.db.models import Q

from shop.ground.catalog.core.values import VariantIdentity
from shop.ground.catalog.models import Brand, Category, Product, Variant
from shop.ground.kernel.translation import is_chinese

type Goods = tuple[str, int]  # "category", "brand", "product" or "variant", and its id


def name_goods(
    ids: Mapping[str, Collection[int]], language: str, *, with_sku: bool = True
) -> dict[Goods, str]:
    """Return what products are called, by kind and id; unknown ones are left out.

    A variant is named with its SKU for staff, without for shoppers. One query for each kind that
    has ids.
    """
    return _name(ids, dict.fromkeys(KEYS, "pk"), language, with_sku=with_sku)


def name_keys(goods: Collection[tuple[str, str]], language: str) -> dict[tuple[str, str], str]:
    """Return what products are called, by kind and key; unknown ones are left out, and variants
    have their SKU. One query for each kind."""
    keys = {kind: [key for of, key in goods if of == kind] for kind in KEYS}
    return _name(keys, KEYS, language, with_sku=True)


# The column that means the same products in another shop
KEYS: Mapping[str, str] = {
    "category": "path",
    "brand": "external_ref",
    "product": "external_ref",
    "variant": "sku",
}


def _name[Key: int | str](
    wanted: Mapping[str, Collection[Key]],
    columns: Mapping[str, str],
    language: str,
    *,
    with_sku: bool,
) -> dict[tuple[str, Key], str]:
    """Return names by kind and what stands in the kind's column."""
    chinese = is_chinese(language)
    found: dict[tuple[str, Key], str] = {}
    for kind, table, field in (
        ("category", Category, "name_zh" if chinese else "name"),
        ("brand", Brand, "name"),
        ("product", Product, "name_zh" if chinese else "name"),
    ):
        if keys := list(wanted.get(kind, ())):
            column = columns[kind]
            rows = table.objects.filter(**{f"{column}__in": keys}).values_list(
                column, field, "name"
            )
            found |= {(kind, key): said or name for key, said, name in rows}
    if keys := list(wanted.get("variant", ())):
        column, said = columns["variant"], "product__name_zh" if chinese else "product__name"
        variants = Variant.objects.filter(**{f"{column}__in": keys})
        for key, text, name, sku in variants.values_list(column, said, "product__name", "sku"):
            called = text or name
            found["variant", key] = f"{called} ({sku})" if with_sku else called
    return found


def list_paths(category_ids: Collection[int]) -> list[str]:
    """Return the paths of categories, in their order. One query."""
    rows = Category.objects.filter(pk__in=list(category_ids)).order_by("path")
    return list(rows.values_list("path", flat=True))


def find_goods(text: str) -> list[Goods]:
    """Return what `text` names exactly, whatever its case: categories, a brand, a SKU.

    A category may be named in English, in Chinese or by its path ("dairy/cheese"). Of categories
    with one name only the highest counts where it holds the others. At most three queries.
    """
    name = text.strip()
    rows = Category.objects.filter(name__iexact=name) | Category.objects.filter(path=name.lower())
    rows |= Category.objects.filter(name_zh=name)
    places = sorted((row.path, row.pk) for row in rows)
    tops = [
        (path, pk)
        for path, pk in places
        if not any(path.startswith(f"{above}/") for above, _pk in places)
    ]
    if tops:
        return [("category", pk) for _path, pk in tops]
    brands = Brand.objects.filter(name__iexact=name).values_list("pk", flat=True)
    if brands:
        return [("brand", pk) for pk in brands]
    return [("variant", pk) for pk in Variant.objects.filter(sku=name).values_list("pk", flat=True)]


def suggest_products(text: str, most: int = 5) -> list[str]:
    """Return what could be typed instead: categories and brands with `text` in their names.

    Names that several categories have are given as paths. Two queries.
    """
    name = text.strip()
    fits = Category.objects.filter(name__icontains=name) | Category.objects.filter(
        name_zh__icontains=name
    )
    rows = list(fits.order_by("depth", "path").values_list("name", "path")[:most])
    shared = {one for one, count in Counter(one for one, _path in rows).items() if count > 1}
    found = [path if one in shared else one for one, path in rows]
    brands = Brand.objects.filter(name__icontains=name).order_by("name")[: most - len(found)]
    return [*found, *brands.values_list("name", flat=True)]


def suggest_brands(text: str, most: int) -> list[int]:
    """Return brands with `text` in their names, those that begin with it first. One query."""
    rows = Brand.objects.filter(name__icontains=text).annotate(is_later=~Q(name__istartswith=text))
    return list(rows.order_by("is_later", "name").values_list("pk", flat=True)[:most])


def list_identities() -> list[VariantIdentity]:
    """Return the names and numbers of all active variants, by id. One query."""
    rows = (
        Variant.objects.filter(is_active=True, product__is_active=True)
        .order_by("pk")
        .values_list(
            *("pk", "sku", "gtin", "product__name", "product__brand__name", "measure_amount"),
            "measure_unit",
        )
    )
    return [
        VariantIdentity(variant, sku, gtin, name, brand, float(amount or 0), unit)
        for variant, sku, gtin, name, brand, amount, unit in rows
    ]
