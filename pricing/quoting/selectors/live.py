"""The newest decisions, from the stream and the table: what staff watch as it happens."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ObjectDoesNotExist

from pricing.base.core.keys import STREAM
from pricing.ledger.models.quotes import Quote
from pricing.quoting.selectors.streamed import read_entry
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.ids import uuid7_at

# A busy shop decides more in a minute than anybody can watch.
MOST_DECISIONS, MOST_ENTRIES = 300, 60
_NAMES = (
    *("issued_at", "shopper_id", "shopper_hash", "variant_id", "currency", "public_minor"),
    *("quoted_minor", "arm", "purpose", "features"),
)


@dataclass(frozen=True, slots=True)
class LiveDecision:
    """A price decided for a shopper: when, of what, how much, and the signals it was made of."""

    quote_id: UUID
    issued_at: datetime
    shopper_id: int | None
    shopper_hash: str
    variant_id: int
    currency: str
    public_minor: int
    quoted_minor: int
    arm: str
    purpose: str
    features: Mapping[str, Any]


def list_live_decisions(*, since: datetime) -> list[LiveDecision]:
    """Return the newest decisions since a moment, newest first, MOST_DECISIONS at most. One query
    and one round trip; without Redis what is stored."""
    rows = Quote.objects.filter(id__gte=uuid7_at(since), issued_at__gte=since, is_complete=True)
    rows = rows.filter(shopper_id__isnull=False).order_by("-id")
    found = {row[0]: LiveDecision(*row) for row in rows.values_list("id", *_NAMES)[:MOST_DECISIONS]}
    for one in _list_streamed(since):
        found.setdefault(one.quote_id, one)
    newest = sorted(found.values(), key=lambda one: (one.issued_at, one.quote_id), reverse=True)
    return newest[:MOST_DECISIONS]


def _list_streamed(since: datetime) -> list[LiveDecision]:
    page: Any = []
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        page = client.xrevrange(STREAM, count=MOST_ENTRIES)
    found = []
    for _key, fields in page:
        with suppress(KeyError, ValueError, TypeError, ObjectDoesNotExist):
            found += [
                LiveDecision(row["id"], *(row[name] for name in _NAMES))
                for row in read_entry(fields)
                if row["issued_at"] >= since and row["shopper_id"] is not None
            ]
    return found
