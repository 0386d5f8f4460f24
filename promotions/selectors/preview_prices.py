"""What one piece of many goods costs with offers: for sorting and price bounds, without words."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from profiles.selectors import ArmChoice
from promotions.core.carts import CartLineValue
from promotions.core.one_piece import lower_piece, put_alone
from promotions.core.shoppers import ShopperView
from promotions.core.values import OfferValue
from promotions.selectors.alike import group_alike, load_cover
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.facts import LookUp
from promotions.selectors.preview_offers import (
    FindTier,
    FindVisitor,
    Fitting,
    Gathered,
    PreviewPlace,
    gather_offers,
)

BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]
# Up to so many offers the best combination is found exactly, whatever the floor
EXACT = 6


@dataclass(frozen=True, slots=True)
class Goods:
    """One piece each of n goods on sale, arrays (n,): what it costs the shopper, the least it may
    cost, and what it costs everybody."""

    variant_id: IntArray
    unit_minor: IntArray
    floor_minor: IntArray
    public_minor: IntArray

    def take(self, where: IntArray) -> Goods:
        """Return the goods at positions `where`."""
        return Goods(
            self.variant_id[where],
            self.unit_minor[where],
            self.floor_minor[where],
            self.public_minor[where],
        )


MakeLines = Callable[[Goods], Sequence[CartLineValue]]


def find_touched(variant_ids: IntArray, place: PreviewPlace) -> BoolArray:
    """Return which of the variants an offer that runs now and applies by itself could lower, (n,).

    No query; what offers cover is remembered until offers or the catalogue change.
    """
    cover = load_cover()
    touched = np.zeros(len(cover.variant_id), dtype=np.bool_)
    for offer in load_offer_book().offers:
        if offer.offer_id in cover.lowered and live_at(offer, place.now, place.market_code):
            touched |= cover.lowered[offer.offer_id]
    return np.isin(variant_ids, cover.variant_id[touched])


def price_goods(
    *,
    goods: Goods,
    make_lines: MakeLines,
    place: PreviewPlace,
    shopper: ShopperView,
    find_visitor: FindVisitor | None = None,
    find_tier: FindTier | None = None,
    look_up: LookUp | None = None,
) -> tuple[IntArray, tuple[ArmChoice, ...]]:
    """Return what `preview_lines` would show of each of the goods, (n,), and the arms it shows.

    The same offers, facts and choice of the best combination, asked once for goods that no offer
    tells apart and that cost the same; `make_lines` is asked for one line of each such group. Goods
    whose floor the cheapest of their group could reach are asked for with that floor. Queries: as
    `gather_offers` says, for any number of goods.
    """
    kinds = load_cover().find_kinds(goods.variant_id)
    first, group = group_alike(kinds, goods.unit_minor, goods.public_minor)
    lines = make_lines(goods.take(first))
    found = gather_offers(
        lines, place, shopper, find_visitor=find_visitor, find_tier=find_tier, look_up=look_up
    )
    if found is None:
        return goods.unit_minor, ()
    fitting = Fitting(found, place)
    fits = [fitting.list_offers(put_alone(line, found.cart)) for line in lines]
    prices = _price_groups(goods, lines, fits, group, found)
    return prices, tuple(one for key, one in found.arms.choices.items() if key in fitting.seen)


def _price_groups(
    goods: Goods,
    lines: Sequence[CartLineValue],
    fits: Sequence[Sequence[OfferValue]],
    group: IntArray,
    found: Gathered,
) -> IntArray:
    """Return the prices of all goods from one line of each group and the offers that apply to it.

    A floor that the price without one does not come below takes nothing from that combination and
    adds nothing to others, so it stays the best: most goods have floors of their own, few meet
    them.
    """

    def price(at: int, floor_minor: int) -> int:
        alone = put_alone(replace(lines[at], floor_minor=floor_minor), found.cart)
        return alone.lines[0].unit_minor - lower_piece(fits[at], alone, found.pieces).amount_minor

    least = np.array(
        [
            price(at, 0) if fit else line.unit_minor
            for at, (line, fit) in enumerate(zip(lines, fits, strict=True))
        ],
        dtype=np.int64,
    )
    is_crowded = np.array([len(fit) > EXACT for fit in fits], dtype=np.bool_)
    prices = least[group]
    is_bound = (prices < goods.unit_minor) & ((goods.floor_minor > prices) | is_crowded[group])
    if is_bound.any():
        bound, groups = goods.floor_minor[is_bound], group[is_bound]
        first, same = group_alike(groups, bound)
        each = zip(groups[first].tolist(), bound[first].tolist(), strict=True)
        prices[is_bound] = np.array([price(at, floor) for at, floor in each])[same]
    return prices
