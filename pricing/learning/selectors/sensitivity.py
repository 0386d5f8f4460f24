"""Mean price sensitivity of the buyers of each variant, as in the book in use."""

from __future__ import annotations

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.demand.core.served import find_sorted
from pricing.ledger.models.books import PriceBook
from shop.ground.kernel.arrays import unpack_arrays


def load_sensitivity_means(place: tuple[str, str]) -> tuple[IntArray, FloatArray]:
    """Return variant ids (m,), ascending, and the mean of 1 + z over the buyers of each, (m,).

    Of the current book of a place (market, channel); nothing before the first one, and ones of a
    book that was stored without them. The market's elasticity over the mean is that of a shopper
    without signals. One query.
    """
    rows = PriceBook.objects.filter(market_id=place[0], channel=place[1], is_current=True)
    packed = rows.values_list("arrays", flat=True).first()
    if packed is None:
        return np.zeros(0, dtype=np.int64), np.zeros(0)
    arrays = unpack_arrays(packed)
    ids: IntArray = arrays["variant_id"]
    return ids, arrays.get("sensitivity_mean", np.ones(len(ids)))


def align_means(wanted: IntArray, variant_id: IntArray, means: FloatArray) -> FloatArray:
    """Return the mean of each wanted variant, (n,), from ascending ids; 1 where none is known.

    >>> align_means(np.array([5, 4, 3]), np.array([3, 5]), np.array([1.5, 1.25])).tolist()
    [1.25, 1.0, 1.5]
    """
    at, is_there = find_sorted(variant_id, wanted)
    return np.where(is_there, means[at], 1.0) if len(means) else np.ones(len(wanted))
