"""Variants that no price book holds yet: the merchant's list price, for everybody."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pricing.base.core.arrays import IntArray
from pricing.base.core.texts import say
from pricing.base.core.values import PriceView, QuoteContext, Reason
from pricing.ledger.core.unit_prices import choose_unit, price_per_unit
from pricing.quoting.selectors.serving import Serving
from shop.ground.catalog.core.values import MarketValue, VariantArrays
from shop.ground.catalog.selectors import get_market, list_bulk_variants, load_variant_arrays


def price_unpriced_variants(variant_ids: IntArray, market: str) -> IntArray:
    """Return the list price of each variant (0 if it is not sold). No query once cached."""
    arrays = load_variant_arrays(market)
    at, is_there = _find(arrays, variant_ids)
    if not len(arrays.variant_id):
        return np.zeros(len(variant_ids), dtype=np.int64)
    return np.where(is_there, arrays.list_minor[at], 0)


def view_unpriced_variants(
    context: QuoteContext, serving: Serving, variant_ids: Sequence[int]
) -> dict[int, PriceView]:
    """Return views at the list price, without a token: nothing has been published to promise."""
    arrays = load_variant_arrays(context.market)
    ids = np.array(variant_ids, dtype=np.int64)
    at, is_there = _find(arrays, ids)
    market = get_market(context.market)
    return {
        int(arrays.variant_id[position]): _view(arrays, position, market, context.language)
        for position in at[is_there].tolist()
    }


def _find(arrays: VariantArrays, ids: IntArray) -> tuple[IntArray, np.ndarray]:
    if not len(arrays.variant_id):
        return np.zeros(len(ids), np.int64), np.zeros(len(ids), np.bool_)
    at = np.minimum(np.searchsorted(arrays.variant_id, ids), len(arrays.variant_id) - 1)
    return at, arrays.variant_id[at] == ids


def _view(arrays: VariantArrays, position: int, market: MarketValue, language: str) -> PriceView:
    price, variant_id = int(arrays.list_minor[position]), int(arrays.variant_id[position])
    amount = float(arrays.measure_amount[position])
    unit = choose_unit(
        amount,
        int(arrays.measure_unit[position]),
        minor=price,
        country=market.country,
        is_bulk=variant_id in list_bulk_variants(),
    )
    return PriceView(
        variant_id=variant_id,
        currency=market.currency,
        list_minor=price,
        public_minor=price,
        quoted_minor=price,
        is_personal=False,
        reasons=(Reason("public", price, say("public", language)),),
        unit_minor=price_per_unit(price, amount, unit),
        unit_label="" if unit is None else unit.label(language),
        units=0.0 if unit is None else amount / unit.size,
    )
