"""Decide the prices of a page for one shopper: state, signals, price points, quotes, gate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import numpy as np
from django.db import DatabaseError

from pricing.base.core.tokens import owner_of
from pricing.base.core.values import BoolArray, IntArray, Policy, QuoteContext
from pricing.ledger.core.offered import HeldQuote, held_arrays, held_key, unpack_held
from pricing.ledger.models.books import PriceBookEntry
from pricing.optimum.core.batch import Book
from pricing.optimum.core.decide import Decisions, HeldQuotes, decide_price_points
from pricing.optimum.core.explain import Moved, find_moved
from pricing.optimum.core.quote import PricePointTable, VariantTerms, build_price_points
from pricing.optimum.core.signals import ShopperSignals, gather_signals, sensitivity_boost
from pricing.optimum.core.thompson import draw_places
from pricing.quoting.selectors.pages import Served
from pricing.quoting.selectors.quotes import list_promised
from pricing.quoting.services.public_views import SalesContext
from profiles.lots import Purpose, is_in_share
from profiles.segments.api import OnlineUnavailable, read_online_profiles, read_profile_part
from profiles.shoppers.api import find_shopper
from profiles.values import Consents, FeatureRow, OnlineProfile, ProfilePart
from shop.ground.jobs.redis import RedisUnavailable

# From this many variants on, one read of everything is cheaper than naming each.
READ_ALL_ABOVE = 200


@dataclass(frozen=True, slots=True)
class ShopperState:
    """What a decision needs to know. `reason` is why no personal price is possible, or "".

    `features` is None on the book price point: then `entries` (minor units by variant id) and
    `segment` stand in for the model. `obstacle` is why no new personal price is made: what is
    `held` stands.
    """

    reason: str = ""
    obstacle: str = ""
    shopper_id: int | None = None
    features: FeatureRow | None = None
    held: Mapping[int, HeldQuote] = field(default_factory=dict)
    entries: Mapping[int, int] = field(default_factory=dict)
    segment: str | None = None


def read_shopper_state(
    *,
    pseudonym: str,
    place: tuple[str, str],
    wanted: ProfilePart,
    now: datetime,
    obstacle: str = "",
) -> ShopperState:
    """Return what is known of a shopper. One Redis round trip.

    Of the profile no more is read than `wanted`: what a price may know and this page needs. Only
    when Redis has lost its memory: all that is there, and one query for the shopper and one for
    the price book.
    With an `obstacle`, and with Redis down ("redis_down"), nothing but what was promised: of a
    profile that lags, or without Redis, by the consents of the table.
    """
    key, ids = held_key(*place, pseudonym), wanted.variant_ids
    try:
        named = None if len(ids) > READ_ALL_ABOVE else ids
        asked = ("HGETALL", key) if named is None else ("HMGET", key, *named)
        profile, reply = read_profile_part(pseudonym, wanted, now, also=asked)
    except RedisUnavailable:
        return _recall_promises(pseudonym, place, ids, now)
    held = _parse_held(reply, named)
    if obstacle:
        kept = _keep_promises(profile, held, obstacle)
        return kept if held else replace(kept, reason=kept.reason or obstacle)
    return _judge(profile, held, ids, now)


def _recall_promises(
    pseudonym: str, place: tuple[str, str], variant_ids: Sequence[int], now: datetime
) -> ShopperState:
    """Return what the table says was promised and still holds. Two queries."""
    nothing = OnlineProfile(pseudonym, None, None, is_warm=False, feature_row=None)
    state = _keep_promises(nothing, {}, "redis_down")
    if state.shopper_id is None or state.reason:
        return state
    owner = state.shopper_id, owner_of(pseudonym)
    held = list_promised(owner, variant_ids, place=place, now=now)
    return replace(state, held=held) if held else replace(state, reason="redis_down")


def _keep_promises(
    profile: OnlineProfile, held: Mapping[int, HeldQuote], obstacle: str
) -> ShopperState:
    """Return what was promised to somebody who agrees to it still.

    One query where the profile may not know; without the database nothing is known.
    """
    consents, shopper_id = profile.consents, profile.shopper_id
    if consents is None or obstacle == "profile_lags":
        try:
            shopper = find_shopper(profile.pseudonym)
        except DatabaseError:
            return ShopperState(reason=obstacle)
        if shopper is None or shopper.is_minor:
            return ShopperState(reason="unknown_shopper")
        consents, shopper_id = shopper.consents.strictest(consents or shopper.consents), shopper.id
    if not consents.price:
        return ShopperState(reason="no_consent", shopper_id=shopper_id)
    return ShopperState(obstacle=obstacle, shopper_id=shopper_id, held=held)


def _parse_held(reply: Any, wanted: Sequence[int] | None) -> dict[int, HeldQuote]:
    pairs = (
        ((int(name), value) for name, value in reply.items())
        if wanted is None
        else zip(wanted, reply, strict=True)
    )
    found = ((variant_id, unpack_held(value)) for variant_id, value in pairs)
    return {variant_id: quote for variant_id, quote in found if quote is not None}


def _judge(
    profile: OnlineProfile,
    held: Mapping[int, HeldQuote],
    variant_ids: Sequence[int],
    now: datetime,
) -> ShopperState:
    if profile.consents is not None and not profile.consents.price:
        return ShopperState(reason="no_consent", shopper_id=profile.shopper_id)
    if profile.is_warm and profile.consents is not None:
        return ShopperState(
            shopper_id=profile.shopper_id,
            features=profile.feature_row,
            held=held,
        )
    return _read_book(profile, held, variant_ids, now)


def _read_book(
    profile: OnlineProfile,
    held: Mapping[int, HeldQuote],
    variant_ids: Sequence[int],
    now: datetime,
) -> ShopperState:
    """Return the book's prices for a shopper whose features Redis has lost. Two queries.

    The segment is told from the whole profile as far as it is there: one more round trip.
    """
    shopper = find_shopper(profile.pseudonym)
    if shopper is None:
        return ShopperState(reason="unknown_shopper")
    # Redis forgets; the table does not. What it knows newer than the table counts against.
    consents = shopper.consents.strictest(profile.consents or Consents(price=True))
    if not consents.price or shopper.is_minor:
        return ShopperState(reason="no_consent", shopper_id=shopper.id)
    wanted = set(variant_ids)
    row = PriceBookEntry.objects.filter(pk=shopper.id).values_list("variant_ids", "quoted_minors")
    ids, minors = row.first() or ([], [])
    return ShopperState(
        shopper_id=shopper.id,
        held=held,
        entries={one: minor for one, minor in zip(ids, minors, strict=True) if one in wanted},
        segment=_find_segment(profile.pseudonym, now),
    )


def _find_segment(pseudonym: str, now: datetime) -> str | None:
    try:
        return read_online_profiles([pseudonym], now)[pseudonym].segment
    except OnlineUnavailable:
        return None


def is_held_out(pseudonym: str, share: float) -> bool:
    """Return whether a shopper is in the permanent holdout: the same answer for ever.

    A larger share keeps everybody who was in already.
    """
    return is_in_share(pseudonym, share, Purpose.PRICE_HOLDOUT)


@dataclass(frozen=True, slots=True)
class Page:
    """The variants of one request that are in the book. `tests_off`: no price test moves them."""

    served: Served
    place: SalesContext
    now_ms: int
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
    held: HeldQuotes
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
    now_ms, place = page.now_ms, None
    if book_minor is None and policy.exploration > 0.0 and not page.tests_off:
        place = draw_places(now_ms, terms.variant_id)
    price_points = build_price_points(terms, policy, place)
    boost = sensitivity_boost(signals, page.book.weights)
    held_quotes = [state.held.get(one) for one in ids]
    held = held_arrays(held_quotes) if state.held else HeldQuotes.nothing(len(ids))
    pseudonym = context.shopper_pseudonym or ""
    is_held_out_now = is_held_out(pseudonym, policy.holdout_share)
    decisions = decide_price_points(
        terms,
        price_points,
        boost,
        policy,
        held=held,
        now_ms=now_ms,
        is_allowed=True,
        is_stale=False,
        is_held_out=is_held_out_now,
        book_minor=book_minor,
    )
    moved = find_moved(terms, price_points, boost, policy, decisions, is_held_out=is_held_out_now)
    return Decided(
        signals=signals,
        terms=terms,
        held=held,
        held_quotes=held_quotes,
        decided=decisions,
        book_minor=book_minor,
        is_decision=_is_decision(page, price_points, decisions, book_minor, state),
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
    page: Page,
    rungs: PricePointTable,
    made: Decisions,
    book_minor: IntArray | None,
    state: ShopperState,
) -> BoolArray:
    """Return where something was decided: a signal or a promise, and more than one price point."""
    terms = page.terms
    is_lower = made.quoted_minor < terms.public_minor
    if state.obstacle:
        return terms.is_open & is_lower
    has_choice = (rungs.minor < terms.public_minor[:, None]).any(axis=1) & rungs.is_open
    has_signal = made.boost > 0.0 if book_minor is None else book_minor > 0
    return terms.is_open & ((has_choice & has_signal) | is_lower)


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
    """Return each variant's price-book entry: the shopper's own, else the segment's, else 0; the
    public price where nothing may be decided but what was promised."""
    if state.obstacle:
        return page.terms.public_minor.astype(np.int64)
    minors = np.zeros(len(page.at), dtype=np.int64)
    if state.segment in page.book.segments:
        minors = page.book.segment_minor[page.book.segments.index(state.segment)][page.at].astype(
            np.int64
        )
    own = [state.entries.get(one, 0) for one in page.terms.variant_id.tolist()]
    entries = np.array(own, dtype=np.int64)
    return np.where(entries > 0, entries, minors)
