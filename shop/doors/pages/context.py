"""Context of a page: shopper, region and language. Pages know nothing else of a request."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class PageContext:
    """One visit, stripped of HTTP. Doors build it; pages never see a request.

    `shopper_pseudonym` is None for a visitor nobody knows: prices are then the public ones.
    `gpc` is the browser's Global Privacy Control signal, which counts as "no personal prices".
    `now` is aware and in UTC; `language` is "en" or "zh-hans"; `locale` its Babel name.
    `is_counted` is False for robots, prefetches and staff: what they are shown is no look at a
    price. `address` is the client's internet address, as far as it can be trusted. `has_saved`:
    something is on the wish list, so pages ask what.
    """

    shopper_pseudonym: str | None
    account_id: int | None
    language: str
    locale: str
    market: str
    currency: str
    jurisdiction_code: str
    channel: str
    gpc: bool
    now: datetime
    is_counted: bool = True
    address: str = ""
    has_saved: bool = False
