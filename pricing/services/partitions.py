"""Monthly partitions of the quote table, and the hash chain over days."""

from __future__ import annotations

from datetime import datetime


def ensure_partitions(*, now: datetime, months: int = 3) -> int:
    """Create missing partitions for this and the next `months` months; return how many."""
    raise NotImplementedError


def seal_quotes(*, now: datetime) -> int:
    """Seal every finished day of quotes not sealed yet; return days sealed."""
    raise NotImplementedError
