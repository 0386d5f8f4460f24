"""Log text of the changes that a save of a product makes."""

from __future__ import annotations

from collections.abc import Mapping

from django.utils.translation import gettext as _

from shop.doors.backoffice.products.products import Draft
from shop.ground.catalog.core.loading import VariantRow
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.editing import EditedProduct, EditedVariant
from shop.ground.staff.columns import show_money
from shop.ground.staff.numbers import EMPTY
from shop.ground.staff.phrases import join_names


def tell_changes(known: EditedProduct, draft: Draft, currency: str) -> str:
    """Return what a save changes: fields by name, prices with their amounts."""
    told = [name for name, is_changed in _fields(known, draft).items() if is_changed]
    before = {one.ref: one for one in known.variants}
    told += [_variant(before.get(row.ref), row, currency) for row in draft.product.variants]
    for market, prices in draft.abroad.items():
        told += [
            _abroad(before.get(row.ref), row, market, prices) for row in draft.product.variants
        ]
    skus = {one.variant_id: one.sku for one in known.variants}
    told += [
        _("%(sku)s counted: %(pieces)s") % {"sku": skus[variant_id], "pieces": pieces}
        for variant_id, pieces in draft.counted.items()
    ]
    return join_names(filter(None, told))


def _fields(known: EditedProduct, draft: Draft) -> dict[str, bool]:
    row = draft.product
    flags = (known.is_sensitive, known.is_child_directed, known.minimum_age or 0)
    return {
        "name": (known.name, known.name_zh) != (row.name, row.name_zh),
        "category": known.category_path != row.category_path,
        "brand": known.brand_ref != row.brand_ref,
        "description": (known.description, known.description_zh)
        != (row.description, row.description_zh),
        "attributes": known.attributes != row.attributes,
        "facts": known.facts != draft.facts,
        "options": known.option_names != row.option_names,
        "flags": flags != (row.is_sensitive, row.is_child_directed, row.minimum_age),
        "tax class": known.tax_class != row.tax_class,
    }


def _variant(old: EditedVariant | None, row: VariantRow, currency: str) -> str:
    if old is None:
        return f"{row.sku} {show_money(row.list_minor, currency)}"
    if old.list_minor != row.list_minor:
        was, becomes = (show_money(one, currency) for one in (old.list_minor, row.list_minor))
        return f"{row.sku} {was} → {becomes}"
    kept = (old.sku, old.cost_minor, old.gtin, old.is_active, old.name, old.options)
    now = (row.sku, row.cost_minor, row.gtin, row.is_active, row.name, row.options)
    return "" if kept == now else row.sku


def _abroad(
    old: EditedVariant | None, row: VariantRow, market: str, prices: Mapping[str, int | None]
) -> str:
    was, becomes = None if old is None else old.abroad.get(market), prices.get(row.ref)
    if was == becomes:
        return ""
    currency = get_market(market).currency
    said = (EMPTY if one is None else show_money(one, currency) for one in (was, becomes))
    return f"{row.sku} ({market}) {' → '.join(said)}"
