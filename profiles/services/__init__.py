"""Write the room. Keyword-only, one transaction each."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from profiles.core.values import Consents, IngestResult, PurchasedLine, ShopperValue


def get_or_create_guest(
    *, pseudonym: str | None, defaults: Consents, market_code: str, now: datetime
) -> ShopperValue:
    """Return the shopper behind a guest cookie, making one if needed.

    `defaults` are the answers that hold where the law lets silence speak (opt-out places); they
    are recorded as such.
    """
    raise NotImplementedError


def link_account(*, account_id: int, pseudonym: str | None, now: datetime) -> ShopperValue:
    """Join the guest behind `pseudonym` to a login and return the login's shopper.

    Events move over, the stricter consent wins, the old pseudonym keeps leading here. A cookie
    that belongs to another login is left alone.
    """
    raise NotImplementedError


def set_consent(
    *,
    shopper_id: int,
    purpose: str,
    granted: bool,
    how: str,
    locale: str,
    text_version: str,
    now: datetime,
) -> ShopperValue:
    """Record an answer, effective on the next quote on all devices. Fact ConsentChanged."""
    raise NotImplementedError


def ingest_events(
    *,
    shopper: ShopperValue,
    events: Sequence[Mapping[str, Any]],
    now: datetime,
    channel: str,
    user_agent: str,
    consents: Consents,
    sent_at: datetime | None = None,
) -> IngestResult:
    """Check, clean and accept a batch of a shopper's own events (500 at most).

    An accepted event is in the stream and in the online features: the next quote sees it. With
    Redis down it is written to the table instead. `consents` come from the door: the shopper's,
    with `price` off under Sec-GPC. `sent_at` is the client's clock when it sent the batch.
    """
    raise NotImplementedError


def record_purchase_events(
    *,
    shopper_id: int,
    basket_ref: str,
    lines: Sequence[PurchasedLine],
    occurred_at: datetime,
    channel: str,
    now: datetime,
) -> int:
    """Record an order and its lines as events in the caller's transaction; return new rows.

    Idempotent by `basket_ref`. Online features follow on commit; if Redis is down then, a
    scheduled repair brings them up to date.
    """
    raise NotImplementedError


def record_return_events(
    *,
    shopper_id: int,
    basket_ref: str,
    lines: Sequence[PurchasedLine],
    occurred_at: datetime,
    channel: str,
    now: datetime,
) -> int:
    """Record returned lines as events in the caller's transaction; return new rows."""
    raise NotImplementedError


def drain_events(*, limit: int, now: datetime) -> int:
    """Move up to `limit` events from the stream into the table; return how many left it."""
    raise NotImplementedError


def rebuild_online_features(*, as_of: datetime, shopper_ids: Sequence[int] | None = None) -> int:
    """Rebuild online features from the table and the stream; return how many shoppers."""
    raise NotImplementedError


def refresh_profiles(*, now: datetime, since: datetime | None = None) -> int:
    """Refresh stored features, segments and tags of shoppers active since; return how many."""
    raise NotImplementedError


def refit_segments(*, now: datetime) -> int:
    """Fit segments and tag thresholds anew, keeping names stable; return shoppers used."""
    raise NotImplementedError


def refit_similarity(*, now: datetime) -> int:
    """Compute which variants are bought by the same shoppers; return variants covered."""
    raise NotImplementedError


def ensure_partitions(*, start: datetime, end: datetime) -> int:
    """Make the monthly partitions of [start, end]; return how many were new."""
    raise NotImplementedError


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


def load_events_bulk(*, csv_chunks: Iterable[bytes], source: str, now: datetime) -> int:
    """Load events by COPY; return how many were new (a second run: 0).

    `csv_chunks` together form CSV without a header, columns BULK_EVENT_COLUMNS in that order:
    `id` a UUID derived from the source row (the same on every run), `occurred_at` ISO 8601 with
    offset, `shopper_id` of `load_shoppers_bulk`, `kind` "purchase" (one per line) or "order" (one
    per basket, no variant), amounts in minor units for the whole line, booleans t or f, empty for NULL.
    Category, brand and price rank are filled in from the catalogue, which must be loaded.
    """
    raise NotImplementedError


def load_shoppers_bulk(
    *, rows: Iterable[tuple[str, int | None]], market_code: str, consents: Consents, now: datetime
) -> dict[str, int]:
    """Load shoppers (external_ref, home_store_id); return id by external_ref. Idempotent."""
    raise NotImplementedError


def load_traits_bulk(*, rows: Iterable[tuple[int, str, str]]) -> int:
    """Load audit-only traits (shopper_id, name, value); return how many were new or changed."""
    raise NotImplementedError
