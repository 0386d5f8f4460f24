"""Between the form of a product and the rows that are saved, and what its page shows beside it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.api import SavedProducts, list_set_prices, save_products
from pricing.publishing.core.values import Meant
from shop.doors.backoffice.products.product_forms import (
    BaseVariantSet,
    ProductForm,
    abroad_field,
    list_markets_abroad,
)
from shop.ground.catalog.core.facts import FactsValue
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.core.slugs import make_sku, make_slug, name_options
from shop.ground.catalog.forms import say_perishable
from shop.ground.catalog.selectors import home_market
from shop.ground.catalog.selectors.editing import (
    EditedProduct,
    EditedVariant,
    find_category,
    find_edited,
    list_brands,
    list_skus,
    list_taken_gtins,
    list_taken_skus,
)
from shop.ground.catalog.selectors.keys import find_ids
from shop.ground.catalog.services import state_costs, state_facts
from shop.ground.inventory.selectors import list_stock
from shop.ground.inventory.services import adjust_stock
from shop.ground.kernel.barcodes import bar_code
from shop.ground.kernel.hashing import fingerprint
from shop.ground.kernel.ids import uuid7_at
from shop.ground.kernel.measures import parse_size

MOST_DEPTH = 2
COUNTED = "counted on the product's page"


@dataclass(frozen=True, slots=True)
class Draft:
    """What a valid form asks to be saved."""

    product: ProductRow
    categories: tuple[CategoryRow, ...]
    brands: tuple[BrandRow, ...]
    stock: Mapping[str, int]
    counted: Mapping[int, int]
    abroad: Mapping[str, Mapping[str, int | None]]
    typed_costs: frozenset[str]
    facts: FactsValue


def read_product(product_id: int) -> EditedProduct:
    """Return a product with the list prices that hold. Raises ProductNotFound. Four queries."""
    known = find_edited(product_id)
    ids = [one.variant_id for one in known.variants]
    prices = list_set_prices(variant_ids=ids, market=home_market())
    variants = (
        replace(one, list_minor=prices.get(one.variant_id, (one.list_minor, 0))[0])
        for one in known.variants
    )
    return replace(known, variants=tuple(variants))


def fill_product(known: EditedProduct | None) -> dict[str, Any]:
    """Return what the product's fields show at first."""
    if known is None:
        return {"revision": 0}
    return {
        "name": known.name,
        "name_zh": known.name_zh,
        "category": known.category_path,
        "brand": known.brand_name,
        "description": known.description,
        "description_zh": known.description_zh,
        "attributes": "\n".join(f"{name}: {value}" for name, value in known.attributes.items()),
        "option_names": ", ".join(known.option_names),
        "is_sensitive": known.is_sensitive,
        "is_child_directed": known.is_child_directed,
        "minimum_age": known.minimum_age,
        "tax_class": known.tax_class,
        "revision": known.revision,
        **asdict(known.facts),
        "is_perishable": say_perishable(known.facts.is_perishable),
    }


def fill_variants(known: EditedProduct | None) -> list[dict[str, Any]]:
    """Return what the rows of the variants show."""
    return [
        {
            "ref": one.ref,
            "options": ", ".join(one.options.values()),
            "sku": one.sku,
            "size": "" if one.name == name_options(one.options) else one.name,
            "price": one.list_minor,
            "cost": one.cost_minor,
            "gtin": one.gtin,
            "is_active": one.is_active,
            **{abroad_field(code): amount for code, amount in one.abroad.items()},
        }
        for one in (() if known is None else known.variants)
    ]


def open_table(known: EditedProduct, variants: BaseVariantSet, *, may_move_stock: bool) -> None:
    """Let the table of prices edit the known variants. One query."""
    lies = list_stock(variant_ids=[one.variant_id for one in known.variants])
    rows: list[Any] = variants.forms
    for one, row in zip(known.variants, rows, strict=False):
        row.edit_in_table(lies.get(one.variant_id, (0, 0))[0], may_move_stock=may_move_stock)


