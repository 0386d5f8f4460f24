"""Read prices, their history and the rules that hold for a place."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from django.utils.translation import gettext as _

from pricing.core.publish import floor_prices
from pricing.core.reference import REASONS
from pricing.core.values import (
    JurisdictionRule,
    Policy,
    PricePoint,
    PublicPrices,
    ReferencePrice,
)
from pricing.models import PriceLedgerEntry, PublicPrice
from pricing.selectors.references import load_references
from pricing.selectors.serving import get_serving
from shop.catalog.selectors import get_market, load_variant_arrays
from shop.kernel.errors import FairtagError


class NoPrice(FairtagError):
    """The variant has no price in this market and channel."""

    code = "no_price"


def current_public_prices(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> PublicPrices:
    """Return public prices from the book in memory, by variant id. No query while it is fresh.

    Variants that no book holds yet are answered with their list price; unknown ones are left out.
    """
    ids = np.unique(np.array(variant_ids, dtype=np.int64))
    arrays = load_variant_arrays(market)
    listed = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    served = get_serving().served(market, channel, now)
    rows = []
    for one in ids.tolist():
        position = -1
        if served is not None:
            at, is_there = served.book.find(np.array([one]))
            position = int(at[0]) if is_there[0] else -1
        if served is not None and position >= 0:
            terms = served.book.terms
            rows.append((one, int(terms.list_minor[position]), int(terms.public_minor[position])))
        elif one in listed:
            rows.append((one, listed[one], listed[one]))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return PublicPrices(
        variant_id=table[:, 0],
        list_minor=table[:, 1],
        public_minor=table[:, 2],
        version=served.book.version if served else 0,
    )


def floor_minor(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> dict[int, int]:
    """Return the floor of each variant: no price after offers may be below it.

    No query while the book is fresh. A variant that no book holds yet has the floor that its first
    book gives it: of its cost and its list price.
    """
    ids = np.array(list(variant_ids), dtype=np.int64)
    served = get_serving().served(market, channel, now)
    floors: dict[int, int] = {}
    if served is not None and len(ids):
        at, is_there = served.book.find(ids)
        found = served.book.terms.floor_minor[at[is_there]]
        floors = dict(zip(ids[is_there].tolist(), found.tolist(), strict=True))
    missing = [one for one in ids.tolist() if one not in floors]
    if missing:
        arrays = load_variant_arrays(market)
        at = np.flatnonzero(np.isin(arrays.variant_id, missing))
        listed = arrays.list_minor[at]
        first, _cost = floor_prices(arrays.cost_minor[at], listed, listed, active_policy())
        floors |= dict(zip(arrays.variant_id[at].tolist(), first.tolist(), strict=True))
    return floors


def list_prices(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> dict[int, int]:
    """Return the list price of each variant, from which a public price may be reduced.

    No query while the book is fresh. A variant that no book holds yet is sold at its list price.
    """
    ids = np.array(list(variant_ids), dtype=np.int64)
    arrays = load_variant_arrays(market)
    listed = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    found = {one: listed[one] for one in ids.tolist() if one in listed}
    served = get_serving().served(market, channel, now)
    if served is not None and len(ids):
        at, is_there = served.book.find(ids)
        prices = served.book.terms.list_minor[at[is_there]]
        found |= dict(zip(ids[is_there].tolist(), prices.tolist(), strict=True))
    return found


def has_price_book(*, now: datetime, market: str = "us", channel: str = "online") -> bool:
    """Return whether a place has a price book: without one no floor is known. No query."""
    return get_serving().served(market, channel, now) is not None


def list_price_history(
    *, variant_id: int, market: str = "us", channel: str = "online"
) -> list[PricePoint]:
    """Return the ledger of a variant, oldest first. One query."""
    rows = PriceLedgerEntry.objects.filter(
        variant_id=variant_id, market_id=market, channel=channel
    ).order_by("valid_from", "kind")
    return [
        PricePoint(
            kind=row.kind,
            amount_minor=row.amount_minor,
            valid_from=row.valid_from,
            source=row.source,
        )
        for row in rows
    ]


def reference_price(
    *,
    variant_id: int,
    now: datetime,
    market: str = "us",
    channel: str = "online",
    jurisdiction_code: str | None = None,
) -> ReferencePrice:
    """Return the legal "was" basis of a variant, or why there is none, from the ledger itself.

    The strategy is that of `jurisdiction_code` (the market's own by default). Four queries at
    most. Raises NoPrice.
    """
    place = get_market(market).jurisdiction_code if jurisdiction_code is None else jurisdiction_code
    strategy = resolve_jurisdiction(code=place, now=now).reference_strategy
    row = PublicPrice.objects.filter(
        variant_id=variant_id, market_id=market, channel=channel
    ).first()
    if row is None:
        raise NoPrice(_("This variant has no price here."))
    found = load_references(
        variant_id=np.array([variant_id]),
        list_minor=np.array([row.list_minor]),
        now=now,
        place=(market, channel),
    )
    amount = int(found.by_strategy[strategy].amount[0])
    started = int(found.reductions.start[0])
    return ReferencePrice(
        strategy=strategy,
        amount_minor=amount or None,
        reason=REASONS[int(found.by_strategy[strategy].reason[0])],
        reduction_started_at=None
        if started < 0
        else datetime.fromtimestamp(started, tz=now.tzinfo),
    )


def resolve_jurisdiction(*, code: str, now: datetime) -> JurisdictionRule:
    """Return the rule that holds in `code` at `now`; an unknown place gets the strictest.

    No query while the rules in memory are fresh.
    """
    return get_serving().rule(code, now)


def list_ruled_places() -> tuple[str, ...]:
    """Return the places that have a row in the jurisdictions. No query while the rules in memory
    are fresh."""
    return tuple(dict.fromkeys(rule.code for rule in get_serving().rules))


def are_price_tests_off(market: str) -> bool:
    """Return whether staff have switched the price tests of a market off. No query while the rules
    in memory are fresh."""
    return get_serving().has_tests_off(market)


def active_policy() -> Policy:
    """Return the policy in force. No query while the rules in memory are fresh."""
    return get_serving().policy
