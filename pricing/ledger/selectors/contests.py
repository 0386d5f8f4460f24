"""Read which prices shoppers question, and until when they wait for an answer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import Count, Min, Q

from pricing.ledger.models.contests import PriceContest

ANSWER_WITHIN = timedelta(hours=72)


@dataclass(frozen=True, slots=True)
class ContestValue:
    """What a shopper asked about a price, until when they are answered, and the answer."""

    text: str
    due_at: datetime
    answer: str


@dataclass(frozen=True, slots=True)
class OpenContests:
    """How many questioned prices wait, how many too long, and when the oldest must be answered."""

    waiting: int
    overdue: int
    due_at: datetime | None


def find_contest(*, quote_id: UUID, shopper_id: int) -> ContestValue | None:
    """Return what this shopper asked about a quote, None for nothing. One query."""
    row = PriceContest.objects.filter(quote_id=quote_id, shopper_id=shopper_id).first()
    return None if row is None else ContestValue(row.text, row.asked_at + ANSWER_WITHIN, row.answer)


def read_open_contests(*, now: datetime) -> OpenContests:
    """Return what waits for an answer. One query."""
    read = PriceContest.objects.filter(answered_at=None).aggregate(
        waiting=Count("pk"),
        overdue=Count("pk", filter=Q(asked_at__lte=now - ANSWER_WITHIN)),
        oldest=Min("asked_at"),
    )
    oldest: datetime | None = read["oldest"]
    due_at = None if oldest is None else oldest + ANSWER_WITHIN
    return OpenContests(read["waiting"], read["overdue"], due_at)
