"""Cards and product details."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from decimal import Decimal
from typing import Any

from django.db import connection

from shop.ground.catalog.core.facts import FactsValue, list_known
from shop.ground.catalog.core.packs import Pack
from shop.ground.catalog.core.photos import Picture
from shop.ground.catalog.core.values import (
    CatalogCard,
    CategoryNode,
    ProductDetail,
)
from shop.ground.catalog.models import Variant
from shop.ground.catalog.selectors.pictures import illustrate, list_pictures, picture_address
from shop.ground.catalog.selectors.tree import list_categories
from shop.ground.catalog.selectors.versions import VersionedCache
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.translation import gettext_noop, is_chinese, pgettext_noop, translate

# One statement for a whole page: what a card shows comes from six tables. Stock is read by its
# table's name because inventory lies above the catalogue; both belong to the ground's one app.
CARDS = """
SELECT v.id, v.product_id, v.sku, p.slug, p.name, p.name_zh, b.name, p.category_id, v.name,
       v.measure_amount, v.measure_unit, p.tax_class, p.minimum_age,
       v.options, p.option_names,
       photo.digest, photo.widths, photo.width, photo.height, photo.alt, photo.alt_zh,
       b.is_private_label, v.is_loose, facts.is_perishable,
       coalesce(s.on_hand - s.reserved, 0)
FROM unnest(%s::bigint[]) WITH ORDINALITY AS wanted (id, position)
JOIN shop_variant v ON v.id = wanted.id
JOIN shop_product p ON p.id = v.product_id
JOIN shop_brand b ON b.id = p.brand_id
LEFT JOIN shop_productfacts facts ON facts.product_id = p.id
LEFT JOIN LATERAL (
    SELECT * FROM shop_productpicture one
    WHERE one.product_id = p.id AND one.state = 'ready'
    ORDER BY one.variant_id IS DISTINCT FROM v.id, one.variant_id IS NOT NULL, one.position, one.id
    LIMIT 1
) photo ON true
LEFT JOIN shop_stocklocation l ON l.code = 'online'
LEFT JOIN shop_stockrecord s ON s.variant_id = v.id AND s.location_id = l.id
ORDER BY wanted.position
"""

# What is left to ask of a card that is remembered: stock moves without a new catalogue version.
STOCK = """
SELECT variant_id, on_hand - reserved FROM shop_stockrecord
WHERE location_id = (SELECT id FROM shop_stocklocation WHERE code = 'online')
  AND variant_id = ANY(%s::bigint[])
"""
MOST_KEPT = 20_000
_rows: VersionedCache[dict[int, tuple[Any, ...]]] = VersionedCache(size=1)
# By language; the card of a variant is the same object for all pages until its stock changes.
_cards: VersionedCache[dict[int, CatalogCard]] = VersionedCache(size=8)

# Size labels are English; these words of theirs would puzzle a Chinese reader.
SIZE_WORDS = (
    pgettext_noop("size", "typical pack"),
    pgettext_noop("size", "about "),
    pgettext_noop("size", "each"),
    pgettext_noop("size", " ct"),
    pgettext_noop("size", " pk"),
    pgettext_noop("size", " dozen"),
    pgettext_noop("size", " stems"),
    pgettext_noop("size", " rolls"),
    pgettext_noop("size", " fl oz"),
    pgettext_noop("size", " oz"),
    pgettext_noop("size", " lb"),
    pgettext_noop("size", " gal"),
)

# What options are called that tell sizes apart, in imported catalogues.
SIZE_OPTION = pgettext_noop("size", "Size")


FACTS = tuple(one.name for one in fields(FactsValue))


class ProductNotFound(FairtagError):
    """There is no such product."""

    code = "product_not_found"


def list_cards(
    variant_ids: Sequence[int], language: str, stock: Mapping[int, int] | None = None
) -> list[CatalogCard]:
    """Return cards of the variants in the order asked; unknown ids are left out. One query.

    What a card says is remembered by catalogue version; its stock is read each time, unless the
    page has just read it: `stock`. No query then, once the cards are known.
    """
    return list_cards_in(variant_ids, (language,), stock)[language]


def list_cards_in(
    variant_ids: Sequence[int],
    languages: Iterable[str],
    stock: Mapping[int, int] | None = None,
) -> dict[str, list[CatalogCard]]:
    """Return the same cards in each language. Queries as above."""
    rows = _read_cards(variant_ids, stock) if len(variant_ids) else []
    return {one: _list_known(rows, one) for one in languages}


def read_stock(variant_ids: Iterable[int]) -> dict[int, int]:
    """Return pieces free to sell online by variant; none is recorded of those left out. One query,
    as text: pages ask it."""
    with connection.cursor() as cursor:
        cursor.execute(STOCK, [_array_of(variant_ids)])
        return dict(cursor.fetchall())


def _array_of(variant_ids: Iterable[int]) -> str:
    """Return an array's own text: the driver needs longer to write a list than the rest."""
    return f"{{{','.join(str(int(one)) for one in variant_ids)}}}"


