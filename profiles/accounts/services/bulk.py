"""Doors for imports: whole years by COPY, safe to run twice."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import datetime
from uuid import uuid4

from django.db import connection, transaction
from django.db.backends.utils import CursorWrapper

from profiles.consent.api import DEFAULT_TEXT, record_defaults
from profiles.events.api import ensure_partitions
from profiles.events.core import WARM_MARKER
from profiles.features.api import load_price_ranks
from profiles.shoppers.models.audit import AuditTrait
from profiles.shoppers.models.shoppers import Shopper
from profiles.values import Consents
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker

BULK_EVENT_COLUMNS = (
    "id",
    "occurred_at",
    "shopper_id",
    "kind",
    "variant_id",
    "quantity",
    "paid_minor",
    "list_minor",
    "is_discounted",
    "basket_ref",
    "channel",
)
_CREATE = """
CREATE TEMPORARY TABLE bulk_event (
    id uuid, occurred_at timestamptz, shopper_id bigint, kind text, variant_id bigint,
    quantity int, paid_minor bigint, list_minor bigint, is_discounted boolean,
    basket_ref text, channel text
);
CREATE TEMPORARY TABLE bulk_variant (
    variant_id bigint PRIMARY KEY, category_id bigint, brand_id bigint, price_rank float8
)
"""
_INSERT = """
INSERT INTO profiles_event (
    id, occurred_at, received_at, shopper_id, kind, variant_id, category_id, brand_id, quantity,
    paid_minor, list_minor, is_discounted, price_rank, basket_ref, query, offer_ref, channel, source
)
SELECT e.id, e.occurred_at, %s, e.shopper_id, e.kind, e.variant_id, v.category_id, v.brand_id,
    coalesce(e.quantity, 1), e.paid_minor, e.list_minor, coalesce(e.is_discounted, false),
    v.price_rank, coalesce(e.basket_ref, ''), '', '', e.channel, %s
FROM bulk_event e LEFT JOIN bulk_variant v USING (variant_id)
ON CONFLICT DO NOTHING
"""
_SEEN = """
UPDATE profiles_shopper s SET
    created_at = least(s.created_at, span.first), last_seen_at = greatest(s.last_seen_at, span.last)
FROM (
    SELECT shopper_id, min(occurred_at) AS first, max(occurred_at) AS last
    FROM bulk_event GROUP BY shopper_id
) span
WHERE s.id = span.shopper_id AND (s.created_at > span.first OR s.last_seen_at < span.last)
"""


@transaction.atomic
def load_events_bulk(*, csv_chunks: Iterable[bytes], source: str, now: datetime) -> int:
    """Load events by COPY; return how many were new (a second run: 0).

    `csv_chunks` together form CSV without a header, columns BULK_EVENT_COLUMNS in that order:
    `id` a UUID derived from the source row (the same on every run), `occurred_at` ISO 8601 with
    offset, `shopper_id` of `load_shoppers_bulk`, `kind` "purchase" (one per line) or "order" (one
    per basket, no variant), amounts in minor units for the whole line, booleans t or f, empty for
    NULL. Category, brand and price rank are filled in from the catalogue, which must be loaded.
    Shoppers' first and last seen times follow. Online features are rebuilt by the next scheduled
    run, or at once by `rebuild_online_features`. One transaction: all or nothing.

    An empty table gets its indexes after the rows; readers then wait until the transaction ends.
    """
    with connection.cursor() as cursor:
        cursor.execute(_CREATE)
        columns = ", ".join(BULK_EVENT_COLUMNS)
        with cursor.copy(f"COPY bulk_event ({columns}) FROM STDIN (FORMAT csv)") as copy:
            for chunk in csv_chunks:
                copy.write(chunk)
        _copy_variants(cursor)
        cursor.execute("SELECT min(occurred_at), max(occurred_at) FROM bulk_event")
        first, last = cursor.fetchone()
        if first is not None:
            ensure_partitions(start=first, end=last)
        with _indexes_afterwards(cursor):
            cursor.execute(_INSERT, [now, source])
            new: int = cursor.rowcount
        cursor.execute(_SEEN)
        cursor.execute("DROP TABLE bulk_event, bulk_variant")
        if new:
            cursor.execute("ANALYZE profiles_event")
            transaction.on_commit(_forget_warmth, robust=True)
    return new


@contextmanager
def _indexes_afterwards(cursor: CursorWrapper) -> Iterator[None]:
    """Drop what only finds rows from an empty table, and make it anew from all rows at once: a
    third less work than row by row. A table with rows keeps its indexes, as does what is unique.
    """
    cursor.execute("SELECT EXISTS (SELECT 1 FROM profiles_event)")
    if cursor.fetchone()[0]:
        yield
        return
    cursor.execute(
        "SELECT indexrelid::regclass::text, pg_get_indexdef(indexrelid) FROM pg_index"
        " WHERE indrelid = 'profiles_event'::regclass AND NOT indisunique ORDER BY 1"
    )
    indexes = cursor.fetchall()
    for name, _ in indexes:
        cursor.execute(f"DROP INDEX {name}")
    yield
    for _, definition in indexes:
        cursor.execute(definition.replace(" ON ONLY ", " ON "))


def _copy_variants(cursor: CursorWrapper) -> None:
    arrays, ranks = load_price_ranks()
    rows = zip(
        arrays.variant_id.tolist(),
        arrays.category_id.tolist(),
        arrays.brand_id.tolist(),
        ranks.tolist(),
        strict=True,
    )
    with cursor.copy("COPY bulk_variant FROM STDIN") as copy:
        for row in rows:
            copy.write_row(row)


def _forget_warmth() -> None:
    """Make the next scheduled run rebuild every online profile."""
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        client.delete(WARM_MARKER)


@transaction.atomic
def load_shoppers_bulk(
    *, rows: Iterable[tuple[str, int | None]], market_code: str, consents: Consents, now: datetime
) -> dict[str, int]:
    """Load shoppers (external_ref, home_store_id); return id by external_ref.

    New shoppers get `consents`, recorded as the import's default; a shopper known already keeps
    the answers given since. A second run changes nothing.
    """
    wanted = dict(rows)
    known = set(
        Shopper.objects.filter(external_ref__in=wanted).values_list("external_ref", flat=True)
    )
    fresh = [
        Shopper(
            pseudonym=uuid4(),
            external_ref=ref,
            home_store_id=store,
            market_code=market_code,
            created_at=now,
            last_seen_at=now,
            consent_price=consents.price,
            consent_recommendations=consents.recommendations,
            consent_marketing=consents.marketing,
            consent_analytics=consents.analytics,
        )
        for ref, store in wanted.items()
        if ref not in known
    ]
    Shopper.objects.bulk_create(fresh, batch_size=2_000)
    record_defaults(fresh, how="import", locale="en", text_version=DEFAULT_TEXT, now=now)
    found = Shopper.objects.filter(external_ref__in=wanted)
    return {str(ref): pk for ref, pk in found.values_list("external_ref", "pk")}


@transaction.atomic
def load_traits_bulk(*, rows: Iterable[tuple[int, str, str]]) -> int:
    """Load audit-only traits (shopper_id, name, value); return how many were new or changed."""
    wanted = {(shopper_id, name): value for shopper_id, name, value in rows}
    shoppers = {shopper_id for shopper_id, _ in wanted}
    known = {
        (shopper_id, name): value
        for shopper_id, name, value in AuditTrait.objects.filter(
            shopper_id__in=shoppers
        ).values_list("shopper_id", "name", "value")
    }
    changed = [key for key, value in wanted.items() if known.get(key) != value]
    AuditTrait.objects.bulk_create(
        [AuditTrait(shopper_id=s, name=n, value=wanted[s, n]) for s, n in changed],
        update_conflicts=True,
        unique_fields=["shopper", "name"],
        update_fields=["value"],
        batch_size=2_000,
    )
    return len(changed)
