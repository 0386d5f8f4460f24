"""The offers sent to a shopper that cover certain goods: for the pages of those goods."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from promotions.core.shoppers import ShopperView
from promotions.selectors.addressed import FindAffinity, read_addressed
from promotions.selectors.offer_goods import OfferGoods
from promotions.selectors.personal import PersonalOffer, show_addressed
from promotions.selectors.personal_law import find_personal_cap, find_personal_rule
from promotions.selectors.scopes import cover_variants
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import load_variant_arrays

MANY = 100


def personal_offers_covering(
    *,
    shopper: ShopperView,
    variant_ids: NDArray[np.int64],
    market_code: str,
    now: datetime,
    language: str,
    find_affinity: FindAffinity,
    region: str = "",
) -> list[PersonalOffer]:
    """Return the live offers sent to a shopper that cover one of the variants, best fit first.

    Goods without a personal price (restricted, child-directed, sensitive) and those no longer sold
    are not looked at; where the law of `region` (empty: the market's) allows no personal price
    there are none. None for a stranger or without such goods; queries: those of `read_addressed`.
    """
    rule = find_personal_rule(region=region, market_code=market_code, now=now)
    if shopper.shopper_id is None or not rule.personal_allowed:
        return []
    goods = _take(load_variant_arrays(), variant_ids)
    if not len(goods.variant_id):
        return []
    found = read_addressed(
        shopper,
        market_code,
        now,
        find_affinity=find_affinity,
        limit=MANY,
        covers=lambda offer: _covers(offer, goods),
    )
    cap = find_personal_cap(region=region, market_code=market_code, now=now)
    return [show_addressed(each, language, rule.label(language), cap) for each in found]


def _take(arrays: VariantArrays, variant_ids: NDArray[np.int64]) -> VariantArrays:
    """Return the arrays of those of the variants that may have a personal price, ascending."""
    wanted = np.unique(variant_ids)
    at = np.searchsorted(arrays.variant_id, wanted)
    at = at[at < len(arrays.variant_id)]
    at = at[arrays.variant_id[at] == wanted[: len(at)]]
    at = at[~arrays.never_personal[at]]
    return replace(
        arrays,
        variant_id=arrays.variant_id[at],
        product_id=arrays.product_id[at],
        category_id=arrays.category_id[at],
        brand_id=arrays.brand_id[at],
    )


def _covers(offer: OfferGoods, goods: VariantArrays) -> bool:
    at = np.searchsorted(goods.variant_id, offer.variant_ids)
    at[at == len(goods.variant_id)] = 0
    if (goods.variant_id[at] == offer.variant_ids).any():
        return True
    return any(bool(cover_variants(scope, goods).any()) for scope in offer.scopes)
