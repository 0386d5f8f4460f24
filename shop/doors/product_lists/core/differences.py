"""Comparison of each row of a list with the shop's data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from shop.doors.product_lists.core.cells import Value
from shop.doors.product_lists.core.columns import FIRST_NEEDED
from shop.doors.product_lists.core.rows import SHARED, ListedProduct, ListRow, say_options

MOST_NAME = 120


class Outcome(StrEnum):
    """What becomes of a row."""

    NEW = "new"
    CHANGED = "changed"
    SAME = "same"
    ADDED = "added"  # it only adds to its product, such as a picture
    REFUSED = "refused"


@dataclass(frozen=True, slots=True)
class Known:
    """A variant of the shop, as a list would say it, with its product's shared values."""

    handle: str
    values: Mapping[str, Value]
    options: Mapping[str, str] = field(default_factory=dict)
    prices: Mapping[str, int] = field(default_factory=dict)
    reserved: int = 0
    is_withdrawn: bool = False  # archived because the import that made it was undone


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What the shop has of the products of a list: variants by SKU, shared values and all pictures
    of products by handle, and whose each bar code is (14 digits: SKU)."""

    variants: Mapping[str, Known]
    products: Mapping[str, Mapping[str, Value]]
    barcodes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Verdict:
    """What becomes of a row: of each column that would change, the value before and after."""

    row: ListRow
    outcome: Outcome
    before: Mapping[str, Value] = field(default_factory=dict)
    after: Mapping[str, Value] = field(default_factory=dict)


def judge_product(product: ListedProduct, shop: Snapshot) -> list[Verdict]:
    """Return what becomes of each row of a product.

    What all variants share counts with the product's first row that is not refused.
    """
    shared = shop.products.get(product.handle)
    known = {sku: one for sku, one in shop.variants.items() if one.handle == product.handle}
    chosen = {tuple(sorted(one.options.items())): sku for sku, one in known.items()}
    skus = {row.sku for row in product.rows if row.is_variant}
    verdicts: list[Verdict] = []
    is_shared_told = False
    for row in product.rows:
        if row.is_variant and not row.problems:
            _check_row(row, product, shop)
            if not row.options and row.sku not in known and (known or len(skus) > 1):
                row.note("no_options", "", product.handle)
            _check_meeting(row, chosen, shop.barcodes)
        if row.problems:
            verdicts.append(Verdict(row, Outcome.REFUSED))
            continue
        told = {} if is_shared_told else product.values
        is_shared_told = True
        verdicts.append(_judge_row(row, told, shared or {}, known.get(row.sku)))
    return verdicts


def _judge_row(
    row: ListRow, told: Mapping[str, Value], shared: Mapping[str, Value], known: Known | None
) -> Verdict:
    before: dict[str, Value] = {}
    after: dict[str, Value] = {}
    _compare(told, shared, SHARED, before, after)
    _compare_pictures(row, shared, before, after)
    if not row.is_variant:
        return Verdict(row, Outcome.ADDED if after else Outcome.SAME, before, after)
    _compare_variant(row, known, before, after)
    if known is None:
        return Verdict(row, Outcome.NEW, before, after)
    return Verdict(row, Outcome.CHANGED if after else Outcome.SAME, before, after)


def _check_row(row: ListRow, product: ListedProduct, shop: Snapshot) -> None:
    """Note what a row lacks."""
    if not row.sku:
        row.note("no_sku", "", product.handle)
        return
    before = shop.variants.get(row.sku)
    if before is not None:
        if before.handle != product.handle:
            row.note("elsewhere", "sku", row.sku, other=before.handle)
        stock = row.values.get("stock")
        if stock is not None and int(str(stock)) < before.reserved:
            row.note("reserved", "stock", str(stock), reserved=before.reserved)
        return
    said = {**product.values, **row.values}
    missing = [name for name in FIRST_NEEDED if said.get(name) is None]
    if product.handle in shop.products:
        missing = [name for name in missing if name not in SHARED]
    for name in missing:
        row.note("missing", name)


def _check_meeting(
    row: ListRow, chosen: Mapping[tuple[tuple[str, str], ...], str], barcodes: Mapping[str, str]
) -> None:
    """Note where a row takes what another variant of the shop has."""
    other = chosen.get(tuple(sorted(row.options.items()))) if row.options else None
    if other and other != row.sku:
        row.note("options_known", "", say_options(row.options), other=other)
    code = str(row.values.get("barcode") or "")
    other = barcodes.get(code.zfill(14)) if code else None
    if other and other != row.sku:
        row.note("barcode_known", "barcode", code, other=other)


def _compare(
    said: Mapping[str, Value],
    has: Mapping[str, Value],
    names: Sequence[str],
    before: dict[str, Value],
    after: dict[str, Value],
) -> None:
    for name in names:
        value = said.get(name)
        # A list gives categories their Chinese names; those that have one keep it.
        is_named = name == "category_zh" and has.get(name) is not None
        if value is not None and value != has.get(name) and name != "handle" and not is_named:
            before[name], after[name] = has.get(name), value


def base_name(path: str) -> str:
    """Return the name that a picture is known by, without the folders it lay in.

    >>> base_name("photos/front.jpg")
    'front.jpg'
    """
    return path.replace("\\", "/").rpartition("/")[2].strip()[:MOST_NAME]


def _compare_pictures(
    row: ListRow, shared: Mapping[str, Value], before: dict[str, Value], after: dict[str, Value]
) -> None:
    """A list adds pictures that the product has not; it takes none away."""
    said, has = row.values.get("pictures"), shared.get("pictures")
    if not isinstance(said, list):
        return
    has = has if isinstance(has, list) else []
    fresh = [name for name in said if base_name(name) not in has]
    if fresh:
        before["pictures"], after["pictures"] = has, fresh


def _compare_variant(
    row: ListRow, known: Known | None, before: dict[str, Value], after: dict[str, Value]
) -> None:
    has = known.values if known else {}
    own = [name for name in row.values if name not in SHARED and not name.startswith("option")]
    own = [name for name in own if name not in ("sku", "pictures")]
    _compare(row.values, has, own, before, after)
    if known and known.is_withdrawn and "archived" not in row.values:
        before["archived"], after["archived"] = True, False
    if row.options and (known is None or dict(known.options) != row.options):
        before["options"] = dict(known.options) if known else None
        after["options"] = row.options
    for market, amount in row.prices.items():
        has_amount = known.prices.get(market) if known else None
        if amount != has_amount:
            before[f"price[{market}]"], after[f"price[{market}]"] = has_amount, amount
