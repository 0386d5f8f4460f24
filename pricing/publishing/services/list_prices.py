"""Set what the merchant asks for a variant in a market: the one way list prices change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.ledger.services.ledger import (
    move_list_prices,
    publish_on_commit,
    require_prices,
)
from pricing.publishing.core.values import Doubt, Meant, NewPrice
from pricing.publishing.services.price_gate import find_doubts, require_meant
from pricing.quoting.selectors.listed import list_set_prices
from shop.ground.catalog.selectors import get_market, home_market
from shop.ground.catalog.selectors.costs import list_known_prices
from shop.ground.catalog.services.list_prices import (
    delete_list_prices,
    write_home_prices,
    write_list_prices,
)
from shop.ground.database.retrying import try_twice
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
