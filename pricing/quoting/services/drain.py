"""Bring quotes from the stream into the table; store the quote of a token at once.

An entry leaves the stream only after the transaction that stored it has committed: at least once
on the way, exactly once in the table (the id decides).
"""

from __future__ import annotations

import hashlib
import logging
import os
import socket
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

import redis
from django.core.exceptions import ObjectDoesNotExist
from django.db import DatabaseError, connection, transaction
from django.utils.translation import gettext as _
from psycopg.sql import SQL, Identifier, Literal

from pricing.base.core.tokens import (
    GROUP,
    NOBODY,
    STREAM,
    MalformedToken,
    decode_token,
    owner_of,
    signature_of,
)
from pricing.base.core.values import VerifiedQuote
from pricing.base.metrics import quotes_drained_total, quotes_refused_total
from pricing.base.services import verifying_keys
from pricing.ledger.core.unit_prices import EXPOSURE_COLUMNS, QuoteRow, row_of_token
from pricing.ledger.models.impressions import LookSeal, LookTally, PublicLook
from pricing.ledger.models.quotes import Quote, QuoteSeal
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
_STORED = (
    "SELECT id FROM pricing_quote WHERE id = ANY(%s::uuid[]) AND issued_at = ANY(%s::timestamptz[])"
)


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


def store_quotes(*, tokens: Iterable[str]) -> list[UUID]:
    """Store the quotes of `tokens` in the caller's transaction and return their ids, in order.

    Whole, if the table or the stream holds its decision; from the token alone otherwise (public
    prices, or Redis down): the drain completes such a row later. Raises QuoteRefused for a token
    that is not ours.
    """
    quotes = {quote.quote_id: (quote, token) for token in tokens for quote in [read_token(token)]}
    ids = list(quotes)
    if not ids:
        return []
    with connection.cursor() as cursor:
        # As text: each act on a cart asks it. The times choose the partitions
        cursor.execute(_STORED, [ids, [uuid7_time(quote_id) for quote_id in ids]])
        stored = {row[0] for row in cursor.fetchall()}
    new = [quotes[quote_id] for quote_id in ids if quote_id not in stored]
    store_rows(
        [
            (None if quote.arm == "none" else find_streamed(quote.quote_id))
            or row_of_token(quote, signature_of(token))
            for quote, token in new
        ]
    )
    return ids


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
        with transaction.atomic():
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


GENESIS = "0" * 64
# Quotes reach the table within seconds, with Redis down a little later; then a day is sealed.
SEAL_AFTER = timedelta(hours=24)
# Tables by the column that says which month and day a row belongs to.
PARTITIONED = {
    "pricing_quote": "issued_at",
    "pricing_publiclook": "hour",
    "pricing_publiclookset": "hour",
}

_DIGEST_QUOTES = """
SELECT count(*), coalesce(
    encode(sha256(string_agg(
        sha256(convert_to((
            to_jsonb(q) - 'shopper_id'
            - CASE WHEN q.segment IS NULL THEN %(late)s::text[] ELSE '{}' END
        )::text, 'UTF8')), '' ORDER BY q.id
    )), 'hex'), '')
FROM pricing_quote q
WHERE q.issued_at >= %(since)s AND q.issued_at < %(until)s AND q.is_complete
"""
_DIGEST_LOOKS = """
SELECT count(*), coalesce(encode(sha256(string_agg(hash, '' ORDER BY part, place)), 'hex'), '')
FROM (
    SELECT 1 AS part, sha256(convert_to(to_jsonb(l)::text, 'UTF8')) AS hash, row_number() OVER (
        ORDER BY l.hour, l.variant_id, l.market_code, l.channel, l.segment, l.public_minor,
            l.book_version, l.policy_version
    ) AS place
    FROM pricing_publiclook l
    WHERE l.hour >= %(since)s AND l.hour < %(until)s
    UNION ALL
    SELECT 2, sha256(convert_to(to_jsonb(s)::text, 'UTF8')), row_number() OVER (
        ORDER BY s.hour, s.market_code, s.channel, s.book_version, s.set_hash
    )
    FROM pricing_publiclookset s
    WHERE s.hour >= %(since)s AND s.hour < %(until)s
) logged
"""


def ensure_partitions(*, now: datetime, months: int = 3) -> int:
    """Create missing partitions from the month of `now` to `months` later; return how many.

    Rows that came before their partition did lie in the default one; they move over in the same
    transaction.
    """
    first = now.astimezone(UTC).date().replace(day=1)
    created = 0
    for __ in range(months + 1):
        following = (first + timedelta(days=32)).replace(day=1)
        created += sum(_create_partition(table, first, following) for table in PARTITIONED)
        first = following
    return created


