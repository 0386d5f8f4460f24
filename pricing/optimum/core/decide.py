"""One shopper's decisions: the model's price, what was promised before, and the gate, in order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from pricing.base.core.values import BoolArray, FloatArray, IntArray, Policy
from pricing.optimum.core.quote import PricePointTable, VariantTerms, choose_price_points
from pricing.policy.core import BIT, apply_gate

MINUTE_MS = 60_000
HOUR_MS = 60 * MINUTE_MS


@dataclass(frozen=True, slots=True)
class HeldQuotes:
    """The last quote of one shopper for each of m variants, arrays (m,); zeros where there is none.

    Amounts are minor units, moments milliseconds since 1970. `discount_minor` is the largest
    discount in money of this quote and those it followed within `no_rise_hours`.
    """

    quoted_minor: IntArray
    public_minor: IntArray
    discount_minor: IntArray
    issued_ms: IntArray
    expires_ms: IntArray

    @staticmethod
    def nothing(count: int) -> HeldQuotes:
        """Return what is held for a shopper never quoted before."""
        zeros = np.zeros(count, dtype=np.int64)
        return HeldQuotes(zeros, zeros, zeros, zeros, zeros)


@dataclass(frozen=True, slots=True)
class Decisions:
    """What was decided for m variants, arrays (m,) in minor units.

    `model_minor` is the model's price point, `limit_minor` the highest price an earlier quote
    allows (the public price where there is none), `quoted_minor` the final price. `is_kept` says
    that the earlier quote itself stands, with its id and expiry. `discount_minor` is what the next
    quote has to remember. `actions` are the gate's bits.
    """

    model_minor: IntArray
    limit_minor: IntArray
    quoted_minor: IntArray
    discount_minor: IntArray
    actions: IntArray
    is_kept: BoolArray
    boost: FloatArray


def hold_limit(
    public_minor: IntArray, held: HeldQuotes, policy: Policy, now_ms: int | IntArray
) -> IntArray:
    """Return the highest price earlier quotes allow, (m,); the public price where none speaks.

    A quote that has not expired is a promise: its price. Until `no_rise_hours` after it expires
    its discount in money stays, so that whatever the public price does meanwhile, no personal
    factor raises a price within a day.

    >>> one = np.array([1])
    >>> held = HeldQuotes(389 * one, 399 * one, 10 * one, 0 * one, HOUR_MS * one)
    >>> [int(hold_limit(409 * one, held, Policy(), at)[0]) for at in (1, 2 * HOUR_MS, 26 * HOUR_MS)]
    [389, 399, 409]
    """
    is_valid = (held.quoted_minor > 0) & (now_ms < held.expires_ms)
    discounted = np.maximum(public_minor - remembered(held, policy, now_ms), 1)
    limit = np.where(is_valid, np.minimum(held.quoted_minor, discounted), discounted)
    highest: IntArray = np.minimum(limit, public_minor)
    return highest


def remembered(held: HeldQuotes, policy: Policy, now_ms: int | IntArray) -> IntArray:
    """Return the discount in money that may not shrink yet, (m,); 0 where nothing is remembered."""
    until = held.expires_ms + policy.no_rise_hours * HOUR_MS
    is_remembered = (held.quoted_minor > 0) & (now_ms < until)
    return np.where(is_remembered, held.discount_minor, 0)


@dataclass(frozen=True, slots=True)
class Settled:
    """Prices after earlier promises and the gate, what promises allowed, and the gate's bits."""

    minor: IntArray
    limit_minor: IntArray
    actions: IntArray


def settle(
    model_minor: IntArray,
    terms: VariantTerms,
    policy: Policy,
    *,
    held: HeldQuotes,
    now_ms: int | IntArray,
    is_allowed: BoolArray | bool = True,
    is_stale: bool = False,
    is_held_out: bool = False,
) -> Settled:
    """Return what becomes of the model's prices, (m,) or (R, m): promises, then the gate.

    A promise that has not expired passes the gate as it did when it was made; only `is_allowed`
    ends it early.
    """
    public = terms.public_minor
    allowed = np.broadcast_to(is_allowed & terms.is_open, public.shape)
    limit = hold_limit(public, held, policy, now_ms)
    proposed = np.minimum(public if is_held_out else model_minor, limit)
    gated = apply_gate(
        proposed, public, terms.floor_minor, policy, is_allowed=allowed, is_stale=is_stale
    )
    is_promised = (held.quoted_minor > 0) & (now_ms < held.expires_ms) & allowed
    final = np.where(is_promised, np.minimum(gated.minor, held.quoted_minor), gated.minor)
    kept_from = np.where(is_held_out & (model_minor < final), BIT["not_allowed"], 0)
    return Settled(final, limit, gated.actions | kept_from)


def decide_price_points(
    terms: VariantTerms,
    rungs: PricePointTable,
    boost: FloatArray,
    policy: Policy,
    *,
    held: HeldQuotes,
    now_ms: int,
    is_allowed: BoolArray | bool,
    is_stale: bool,
    is_held_out: bool = False,
    book_minor: IntArray | None = None,
) -> Decisions:
    """Return the decisions from prepared price points and boosts (1, m): model, earlier promises,
    gate.

    A promise that has not expired passes the gate as it did when it was made; only `is_allowed`
    (consent, law, kill switch) ends it early.

    Where `book_minor` (m,) is above 0, that price-book entry stands in for the model's price point.
    A shopper who `is_held_out` gets the public price instead of the model's price point; what was
    promised to them before they signed in to such an account still holds: a login never raises a
    price.
    """
    public = terms.public_minor
    model = choose_price_points(terms, rungs, boost)[0]
    if book_minor is not None:
        model = np.where(book_minor > 0, book_minor, model)
    settled = settle(
        model,
        terms,
        policy,
        held=held,
        now_ms=now_ms,
        is_allowed=is_allowed,
        is_stale=is_stale,
        is_held_out=is_held_out,
    )
    final = settled.minor
    is_valid = (held.quoted_minor > 0) & (now_ms < held.expires_ms)
    # An earlier answer "the public price" stands as long as the public price does.
    stands = (final < public) | (held.public_minor == public)
    return Decisions(
        model_minor=model,
        limit_minor=settled.limit_minor,
        quoted_minor=final,
        discount_minor=np.maximum(public - final, remembered(held, policy, now_ms)),
        actions=settled.actions,
        is_kept=is_valid & (final == held.quoted_minor) & stands,
        boost=boost[0],
    )
