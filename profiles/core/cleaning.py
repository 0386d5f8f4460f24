"""What is done to an event before it counts: clocks, robots, things people type by mistake."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from profiles.core.schema import EventRefused, check_fields

MAX_AGE = timedelta(days=7)
MAX_AHEAD = timedelta(minutes=5)
TRUSTED_SKEW = timedelta(seconds=2)

# Crawlers that say so. A browser under test also calls itself headless, so that is no proof, and
# Cubot is a maker of phones.
_CRAWLERS = re.compile(
    r"(?<!cu)bot\b|crawl|spider|slurp|bingpreview|facebookexternalhit|lighthouse|pingdom|uptime"
    r"|gptbot|archive\.org|scrapy",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")
_LONG_NUMBER = re.compile(r"\+?\d(?:[\s().-]{0,2}\d){6,}")
_SPACES = re.compile(r"\s+")


@dataclass(frozen=True, slots=True)
class CleanEvent:
    """A checked event of a shopper's device.

    `is_adjusted` tells that `occurred_at` was corrected by our clock: then a retry of the same
    event may carry another time and only the id can tell that it is the same.
    """

    id: UUID
    occurred_at: datetime
    kind: str
    is_adjusted: bool
    variant_id: int | None
    category_id: int | None
    quantity: int
    basket_ref: str
    query: str
    offer_ref: str
    quote_id: UUID | None


def is_crawler(user_agent: str) -> bool:
    """Return whether the user agent names itself a robot.

    >>> is_crawler("Mozilla/5.0 (compatible; Googlebot/2.1)"), is_crawler("Mozilla/5.0 Firefox/140")
    (True, False)
    """
    return _CRAWLERS.search(user_agent) is not None


def scrub_query(query: str) -> str:
    """Return a search text without e-mail addresses and long numbers typed in by mistake.

    >>> scrub_query("cheddar  alice@example.com 555-123-4567")
    'cheddar'
    """
    text = _LONG_NUMBER.sub(" ", _EMAIL.sub(" ", query))
    return _SPACES.sub(" ", text).strip()


def correct_clock(
    occurred_at: datetime, sent_at: datetime | None, now: datetime
) -> tuple[datetime, bool]:
    """Return when the event happened by our clock, and whether that differs from the client's.

    A client that says when it sent the batch (`sent_at`) reveals how far its clock is off; small
    differences are travel time. What still lies ahead by at most five minutes happened now; more
    is refused (code clock_ahead), as is what is older than the seven days duplicates are known
    for (code too_old). Raises EventRefused.
    """
    skew = now - sent_at if sent_at is not None else timedelta(0)
    is_adjusted = abs(skew) > TRUSTED_SKEW
    if is_adjusted:
        occurred_at += skew
    if occurred_at > now:
        if occurred_at - now > MAX_AHEAD:
            raise EventRefused("clock_ahead", "occurred_at is in the future.")
        return now, True
    if now - occurred_at > MAX_AGE:
        raise EventRefused("too_old", f"occurred_at is more than {MAX_AGE.days} days ago.")
    return occurred_at, is_adjusted


def read_moment(value: Any) -> datetime:
    """Return an ISO 8601 time with offset (or an aware datetime). Raises EventRefused.

    >>> read_moment("2026-11-25T10:00:00Z").isoformat()
    '2026-11-25T10:00:00+00:00'
    """
    moment = value
    if isinstance(value, str) and len(value) <= 40:
        try:
            moment = datetime.fromisoformat(value)
        except ValueError:
            moment = None
    if not isinstance(moment, datetime) or moment.tzinfo is None:
        raise EventRefused("wrong_type", "occurred_at must be an ISO 8601 time with an offset.")
    return moment


def clean_event(raw: Mapping[str, Any], *, now: datetime, sent_at: datetime | None) -> CleanEvent:
    """Return the event as it may count. Raises EventRefused with the reason."""
    fields = check_fields(raw)
    try:
        occurred_at, is_adjusted = correct_clock(read_moment(raw["occurred_at"]), sent_at, now)
    except OverflowError:
        raise EventRefused("too_old", "occurred_at is outside of all calendars.") from None
    return CleanEvent(
        id=fields["id"],
        occurred_at=occurred_at,
        kind=fields["kind"],
        is_adjusted=is_adjusted,
        variant_id=fields.get("variant_id"),
        category_id=fields.get("category_id"),
        quantity=fields.get("quantity", 1),
        basket_ref=fields.get("basket_ref", ""),
        query=scrub_query(fields.get("query", "")),
        offer_ref=fields.get("offer_ref", ""),
        quote_id=fields.get("quote_id"),
    )
