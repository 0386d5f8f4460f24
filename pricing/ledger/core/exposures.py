"""Prices that a shopper could have been shown, with probabilities; logged with each quote.

The probability vector is written with the quote, because nobody can reconstruct it later: without
it no policy can be judged from what another one showed.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.base.core.values import Policy
from pricing.optimum.core.decide import HeldQuotes, settle
from pricing.optimum.core.quote import PricePointTable, VariantTerms, rung_percents
from pricing.optimum.core.thompson import DRAWS

# More prices than rungs there cannot be but one: what was promised before.
MOST_ACTIONS = 18


@dataclass(frozen=True, slots=True)
class Outlook:
    """What each rung would have become for one shopper and m variants, (m, R).

    `rung_minor` is the ladder (padding repeats the public price), `shown_minor` what promises and
    gate make of each rung, `percent` how likely the rung was, in whole percent.
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
    """Return the outlook of the decisions that `decide_rungs` makes from the same arguments.

    Where a price-book entry stood in for the model, it was certain.

    >>> from pricing.optimum.core.quote import build_rungs, example_terms
    >>> terms, policy = example_terms(), Policy()
    >>> rungs = build_rungs(terms, policy, np.array([50]))
    >>> out = look_out(
    ...     terms, rungs, np.array([[0.7]]), policy, held=HeldQuotes.nothing(1), now_ms=0
    ... )
    >>> out.shown_minor.tolist(), out.percent.tolist()
    ([[400, 399, 389, 379, 369]], [[6, 22, 61, 11, 0]])
    """
    percent = rung_percents(terms, rungs, boost)[0]
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

    Rungs that promises or the gate forbade have probability 0. `shown` is the price that was
    shown; it is in the list, if need be with the least probability (two rungs of equal payoff may
    be told apart by the last bit only).

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
