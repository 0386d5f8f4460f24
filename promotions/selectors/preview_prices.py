"""What one more unit of many products costs in a visitor's cart: for sorting and price bounds."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from profiles.selectors import ArmChoice
from promotions.core.carts import CartLineValue, CartValue
from promotions.core.unit_preview import UnitPrices
from promotions.selectors.alike import group_alike, load_cover
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.gathering import Gathered
from promotions.selectors.previews import list_seen_arms

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Goods:
    """One piece each of n goods on sale, arrays (n,): what it costs the shopper, the least it may
    cost, what it costs everybody, and its list price."""

    variant_id: IntArray
    unit_minor: IntArray
    floor_minor: IntArray
    public_minor: IntArray
    list_minor: IntArray

    def take(self, where: IntArray) -> Goods:
        """Return the goods at positions `where`."""
        return Goods(
            self.variant_id[where],
            self.unit_minor[where],
            self.floor_minor[where],
            self.public_minor[where],
            self.list_minor[where],
        )


MakeLines = Callable[[Goods], Sequence[CartLineValue]]
Gather = Callable[[Sequence[CartLineValue]], Gathered]


def find_touched(variant_ids: IntArray, cart: CartValue, now: datetime) -> BoolArray:
    """Return which of the variants an offer that runs now and applies by itself could lower, (n,).

    Into a cart with something in it a unit may also come that such an offer only asks for, or a
    further one of the same. No query; what offers cover is remembered until offers or the catalogue
    change.
    """
    cover = load_cover()
    masks = cover.concerned if cart.lines else cover.lowered
    touched = np.zeros(len(cover.variant_id), dtype=np.bool_)
    for offer in load_offer_book().offers:
        if offer.offer_id in masks and live_at(offer, now, cart.market_code):
            touched |= masks[offer.offer_id]
    found = np.isin(variant_ids, cover.variant_id[touched])
    return found | np.isin(variant_ids, [line.variant_id for line in cart.lines])


def price_goods(
    *, goods: Goods, make_lines: MakeLines, gather: Gather, cart: CartValue, codes: Iterable[str]
) -> tuple[IntArray, tuple[ArmChoice, ...]]:
    """Return what `preview_lines` would show of each of the goods, (n,), and the arms it shows.

    The same offers, facts and choice of the best combination, asked once for goods that no offer
    tells apart and that cost the same; `make_lines` is asked for one line of each such group, of
    all goods where codes are entered, which may tell any apart. Goods whose floor the cheapest of
    their group could reach are asked for with that floor. Queries: as `gather_offers` says, for any
    number of goods.
    """
    cover = load_cover()
    kinds = cover.find_kinds(goods.variant_id)
    known = cover.share_product(goods.variant_id, [line.product_id for line in cart.lines])
    inside = np.isin(goods.variant_id, [line.variant_id for line in cart.lines])
    apart = inside | known | bool(list(codes))
    single = np.where(apart, goods.variant_id, 0)
    is_reduced = (goods.public_minor < goods.list_minor) & cover.tells_reduced
    amounts = goods.unit_minor, goods.public_minor
    first, group = group_alike(kinds, *amounts, single, is_reduced.astype(np.int64))
    lines = make_lines(goods.take(first))
    gathered = gather(lines)
    prices = _price_groups(goods, lines, group, gathered.price_units())
    return prices, list_seen_arms(lines, gathered)


def _price_groups(
    goods: Goods, lines: Sequence[CartLineValue], group: IntArray, prices: UnitPrices
) -> IntArray:
    """Return the prices of all goods from one line of each group.

    A floor that the price of the unit without one does not come below takes nothing from that
    combination and adds nothing to others, so it stays the best: most goods have floors of their
    own, few meet them.
    """
    free = [prices.price(replace(line, floor_minor=0)) for line in lines]
    amounts = np.array([one.amount_minor for one in free], dtype=np.int64)
    least = np.array([one.own_minor for one in free], dtype=np.int64)
    is_sure = np.array([one.is_sure for one in free], dtype=np.bool_)
    found = amounts[group]
    is_lowered = least[group] < goods.unit_minor
    is_bound = is_lowered & ((goods.floor_minor > least[group]) | ~is_sure[group])
    if is_bound.any():
        floor, groups = goods.floor_minor[is_bound], group[is_bound]
        first, same = group_alike(groups, floor)
        pairs = zip(groups[first].tolist(), floor[first].tolist(), strict=True)
        each = [prices.price(replace(lines[at], floor_minor=least)) for at, least in pairs]
        found[is_bound] = np.array([one.amount_minor for one in each])[same]
    return found
