"""From judged rows to saved products: the one place where a list becomes rows of the catalogue."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from pricing.api import save_products
from pricing.publishing.core.values import Meant
from shop.doors.product_lists.core.cells import Value, split_size
from shop.doors.product_lists.core.columns import market_of
from shop.doors.product_lists.selectors.snapshots import Shop, list_chain
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.core.slugs import make_slug, name_options
from shop.ground.catalog.selectors.stored import list_brand_refs
from shop.ground.inventory.services import adjust_stock

type Change = Mapping[str, Value]

NO_BRAND = ""
# Column -> what the row of a product calls it, and what says "none"
PLAIN: Mapping[str, tuple[str, Any]] = {
    "title": ("name", ""),
    "title_zh": ("name_zh", ""),
    "description": ("description", ""),
    "description_zh": ("description_zh", ""),
    "tax_class": ("tax_class", ""),
    "sensitive": ("is_sensitive", False),
    "child_directed": ("is_child_directed", False),
    "minimum_age": ("minimum_age", 0),
    "attributes": ("attributes", {}),
}


class Saving:
    """Collects what a batch changes, then saves it in one call of each service."""

    def __init__(self, shop: Shop, *, home: str) -> None:
        self.shop, self.home = shop, home
        self.categories: dict[str, CategoryRow] = {}
        self.brands: dict[str, BrandRow] = {}
        self.products: dict[str, ProductRow] = {}
        self.sold: set[str] = set()
        self.opening: dict[str, int] = {}
        self.counted: dict[str, int] = {}
        self.prices: dict[str, dict[str, int | None]] = {}
        self._brand_refs: dict[str, str] | None = None

    def begin(self, handle: str) -> ProductRow:
        """Return the row of a product as it is now, or an empty new one."""
        if handle not in self.products:
            stored = self.shop.products.get(handle)
            self.products[handle] = (
                stored.row if stored else ProductRow(handle, "", "", "", (), slug="")
            )
        return self.products[handle]

    def change(self, handle: str, sku: str, change: Change) -> None:
        """Apply the changed columns of one row.

        What was archived stays so until a row says that it is sold again.
        """
        row = self.begin(handle)
        row = self._change_shared(row, change)
        if sku:
            variants = {one.sku: one for one in row.variants}
            before = variants.get(sku)
            variants[sku] = self._change_variant(before, sku, change, len(variants), row)
            row = replace(row, variants=tuple(variants.values()))
        stored = self.shop.products.get(handle)
        if stored is None or stored.row.is_active or change.get("archived") is False:
            self.sold.add(handle)
        is_active = handle in self.sold and any(one.is_active for one in row.variants)
        self.products[handle] = replace(row, is_active=is_active)

    def _change_shared(self, row: ProductRow, change: Change) -> ProductRow:
        given: dict[str, Any] = {
            field: change[name] or empty for name, (field, empty) in PLAIN.items() if name in change
        }
        if "category" in change or "category_zh" in change:
            given["category_path"] = self._place(row.category_path, change)
        if "brand" in change or not row.brand_ref:
            given["brand_ref"] = self._brand(str(change.get("brand") or NO_BRAND))
        named = _name_options_of(row.option_names, change)
        if named != row.option_names:
            given["option_names"] = named
        row = replace(row, **given)
        if not row.slug:
            title = make_slug([row.brand_ref, row.name]) or make_slug([row.ref])
            row = replace(row, slug=(title or _digest(row.ref))[:180])
        return row

    def _change_variant(
        self, before: VariantRow | None, sku: str, change: Change, at: int, product: ProductRow
    ) -> VariantRow:
        row = before or VariantRow(ref=sku, sku=sku, list_minor=0, position=at)
        given: dict[str, Any] = {}
        if "price" in change:
            given |= {"list_minor": int(str(change["price"])), "list_source": "merchant"}
        if "cost" in change:
            cost = change["cost"]
            given |= {"cost_minor": cost, "cost_source": "unknown" if cost is None else "merchant"}
        if "barcode" in change:
            given["gtin"] = change["barcode"] or ""
        if "archived" in change:
            given["is_active"] = not change["archived"]
        if "options" in change:
            options = change["options"] if isinstance(change["options"], dict) else {}
            given["options"] = {
                name: options[name] for name in product.option_names if name in options
            }
            given["name"] = name_options(given["options"])
        if "size" in change:
            given |= _read_size(change["size"])
        row = replace(row, **given)
        if not row.options and ("size" in change or "options" in change or before is None):
            row = replace(row, name=str(change.get("size") or ""))
        self._note_outside(sku, change, is_new=before is None)
        return row

    def _note_outside(self, sku: str, change: Change, *, is_new: bool) -> None:
        """Note what is kept beside the catalogue: stock, and prices of other markets."""
        stock = change.get("stock")
        if stock is not None:
            (self.opening if is_new else self.counted)[sku] = int(str(stock))
        for name, value in change.items():
            market = market_of(name)
            if market:
                amount = None if value is None else int(str(value))
                self.prices.setdefault(market, {})[sku] = amount

    def _brand(self, name: str) -> str:
        if self._brand_refs is None:
            self._brand_refs = list_brand_refs()
        known = {one.casefold(): ref for one, ref in self._brand_refs.items()}
        if name.casefold() in known:
            return known[name.casefold()]
        ref = (make_slug([name]) or _digest(name))[:64] if name else "no-brand"
        if ref in self._brand_refs.values():
            ref = f"{ref[:50]}-{_digest(name)}"
        self._brand_refs[name] = ref
        self.brands[ref] = BrandRow(ref, name, is_private_label=False)
        return ref

    def _place(self, path: str, change: Change) -> str:
        """Return the path of a category, new levels of it noted to be made."""
        known = {**self.shop.categories, **self.categories}
        names = change.get("category")
        chain = [one.name for one in list_chain(known, path)]
        levels = [str(one) for one in names] if isinstance(names, list) else chain
        chinese = change.get("category_zh")
        in_chinese = [str(one) for one in chinese] if isinstance(chinese, list) else []
        at = ""
        for depth, name in enumerate(levels):
            name_zh = in_chinese[depth] if len(in_chinese) == len(levels) else ""
            row = _find_level(known.values(), at, name) or _make_level(known, at, name, depth)
            if row.path not in known or (name_zh and not row.name_zh):
                row = replace(row, name_zh=row.name_zh or name_zh)
                known[row.path] = self.categories[row.path] = row
            at = row.path
        return at

    def save(
        self,
        *,
        now: datetime,
        reference: str,
        meant: Meant,
        revisions: Mapping[str, int] | None = None,
    ) -> Mapping[str, int]:
        """Save all of it; return the ids of the variants by SKU. In the caller's transaction.

        `revisions`, `meant` and what is raised: see `save_products`.
        """
        refs = {one.sku: one.ref for row in self.products.values() for one in row.variants}
        saved = save_products(
            products=list(self.products.values()),
            categories=list(self.categories.values()),
            brands=list(self.brands.values()),
            market=self.home,
            stock={refs[sku]: pieces for sku, pieces in self.opening.items()},
            abroad={
                market: {refs[sku]: amount for sku, amount in prices.items()}
                for market, prices in self.prices.items()
            },
            revisions=revisions,
            meant=meant,
            now=now,
        )
        ids = {sku: saved.variant_ids[ref] for sku, ref in refs.items()}
        for sku in sorted(self.counted, key=lambda one: ids[one]):
            adjust_stock(
                variant_id=ids[sku], on_hand=self.counted[sku], reference=reference, now=now
            )
        return ids


def _name_options_of(names: Sequence[str], change: Change) -> tuple[str, ...]:
    listed = list(names)
    for number in (1, 2, 3):
        name = change.get(f"option{number}_name")
        if name:
            listed[number - 1 : number] = [str(name)]
    return tuple(dict.fromkeys(listed))


def _read_size(value: Value) -> dict[str, Any]:
    if not value:
        return {"measure_amount": None, "measure_unit": ""}
    amount, unit = split_size(str(value))
    return {"measure_amount": Decimal(amount), "measure_unit": unit}


def _find_level(rows: Collection[CategoryRow], parent: str, name: str) -> CategoryRow | None:
    wanted = name.casefold()
    return next(
        (row for row in rows if row.parent_path == parent and row.name.casefold() == wanted), None
    )


def _make_level(
    known: Mapping[str, CategoryRow], parent: str, name: str, depth: int
) -> CategoryRow:
    word = make_slug([name])[:60] or _digest(name)
    slugs = {path.replace("/", "-") for path in known}
    path, number = "/".join(filter(None, (parent, word))), 1
    while path.replace("/", "-") in slugs:
        number += 1
        path = "/".join(filter(None, (parent, f"{word}-{number}")))
    position = 1 + max((row.position for row in known.values() if row.depth == depth), default=0)
    return CategoryRow(
        path=path,
        parent_path=parent,
        name=name,
        name_zh="",
        depth=depth,
        icon="",
        position=position,
        is_child_directed=False,
        is_restricted=False,
    )


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:10]