def draft_product(
    known: EditedProduct | None, form: ProductForm, variants: BaseVariantSet, now: datetime
) -> Draft | None:
    """Return what to save, or None where fields say what is wrong with them."""
    said = form.cleaned_data
    categories = _new_category(form)
    brand, brands = _find_brand(said["brand"], now)
    slug = make_slug([said["brand"], said["name"]])[:180]
    ref = known.ref if known else _make_ref(slug or "product", now)
    rows = _draft_variants(known, ref, form, variants, now)
    if form.errors or variants.total_error_count():
        return None
    product = ProductRow(
        ref=ref,
        name=said["name"],
        name_zh=said["name_zh"],
        slug=known.slug if known else slug or make_slug([ref]),
        description=said["description"],
        description_zh=said["description_zh"],
        category_path=categories[0].path if categories else said["category"],
        brand_ref=brand,
        is_active=known.is_active if known else True,
        attributes=said["attributes"],
        option_names=said["option_names"],
        is_sensitive=said["is_sensitive"],
        is_child_directed=said["is_child_directed"],
        minimum_age=said["minimum_age"] or 0,
        tax_class=said["tax_class"],
        variants=tuple(row for row, _said in rows),
    )
    return Draft(
        product=product,
        categories=categories,
        brands=brands,
        stock={row.ref: pieces for row, said in rows if (pieces := said.get("stock")) is not None},
        counted=_read_counts(known, variants),
        abroad=_read_abroad(rows),
        typed_costs=_read_costs(known, rows),
        facts=form.facts(),
    )


def _read_abroad(
    rows: list[tuple[VariantRow, Mapping[str, Any]]],
) -> dict[str, dict[str, int | None]]:
    return {
        one.code: {row.ref: said.get(abroad_field(one.code)) for row, said in rows}
        for one in list_markets_abroad()
    }


def _read_costs(
    known: EditedProduct | None, rows: list[tuple[VariantRow, Mapping[str, Any]]]
) -> frozenset[str]:
    """Return the variants whose cost was changed."""
    before = {} if known is None else {one.ref: one.cost_minor for one in known.variants}
    return frozenset(row.ref for row, _said in rows if row.cost_minor != before.get(row.ref))


def _read_counts(known: EditedProduct | None, variants: BaseVariantSet) -> dict[int, int]:
    """Return the pieces that were written for known variants where they differ from what lay there
    when the page was opened, by variant.
    """
    ids = {one.ref: one.variant_id for one in (() if known is None else known.variants)}
    return {
        ids[ref]: row.cleaned_data["stock"]
        for row in variants.meant()
        if (ref := row.cleaned_data["ref"]) in ids
        and "stock" in row.changed_data
        and row.cleaned_data["stock"] is not None
    }


@transaction.atomic
def save_draft(
    draft: Draft, known: EditedProduct | None, revision: int, now: datetime, *, meant: Meant
) -> SavedProducts:
    """Save it, stock that was counted too. Raises what `save_products` raises, and OutOfStock."""
    saved = save_products(
        products=[draft.product],
        categories=draft.categories,
        brands=draft.brands,
        stock=draft.stock,
        abroad=draft.abroad,
        market=home_market(),
        revisions=None if known is None else {known.ref: revision},
        meant=meant,
        now=now,
    )
    for variant_id, pieces in sorted(draft.counted.items()):
        adjust_stock(variant_id=variant_id, on_hand=pieces, reference=COUNTED, now=now)
    if draft.facts != (FactsValue() if known is None else known.facts):
        key = ("product", draft.product.ref)
        state_facts(kind="product", pk=find_ids([key])[key], facts=draft.facts)
    if draft.typed_costs:
        state_costs(refs=draft.typed_costs, now=now)
    return saved


def _new_category(form: ProductForm) -> tuple[CategoryRow, ...]:
    name, parent = form.cleaned_data["new_category"].strip(), form.cleaned_data["category"]
    if not name:
        return ()
    found = find_category(parent) if parent else None
    depth = 0 if found is None else found[1] + 1
    if depth > MOST_DEPTH:
        form.add_error("new_category", _("Categories have three levels: choose one higher up."))
    code = make_slug([name]) or f"c-{fingerprint(name)[:8]}"
    path = f"{parent}/{code}" if parent else code
    if find_category(path) is not None:
        form.add_error("new_category", _("This category exists: choose it in the list."))
    row = CategoryRow(
        path=path,
        parent_path=parent,
        name=name,
        name_zh="",
        depth=depth,
        icon="",
        position=0,
        is_child_directed=False,
        is_restricted=False,
    )
    return (row,)


