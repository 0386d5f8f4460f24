"""Save products whole: catalogue, search, price ledger and stock in one transaction."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.ledger.services import move_list_prices, publish_on_commit, require_prices
from pricing.publishing.core.values import Doubt, Meant, NewPrice
from pricing.publishing.services.price_gate import find_doubts, require_meant
from pricing.quoting.selectors.listed import list_set_prices
from shop.ground.catalog.core.loading import BrandRow, CategoryRow, ProductRow, VariantRow
from shop.ground.catalog.selectors import get_market, home_market
from shop.ground.catalog.selectors.costs import KnownPrice, list_known_prices
from shop.ground.catalog.selectors.editing import list_sold_abroad
from shop.ground.catalog.services import load_catalog, lock_products
from shop.ground.catalog.services.list_prices import (
    delete_list_prices,
    write_home_prices,
    write_list_prices,
)
from shop.ground.database.retrying import try_twice
from shop.ground.inventory.core.values import StockLine
from shop.ground.inventory.services import load_opening_stock
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact

NOTHING_MEANT = Meant()


@dataclass(frozen=True, slots=True)
class Ask:
    """A list price and what a unit costs the shop, minor units of the market's currency.

    `cost_minor` None leaves the known cost as it is.
    """

    amount_minor: int
    cost_minor: int | None = None


class HomePriceNeeded(FairtagError):
    """A variant is not sold in the home market only by being inactive."""

    code = "home_price_needed"


@try_twice
@transaction.atomic
def set_list_prices(
    *,
    asks: Mapping[int, Ask],
    market: str,
    now: datetime,
    channel: str = "online",
    meant: Meant = NOTHING_MEANT,
) -> int:
    """Set list prices by variant id in a market, and what units cost there; return changed prices.

    In the home market they stand on the variants, elsewhere in rows of their own: from the first
    one on the variant is sold there. The price ledger is written in the same transaction; of a
    channel but "online" only that. Raises MarketNotFound, NotAPrice, and what the gate of prices
    raises.
    """
    require_prices(one.amount_minor for one in asks.values())
    is_home = get_market(market).code == home_market()
    require_meant(_list_new(asks, (market, channel), is_home=is_home), meant, now)
    return write_asks(asks=asks, market=market, channel=channel, now=now, set_by=meant.set_by)


def doubt_list_prices(
    *, asks: Mapping[int, Ask], market: str, channel: str = "online"
) -> list[Doubt]:
    """Return which of these list prices `set_list_prices` would doubt. Raises MarketNotFound."""
    is_home = get_market(market).code == home_market()
    return find_doubts(_list_new(asks, (market, channel), is_home=is_home))


def write_asks(
    *,
    asks: Mapping[int, Ask],
    market: str,
    channel: str,
    now: datetime,
    set_by: str = "",
) -> int:
    """Write list prices that the gate let through; return changed prices."""
    rows = [(pk, one.amount_minor, one.cost_minor) for pk, one in sorted(asks.items())]
    is_home = get_market(market).code == home_market()
    if is_home and channel == "online":
        write_home_prices(rows=rows, now=now)
    elif channel == "online":
        write_list_prices(rows=rows, market=market)
    prices = {pk: amount for pk, amount, _cost in rows}
    place = (market, channel)
    return len(move_list_prices(prices=prices, now=now, place=place, set_by=set_by))


def _list_new(asks: Mapping[int, Ask], place: tuple[str, str], *, is_home: bool) -> list[NewPrice]:
    """Return the prices that are new. Two queries."""
    present = list_set_prices(variant_ids=asks, market=place[0], channel=place[1])
    new = []
    for known in list_known_prices(variant_ids=asks):
        ask, has = asks[known.variant_id], present.get(known.variant_id)
        if has is None or has[0] != ask.amount_minor:
            cost = known.cost_minor if is_home and ask.cost_minor is None else ask.cost_minor
            before = None if has is None else has[0]
            new.append(NewPrice(known.sku, place[0], ask.amount_minor, before, cost))
    return new


@transaction.atomic
def withdraw_list_prices(*, variant_ids: Collection[int], market: str, now: datetime) -> int:
    """Stop selling variants in a market other than the home market; return how many were sold.

    The ledger keeps what they cost. Raises HomePriceNeeded.
    """
    if get_market(market).code == home_market():
        raise HomePriceNeeded(_("Archive the variant instead: this is the home market."))
    gone = delete_list_prices(variant_ids=variant_ids, market=market)
    if gone:
        payload = {"variants": sorted(variant_ids)[:1000]}
        write_fact(kind="ListPricesChanged", payload=payload, occurred_at=now)
        publish_on_commit()
    return gone


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
    new = [*_list_new_products(variants, known, market), *_list_new_abroad(further, variants, ids)]
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


def _list_new_products(
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
