"""Prices that a shopper could have been shown, with probabilities; logged with each quote.

The probability vector is written with the quote, because nobody can reconstruct it later: without
it no policy can be judged from what another one showed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import blake2b
from struct import pack

import numpy as np

from pricing.base.core.values import FloatArray, IntArray, Policy
from pricing.optimum.core.decide import HeldQuotes, settle
from pricing.optimum.core.quote import PricePointTable, VariantTerms, price_point_percents
from pricing.optimum.core.thompson import DRAWS

# More prices than price points there cannot be but one: what was promised before.
MOST_ACTIONS = 18


@dataclass(frozen=True, slots=True)
class Outlook:
    """What each price point would have become for one shopper and m variants, (m, R).

    `rung_minor` is the ladder (padding repeats the public price), `shown_minor` what promises and
    gate make of each price point, `percent` how likely the price point was, in whole percent.
    """

    rung_minor: IntArray
    shown_minor: IntArray
    percent: IntArray


def look_out(
    terms: VariantTerms,
    rungs: PricePointTable,
    boost: FloatArray,
    policy: Policy,
    *,
    held: HeldQuotes,
    now_ms: int | IntArray,
    is_held_out: bool = False,
    book_minor: IntArray | None = None,
) -> Outlook:
    """Return the outlook of the decisions that `decide_price_points` makes from the same arguments.

    Where a price-book entry stood in for the model, it was certain.

    >>> from pricing.optimum.core.quote import build_price_points, example_terms
    >>> terms, policy = example_terms(), Policy()
    >>> rungs = build_price_points(terms, policy, np.array([50]))
    >>> out = look_out(
    ...     terms, rungs, np.array([[0.7]]), policy, held=HeldQuotes.nothing(1), now_ms=0
    ... )
    >>> out.shown_minor.tolist(), out.percent.tolist()
    ([[400, 399, 389, 379, 369]], [[6, 22, 61, 11, 0]])
    """
    percent = price_point_percents(terms, rungs, boost)[0]
    model = rungs.minor
    if book_minor is not None:
        from_book = (book_minor > 0)[:, None]
        model = np.where(from_book, book_minor[:, None], model)
        first = np.arange(model.shape[1]) == 0
        percent = np.where(from_book, np.where(first, DRAWS, 0), percent)
    settled = settle(model.T, terms, policy, held=held, now_ms=now_ms, is_held_out=is_held_out)
    return Outlook(rungs.minor, np.broadcast_to(settled.minor, model.T.shape).T, percent)


def list_feasible(outlook: Outlook, place: int, shown: int) -> tuple[list[int], list[float]]:
    """Return the prices one variant could have had, highest first, and the probability of each.

    Price points that promises or the gate forbade have probability 0. `shown` is the price that was
    shown; it is in the list, if need be with the least probability (two price points of equal
    payoff may be told apart by the last bit only).

    >>> out = Outlook(np.array([[400, 389]]), np.array([[395, 389]]), np.array([[40, 60]]))
    >>> list_feasible(out, 0, 395)
    ([400, 395, 389], [0.0, 0.4, 0.6])
    """
    percents = dict.fromkeys(outlook.rung_minor[place].tolist(), 0)
    for minor, percent in zip(
        outlook.shown_minor[place].tolist(), outlook.percent[place].tolist(), strict=True
    ):
        if percent:
            percents[minor] = percents.get(minor, 0) + percent
    if not percents.get(shown):
        likeliest = max(percents, key=lambda minor: percents[minor])
        percents[likeliest] -= 1
        percents[shown] = 1
    prices = sorted(percents, reverse=True)
    return prices, [percents[minor] / DRAWS for minor in prices]


# One good is no choice between products; of a page with more, a shopper has seen a part.
FEWEST_GOODS, MOST_GOODS = 2, 24
# Of the sets that a day has seen once, so many are kept, spread over its hours.
SAMPLE_A_DAY = 2_000
SAMPLE_AN_HOUR = -(-SAMPLE_A_DAY // 24)


def split_page(variants: Sequence[int], category_of: Mapping[int, int]) -> list[tuple[int, ...]]:
    """Return the products of a page that stand for each other: those of one category, each once, in
    ascending order. Products without a category, and those alone in theirs, are in none.

    >>> split_page([9, 4, 7, 4, 8], {4: 1, 7: 2, 9: 1})
    [(4, 9)]
    """
    groups: dict[int, set[int]] = {}
    for one in variants:
        if one in category_of:
            groups.setdefault(category_of[one], set()).add(one)
    return [
        tuple(sorted(products)) for products in groups.values() if len(products) >= FEWEST_GOODS
    ]


def hash_products(variants: Iterable[int]) -> int:
    """Return a signed 64-bit number that tells a set of products apart.

    >>> known = hash_products((4, 9))
    >>> known == hash_products((4, 9)), known == hash_products((4, 8))
    (True, False)
    """
    digest = blake2b(digest_size=8)
    for one in variants:
        digest.update(pack("<q", one))
    return int.from_bytes(digest.digest(), signed=True)
