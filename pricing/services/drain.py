"""Bring quotes from the stream into the table."""

from __future__ import annotations

from uuid import UUID


def drain_quotes(*, limit: int = 2_000) -> int:
    """Move up to `limit` quote batches from the stream to the table; return quotes stored."""
    raise NotImplementedError


def store_quote(*, token: str) -> UUID:
    """Store the quote of `token` now, whole if the stream still holds it; return its id."""
    raise NotImplementedError
