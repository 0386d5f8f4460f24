"""Looks at public prices in a simulated market, as the shop counts them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.core.learning import Context
from pricing.core.looks import find_chances
from pricing.core.online import Sightings
from shop.simulation.shop_path_book import Shelf


def count_looks(shelf: Shelf, item: IntArray, bought: BoolArray) -> Sightings:
    """Return the day's looks at everybody's price: who looked at which item (n,), and bought it."""
    count = len(shelf.list_minor)
    looks = np.bincount(item, minlength=count)
    sold = np.bincount(item[bought], minlength=count)
    kept = np.flatnonzero(looks)
    ids, public = shelf.variant_id[kept], shelf.public_minor[kept]
    pairs = zip(ids.tolist(), public.tolist(), strict=True)
    chances = [find_chances(shelf.draw, one, price, 0) for one, price in pairs]
    return Sightings.of_looks(
        variant_id=ids,
        family_id=shelf.family_id[kept],
        public_minor=public,
        rung_minor=_pad([one.rungs for one in chances]).astype(np.int64),
        probability=_pad([one.probabilities for one in chances]),
        looks=looks[kept],
        bought=sold[kept],
        anchor_minor=shelf.list_minor[kept],
    ).among(shelf.category_id[kept], np.zeros(len(kept)))


def find_on_sale(item: IntArray, bought: BoolArray, stock: FloatArray | None) -> BoolArray:
    """Return which looks (n,), in order of arrival, found a piece left; all without known stock.

    Nobody can buy what is sold out: such a look tells nothing about the price.

    >>> three = np.array([0, 0, 0])
    >>> find_on_sale(three, np.array([False, True, False]), np.array([1.0])).tolist()
    [True, True, False]
    """
    if stock is None:
        return np.ones(len(item), dtype=np.bool_)
    order = np.argsort(item, kind="stable")
    sold = np.cumsum(bought[order])
    first = np.searchsorted(item[order], item[order])
    before = np.concatenate([[0], sold])[first]
    on_sale = np.empty(len(item), dtype=np.bool_)
    taken = sold - bought[order] - before
    known = stock[item[order]]
    on_sale[order] = ~(taken >= known)
    return on_sale


def share_on_sale(context: Context, chosen: IntArray) -> FloatArray:
    """Return which share of a day's looks at each item found a piece left, (m,); where nobody
    looked, whether one lay there in the morning."""
    stock = context.stock
    if stock is None:
        return np.ones(context.items)
    shopper, item = np.nonzero(context.is_offered())
    found = find_on_sale(item, chosen[shopper] == item, stock)
    looks = np.bincount(item, minlength=context.items)
    share = np.bincount(item[found], minlength=context.items) / np.maximum(looks, 1)
    return np.where(looks > 0, share, (stock > 0).astype(np.float64))


def _pad(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Return rows of different lengths as one array (n, 3), padded with 0."""
    padded = np.zeros((len(rows), 3))
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded
