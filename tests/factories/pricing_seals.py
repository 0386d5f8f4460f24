"""Sealed days compared with their tables at once, however lately they were."""

from __future__ import annotations

from datetime import date, datetime

from pricing.models import LookSeal, QuoteSeal
from pricing.services.seal_check import check_seals
from tests.factories.pricing import NOON

SEALS = (QuoteSeal, LookSeal)


def find_changed_days(now: datetime = NOON) -> list[date]:
    """Compare all sealed days; return those that are not what was sealed."""
    for seals in SEALS:
        seals.objects.update(checked_at=None)
    check_seals(now=now)
    return sorted(
        {
            day
            for seals in SEALS
            for day in seals.objects.exclude(found_digest="").values_list("day", flat=True)
        }
    )
