"""Save products whole: catalogue, search, price ledger and stock in one transaction."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pricing.ledger.services.ledger import move_list_prices, require_prices
from pricing.publishing.services.list_prices import Ask, set_list_prices, withdraw_list_prices
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow
from shop.ground.catalog.selectors.editing import list_sold_abroad
from shop.ground.catalog.services import load_catalog
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
) -> SavedProducts:
    """Create and change products with their variants, so that they can be found and bought at once.

    The one way for a form and for a list of thousands: the number of statements does not grow with
    the rows. List prices are in the currency of `market` and go into the price ledger, with the
    fact that has prices published anew. `stock` are pieces on hand by reference of the variant,
    with which records are opened that do not exist yet (0 where nothing is said); stock that is
    there moves only by deliveries, sales and counts. `abroad` are list prices of further markets
    by code and reference of the variant, None where it is not sold there; what is not named stays.
    `revisions`: see `load_catalog`.

    Raises NotAPrice, CatalogConflict (nothing is written) and ProductChanged.
    """
    variants = {one.ref: one for row in products for one in row.variants}
    require_prices(one.list_minor for one in variants.values())
    loaded = load_catalog(
        categories=categories, brands=brands, products=products, now=now, revisions=revisions
    )
    ids = loaded.variant_ids
    moved = move_list_prices(
        prices={ids[ref]: one.list_minor for ref, one in variants.items()},
        now=now,
        place=(market, "online"),
    )
    opening = stock or {}
    load_opening_stock(
        lines=[StockLine(ids[ref], opening.get(ref, 0)) for ref in sorted(variants)],
        reference="new product",
        now=now,
    )
    repriced = set(moved) | _set_abroad(abroad or {}, ids, now)
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


def _set_abroad(
    abroad: Mapping[str, Mapping[str, int | None]], ids: Mapping[str, int], now: datetime
) -> set[int]:
    """Set or withdraw list prices of further markets; return the variants that were changed."""
    changed: set[int] = set()
    for market, prices in sorted(abroad.items()):
        known = list_sold_abroad(variant_ids=[ids[ref] for ref in prices], market=market)
        asked = {ids[ref]: amount for ref, amount in prices.items()}
        new = {pk: one for pk, one in asked.items() if one is not None and known.get(pk) != one}
        gone = [pk for pk, one in asked.items() if one is None and pk in known]
        if new:
            set_list_prices(asks={pk: Ask(one) for pk, one in new.items()}, market=market, now=now)
        withdraw_list_prices(variant_ids=gone, market=market, now=now)
        changed |= {*new, *gone}
    return changed
