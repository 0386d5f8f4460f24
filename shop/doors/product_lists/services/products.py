"""Lists of products: rows judged against the catalogue, written and taken back."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from orders.reports.api import list_ordered_since
from pricing.api import find_doubts, home_place
from pricing.publishing.core.values import (
    BELOW_COST,
    DOUBTS,
    Doubt,
    Meant,
    NewPrice,
    name_setter,
)
from shop.doors.product_lists.core.cells import Value
from shop.doors.product_lists.core.columns import PRODUCTS, is_price, market_of
from shop.doors.product_lists.core.differences import (
    Outcome,
    Snapshot,
    Verdict,
    base_name,
    judge_product,
)
from shop.doors.product_lists.core.problems import Problem
from shop.doors.product_lists.core.rows import ListedProduct, ListRow
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox
from shop.doors.product_lists.selectors.imports import ReadList, read_list, say_value
from shop.doors.product_lists.selectors.snapshots import (
    Shop,
    find_refs,
    read_shop,
    read_shop_for,
    take_snapshot,
)
from shop.doors.product_lists.sentences import tell_doubt
from shop.doors.product_lists.services.checking import Judged
from shop.doors.product_lists.services.saving import Saving
from shop.ground.catalog.selectors import get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.selectors.stored import list_pictures, map_product_ids
from shop.ground.catalog.services import lock_products
from shop.ground.catalog.services.pictures import PictureNotTaken, add_picture, remove_picture
from shop.ground.kernel.money import write_amount

# Pictures of a list: handed to the worker that makes the shop's pictures, taken off by undo.


def add_pictures(
    products: Sequence[ListedProduct],
    judged: Sequence[Sequence[Verdict]],
    box: PictureBox,
    variant_ids: Mapping[str, int],
    now: datetime,
) -> None:
    """Add what the rows name and the box holds. What is refused is told with its row.

    Pictures of a product's first row, and of rows that only add to it, are of all its variants.
    """
    wanted = [
        (product, verdicts)
        for product, verdicts in zip(products, judged, strict=True)
        if any(verdict.after.get("pictures") for verdict in verdicts)
    ]
    ids = map_product_ids([product.handle for product, _verdicts in wanted])
    for product, verdicts in wanted:
        first = next((one.row.sku for one in verdicts if one.row.is_variant), "")
        for verdict in verdicts:
            is_own = verdict.row.is_variant and verdict.row.sku != first
            variant_id = variant_ids.get(verdict.row.sku) if is_own else None
            if verdict.outcome is not Outcome.REFUSED and product.handle in ids:
                _add(
                    verdict,
                    product,
                    box,
                    product_id=ids[product.handle],
                    variant_id=variant_id,
                    now=now,
                )


def _add(
    verdict: Verdict,
    product: ListedProduct,
    box: PictureBox,
    *,
    product_id: int,
    variant_id: int | None,
    now: datetime,
) -> None:
    names = verdict.after.get("pictures")
    for name in names if isinstance(names, list) else ():
        content = box.read(name)
        if content is None:
            continue
        try:
            add_picture(
                product_id=product_id,
                variant_id=variant_id,
                file_name=base_name(name),
                upload=content,
                alt=str(product.values.get("title") or ""),
                alt_zh=str(product.values.get("title_zh") or ""),
                now=now,
            )
        except PictureNotTaken as refusal:
            verdict.row.warn(f"picture_{refusal.code}", "pictures", name)


def remove_pictures(rows: Collection[ProductImportRow]) -> None:
    """Take off the pictures that rows added."""
    found = list_pictures({row.handle for row in rows})
    for row in rows:
        for name in row.after.get("pictures", ()):
            known = found.get((row.handle, base_name(name)))
            if known is not None:
                remove_picture(product_id=known[0], picture_id=known[1])


# Not restored as values: names of categories stay, pictures are taken off.
STAYS = ("category_zh", "pictures")
UNWRITTEN = (Outcome.REFUSED, Outcome.SAME)


class ProductLists:
    """Lists of products with their variants, prices, stock and pictures."""

    kind = PRODUCTS

    def read(self, item: ProductImport) -> ReadList:
        """Return the rows of an import's file. Two queries. Raises BadList."""
        return read_list(item)

    def hold(self, batch: Sequence[ListedProduct]) -> None:
        """Lock the shop's products of a batch. Three queries."""
        lock_products(find_refs(batch))

    def judge(
        self, found: ReadList, batch: Sequence[ListedProduct], box: PictureBox
    ) -> tuple[Shop, Judged]:
        """Return the shop's own products of a batch, and what becomes of each product's rows."""
        shop = read_shop_for(batch)
        snapshot = take_snapshot(shop, currency=found.currency)
        judged = []
        for product in batch:
            verdicts = judge_product(product, snapshot)
            judged.append([_leave_out_pictures(verdict, box) for verdict in verdicts])
        _doubt_prices([one for verdicts in judged for one in verdicts], snapshot, found)
        return shop, judged

    def write(
        self,
        item: ProductImport,
        batch: Sequence[ListedProduct],
        known: Shop,
        judged: Judged,
        *,
        box: PictureBox,
        now: datetime,
    ) -> None:
        """Write the products of a batch with their prices, stock and pictures."""
        saving = Saving(known, home=home_place()[0])
        for product, verdicts in zip(batch, judged, strict=True):
            _collect(saving, product, verdicts)
        if saving.products:
            set_by = name_setter(token_id=item.by_token, account_id=item.created_by_id)
            meant = Meant(_count_doubts(judged), item.reason, has_second=True, set_by=set_by)
            ids = saving.save(now=now, reference=f"import {item.pk}", meant=meant)
            add_pictures(batch, judged, box, ids, now)

    def take_back(
        self, item: ProductImport, rows: Sequence[ProductImportRow], now: datetime
    ) -> list[Problem | None]:
        """Restore earlier values and archive what was made, unless it was changed since, or would
        be sold below cost, or was made and sold since.
        """
        home = home_place()[0]
        shop = read_shop({row.handle for row in rows})
        currency = get_market(home).currency
        snapshot = take_snapshot(shop, currency=currency)
        sold = _list_sold(rows, shop, item)
        saving = Saving(shop, home=home)
        doubts = find_doubts([one for row in rows for one in _price_back(row, snapshot)])
        below = {one.price.sku: one for one in doubts if one.code == BELOW_COST}
        reasons = [
            _find_reason(row, snapshot, sold, currency) or _refuse_below(row, below, currency)
            for row in rows
        ]
        undone = [row for row, reason in zip(rows, reasons, strict=True) if reason is None]
        back = {row.sku for row in undone}
        meant = Meant(
            sum(one.price.sku in back for one in doubts),
            f"undo import {item.pk}",
            set_by=name_setter(account_id=item.undone_by_id),
        )
        for row in undone:
            _take_back(saving, row, snapshot)
        if saving.products:
            saving.save(now=now, reference=meant.reason, meant=meant)
        remove_pictures(undone)
        return reasons

    def finish(self, item: ProductImport) -> None:
        """Keep the file: refused rows are handed out from it."""