def _create_partition(table: str, first: date, following: date) -> int:
    name = f"{table}_{first:%Y_%m}"
    names = {
        "whole": Identifier(table),
        "rest": Identifier(f"{table}_default"),
        "part": Identifier(name),
        "column": Identifier(PARTITIONED[table]),
    }
    bounds = (_midnight(first), _midnight(following))
    with transaction.atomic(), connection.cursor() as cursor:
        # One creator at a time: two beats must not collide on the same name.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [f"{table} partitions"])
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return 0
        cursor.execute(SQL("CREATE TABLE {part} (LIKE {whole} INCLUDING ALL)").format(**names))
        cursor.execute(SQL("LOCK TABLE {rest} IN ACCESS EXCLUSIVE MODE").format(**names))
        cursor.execute(
            SQL(
                "INSERT INTO {part} SELECT * FROM {rest} WHERE {column} >= %s AND {column} < %s"
            ).format(**names),
            bounds,
        )
        # The default partition's rows are moved, not changed: its trigger stands aside for that.
        cursor.execute(SQL("ALTER TABLE {rest} DISABLE TRIGGER append_only").format(**names))
        cursor.execute(
            SQL("DELETE FROM {rest} WHERE {column} >= %s AND {column} < %s").format(**names), bounds
        )
        cursor.execute(SQL("ALTER TABLE {rest} ENABLE TRIGGER append_only").format(**names))
        since, until = (Literal(bound.isoformat()) for bound in bounds)
        cursor.execute(
            SQL(
                "ALTER TABLE {whole} ATTACH PARTITION {part} FOR VALUES FROM ({since}) TO ({until})"
            ).format(**names, since=since, until=until)
        )
    return 1


def seal_quotes(*, now: datetime) -> int:
    """Seal every finished day of quotes and of impressions that is not sealed yet; return days
    sealed.

    digest = SHA-256 over the previous digest, the day and the hash of each row in order. The
    shopper is left out: forgetting a person must not break the chain. So are the columns of an
    exposure in rows that were sealed before there were any. Looks and the sets they were in are one
    chain; days before there were sets have the digest they had. What is counted for a sealed day
    afterwards is refused (`look_counts`).
    """
    sealed = _seal(_QUOTES, now)
    with transaction.atomic():
        # A count under way may add to any day that was not sealed when it looked: it comes first.
        list(LookTally.objects.select_for_update())
        return sealed + _seal(_LOOKS, now)


@dataclass(frozen=True, slots=True)
class Chain:
    """A table whose days are sealed: its name, seals, oldest moment, and the query of a digest."""

    name: str
    seals: type[QuoteSeal | LookSeal]
    table: type[Quote | PublicLook]
    column: str
    query: str

    def first_day(self) -> date | None:
        """Return the day (UTC) of the oldest row."""
        rows = self.table.objects.order_by(self.column).values_list(self.column, flat=True)
        first = rows.first()
        return None if first is None else first.astimezone(UTC).date()

    def digest(self, day: date, previous: str) -> tuple[int, str]:
        """Return how many rows a day (UTC) holds, and the digest that follows `previous`."""
        until = _midnight(day) + timedelta(days=1)
        bounds: dict[str, Any] = {
            "since": _midnight(day),
            "until": until,
            "late": list(EXPOSURE_COLUMNS),
        }
        with connection.cursor() as cursor:
            cursor.execute(self.query, bounds)
            rows, inner = cursor.fetchone()
        chained = f"{previous}|{day.isoformat()}|{rows}|{inner}"
        return int(rows), hashlib.sha256(chained.encode()).hexdigest()


_QUOTES = Chain("quotes", QuoteSeal, Quote, "issued_at", _DIGEST_QUOTES)
_LOOKS = Chain("looks", LookSeal, PublicLook, "hour", _DIGEST_LOOKS)
CHAINS = (_QUOTES, _LOOKS)


def _seal(chain: Chain, now: datetime) -> int:
    last = chain.seals.objects.order_by("-day").first()
    day = chain.first_day() if last is None else last.day + timedelta(days=1)
    previous = GENESIS if last is None else last.digest
    sealed = 0
    while day is not None and _midnight(day) + timedelta(days=1) + SEAL_AFTER <= now:
        rows, digest = chain.digest(day, previous)
        chain.seals.objects.create(
            day=day, rows=rows, digest=digest, previous=previous, sealed_at=now
        )
        day, previous, sealed = day + timedelta(days=1), digest, sealed + 1
    return sealed


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
