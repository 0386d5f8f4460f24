"""Keep the sums of sales by day."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings
from django.db import transaction

from orders.reports.models import SalesDay
from orders.reports.selectors.statistics import A_DAY, FIGURES, KEYS, find_first_order_at, sum_sales

RECENT = timedelta(days=35)
CHUNK = timedelta(days=28)


def summarize_sales(*, now: datetime, everything: bool = False) -> int:
    """Sum up the last weeks anew, or `everything`; return how many days and channels are kept.

    The first run sums up everything. Days are replaced a month at a time, each month in one
    transaction, so readers never see a day missing. Safe to run twice.
    """
    zone = settings.BUSINESS_TIME_ZONE
    tomorrow = now.astimezone(ZoneInfo(zone)).date() + A_DAY
    first = find_first_order_at()
    if first is None:
        return 0
    since = first.astimezone(ZoneInfo(zone)).date()
    is_known = SalesDay.objects.filter(zone=zone).exists()
    if is_known and not everything:
        since = max(since, tomorrow - RECENT)
    kept = 0
    while since < tomorrow:
        until = min(since + CHUNK, tomorrow)
        kept += _replace(zone, since, until)
        since = until
    return kept


@transaction.atomic
def _replace(zone: str, since: date, until: date) -> int:
    rows = [SalesDay(zone=zone, **asdict(row)) for row in sum_sales(since=since, until=until)]
    SalesDay.objects.filter(zone=zone, day__gte=since, day__lt=until).delete()
    # The nightly run over everything may meet the one over the last weeks: the later one wins.
    SalesDay.objects.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["zone", *KEYS],
        update_fields=[name for name in FIGURES if name not in KEYS],
    )
    return len(rows)