def _doubt_prices(verdicts: Sequence[Verdict], snapshot: Snapshot, found: ReadList) -> None:
    """Warn of new prices that are probably not meant. Cost and floor are the home market's."""
    rows: dict[tuple[str, str], tuple[Verdict, str]] = {}
    new = []
    for verdict in verdicts:
        for name in filter(is_price, verdict.after):
            price, has = verdict.after[name], verdict.before.get(name)
            if not isinstance(price, int):
                continue
            sku, market = verdict.row.sku, market_of(name)
            rows[sku, market] = verdict, name
            present = has if isinstance(has, int) else None
            cost = None if market else _find_cost(verdict, snapshot)
            new.append(NewPrice(sku, market, price, present, cost))
    currencies = list_currencies() if new else {}
    for doubt in find_doubts(new):
        verdict, name = rows[doubt.price.sku, doubt.price.market]
        currency = currencies.get(doubt.price.market, found.currency)
        written = write_amount(doubt.price.price_minor, currency)
        verdict.row.warn(doubt.code, name, written, **tell_doubt(doubt, currency))


def _find_cost(verdict: Verdict, snapshot: Snapshot) -> int | None:
    """Return what a unit costs: as the row says, else as the shop does."""
    known = snapshot.variants.get(verdict.row.sku)
    cost = verdict.after.get("cost")
    cost = known.values.get("cost") if cost is None and known else cost
    return cost if isinstance(cost, int) else None


def _count_doubts(judged: Judged) -> int:
    """Return how many doubtful prices are among what is written."""
    written = (one for verdicts in judged for one in verdicts if one.outcome not in UNWRITTEN)
    return sum(warned.code in DOUBTS for one in written for warned in one.row.warnings)


