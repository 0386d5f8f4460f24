"""What one piece of many goods costs with offers: for sorting and price bounds, without words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from profiles.selectors import ArmChoice
from promotions.core.benefits import WITHOUT_LINES
from promotions.core.carts import CartLineValue
from promotions.core.one_piece import lower_piece, put_alone
from promotions.core.shoppers import ShopperView
from promotions.selectors.book import live_at, load_offer_book
from promotions.selectors.facts import LookUp
from promotions.selectors.preview_offers import (
    FindTier,
    FindVisitor,
    Fitting,
    PreviewPlace,
    gather_offers,
)
from promotions.selectors.scopes import cover_variants
from shop.catalog.selectors import catalog_version, load_variant_arrays

BoolArray = NDArray[np.bool_]


def find_touched(variant_ids: NDArray[np.int64], place: PreviewPlace) -> BoolArray:
    """Return which of the variants an offer that runs now and applies by itself could lower, (n,).

    No query; what offers cover is remembered until offers or the catalogue change.
    """
    book, arrays = load_offer_book(), load_variant_arrays()
    covered = _cover_catalogue(book.version, catalog_version())
    touched = np.zeros(len(arrays.variant_id), dtype=np.bool_)
    for offer in book.offers:
        if offer.offer_id in covered and live_at(offer, place.now, place.market_code):
            touched |= covered[offer.offer_id]
    return np.isin(variant_ids, arrays.variant_id[touched])


def price_units(
    *,
    lines: Sequence[CartLineValue],
    place: PreviewPlace,
    shopper: ShopperView,
    find_visitor: FindVisitor | None = None,
    find_tier: FindTier | None = None,
    look_up: LookUp | None = None,
) -> tuple[dict[int, int], tuple[ArmChoice, ...]]:
    """Return what `preview_lines` would show of each of `lines`, by variant, and the arms it shows.

    Variants that no offer lowers are absent. The same offers, facts and choice of the best
    combination; only nothing is put into words. Queries: as `gather_offers` says.
    """
    found = gather_offers(
        lines, place, shopper, find_visitor=find_visitor, find_tier=find_tier, look_up=look_up
    )
    if found is None:
        return {}, ()
    fitting, prices = Fitting(found, place), {}
    for line in lines:
        alone = put_alone(line, found.cart)
        fit = fitting.list_offers(alone)
        if fit and (off := lower_piece(fit, alone, found.pieces).amount_minor):
            prices[line.variant_id] = line.unit_minor - off
    return prices, tuple(one for key, one in found.arms.choices.items() if key in fitting.seen)


@lru_cache(maxsize=2)
def _cover_catalogue(book_version: int, catalogue: int) -> Mapping[int, BoolArray]:
    """Return which variants of the catalogue each offer lowers; the versions key the memory."""
    arrays = load_variant_arrays()
    return {
        offer.offer_id: np.logical_or.reduce(
            [cover_variants(scope, arrays) for scope in offer.scopes]
        )
        for offer in load_offer_book().offers
        if offer.benefit.kind not in WITHOUT_LINES
    }
