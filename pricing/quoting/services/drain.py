"""Bring quotes from the stream into the table; store the quote of a token at once.

An entry leaves the stream only after the transaction that stored it has committed: at least once
on the way, exactly once in the table (the id decides).
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import redis
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection
from django.utils.translation import gettext as _

from pricing.base.core.keys import GROUP, STREAM
from pricing.base.core.tokens import NOBODY, MalformedToken, decode_token, owner_of, signature_of
from pricing.base.core.values import VerifiedQuote
from pricing.base.metrics import quotes_drained_total, quotes_refused_total
from pricing.base.services.keys import verifying_keys
from pricing.ledger.core.rows import QuoteRow, row_of_token
from pricing.quoting.selectors.streamed import find_streamed, read_entry
from pricing.quoting.services.table import store_rows
from shop.ground.jobs.redis import ensure_group, redis_breaker
from shop.ground.jobs.services import QuarantineRow, quarantine, record_run
from shop.ground.kernel.errors import FairtagError
from shop.ground.kernel.ids import uuid7_time

logger = logging.getLogger("fairtag.pricing")


class QuoteRefused(FairtagError):
    """The token is no valid quote for this shopper, variant and moment.

    Codes: quote_malformed, quote_forged, quote_other_variant, quote_other_shopper, quote_expired.
    """

    code = "quote_refused"


def verify_quote(
    *,
    token: str,
    shopper_pseudonym: str | None,
    variant_id: int,
    now: datetime,
) -> VerifiedQuote:
    """Return what `token` promises, or raise QuoteRefused. No query, no Redis, no model.

    A price for everybody may be used by anybody; a personal one by its owner only. What was
    promised to a guest who signed in is quoted to them anew (`carry_promises`).
    """
    quote = _decode(token)
    if quote.variant_id != variant_id:
        raise _refuse("quote_other_variant", _("This price was for another product."))
    if quote.owner not in (NOBODY, owner_of(shopper_pseudonym)):
        raise _refuse("quote_other_shopper", _("This price was for somebody else."))
    if not quote.issued_at <= now < quote.expires_at:
        raise _refuse("quote_expired", _("This price has expired."))
    return quote


def read_token(token: str) -> VerifiedQuote:
    """Return what `token` promises to whoever holds it; raise QuoteRefused if it is not ours."""
    return _decode(token)


def _decode(token: str) -> VerifiedQuote:
    try:
        return decode_token(token, keys=verifying_keys())
    except MalformedToken as error:
        code = "quote_forged" if error.is_forged else "quote_malformed"
        # Never the token itself: it names its owner.
        logger.warning("a quote token was tampered with: %s", code)
        raise _refuse(code, _("This price was not issued by this shop.")) from error


def _refuse(code: str, detail: str) -> QuoteRefused:
    quotes_refused_total.labels(code=code).inc()
    return QuoteRefused(detail, code=code)


BATCH = 200
STALE_MS = 30_000
_STORED = "SELECT EXISTS (SELECT FROM pricing_quote WHERE id = %s AND issued_at = %s)"


@dataclass(frozen=True, slots=True)
class _Entry:
    """A stream entry with its quotes, or why it has none."""

    key: bytes
    rows: tuple[QuoteRow, ...] = ()
    problem: str = ""


def drain_quotes(*, limit: int = 2_000) -> int:
    """Move up to `limit` stream entries (one per request) to the table; return quotes stored.

    Entries another worker took and never finished are taken over after half a minute. What cannot
    be read or decided again goes to quarantine. Raises RedisUnavailable; nothing is lost then.
    """
    stored = taken = 0
    with redis_breaker.guard() as client:
        ensure_group(client, STREAM, GROUP)
        while taken < limit:
            found = _take(client, min(BATCH, limit - taken))
            if not found:
                break
            entries = [_read_entry(key, fields) for key, fields in found]
            stored += _store(entries)
            _release(client, [key for key, _ in found])
            taken += len(found)
    return stored


def store_quote(*, token: str) -> UUID:
    """Store the quote of `token` in the caller's transaction and return its id.

    Whole, if the table or the stream holds its decision; from the token alone otherwise (public
    prices, or Redis down): the drain completes such a row later. Raises QuoteRefused for a token
    that is not ours.
    """
    quote = read_token(token)
    at = uuid7_time(quote.quote_id)
    if _is_stored(quote.quote_id, at):
        return quote.quote_id
    row = None if quote.arm == "none" else find_streamed(quote.quote_id)
    store_rows([row or row_of_token(quote, signature_of(token))])
    return quote.quote_id


def _is_stored(quote_id: UUID, at: datetime) -> bool:
    # As text: each act on a cart asks it
    with connection.cursor() as cursor:
        cursor.execute(_STORED, [quote_id, at])
        return bool(cursor.fetchone()[0])


def _read_entry(key: bytes, fields: dict[bytes, bytes]) -> _Entry:
    try:
        return _Entry(key, read_entry(fields))
    except (KeyError, ValueError, TypeError, ObjectDoesNotExist) as error:
        return _Entry(key, problem=f"{type(error).__name__}: {error}"[:80])


def _store(entries: Sequence[_Entry]) -> int:
    bad = [entry for entry in entries if entry.problem]
    good = [entry for entry in entries if not entry.problem]
    stored, refused = _store_good(good)
    for entry in (*bad, *refused):
        quotes_drained_total.labels(outcome="quarantined").inc(max(1, len(entry.rows)))
    if bad or refused:
        _quarantine([*bad, *refused])
    quotes_drained_total.labels(outcome="stored").inc(stored)
    return stored


def _store_good(entries: Sequence[_Entry]) -> tuple[int, list[_Entry]]:
    """Store the entries; return quotes stored and what the database refuses, found by halving."""
    if not entries:
        return 0, []
    try:
        return store_rows([row for entry in entries for row in entry.rows]), []
    except DatabaseError as error:
        if len(entries) == 1:
            problem = str(error).splitlines()[0][:80]
            return 0, [_Entry(entries[0].key, entries[0].rows, problem)]
        middle = len(entries) // 2
        first, second = _store_good(entries[:middle]), _store_good(entries[middle:])
        return first[0] + second[0], [*first[1], *second[1]]


def _quarantine(entries: Iterable[_Entry]) -> None:
    with record_run(name="quarantine_quotes", queue="live") as run:
        rows = [
            QuarantineRow(
                row_number=int(entry.key.split(b"-")[0]),
                reason=entry.problem,
                payload={"entry": entry.key.decode(), "quotes": [str(r["id"]) for r in entry.rows]},
            )
            for entry in entries
        ]
        run.advance(quarantine(run_id=run.run_id, source="quotes", rows=rows))


def _take(client: redis.Redis, count: int) -> list[tuple[bytes, dict[bytes, bytes]]]:
    """Return entries nobody else works on: abandoned ones first, then new ones."""
    consumer = f"{socket.gethostname()}-{os.getpid()}"
    claimed: Any = client.xautoclaim(STREAM, GROUP, consumer, min_idle_time=STALE_MS, count=count)
    taken = claimed[1]
    if not taken:
        answer: Any = client.xreadgroup(GROUP, consumer, {STREAM: ">"}, count=count)
        taken = answer[0][1] if answer else []
    return [(key, fields) for key, fields in taken if fields]


def _release(client: redis.Redis, keys: Sequence[bytes]) -> None:
    pipe = client.pipeline(transaction=True)
    pipe.xack(STREAM, GROUP, *keys)
    pipe.xdel(STREAM, *keys)
    pipe.execute()
