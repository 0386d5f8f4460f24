"""Monthly partitions of quotes, of looks and of sets, and the hash chains over their days."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction
from psycopg.sql import SQL, Identifier, Literal

from pricing.ledger.core.rows import EXPOSURE_COLUMNS
from pricing.ledger.models.impressions import LookSeal, LookTally, PublicLook
from pricing.ledger.models.quotes import Quote, QuoteSeal

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
    for _ in range(months + 1):
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
    """Seal every finished day of quotes and of looks that is not sealed yet; return days sealed.

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