def _leave_out_pictures(verdict: Verdict, box: PictureBox) -> Verdict:
    """Name pictures that did not come or are none; the row is taken without them."""
    named = verdict.after.get("pictures")
    if not isinstance(named, list):
        return verdict
    left = [name for name in named if not _warn_of(verdict.row, name, box)]
    before, after = dict(verdict.before), dict(verdict.after)
    del before["pictures"], after["pictures"]
    if left:
        return replace(verdict, after={**after, "pictures": left})
    is_idle = not after and verdict.outcome is not Outcome.NEW
    outcome = Outcome.SAME if is_idle else verdict.outcome
    return Verdict(verdict.row, outcome, before, after)


def _warn_of(row: ListRow, name: str, box: PictureBox) -> bool:
    if "://" in name:
        row.warn("picture_address", "pictures", name)
    elif box.find(name) is None:
        row.warn("picture_missing", "pictures", name)
    elif not box.looks_right(name):
        row.warn("picture_no_picture", "pictures", name)
    else:
        return False
    return True


def _collect(saving: Saving, product: ListedProduct, verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        if verdict.outcome in UNWRITTEN:
            continue
        if verdict.outcome is Outcome.ADDED and product.handle not in saving.products:
            known = saving.shop.products.get(product.handle)
            if known is None:
                continue
        sku = verdict.row.sku if verdict.row.is_variant else ""
        saving.change(product.handle, sku, verdict.after)


def _list_sold(rows: Sequence[ProductImportRow], shop: Shop, item: ProductImport) -> set[str]:
    """Return SKUs that the list made and that were ordered since. One query."""
    ids = {
        product.variant_ids[row.sku]: row.sku
        for row in rows
        if row.outcome == Outcome.NEW
        and (product := shop.products.get(row.handle))
        and row.sku in product.variant_ids
    }
    ordered = list_ordered_since(list(ids), item.applied_at or item.created_at)
    return {ids[one] for one in ordered}


def _price_back(row: ProductImportRow, snapshot: Snapshot) -> Iterator[NewPrice]:
    """Yield the list prices that a row had before."""
    known = snapshot.variants.get(row.sku)
    if known is None or row.outcome == Outcome.NEW:
        return
    cost = row.before.get("cost")
    cost = known.values.get("cost") if cost is None else cost
    for name, price in row.before.items():
        if is_price(name) and isinstance(price, int):
            now = row.after.get(name)
            present = now if isinstance(now, int) else None
            unit = cost if name == "price" and isinstance(cost, int) else None
            yield NewPrice(row.sku, market_of(name), price, present, unit)


def _refuse_below(
    row: ProductImportRow, below: Mapping[str, Doubt], currency: str
) -> Problem | None:
    """Keep a price that stood below what the variant costs now: a second person decides that."""
    doubt = below.get(row.sku)
    if doubt is None:
        return None
    price, cost = doubt.price.price_minor, doubt.price.cost_minor or 0
    detail = {"cost": write_amount(cost, currency)}
    return Problem(row.line, BELOW_COST, "price", write_amount(price, currency), detail)


def _find_reason(
    row: ProductImportRow, snapshot: Snapshot, sold: set[str], currency: str
) -> Problem | None:
    """Return why a row cannot be taken back."""
    if row.sku in sold:
        return Problem(row.line, "sold_since", "", row.sku)
    known = snapshot.variants.get(row.sku)
    shared = snapshot.products.get(row.handle)
    if shared is None or (row.sku and known is None):
        return Problem(row.line, "gone", "", row.sku or row.handle)
    has: dict[str, Value] = dict(shared)
    if known is not None:
        prices = {f"price[{market}]": one for market, one in known.prices.items()}
        has |= {**known.values, "options": dict(known.options), **prices}
    for name, value in row.after.items():
        is_moved = name == "stock" and len(row.after) > 1  # what is sold keeps no price back
        if name not in STAYS and has.get(name) != value and not is_moved:
            said = say_value(name, has.get(name), currency, list_currencies())
            return Problem(row.line, "changed_since", name, said)
    return None


def _take_back(saving: Saving, row: ProductImportRow, snapshot: Snapshot) -> None:
    """Restore what a row changed; stock that moved since stays as it is."""
    if row.outcome == Outcome.NEW:
        saving.change(row.handle, row.sku, {"archived": True})
        return
    known = snapshot.variants.get(row.sku)
    is_moved = known is not None and known.values.get("stock") != row.after.get("stock")
    stays = (*STAYS, "stock") if is_moved else STAYS
    before = {name: value for name, value in row.before.items() if name not in stays}
    saving.change(row.handle, row.sku, before)