def _find_brand(name: str, now: datetime) -> tuple[str, tuple[BrandRow, ...]]:
    wanted = name.strip()
    for ref, known in list_brands():
        if known.casefold() == wanted.casefold():
            return ref, ()
    ref = _make_ref(make_slug([wanted]) or "brand", now)
    return ref, (BrandRow(ref, wanted, is_private_label=False),)


def _make_ref(words: str, now: datetime) -> str:
    """Return a reference nobody else has: two people may add products of one name at once."""
    return f"{words[:46]}-{uuid7_at(now).hex[-12:]}"


def _draft_variants(
    known: EditedProduct | None,
    product_ref: str,
    form: ProductForm,
    variants: BaseVariantSet,
    now: datetime,
) -> list[tuple[VariantRow, Mapping[str, Any]]]:
    rows = variants.meant()
    before = {} if known is None else {one.ref: one for one in known.variants}
    _refuse_taken(product_ref, rows)
    if variants.total_error_count():
        return []
    taken = {row.cleaned_data["sku"] for row in rows}
    taken |= list_skus(beginning=make_sku(form.cleaned_data["name"], {}, ()))
    drafted: list[tuple[VariantRow, Mapping[str, Any]]] = []
    for position, row in enumerate(rows):
        said = row.cleaned_data
        sku = said.get("sku") or make_sku(form.cleaned_data["name"], said["chosen"], taken)
        taken.add(sku)
        old = before.get(said["ref"])
        ref = old.ref if old else f"v-{uuid7_at(now).hex}"
        drafted.append((_draft_variant(row, old, ref, sku, position), said))
    return drafted


def _draft_variant(
    row: Any, old: EditedVariant | None, ref: str, sku: str, position: int
) -> VariantRow:
    said, cost = row.cleaned_data, row.cleaned_data.get("cost")
    name = said["size"] or name_options(said["chosen"])
    # The measure of the variant as it was may be known from elsewhere: a list, the API.
    is_same = old is not None and (old.name, old.options) == (name, said["chosen"])
    size = parse_size(said["size"] or (name if old and old.measure_unit else ""))
    amount, unit = (
        (old.measure_amount, old.measure_unit) if old and is_same else (size.amount, size.unit)
    )
    is_kept = old is not None and cost == old.cost_minor
    return VariantRow(
        ref=ref,
        sku=sku,
        list_minor=said.get("price") or 0,
        name=name,
        options=said["chosen"],
        measure_amount=amount,
        measure_unit=unit,
        cost_minor=cost,
        cost_source=old.cost_source if old and is_kept else _source(cost),
        gtin=_keep_spelling(said.get("gtin") or "", old),
        is_active=said["is_active"],
        position=position,
    )


def _keep_spelling(gtin: str, old: EditedVariant | None) -> str:
    """Return the number as the shop has it, where only zeros before it differ: nobody changed it.

    A list writes it as the package does, and undoing the list compares what it wrote.
    """
    return old.gtin if old and old.gtin and bar_code(old.gtin) == gtin else gtin


def _source(cost: int | None) -> str:
    return "unknown" if cost is None else "merchant"


def _refuse_taken(product_ref: str, rows: list[Any]) -> None:
    """Say at their fields which SKUs and bar codes another product has."""
    skus = list_taken_skus({row.cleaned_data["sku"] for row in rows}, but_of=product_ref)
    numbers = list_taken_gtins(
        {
            row.cleaned_data["gtin"]: row.cleaned_data["ref"]
            for row in rows
            if row.cleaned_data.get("gtin")
        }
    )
    said = _('The product "%(name)s" has it already.')
    for row in rows:
        if holder := skus.get(row.cleaned_data.get("sku", "")):
            row.add_error("sku", said % {"name": holder})
        if holder := numbers.get(row.cleaned_data.get("gtin", "")):
            row.add_error("gtin", said % {"name": holder})
