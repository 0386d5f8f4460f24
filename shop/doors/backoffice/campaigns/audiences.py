"""Size of a campaign's audience, and the share of recorded carts that would qualify."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from math import ceil, floor, sqrt

import numpy as np

from orders.reports.api import OrderColumns, load_order_columns
from profiles.shoppers.api import ShopperColumns, load_shopper_columns
from promotions.campaigns.api import compile_campaign
from promotions.engine import api as c
from promotions.engine.api import (
    COUNT_IN,
    SPENT_IN,
    CartValue,
    Circumstances,
    Mask,
    OfferValue,
    ShopperFacts,
    ShopperTable,
    asks_cart,
    match_shoppers,
    relax_shopper,
    windows_in,
)
from promotions.release.api import list_addressed, list_proven
from shop.ground.catalog.selectors import get_market
from shop.ground.staff.numbers import show_percent

ASKS_ORDERS = (c.FirstOrder, c.Newcomer, c.LastOrder, c.OrdersIn, c.SpentIn)


@dataclass(frozen=True, slots=True)
class Audience:
    """Who could get an offer of a campaign: at most `count` of `total` shoppers of the market.

    `is_at_most`: cart, clock, code or tier decide too. `every`: one shopper in so many was asked;
    then the number of all lies between `low` and `high` in 95 of 100 cases.
    `cart_share` of the recorded carts would satisfy what is asked of carts; None without carts.
    """

    count: int
    total: int
    is_at_most: bool
    every: int
    cart_share: float | None
    carts: int
    low: int
    high: int

    @property
    def cart_share_percent(self) -> str:
        """Return the share of carts as a percentage."""
        return "" if self.cart_share is None else show_percent(self.cart_share)


def count_audience(
    *,
    campaign_id: int,
    market_code: str,
    carts: Sequence[CartValue],
    now: datetime,
    offers: Sequence[OfferValue] | None = None,
) -> Audience:
    """Return the audience of a campaign's active offers, given by who has them. About ten
    queries."""
    offers = compile_campaign(campaign_id) if offers is None else offers
    facts = frozenset().union(*(c.needed_facts(offer.condition) for offer in offers))
    table, columns = load_table(offers, facts, market_code, now)
    reached = np.zeros(len(table), dtype=np.bool_)
    addressed = list_addressed(campaign_id) if _is_personal(offers) else None
    for offer in offers:
        fits = match_shoppers(offer.condition, table, now.timestamp())
        reached |= fits & _addressed(offer, columns, addressed)
    bounded = any(asks_cart(o.condition) or o.requires_coupon for o in offers)
    low, high = find_interval(int(reached.sum()), len(table), columns.total)
    return Audience(
        count=_scale(int(reached.sum()), len(table), columns.total),
        total=columns.total,
        is_at_most=bounded or "tier" in facts,
        every=columns.every,
        cart_share=_share_of_carts(offers, carts, now),
        carts=len(carts),
        low=low,
        high=high,
    )


def find_interval(hits: int, asked: int, total: int) -> tuple[int, int]:
    """Return the least and the most that `hits` of `asked` mean of `total`, in 95 of 100 cases.

    Wilson's interval, narrowed by the share of all that was asked; all asked: no doubt is left.

    >>> find_interval(10, 1_000, 1_000), find_interval(0, 0, 0)
    ((10, 10), (0, 0))
    >>> find_interval(20_000, 2_000_000, 4_000_000)
    (39611, 40392)
    """
    if asked >= total or not asked:
        count = _scale(hits, asked, total)
        return count, count
    z2 = 1.96**2 * (total - asked) / max(total - 1, 1)
    middle = (hits + z2 / 2) / (asked + z2)
    half = sqrt(z2 * (hits * (asked - hits) / asked + z2 / 4)) / (asked + z2)
    return floor(total * max(middle - half, 0.0)), ceil(total * min(middle + half, 1.0))


def _scale(hits: int, asked: int, total: int) -> int:
    return round(hits * total / asked) if asked else 0


def load_table(
    offers: Sequence[OfferValue], facts: frozenset[str], market_code: str, now: datetime
) -> tuple[ShopperTable, ShopperColumns]:
    """Return the shoppers of a market with the facts that `offers` ask for. Three queries, one more
    where orders are asked for."""
    leaves = [leaf for offer in offers for leaf in list_leaves(offer.condition)]
    tags = {tag for leaf in leaves if isinstance(leaf, c.HasTag) for tag in leaf.tags}
    tags |= {code for leaf in leaves if isinstance(leaf, c.SegmentIn) for code in leaf.codes}
    by_segment = any(isinstance(leaf, c.SegmentIn) for leaf in leaves)
    columns = load_shopper_columns(market_code=market_code, tags=tags, has_segments=by_segment)
    asks_orders = any(isinstance(leaf, ASKS_ORDERS) for leaf in leaves)
    ordered = OrderColumns(np.full(len(columns.shopper_id), np.nan), {}, {})
    if asks_orders:
        ordered = _read_orders(columns, facts, market_code, now)
    ids = sorted(columns.codes)
    # A tier is worked out shopper by shopper when asked for: every member may have any
    tiers = tuple({tier for leaf in leaves if isinstance(leaf, c.TierIn) for tier in leaf.tiers})
    groups = {one for leaf in leaves if isinstance(leaf, c.GroupIn) for one in leaf.groups}
    proven = list_proven(groups, now=now)
    table = ShopperTable(
        is_member=columns.is_member,
        agrees=columns.agrees,
        has_ordered=~np.isnan(ordered.last_at),
        last_at=ordered.last_at,
        segment=np.where(np.isin(columns.segment, ids), np.searchsorted(ids, columns.segment), -1),
        segments=tuple(columns.codes[one] for one in ids),
        tier=np.where(columns.is_member, 0, -1),
        tiers=tiers,
        tags=columns.tags,
        groups={code: np.isin(columns.shopper_id, ids) for code, ids in proven.items()},
        counts=ordered.counts,
        spent=ordered.spent,
    )
    return table, columns


def _read_orders(
    columns: ShopperColumns, facts: frozenset[str], market_code: str, now: datetime
) -> OrderColumns:
    """Return what shoppers ordered: every order of the shop is behind it, so only where asked."""
    return load_order_columns(
        shopper_id=columns.shopper_id,
        counted=windows_in(facts, COUNT_IN),
        summed=windows_in(facts, SPENT_IN),
        currency=get_market(market_code).currency,
        now=now,
    )


def list_leaves(condition: c.Condition) -> list[c.Condition]:
    """Return every single condition of a tree."""
    match condition:
        case c.All(parts) | c.Any(parts) | c.ExactlyOne(parts):
            return [leaf for part in parts for leaf in list_leaves(part)]
        case c.Not(part):
            return list_leaves(part)
    return [condition]


def _is_personal(offers: Sequence[OfferValue]) -> bool:
    return any(offer.audience == "personal" for offer in offers)


def _addressed(offer: OfferValue, columns: ShopperColumns, addressed: Sequence[int] | None) -> Mask:
    if offer.audience == "personal":
        return np.isin(columns.shopper_id, np.array(addressed or (), dtype=np.int64))
    if offer.audience == "members":
        return columns.is_member
    return np.ones(len(columns.shopper_id), dtype=np.bool_)


def _share_of_carts(
    offers: Sequence[OfferValue], carts: Sequence[CartValue], now: datetime
) -> float | None:
    """Return the share of carts that hold products in scope and satisfy what is asked of carts."""
    asked = [(offer, relax_shopper(offer.condition)) for offer in offers]
    if not carts:
        return None
    fitting = sum(any(_fits(offer, part, cart, now) for offer, part in asked) for cart in carts)
    return fitting / len(carts)


def _fits(offer: OfferValue, asked: c.Condition, cart: CartValue, now: datetime) -> bool:
    given = Circumstances(cart, ShopperFacts(), now)
    return any(map(offer.covers, cart.lines)) and not asked.failures(given)
