"""Issue of signed quotes for a page, and recording of its public price impressions."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

import numpy as np
import redis

from pricing.base.core.impressions import ImpressionHeader, encode_impressions
from pricing.base.core.tokens import EPOCH, LOOKS, MOST_PAGES, STREAM, TokenSigner, owner_of
from pricing.base.core.values import (
    Arm,
    BoolArray,
    IntArray,
    Policy,
    PriceView,
    QuoteContext,
    QuoteSource,
)
from pricing.base.metrics import looks_lost_total, quotes_issued_total
from pricing.base.services import signing_key
from pricing.ledger.core.offered import (
    HELD_PLACES,
    HOLD_LOWER,
    HeldQuote,
    held_key,
    pack_held,
)
from pricing.ledger.core.packed import (
    COST_FIELDS,
    DECISION_ROW,
    FORMAT,
    NO_DRAW,
    TERM_FIELDS,
    BatchHeader,
    Rows,
    encode_batch,
)
from pricing.ledger.core.record import label_code
from pricing.optimum.core.batch import Book
from pricing.optimum.core.decide import HOUR_MS, MINUTE_MS
from pricing.optimum.core.signals import RAW_SIGNALS
from pricing.quoting.services.deciding import Decided, Page, ShopperState
from pricing.quoting.services.public_views import SalesContext, blank_quote, recall_view
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.ids import list_uuid7

# A Redis that owes a thread so many answers is down.
MOST_UNHEARD = 50


@dataclass(frozen=True, slots=True)
class PageImpressions:
    """The looks of a page on their way: a stream entry, and how many there are."""

    fields: Mapping[str, bytes]
    count: int

    def queue(self, pipe: redis.Redis) -> None:
        """Put them on the stream together with what else `pipe` carries."""
        pipe.execute_command(*self.command())

    def command(self) -> tuple[str | bytes | int, ...]:
        """Return the command that puts them on the stream."""
        fields = [part for pair in self.fields.items() for part in pair]
        return ("XADD", LOOKS, "MAXLEN", "~", MOST_PAGES, "*", *fields)

    def lose(self) -> None:
        """Count them as lost: a page does not wait for a Redis that is down."""
        looks_lost_total.labels(reason="redis_down").inc(self.count)


class _Line(threading.local):
    """This thread's own connection for looks: sent at once, answers heard before the next.

    A page has no use for the answer, and waiting for it takes longer than everything else about
    looks, most of all while the processor is busy.
    """

    def __init__(self) -> None:
        self._pool: redis.ConnectionPool | None = None
        self._connection: redis.Connection | None = None
        self._unheard: deque[PageImpressions] = deque()

    def send(self, client: redis.Redis, looks: PageImpressions) -> None:
        """Send the impressions. Raises redis.RedisError; what got no answer is counted as lost."""
        is_sound, connection = self._hear(), self._connection
        if client.connection_pool is not self._pool or not is_sound or connection is None:
            self._hang_up()
            self._pool = client.connection_pool
            connection = self._pool.connection_class(**self._pool.connection_kwargs)
            self._connection = connection
        try:
            connection.send_command(*looks.command())
        except redis.RedisError:
            self._hang_up()
            raise
        self._unheard.append(looks)

    def _hear(self) -> bool:
        """Hear the answers that have come; return whether the line is in order."""
        try:
            while self._connection is not None and self._connection.can_read(timeout=0):
                self._connection.read_response()
                self._unheard.popleft()
        except (redis.RedisError, IndexError):
            return False
        return self._connection is not None and len(self._unheard) < MOST_UNHEARD

    def _hang_up(self) -> None:
        for impressions in self._unheard:
            impressions.lose()
        self._unheard.clear()
        if self._connection is not None:
            self._connection.disconnect()
        self._pool = self._connection = None


_line = _Line()


def gather_impressions(
    page: Page, context: QuoteContext, *, where: BoolArray | None = None, shopper_id: int = 0
) -> PageImpressions | None:
    """Return the looks at the public prices of a page (those in the mask `where`), None if none.

    A price that was decided for a shopper is an exposure with a record of its own and no look. A
    look names its book, whose draws say nothing of a price that a switch has taken back: none.
    """
    if not context.is_look:
        return None
    ids, public = page.terms.variant_id, page.terms.public_minor
    if page.served.taken_back is not None:
        stays = ~page.served.taken_back[page.at]
        where = stays if where is None else where & stays
    if where is not None:
        ids, public = ids[where], public[where]
    if not len(ids):
        return None
    header = ImpressionHeader(
        market=page.place.market,
        channel=page.place.channel,
        policy_version=page.policy.version,
        book_version=page.book.version,
        now_ms=page.now_ms,
        shopper_id=shopper_id,
    )
    return PageImpressions(encode_impressions(header, ids, public), len(ids))


def send_impressions(looks: PageImpressions | None) -> None:
    """Put a page's impressions on the stream without waiting; a dead Redis loses them, counted."""
    if looks is None:
        return
    try:
        with redis_breaker.guard() as client:
            _line.send(client, looks)
    except RedisUnavailable:
        looks.lose()


LOW_64 = 2**64 - 1


@dataclass(frozen=True, slots=True)
class _Issue:
    """What all quotes of one request share."""

    book: Book
    place: SalesContext
    policy: Policy
    context: QuoteContext
    rung: QuoteSource
    arm: Arm
    owner: bytes
    kid: int
    signer: TokenSigner
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
    place: SalesContext,
    policy: Policy,
    views: Mapping[int, PriceView],
    context: QuoteContext,
    looks: PageImpressions | None = None,
) -> tuple[dict[int, PriceView], str]:
    """Return the views of all decided prices by variant id; new quotes are held and streamed.

    `views` are the public views that the personal ones are made from; `looks` at the page's other
    prices go along. If Redis cannot write, only what was promised before is returned, and the
    reason: a personal price that left no record is not shown.
    """
    price_point, reason = _price_point_of(decided), state.obstacle
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
            reason, quotes = "redis_down", quotes | _still_held(decided, fresh, issue.now_ms)
        else:
            quotes |= {at: one.held for at, one in signed.items()}
    else:
        send_impressions(looks)
    ids = decided.terms.variant_id.tolist()
    personal = {
        ids[at]: recall_view(quote, views[ids[at]], book=book, place=place, rung=price_point)
        for at, quote in quotes.items()
    }
    return personal, reason


def _still_held(decided: Decided, fresh: IntArray, now_ms: int) -> dict[int, HeldQuote]:
    """Return the quotes that hold, by position, of variants that were to have a lower price."""
    held = {at: decided.held_quotes[at] for at in fresh.tolist()}
    return {at: quote for at, quote in held.items() if quote and now_ms < quote.expires_ms}


def _price_point_of(decided: Decided) -> QuoteSource:
    return "personal" if decided.book_minor is None else "book"


def _open_issue(
    decided: Decided, book: Book, place: SalesContext, policy: Policy, context: QuoteContext
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
        rung=_price_point_of(decided),
        arm=shared.arm,
        owner=shared.owner,
        kid=kid,
        signer=TokenSigner(shared, key=key),
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
    for at, quote_id in zip(fresh, list_uuid7(issue.now_ms, len(fresh)), strict=True):
        is_personal = quoted[at] < public[at]
        token, signature = issue.signer.sign(
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
    looks: PageImpressions | None,
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
            # Of two pages made at once the lower price stays, whichever ends last.
            pairs = (part for pair in held.items() for part in pair)
            pipe.eval(HOLD_LOWER, 1, key, issue.now_ms, *pairs)
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
        fit=int(issue.book.weights.fit),
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
