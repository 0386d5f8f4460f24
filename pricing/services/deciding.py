"""Decide the prices of one page for one shopper: signals, rungs, promises, gate."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from pricing.core.arrays import BoolArray, IntArray
from pricing.core.book import Book
from pricing.core.decide import Decisions, Held, decide_rungs
from pricing.core.explain import Moved, find_moved
from pricing.core.held import HeldQuote, held_arrays
from pricing.core.quote import RungTable, VariantTerms, build_rungs
from pricing.core.signals import ShopperSignals, gather_signals, sensitivity_boost
from pricing.core.thompson import draw_places, seed_of
from pricing.core.values import Policy, QuoteContext
from pricing.selectors.pages import Served
from pricing.services.public_views import Place
from pricing.services.shopper_state import ShopperState, is_held_out
from shop.kernel.clock import epoch_ms


@dataclass(frozen=True, slots=True)
class Page:
    """The variants of one request that are in the book. `tests_off`: no price test moves them."""

    served: Served
    place: Place
    policy: Policy
    at: IntArray
    terms: VariantTerms
    tests_off: bool = False

    @property
    def book(self) -> Book:
        return self.served.book


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions for one shopper and m variants with everything they were made of.

    `place` are the draws of their elasticities, None where prices are not drawn; `is_test` says
    which prices a price test moved, the public price included.
    """

    signals: ShopperSignals
    terms: VariantTerms
    held: Held
    held_quotes: Sequence[HeldQuote | None]
    decided: Decisions
    book_minor: IntArray | None
    is_decision: BoolArray
    is_held_out: bool
    place: IntArray | None
    is_test: BoolArray


def decide_page(page: Page, context: QuoteContext, state: ShopperState) -> Decided:
    """Return what is decided for the shopper of `context` about the variants of a page."""
    terms, policy = page.terms, page.policy
    ids = terms.variant_id.tolist()
    signals = _signals(page, state)
    book_minor = None if state.features is not None else _book_minors(page, state)
    now_ms, place = epoch_ms(context.now), None
    if book_minor is None and policy.exploration > 0.0 and not page.tests_off:
        place = draw_places(seed_of(now_ms), terms.variant_id)
    rungs = build_rungs(terms, policy, place)
    boost = sensitivity_boost(signals, page.book.weights)
    held_quotes = [state.held.get(one) for one in ids]
    held = held_arrays(held_quotes) if state.held else Held.nothing(len(ids))
    pseudonym = context.shopper_pseudonym or ""
    is_held_out_now = is_held_out(pseudonym, policy.holdout_share)
    decisions = decide_rungs(
        terms,
        rungs,
        boost,
        policy,
        held=held,
        now_ms=now_ms,
        is_allowed=True,
        is_stale=False,
        is_held_out=is_held_out_now,
        book_minor=book_minor,
    )
    moved = find_moved(terms, rungs, boost, policy, decisions, is_held_out=is_held_out_now)
    return Decided(
        signals=signals,
        terms=terms,
        held=held,
        held_quotes=held_quotes,
        decided=decisions,
        book_minor=book_minor,
        is_decision=_is_decision(terms, rungs, decisions, book_minor),
        is_held_out=is_held_out_now,
        place=place,
        is_test=page.book.is_test[page.at] | moved.by_test | _keeps_test(held_quotes, moved),
    )


def _keeps_test(quotes: Sequence[HeldQuote | None], moved: Moved) -> BoolArray:
    """Return where an earlier promise holds of a price that a test had moved, (m,)."""
    found = np.zeros(len(quotes), dtype=np.bool_)
    for at in np.flatnonzero(moved.by_hold).tolist():
        quote = quotes[at]
        found[at] = quote is not None and quote.is_test
    return found


def _is_decision(
    terms: VariantTerms, rungs: RungTable, made: Decisions, book_minor: IntArray | None
) -> BoolArray:
    """Return where something was decided: a signal or a promise, and more than one rung."""
    has_choice = (rungs.minor < terms.public_minor[:, None]).any(axis=1) & rungs.is_open
    has_signal = made.boost > 0.0
    if book_minor is not None:
        has_signal = book_minor > 0
    return terms.is_open & ((has_choice & has_signal) | (made.quoted_minor < terms.public_minor))


def _signals(page: Page, state: ShopperState) -> ShopperSignals:
    row = state.features
    return gather_signals(
        [row.values if row else {}],
        [(row.category_affinity, row.variant_affinity) if row else ({}, {})],
        page.terms.variant_id,
        page.terms.category_id,
        page.book.family_of,
    )


def _book_minors(page: Page, state: ShopperState) -> IntArray:
    """Return each variant's price-book entry: the shopper's own, else the segment's, else 0."""
    minors = np.zeros(len(page.at), dtype=np.int64)
    if state.segment in page.book.segments:
        minors = page.book.segment_minor[page.book.segments.index(state.segment)][page.at].astype(
            np.int64
        )
    own = [state.entries.get(one, 0) for one in page.terms.variant_id.tolist()]
    entries = np.array(own, dtype=np.int64)
    return np.where(entries > 0, entries, minors)
