"""Read how far sealed days were compared with their tables, and which of them were changed."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Count, Min, Q

from pricing.ledger.models.impressions import LookSeal
from pricing.ledger.models.quotes import QuoteSeal

SHOWN = 5


@dataclass(frozen=True, slots=True)
class SealFigures:
    """Sealed days of quotes and of looks: how many, how many never compared, the oldest comparison
    (None before the first), how many are not what was sealed, and the newest of these."""

    days: int
    unchecked: int
    oldest_check: datetime | None
    broken: int
    broken_days: tuple[date, ...]


def read_seals() -> SealFigures:
    """Return the figures of both tables together. Four queries."""
    figures = [
        model.objects.aggregate(
            days=Count("day"),
            unchecked=Count("day", filter=Q(checked_at__isnull=True)),
            oldest=Min("checked_at"),
            broken=Count("day", filter=~Q(found_digest="")),
        )
        for model in (QuoteSeal, LookSeal)
    ]
    days = {
        day
        for model in (QuoteSeal, LookSeal)
        for day in model.objects.exclude(found_digest="").values_list("day", flat=True)[:SHOWN]
    }
    return SealFigures(
        days=sum(one["days"] for one in figures),
        unchecked=sum(one["unchecked"] for one in figures),
        oldest_check=min((one["oldest"] for one in figures if one["oldest"]), default=None),
        broken=sum(one["broken"] for one in figures),
        broken_days=tuple(sorted(days, reverse=True)[:SHOWN]),
    )
