"""Quotes that are still on the stream."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

import redis

from pricing.base.core.tokens import STREAM
from pricing.demand.selectors.versions import load_weights
from pricing.ledger.core.packed import BatchHeader, Rows, decode_batch
from pricing.ledger.core.record import build_records
from pricing.ledger.core.unit_prices import QuoteRow, row_id, row_of_record
from pricing.policy.selectors import load_policy
from shop.ground.jobs.redis import RedisUnavailable, redis_breaker
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.ids import uuid7_time

PAGE = 200
FAR_PAGES, FEW_PAGES = 2_000, 10
# How far Redis's clock may be behind ours when an entry is looked for by its quote's time.
CLOCK_SKEW_MS = 60_000


def find_streamed(quote_id: UUID) -> QuoteRow | None:
    """Return the row of a quote that is still on the stream; None if it is not, or Redis is down.

    Reads entries from the quote's own moment on, so its cost is what was quoted since. A quote
    dated in Redis's future (clocks differ) is looked for among the oldest entries as well.
    """
    first = max(0, epoch_ms(uuid7_time(quote_id)) - CLOCK_SKEW_MS)
    with suppress(RedisUnavailable), redis_breaker.guard() as client:
        for begin, most in ((f"{first}-0", FAR_PAGES), ("-", FEW_PAGES)):
            row = _search(client, begin, most, quote_id)
            if row is not None:
                return row
    return None


def _search(client: redis.Redis, begin: str, most: int, quote_id: UUID) -> QuoteRow | None:
    at: Any = begin
    for _ in range(most):
        page: Any = client.xrange(STREAM, min=at, max="+", count=PAGE)
        found = (_pick(fields, quote_id) for _, fields in page)
        row = next((one for one in found if one is not None), None)
        if row is not None or len(page) < PAGE:
            return row
        at = b"(" + page[-1][0]
    return None


def _pick(fields: Mapping[bytes, bytes], quote_id: UUID) -> QuoteRow | None:
    try:
        header, rows = _decode(fields)
    except (KeyError, ValueError, TypeError):
        return None
    here = [at for at in range(len(rows)) if row_id(rows[at]) == quote_id]
    return next(iter(_build(header, rows[here])), None) if here else None


def _decode(fields: Mapping[bytes, bytes]) -> tuple[BatchHeader, Rows]:
    return decode_batch({"h": fields[b"h"], "r": fields[b"r"]})


def _build(header: BatchHeader, rows: Rows) -> tuple[QuoteRow, ...]:
    records = build_records(
        header,
        rows,
        load_weights(header.model_version, header.fit),
        load_policy(header.policy_version),
    )
    return tuple(row_of_record(header, rows[at], record) for at, record in enumerate(records))


def read_entry(fields: Mapping[bytes, bytes]) -> tuple[QuoteRow, ...]:
    """Return the rows of a stream entry, decisions made again. No query once versions are known.

    Raises KeyError, ValueError, TypeError or ObjectDoesNotExist for what cannot be read.
    """
    return _build(*_decode(fields))
