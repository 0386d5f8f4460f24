"""Monthly partitions of the quote table, and the hash chain over days."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, time, timedelta

from django.db import connection, transaction

from pricing.core.rows import EXPOSURE_COLUMNS
from pricing.models import Quote, QuoteSeal

GENESIS = "0" * 64
# Quotes reach the table within seconds, with Redis down a little later; then a day is sealed.
SEAL_AFTER = timedelta(hours=24)

_DIGEST = """
SELECT count(*), coalesce(
    encode(sha256(string_agg(
        sha256(convert_to((
            to_jsonb(q) - 'shopper_id' - CASE WHEN q.segment IS NULL THEN %s::text[] ELSE '{}' END
        )::text, 'UTF8')), '' ORDER BY q.id
    )), 'hex'), '')
FROM pricing_quote q
WHERE q.issued_at >= %s AND q.issued_at < %s AND q.is_complete
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
        created += _create_partition(first, following)
        first = following
    return created


def _create_partition(first: date, following: date) -> int:
    name = f"pricing_quote_{first:%Y_%m}"
    bounds = (_midnight(first), _midnight(following))
    with transaction.atomic(), connection.cursor() as cursor:
        # One creator at a time: two beats must not collide on the same name.
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext('pricing_quote partitions'))")
        cursor.execute("SELECT to_regclass(%s)", [name])
        if cursor.fetchone()[0] is not None:
            return 0
        cursor.execute(f"CREATE TABLE {name} (LIKE pricing_quote INCLUDING ALL)")
        cursor.execute("LOCK TABLE pricing_quote_default IN ACCESS EXCLUSIVE MODE")
        cursor.execute(
            f"INSERT INTO {name} SELECT * FROM pricing_quote_default"  # noqa: S608 - a date's name
            " WHERE issued_at >= %s AND issued_at < %s",
            bounds,
        )
        # The default partition's rows are moved, not changed: its trigger stands aside for that.
        cursor.execute("ALTER TABLE pricing_quote_default DISABLE TRIGGER append_only")
        cursor.execute(
            "DELETE FROM pricing_quote_default WHERE issued_at >= %s AND issued_at < %s", bounds
        )
        cursor.execute("ALTER TABLE pricing_quote_default ENABLE TRIGGER append_only")
        cursor.execute(
            f"ALTER TABLE pricing_quote ATTACH PARTITION {name}"
            f" FOR VALUES FROM ('{bounds[0].isoformat()}') TO ('{bounds[1].isoformat()}')"
        )
    return 1


def seal_quotes(*, now: datetime) -> int:
    """Seal every finished day of quotes that is not sealed yet; return days sealed.

    digest = SHA-256 over the previous digest, the day and the hash of each quote in order of id.
    The shopper is left out: forgetting a person must not break the chain. So are the columns of an
    exposure in rows that were sealed before there were any.
    """
    last = QuoteSeal.objects.order_by("-day").first()
    day = _first_day() if last is None else last.day + timedelta(days=1)
    previous = GENESIS if last is None else last.digest
    sealed = 0
    while day is not None and _midnight(day) + timedelta(days=1) + SEAL_AFTER <= now:
        rows, digest = digest_day(day, previous)
        QuoteSeal.objects.create(
            day=day, rows=rows, digest=digest, previous=previous, sealed_at=now
        )
        day, previous, sealed = day + timedelta(days=1), digest, sealed + 1
    return sealed


def find_broken_seals() -> list[date]:
    """Return the days whose quotes are not what was sealed, or whose link is broken."""
    broken, previous = [], None
    for seal in QuoteSeal.objects.order_by("day"):
        rows, digest = digest_day(seal.day, seal.previous)
        is_linked = previous in (None, seal.previous)
        if (rows, digest) != (seal.rows, seal.digest) or not is_linked:
            broken.append(seal.day)
        previous = seal.digest
    return broken


def digest_day(day: date, previous: str) -> tuple[int, str]:
    """Return how many quotes a day (UTC) holds, and the digest that follows `previous`."""
    with connection.cursor() as cursor:
        bounds = (_midnight(day), _midnight(day) + timedelta(days=1))
        cursor.execute(_DIGEST, [list(EXPOSURE_COLUMNS), *bounds])
        rows, inner = cursor.fetchone()
    chained = f"{previous}|{day.isoformat()}|{rows}|{inner}"
    return int(rows), hashlib.sha256(chained.encode()).hexdigest()


def _first_day() -> date | None:
    first = Quote.objects.order_by("issued_at").values_list("issued_at", flat=True).first()
    return None if first is None else first.astimezone(UTC).date()


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), tzinfo=UTC)
