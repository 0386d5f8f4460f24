"""Save products whole: catalogue, search, price ledger and stock in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pricing.ledger.services.ledger import move_list_prices, require_prices
from pricing.publishing.core.values import Meant, NewPrice
from pricing.publishing.services.list_prices import (
    NOTHING_MEANT,
    Ask,
    withdraw_list_prices,
    write_asks,
)
from pricing.publishing.services.price_gate import require_meant
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.selectors.costs import KnownPrice, list_known_prices
from shop.ground.catalog.selectors.editing import list_sold_abroad
from shop.ground.catalog.services import load_catalog, lock_products
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import load_opening_stock


@dataclass(frozen=True, slots=True)
class SavedProducts:
    """What became of the rows: references of products, and ids of all their variants by reference.

    `unchanged` counts products that were as their rows say.
    """

    created: frozenset[str]
    changed: frozenset[str]
    unchanged: int
    variant_ids: Mapping[str, int]


@try_twice
@transaction.atomic
def save_products(
    *,
    products: Sequence[ProductRow],
    market: str,
    now: datetime,
    categories: Sequence[CategoryRow] = (),
    brands: Sequence[BrandRow] = (),
    stock: Mapping[str, int] | None = None,
    abroad: Mapping[str, Mapping[str, int | None]] | None = None,
    revisions: Mapping[str, int] | None = None,
    meant: Meant = NOTHING_MEANT,
) -> SavedProducts:
    """Create and change products with their variants, so that they can be found and bought at once.

    The one way for a form and for a list of thousands: the number of statements does not grow with
    the rows. List prices are in the currency of `market` and go into the price ledger, with the
    fact that has prices published anew. `stock` are pieces on hand by reference of the variant,
    with which those of new variants are opened (0 where nothing is said); stock that is there
    moves only by deliveries, sales and counts. `abroad` are list prices of further markets
    by code and reference of the variant, None where it is not sold there; what is not named stays.
    `revisions`: see `load_catalog`. `meant`: see the gate, `require_meant`.

    Raises NotAPrice, CatalogConflict, ProductChanged, and what the gate raises: nothing is written
    then.
    """
    variants = {one.ref: one for row in products for one in row.variants}
    require_prices(one.list_minor for one in variants.values())
    lock_products([row.ref for row in products])
    known = {one.ref: one for one in list_known_prices(refs=variants)}
    loaded = load_catalog(
        categories=categories, brands=brands, products=products, now=now, revisions=revisions
    )
    ids = loaded.variant_ids
    _open_stock(variants.keys() - known.keys(), stock or {}, ids, now)
    further = _compare_abroad(abroad or {}, ids)
    new = [*_list_new(variants, known, market), *_list_new_abroad(further, variants, ids)]
    require_meant(new, meant, now)
    listed = {ids[ref]: one.list_minor for ref, one in variants.items()}
    place = (market, "online")
    moved = move_list_prices(prices=listed, now=now, place=place, set_by=meant.set_by)
    repriced = set(moved) | _set_abroad(further, now, meant.set_by)
    changed = loaded.changed | {
        row.ref for row in products if any(ids[one.ref] in repriced for one in row.variants)
    }
    touched = loaded.created | changed
    return SavedProducts(
        created=loaded.created,
        changed=changed - loaded.created,
        unchanged=sum(row.ref not in touched for row in products),
        variant_ids=ids,
    )


def _open_stock(
    refs: Iterable[str], pieces: Mapping[str, int], ids: Mapping[str, int], now: datetime
) -> None:
    """Open the stock of new variants. A record that is there would be waited for: a checkout may
    hold it, and wait for this save.
    """
    lines = [StockLine(ids[ref], pieces.get(ref, 0)) for ref in sorted(refs)]
    if lines:
        load_opening_stock(lines=lines, reference="new product", now=now)


@dataclass(frozen=True, slots=True)
class _Abroad:
    """What changes in a further market: list prices by variant, and who is not sold there now."""

    market: str
    known: Mapping[int, int]
    new: Mapping[int, int]
    gone: Sequence[int]


def _compare_abroad(
    abroad: Mapping[str, Mapping[str, int | None]], ids: Mapping[str, int]
) -> list[_Abroad]:
    """Return what changes in further markets. One query each."""
    found = []
    for market, prices in sorted(abroad.items()):
        known = list_sold_abroad(variant_ids=[ids[ref] for ref in prices], market=market)
        asked = {ids[ref]: amount for ref, amount in prices.items()}
        new = {pk: one for pk, one in asked.items() if one is not None and known.get(pk) != one}
        gone = [pk for pk, one in asked.items() if one is None and pk in known]
        found.append(_Abroad(market, known, new, gone))
    return found


def _list_new(
    variants: Mapping[str, VariantRow], known: Mapping[str, KnownPrice], market: str
) -> Iterator[NewPrice]:
    """Yield the new prices. A cost that this very save takes away still counts."""
    for ref, row in variants.items():
        before = known.get(ref)
        if before is None:
            yield NewPrice(row.sku, market, row.list_minor, None, row.cost_minor)
        elif before.list_minor != row.list_minor:
            cost = before.cost_minor if row.cost_minor is None else row.cost_minor
            yield NewPrice(row.sku, market, row.list_minor, before.list_minor, cost)


def _list_new_abroad(
    further: Sequence[_Abroad], variants: Mapping[str, VariantRow], ids: Mapping[str, int]
) -> Iterator[NewPrice]:
    """Yield new prices of further markets; costs are in another currency and not compared."""
    skus = {ids[ref]: row.sku for ref, row in variants.items()}
    for one in further:
        for pk, amount in one.new.items():
            yield NewPrice(skus[pk], one.market, amount, one.known.get(pk), None)


def _set_abroad(further: Sequence[_Abroad], now: datetime, set_by: str) -> set[int]:
    """Set or withdraw list prices of further markets; return the variants that were changed."""
    changed: set[int] = set()
    for one in further:
        if one.new:
            asks = {pk: Ask(amount) for pk, amount in one.new.items()}
            write_asks(asks=asks, market=one.market, channel="online", now=now, set_by=set_by)
        withdraw_list_prices(variant_ids=one.gone, market=one.market, now=now)
        changed |= {*one.new, *one.gone}
    return changed
