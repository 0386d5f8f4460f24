"""Set what the merchant asks for a variant in a market: the one way list prices change."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.ledger.services.ledger import move_list_prices, require_prices
from shop.ground.catalog.selectors import get_market, home_market
from shop.ground.catalog.services.list_prices import (
    delete_list_prices,
    write_home_prices,
    write_list_prices,
)
from shop.ground.kernel.errors import FairtagError
from shop.ground.outbox.services import write_fact


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


@transaction.atomic
def set_list_prices(
    *, asks: Mapping[int, Ask], market: str, now: datetime, channel: str = "online"
) -> int:
    """Set list prices by variant id in a market, and what units cost there; return changed prices.

    In the home market they stand on the variants, elsewhere in rows of their own: from the first
    one on the variant is sold there. The price ledger is written in the same transaction; of a
    channel but "online" only that. Raises MarketNotFound and NotAPrice.
    """
    require_prices(one.amount_minor for one in asks.values())
    rows = [(pk, one.amount_minor, one.cost_minor) for pk, one in sorted(asks.items())]
    is_home = get_market(market).code == home_market()
    if is_home and channel == "online":
        write_home_prices(rows=rows, now=now)
    elif channel == "online":
        write_list_prices(rows=rows, market=market)
    prices = {pk: amount for pk, amount, _cost in rows}
    return len(move_list_prices(prices=prices, now=now, place=(market, channel)))


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
    return gone
