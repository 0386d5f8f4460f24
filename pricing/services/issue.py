"""Turn decisions into quotes: keep what still stands, sign what is new, write it down."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import numpy as np

from pricing.core.arrays import BoolArray, IntArray
from pricing.core.book import Book
from pricing.core.decide import HOUR_MS, MINUTE_MS, Decisions, Held
from pricing.core.held import HeldQuote, pack_held
from pricing.core.keys import STREAM, held_key
from pricing.core.quote import VariantTerms
from pricing.core.record import DECISION_ROW, TERM_FIELDS, BatchHeader, Rows, encode_batch
from pricing.core.signals import RAW_SIGNALS, ShopperSignals
from pricing.core.texts import say
from pricing.core.tokens import encode_token, owner_of, signature_of
from pricing.core.values import (
    Arm,
    Policy,
    PriceView,
    QuoteContext,
    Reason,
    Rung,
    VerifiedQuote,
)
from pricing.metrics import quotes_issued_total
from pricing.services.keys import signing_key
from pricing.services.public_views import Place, legal_reference, unit_price
from pricing.services.shopper_state import ShopperState
from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.kernel.clock import epoch_ms
from shop.kernel.ids import uuid7


@dataclass(frozen=True, slots=True)
class Decided:
    """Decisions for one shopper and m variants with everything they were made of."""

    signals: ShopperSignals
    terms: VariantTerms
    held: Held
    held_quotes: Sequence[HeldQuote | None]
    decided: Decisions
    book_minor: IntArray | None
    is_decision: BoolArray
    is_held_out: bool


@dataclass(frozen=True, slots=True)
class _Issue:
    """What all quotes of one request share."""

    book: Book
    place: Place
    policy: Policy
    context: QuoteContext
    rung: Rung
    arm: Arm
    owner: bytes
    now_ms: int
    expires_ms: int
    expires_at: datetime


def issue_quotes(
    *,
    decided: Decided,
    state: ShopperState,
    book: Book,
    place: Place,
    policy: Policy,
    positions: IntArray,
    context: QuoteContext,
) -> tuple[dict[int, PriceView], str]:
    """Return the views of all decided prices by variant id; new quotes are held and streamed.

    If Redis dies between reading and writing, nothing is returned but the reason: a personal
    price that left no record is not shown.
    """
    issue = _open_issue(decided, book, place, policy, context)
    kept = decided.decided.is_kept & decided.is_decision
    fresh = np.flatnonzero(decided.is_decision & ~kept)
    quotes: dict[int, HeldQuote] = {
        place_: quote
        for place_ in np.flatnonzero(kept).tolist()
        if (quote := decided.held_quotes[place_]) is not None
    }
    if len(fresh):
        made = {place_: _sign(issue, decided, place_) for place_ in fresh.tolist()}
        try:
            _write(issue, state, decided, made, fresh)
        except RedisUnavailable:
            return {}, "redis_down"
        quotes |= made
    views = {
        int(decided.terms.variant_id[place_]): _view(issue, quote, int(positions[place_]))
        for place_, quote in quotes.items()
    }
    return views, ""


def _open_issue(
    decided: Decided, book: Book, place: Place, policy: Policy, context: QuoteContext
) -> _Issue:
    now_ms = epoch_ms(context.now)
    expires_ms = now_ms + policy.quote_minutes * MINUTE_MS
    return _Issue(
        book=book,
        place=place,
        policy=policy,
        context=context,
        rung="personal" if decided.book_minor is None else "book",
        arm="holdout" if decided.is_held_out else "treated",
        owner=owner_of(context.shopper_pseudonym),
        now_ms=now_ms,
        expires_ms=expires_ms,
        expires_at=context.now + timedelta(milliseconds=expires_ms - now_ms),
    )


def _sign(issue: _Issue, decided: Decided, place: int) -> HeldQuote:
    terms = decided.terms
    public, quoted = int(terms.public_minor[place]), int(decided.decided.quoted_minor[place])
    is_personal = quoted < public
    kid, key = signing_key()
    quote_id = uuid7(issue.now_ms)
    quote = VerifiedQuote(
        quote_id=quote_id,
        variant_id=int(terms.variant_id[place]),
        market=issue.place.market,
        channel=issue.place.channel,
        currency=issue.book.currency,
        list_minor=int(terms.list_minor[place]),
        public_minor=public,
        quoted_minor=quoted,
        is_personal=is_personal,
        rung=issue.rung if is_personal else "public",
        label_code=issue.place.rule.label_code if is_personal else "",
        jurisdiction_code=issue.place.jurisdiction_code,
        policy_version=issue.policy.version,
        model_version=issue.book.model_version,
        book_version=issue.book.version,
        arm=issue.arm,
        owner=issue.owner,
        issued_at=issue.context.now,
        expires_at=issue.expires_at,
        kid=kid,
    )
    token = encode_token(quote, key=key)
    return HeldQuote(quote_id, quoted, public, issue.now_ms, issue.expires_ms, token)


def _write(
    issue: _Issue,
    state: ShopperState,
    decided: Decided,
    made: dict[int, HeldQuote],
    fresh: IntArray,
) -> None:
    """Hold the new quotes and put their decisions on the stream, in one round trip."""
    header, rows = _batch(issue, state, decided, made, fresh)
    key = held_key(issue.place.market, issue.place.channel, issue.context.shopper_pseudonym or "")
    ids = decided.terms.variant_id
    remember_ms = (
        issue.policy.no_rise_hours * HOUR_MS + issue.policy.quote_minutes * MINUTE_MS + HOUR_MS
    )
    fields: dict[Any, Any] = dict(encode_batch(header, rows))
    with redis_breaker.guard() as client:
        pipe = client.pipeline(transaction=True)
        pipe.hset(key, mapping={int(ids[at]): pack_held(quote) for at, quote in made.items()})
        pipe.pexpire(key, remember_ms)
        pipe.xadd(STREAM, fields)
        pipe.execute()
    quotes_issued_total.labels(arm=issue.arm).inc(len(made))


def _batch(
    issue: _Issue,
    state: ShopperState,
    decided: Decided,
    made: dict[int, HeldQuote],
    fresh: IntArray,
) -> tuple[BatchHeader, Rows]:
    kid, _ = signing_key()
    share = issue.policy.holdout_share
    header = BatchHeader(
        shopper_id=state.shopper_id,
        owner=issue.owner.hex(),
        market=issue.place.market,
        channel=issue.place.channel,
        currency=issue.book.currency,
        exponent=issue.book.terms.exponent,
        purpose=issue.context.purpose[:24],
        jurisdiction_code=issue.place.jurisdiction_code,
        label_code=issue.place.rule.label_code,
        policy_version=issue.policy.version,
        model_version=issue.book.model_version,
        book_version=issue.book.version,
        rung=issue.rung,
        arm=issue.arm,
        propensity=share if issue.arm == "holdout" else 1.0 - share,
        now_ms=issue.now_ms,
        expires_ms=issue.expires_ms,
        kid=kid,
    )
    return header, _rows(decided, made, fresh)


def _rows(decided: Decided, made: dict[int, HeldQuote], fresh: IntArray) -> Rows:
    rows = np.zeros(len(fresh), dtype=DECISION_ROW)
    for name, *_ in TERM_FIELDS:
        rows[name] = getattr(decided.terms, name)[fresh]
    for name in RAW_SIGNALS:
        rows[name] = np.broadcast_to(getattr(decided.signals, name), (1, len(decided.terms)))[
            0, fresh
        ]
    held = decided.held
    rows["held_quoted"], rows["held_public"] = held.quoted_minor[fresh], held.public_minor[fresh]
    rows["held_issued"], rows["held_expires"] = held.issued_ms[fresh], held.expires_ms[fresh]
    rows["quoted_minor"] = decided.decided.quoted_minor[fresh]
    if decided.book_minor is not None:
        rows["book_minor"] = decided.book_minor[fresh]
    quotes = [made[at] for at in fresh.tolist()]
    rows["id_high"], rows["id_low"] = zip(
        *((quote.quote_id.int >> 64, quote.quote_id.int & (2**64 - 1)) for quote in quotes),
        strict=True,
    )
    signatures = b"".join(bytes.fromhex(signature_of(quote.token)) for quote in quotes)
    rows["signature"] = np.frombuffer(signatures, dtype="<u8").reshape(-1, 4)
    return rows


def _view(issue: _Issue, quote: HeldQuote, position: int) -> PriceView:
    book, language = issue.book, issue.place.language
    public = int(book.terms.public_minor[position])
    quoted = min(quote.quoted_minor, public)
    is_personal = quoted < public
    unit_minor, unit = unit_price(book, position, quoted, language)
    reference, note = legal_reference(book, position, public, issue.place)
    reasons = [Reason("public", public, say("public", language))]
    if is_personal:
        reasons.append(Reason("personal", quoted - public, say("personal", language)))
    return PriceView(
        variant_id=int(book.terms.variant_id[position]),
        currency=book.currency,
        list_minor=int(book.terms.list_minor[position]),
        public_minor=public,
        quoted_minor=quoted,
        is_personal=is_personal,
        reference_minor=reference,
        reference_note=note,
        label_code=issue.place.rule.label_code if is_personal else "",
        label=issue.place.rule.label(language) if is_personal else "",
        quote_id=quote.quote_id,
        token=quote.token,
        expires_at=quote.expires_at,
        rung=issue.rung if is_personal else "public",
        reasons=tuple(reasons),
        unit_minor=unit_minor,
        unit_label=unit,
    )
