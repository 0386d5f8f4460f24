"""Publish price books."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PublishReport:
    """What a publishing run did. `version` is the current book's, new or not."""

    version: int
    is_new: bool
    variants: int
    public_changes: int
    shoppers: int
    entries: int
    seconds: float


def publish_price_book(
    *, now: datetime, market: str = "us", channel: str = "online", everything: bool = False
) -> PublishReport:
    """Reprice what is dirty (or everything), write the ledger, publish a new book atomically."""
    raise NotImplementedError