def _read_cards(
    variant_ids: Sequence[int], stock: Mapping[int, int] | None
) -> list[tuple[tuple[Any, ...], int]]:
    """Return the rows of CARDS, each with its stock; only that is asked for where the process
    knows all the rest."""
    known = _rows.get("all", dict)
    if all(one in known for one in variant_ids):
        free = read_stock(variant_ids) if stock is None else stock
        return [(known[one], free.get(one, 0)) for one in variant_ids]
    with connection.cursor() as cursor:
        cursor.execute(CARDS, [_array_of(variant_ids)])
        rows = [(row[:-1], row[-1]) for row in cursor.fetchall()]
    if len(known) < MOST_KEPT:
        known.update((row[0], row) for row, _ in rows)
    return rows


def _list_known(rows: Sequence[tuple[tuple[Any, ...], int]], language: str) -> list[CatalogCard]:
    known, nodes = _cards.get(language, dict), list_categories(language).nodes
    in_chinese, found = is_chinese(language), []
    for row, available in rows:
        card = known.get(row[0])
        if card is None or card.available != available:
            card = _card(row, available, nodes[row[7]], in_chinese=in_chinese)
            if len(known) < MOST_KEPT or row[0] in known:
                known[row[0]] = card
        found.append(card)
    return found


def _card(
    row: tuple[Any, ...], available: int, node: CategoryNode, *, in_chinese: bool
) -> CatalogCard:
    variant_id, product_id, sku, slug, name, name_zh, brand, category_id, size = row[:9]
    amount: Decimal | None = row[9]
    return CatalogCard(
        product_id=product_id,
        variant_id=variant_id,
        sku=sku,
        slug=slug,
        name=(in_chinese and name_zh) or name,
        brand=brand,
        category_id=category_id,
        category_path=node.path,
        size_label=_translate_size(size) if in_chinese else size,
        measure_amount=amount,
        measure_unit=row[10],
        picture=(
            illustrate(variant_id, Pack(sku, brand, name, size, node.path, row[21]))
            if row[15] is None
            else _photo(row[15:21], in_chinese=in_chinese)
        ),
        available=available,
        tax_class=row[11],
        minimum_age=row[12],
        options=_options(row[13], row[14], in_chinese=in_chinese),
        is_loose=row[22],
        is_perishable=bool(node.perishable_by) if row[23] is None else row[23],
    )


def _options(chosen: str, names: str, *, in_chinese: bool) -> tuple[tuple[str, str], ...]:
    """Return what was chosen, in the order of the product's options. JSON comes as text."""
    if chosen == "{}":
        return ()
    values, order = json.loads(chosen), json.loads(names)
    found = tuple((name, values[name]) for name in order if name in values)
    if not in_chinese:
        return found
    shown = translate(SIZE_OPTION, "zh-hans")
    return tuple(
        (shown, _translate_size(value)) if name == translate(SIZE_OPTION, "en") else (name, value)
        for name, value in found
    )


def _photo(row: tuple[Any, ...], *, in_chinese: bool) -> Picture:
    digest, widths, width, height, alt, alt_zh = row
    return Picture(
        sizes=tuple((wide, picture_address(digest, wide)) for wide in json.loads(widths)),
        width=width,
        height=height,
        alt=(in_chinese and alt_zh) or alt,
    )


def _translate_size(label: str) -> str:
    for word in SIZE_WORDS:
        label = label.replace(translate(word, "en"), translate(word, "zh-hans"))
    return label


def get_product(slug: str, language: str) -> ProductDetail:
    """Return one product, active or not. Raises ProductNotFound. Three queries."""
    rows = _read_product(slug, language)
    if not rows:
        raise ProductNotFound(gettext_noop("There is no such product."), slug=slug)
    _, _, told, description, is_active, category_id, *flags = rows[0]
    minimum_age, is_child_directed, is_sensitive, attributes, *said = flags
    known = {name: one for name, one in zip(FACTS, said, strict=True) if one is not None}
    facts = FactsValue(**known)
    cards = list_cards([row[0] for row in rows], language)
    tree = list_categories(language)
    node = tree.nodes.get(category_id)  # None: nothing in the category is sold any more
    return ProductDetail(
        card=cards[0],
        description=told or description,
        variants=tuple(cards),
        breadcrumbs=() if node is None else tree.trail(category_id),
        is_active=is_active and rows[0][1],
        is_restricted=minimum_age is not None or (node is not None and node.is_restricted),
        is_child_directed=is_child_directed or (node is not None and node.is_child_directed),
        is_sensitive=is_sensitive or (node is not None and node.is_sensitive),
        minimum_age=minimum_age,
        pictures=tuple(list_pictures(cards[0].product_id, language)),
        attributes=attributes,
        facts=list_known(facts, language, category_says="" if node is None else node.perishable_by),
    )


def _read_product(slug: str, language: str) -> list[tuple[Any, ...]]:
    """Return a row for each variant, those that are sold first."""
    found = (
        Variant.objects.filter(product__slug=slug)
        .order_by("-is_active", "position", "id")
        .values_list(
            "id",
            "is_active",
            "product__description_zh" if is_chinese(language) else "product__description",
            "product__description",
            "product__is_active",
            "product__category_id",
            "product__minimum_age",
            "product__is_child_directed",
            "product__is_sensitive",
            "product__attributes",
            *(f"product__facts__{name}" for name in FACTS),
        )
    )
    return list(found)
