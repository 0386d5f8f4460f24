"""Take back in one go what a person or a token did to list prices."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.publishing.core.values import BELOW_COST, Meant
from pricing.publishing.services.list_prices import Ask, doubt_list_prices, set_list_prices
from shop.ground.catalog.selectors import home_market
from shop.ground.catalog.selectors.editing import list_sold_abroad
from shop.ground.catalog.services import lock_products
from shop.ground.database.retrying import try_twice

LISTED = PriceLedgerEntry.objects.filter(kind="list")


@dataclass(frozen=True, slots=True)
class Recalled:
    """How many list prices went back, and the SKUs of those that stay: somebody else changed them
    since, the variant is no longer sold there, or they stood below what it costs now.
    """

    back: int
    kept: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class _Change:
    variant_id: int
    sku: str
    place: tuple[str, str]
    before_minor: int
    is_own: bool


@try_twice
@transaction.atomic
def recall_list_prices(
    *, set_by: str, since: datetime, by: str, reason: str, now: datetime
) -> Recalled:
    """Give each list price that `set_by` changed since that moment the value it had before.

    Through the gate, as a change by `by`; what it would doubt is meant, as it stood before.
    """
    ours = LISTED.filter(set_by=set_by, valid_from__gte=since)
    lock_products(set(ours.values_list("variant__product__external_ref", flat=True)))
    ids = list(ours.order_by("variant_id").values_list("variant_id", flat=True).distinct())
    changes = defaultdict(list)
    for one in _list_changes(ids, set_by, since):
        changes[one.place].append(one)
    back, kept = 0, set()
    for place, found in sorted(changes.items()):
        asks, left = _choose(found, place)
        doubts = doubt_list_prices(asks=asks, market=place[0], channel=place[1])
        below = {one.price.sku for one in doubts if one.code == BELOW_COST}
        asks = {
            one.variant_id: asks[one.variant_id] for one in found if one.sku not in left | below
        }
        meant = Meant(len(doubts) - len(below), reason, set_by=by)
        back += set_list_prices(asks=asks, market=place[0], channel=place[1], now=now, meant=meant)
        kept |= left | below
    return Recalled(back, tuple(sorted(kept)))


def _choose(found: Sequence[_Change], place: tuple[str, str]) -> tuple[dict[int, Ask], set[str]]:
    """Return what may go back, and the SKUs that somebody changed or took off sale since."""
    sold = {one.variant_id for one in found}
    if place[0] != home_market() and place[1] == "online":
        sold &= list_sold_abroad(variant_ids=sold, market=place[0]).keys()
    mine = [one for one in found if one.is_own and one.variant_id in sold]
    asks = {one.variant_id: Ask(one.before_minor) for one in mine}
    return asks, {one.sku for one in found if one.variant_id not in asks}


def _list_changes(ids: Sequence[int], set_by: str, since: datetime) -> Iterator[_Change]:
    """Yield a change for each series of these variants that `set_by` changed. One query."""
    series = defaultdict(list)
    for row in LISTED.filter(variant_id__in=ids).select_related("variant").order_by("valid_from"):
        series[row.variant_id, row.market_id, row.channel].append(row)
    for (pk, market, channel), rows in sorted(series.items()):
        own = [
            at for at, one in enumerate(rows) if one.set_by == set_by and one.valid_from >= since
        ]
        if own and own[0]:
            before, sku = rows[own[0] - 1].amount_minor, rows[0].variant.sku
            is_own = all(one.set_by == set_by for one in rows[own[0] :])
            yield _Change(pk, sku, (market, channel), before, is_own)
