"""The offers sent to a shopper that cover certain goods: for the pages of those goods."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import numpy as np
from numpy.typing import NDArray

from promotions.core.carts import Scope
from promotions.core.parse import parse_scope
from promotions.core.parse_benefits import build_benefit
from promotions.core.parse_fields import BadOffer
from promotions.core.shoppers import ShopperView
from promotions.core.terms import Bundle, extra_scopes
from promotions.selectors.addressed import Addressed, read_addressed
from promotions.selectors.personal import PersonalOffer, show_addressed
from promotions.selectors.personal_law import find_personal_rule
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
    affinity: Mapping[int, float] | None = None,
    region: str = "",
) -> list[PersonalOffer]:
    """Return the live offers sent to a shopper that cover one of the variants, best fit first.

    Goods without a personal price (restricted, child-directed, sensitive) and those no longer sold
    are not looked at; where the law of `region` (empty: the market's) allows no personal price
    there are none. One query for a known shopper, none for others or without such goods.
    """
    arrays = load_variant_arrays()
    asked = np.isin(arrays.variant_id, variant_ids) & ~arrays.never_personal
    rule = find_personal_rule(region=region, market_code=market_code, now=now)
    if shopper.shopper_id is None or not rule.personal_allowed or not asked.any():
        return []
    goods = _take(arrays, asked)
    rows = read_addressed(
        shopper,
        market_code,
        now,
        affinity=affinity,
        limit=MANY,
        asked=goods.variant_id.tolist(),
    )
    return [
        show_addressed(row, language, rule.label(language)) for row in rows if _covers(row, goods)
    ]


def _take(arrays: VariantArrays, wanted: NDArray[np.bool_]) -> VariantArrays:
    """Return the arrays of the wanted variants, as far as scopes look at them."""
    return replace(
        arrays,
        variant_id=arrays.variant_id[wanted],
        product_id=arrays.product_id[wanted],
        category_id=arrays.category_id[wanted],
        brand_id=arrays.brand_id[wanted],
    )


def _covers(row: Addressed, goods: VariantArrays) -> bool:
    if row.is_listed and row.lists_asked:
        return True
    scopes = _read_scopes(row.said, is_listed=row.is_listed)
    return any(bool(cover_variants(scope, goods).any()) for scope in scopes)


def _read_scopes(said: str, *, is_listed: bool) -> tuple[Scope, ...]:
    """Return what an offer means beside its listed variants; nothing for one that is not valid."""
    known = json.loads(said)
    percent = known["percent"]
    try:
        benefit = build_benefit(
            kind=known["kind"],
            target=known["target"],
            percent=None if percent is None else Decimal(percent),
            amount_minor=known["amount_minor"],
            cap_minor=None,
            terms=known["terms"],
        )
        own = () if is_listed else (parse_scope(known["scope"]),)
    except BadOffer:
        return ()
    more = extra_scopes(benefit.terms)
    return more if isinstance(benefit.terms, Bundle) else (*own, *more)
