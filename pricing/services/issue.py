"""Turn decisions into quotes: keep what still stands, sign what is new, write it down."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np

from pricing.core.arrays import IntArray
from pricing.core.book import Book
from pricing.core.decide import HOUR_MS, MINUTE_MS
from pricing.core.held import HeldQuote, pack_held
from pricing.core.keys import HELD_PLACES, STREAM, held_key
from pricing.core.labels import label_code
from pricing.core.packed import (
    COST_FIELDS,
    DECISION_ROW,
    FORMAT,
    NO_DRAW,
    TERM_FIELDS,
    BatchHeader,
    Rows,
    encode_batch,
)
from pricing.core.signals import RAW_SIGNALS
from pricing.core.tokens import EPOCH, Mint, owner_of
from pricing.core.values import (
    Arm,
    Policy,
    PriceView,
    QuoteContext,
    Rung,
)
from pricing.metrics import quotes_issued_total
from pricing.services.deciding import Decided
from pricing.services.keys import signing_key
from pricing.services.looks import PageLooks, send_looks
from pricing.services.personal_views import recall_view
from pricing.services.public_views import Place, blank_quote
from pricing.services.shopper_state import ShopperState
from shop.jobs.redis import RedisUnavailable, redis_breaker
from shop.kernel.clock import epoch_ms
from shop.kernel.ids import uuid7

LOW_64 = 2**64 - 1


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
    kid: int
    mint: Mint
    now_ms: int
    expires_ms: int


@dataclass(frozen=True, slots=True)
class _Signed:
    """A new quote as it is held, and the signature of its token."""

    held: HeldQuote
    signature: bytes


def issue_quotes(
    *,
    decided: Decided,
    state: ShopperState,
    book: Book,
    place: Place,
    policy: Policy,
    views: Mapping[int, PriceView],
    context: QuoteContext,
    looks: PageLooks | None = None,
) -> tuple[dict[int, PriceView], str]:
    """Return the views of all decided prices by variant id; new quotes are held and streamed.

    `views` are the public views that the personal ones are made from; `looks` at the page's other
    prices go along. If Redis dies between reading and writing, nothing is returned but the reason:
    a personal price that left no record is not shown.
    """
    rung = _rung_of(decided)
    kept = decided.decided.is_kept & decided.is_decision
    fresh = np.flatnonzero(decided.is_decision & ~kept)
    quotes: dict[int, HeldQuote] = {
        at: quote
        for at in np.flatnonzero(kept).tolist()
        if (quote := decided.held_quotes[at]) is not None
    }
    if len(fresh):
        issue = _open_issue(decided, book, place, policy, context)
        signed = _sign(issue, decided, fresh.tolist())
        try:
            _write(issue, state, decided, signed, looks)
        except RedisUnavailable:
            return {}, "redis_down"
        quotes |= {at: one.held for at, one in signed.items()}
    else:
        send_looks(looks)
    ids = decided.terms.variant_id.tolist()
    personal = {
        ids[at]: recall_view(quote, views[ids[at]], book=book, place=place, rung=rung)
        for at, quote in quotes.items()
    }
    return personal, ""


def _rung_of(decided: Decided) -> Rung:
    return "personal" if decided.book_minor is None else "book"


def _open_issue(
    decided: Decided, book: Book, place: Place, policy: Policy, context: QuoteContext
) -> _Issue:
    now_ms = epoch_ms(context.now)
    expires_ms = now_ms + policy.quote_minutes * MINUTE_MS
    kid, key = signing_key()
    shared = replace(
        blank_quote(book, place, policy),
        arm="holdout" if decided.is_held_out else "treated",
        owner=owner_of(context.shopper_pseudonym),
        issued_at=EPOCH + timedelta(milliseconds=now_ms),
        expires_at=EPOCH + timedelta(milliseconds=expires_ms),
        kid=kid,
    )
    return _Issue(
        book=book,
        place=place,
        policy=policy,
        context=context,
        rung=_rung_of(decided),
        arm=shared.arm,
        owner=shared.owner,
        kid=kid,
        mint=Mint(shared, key=key),
        now_ms=now_ms,
        expires_ms=expires_ms,
    )


def _sign(issue: _Issue, decided: Decided, fresh: Sequence[int]) -> dict[int, _Signed]:
    """Return a new quote for each position in `fresh`."""
    ids = decided.terms.variant_id.tolist()
    listed, public = decided.terms.list_minor.tolist(), decided.terms.public_minor.tolist()
    quoted = decided.decided.quoted_minor.tolist()
    discount = decided.decided.discount_minor.tolist()
    codes = [label_code(issue.place.rule, is_test=one) for one in (False, True)]
    is_test = decided.is_test.tolist()
    signed = {}
    for at in fresh:
        is_personal = quoted[at] < public[at]
        quote_id = uuid7(issue.now_ms)
        token, signature = issue.mint.sign(
            quote_id,
            ids[at],
            (listed[at], public[at], quoted[at]),
            issue.rung if is_personal else "public",
            codes[is_test[at]] if is_personal else "",
        )
        held = HeldQuote(
            quote_id.bytes,
            quoted_minor=quoted[at],
            public_minor=public[at],
            discount_minor=discount[at],
            issued_ms=issue.now_ms,
            expires_ms=issue.expires_ms,
            token=token,
        )
        signed[at] = _Signed(held, signature)
    return signed


def _write(
    issue: _Issue,
    state: ShopperState,
    decided: Decided,
    signed: Mapping[int, _Signed],
    looks: PageLooks | None,
) -> None:
    """Hold the new quotes and put their decisions on the stream, in one round trip."""
    fresh = np.fromiter(signed, dtype=np.int64, count=len(signed))
    header, rows = _batch(issue, state, decided, signed, fresh)
    key = held_key(issue.place.market, issue.place.channel, issue.context.shopper_pseudonym or "")
    ids = decided.terms.variant_id.tolist()
    held = {ids[at]: pack_held(one.held) for at, one in signed.items()}
    remember_ms = (
        issue.policy.no_rise_hours * HOUR_MS + issue.policy.quote_minutes * MINUTE_MS + HOUR_MS
    )
    fields: dict[Any, Any] = dict(encode_batch(header, rows))
    try:
        with redis_breaker.guard() as client:
            pipe = client.pipeline(transaction=True)
            pipe.hset(key, mapping=held)
            pipe.pexpire(key, remember_ms)
            pipe.sadd(HELD_PLACES, f"{issue.place.market}:{issue.place.channel}")
            pipe.xadd(STREAM, fields)
            if looks is not None:
                looks.queue(pipe)
            pipe.execute()
    except RedisUnavailable:
        if looks is not None:
            looks.lose()
        raise
    quotes_issued_total.labels(arm=issue.arm).inc(len(signed))


def _batch(
    issue: _Issue,
    state: ShopperState,
    decided: Decided,
    signed: Mapping[int, _Signed],
    fresh: IntArray,
) -> tuple[BatchHeader, Rows]:
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
        kid=issue.kid,
        format=FORMAT,
    )
    return header, _rows(decided, signed, fresh)


def _rows(decided: Decided, signed: Mapping[int, _Signed], fresh: IntArray) -> Rows:
    rows = np.zeros(len(fresh), dtype=DECISION_ROW)
    for name, *_ in (*TERM_FIELDS, *COST_FIELDS):
        rows[name] = getattr(decided.terms, name)[fresh]
    for name in RAW_SIGNALS:
        rows[name] = np.broadcast_to(getattr(decided.signals, name), (1, len(decided.terms)))[
            0, fresh
        ]
    held = decided.held
    rows["held_quoted"], rows["held_public"] = held.quoted_minor[fresh], held.public_minor[fresh]
    rows["held_discount"] = held.discount_minor[fresh]
    rows["held_issued"], rows["held_expires"] = held.issued_ms[fresh], held.expires_ms[fresh]
    rows["is_test"] = decided.is_test[fresh]
    rows["quoted_minor"] = decided.decided.quoted_minor[fresh]
    if decided.book_minor is not None:
        rows["book_minor"] = decided.book_minor[fresh]
    rows["draw"] = NO_DRAW if decided.place is None else decided.place[fresh]
    quotes = [signed[at] for at in fresh.tolist()]
    numbers = [int.from_bytes(one.held.id_bytes) for one in quotes]
    rows["id_high"] = [number >> 64 for number in numbers]
    rows["id_low"] = [number & LOW_64 for number in numbers]
    packed = b"".join(one.signature for one in quotes)
    rows["signature"] = np.frombuffer(packed, dtype="<u8").reshape(-1, 4)
    return rows
