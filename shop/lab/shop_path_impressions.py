"""Daily impressions of a simulated market, as the shop counts them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pricing.base.core.impressions import find_propensities
from pricing.base.core.values import BoolArray, FloatArray, IntArray
from pricing.learning.core.shown import find_moved
from pricing.optimum.core.thompson import DRAWS
from shop.lab.agent import Context, Proposal
from shop.lab.shop_path_book import Shelf

MINOR = 100.0


def find_on_sale(item: IntArray, bought: BoolArray, stock: FloatArray | None) -> BoolArray:
    """Return which impressions (n,), in order of arrival, found a piece left; all without known
    stock.

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
    impressions = np.bincount(item, minlength=context.items)
    share = np.bincount(item[found], minlength=context.items) / np.maximum(impressions, 1)
    return np.where(impressions > 0, share, (stock > 0).astype(np.float64))


@dataclass(frozen=True, slots=True)
class Shown:
    """Quotes of one day, arrays (P,) of shopper and item; `rung_minor` and `chance` (P, R)."""

    time: float
    shopper: IntArray
    item: IntArray
    boost: FloatArray
    public_minor: IntArray
    quoted_minor: IntArray
    rung_minor: IntArray
    chance: FloatArray
    is_decision: BoolArray


def find_drawn(shown: Shown, shelf: Shelf) -> FloatArray:
    """Return what chance did to the log of each quote, (P,): a personal draw to a decision, the
    week's draw to everybody's price, NaN where it could do nothing."""
    decided = find_moved(shown.quoted_minor, shown.rung_minor, shown.chance)
    pairs = zip(shelf.variant_id.tolist(), shelf.public_minor.tolist(), strict=True)
    chances = [find_propensities(shelf.draw, one, price, 0) for one, price in pairs]
    price_points = _pad([one.rungs for one in chances]).astype(np.int64)
    everybody = find_moved(
        shelf.public_minor, price_points, _pad([one.probabilities for one in chances])
    )[shown.item]
    everybody = np.where(shown.quoted_minor == shown.public_minor, everybody, np.nan)
    return np.where(shown.is_decision, decided, everybody)


def _pad(rows: Sequence[Sequence[float]]) -> FloatArray:
    """Return rows of different lengths as one array (n, 3), padded with 0."""
    padded = np.zeros((len(rows), 3))
    for at, row in enumerate(rows):
        padded[at, : len(row)] = row
    return padded


def answer(context: Context, shown: Shown, shelf: Shelf) -> Proposal:
    """Return quotes in money: the list price is exactly the market's public one."""
    share = shown.quoted_minor / shelf.list_minor[shown.item]
    prices = np.tile(context.public_prices, (context.shoppers, 1))
    prices[shown.shopper, shown.item] *= share
    is_shown = shown.rung_minor == shown.quoted_minor[:, None]
    chance = np.where(shown.is_decision, (shown.chance * is_shown).sum(axis=1), 1.0)
    probabilities = np.ones_like(prices)
    probabilities[shown.shopper, shown.item] = np.maximum(chance, 1.0 / DRAWS)
    return Proposal(prices, probabilities)


def to_minor(prices: FloatArray) -> IntArray:
    """Return money in minor units, at least one."""
    return np.maximum(np.rint(np.nan_to_num(prices) * MINOR), 1).astype(np.int64)
