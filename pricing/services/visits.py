"""Count what visits earned, arm by arm: the figures that breakers and the holdout lift read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from django.db import connection, transaction

from pricing.core.arrays import FloatArray, IntArray
from pricing.models import PricedVisit
from pricing.selectors.exposures import Exposures, load_exposures

# A busy day does not fit into memory at once.
PIECE = timedelta(hours=3)
# Until then goods come back, and with them what a visit earned.
RETURN_DAYS = 35
ARMS = ("treated", "holdout")


def count_visits(
    *, now: datetime, days: int = 2, market: str = "us", channel: str = "online"
) -> int:
    """Count the visits of the last `days` days (UTC) anew, returns up to `now` included.

    Days are counted whole, each in one transaction, so that counting twice changes nothing. Return
    the rows written.
    """
    today = now.astimezone(UTC).date()
    written = 0
    for back in range(days - 1, -1, -1):
        written += _count_day(today - timedelta(days=back), now, (market, channel))
    return written


def _count_day(day: date, now: datetime, place: tuple[str, str]) -> int:
    with transaction.atomic():
        _lock_day(day, place)
        rows = _sum_day(day, now, place)
        PricedVisit.objects.filter(day=day, market_code=place[0], channel=place[1]).delete()
        PricedVisit.objects.bulk_create(rows, batch_size=5_000)
    return len(rows)


def _sum_day(day: date, now: datetime, place: tuple[str, str]) -> list[PricedVisit]:
    begin = datetime.combine(day, time(), UTC)
    keys: list[IntArray] = []
    sums: list[FloatArray] = []
    for at in range(int(timedelta(days=1) / PIECE)):
        since = begin + at * PIECE
        if since >= now:
            break
        found = load_exposures(
            since=since,
            until=since + PIECE,
            now=now,
            market=place[0],
            channel=place[1],
            arms=ARMS,
        )
        keys.append(np.stack([found.shopper, found.model_version, found.is_held_out], axis=1))
        sums.append(_earned(found))
    if not keys:
        return []
    both, inverse = np.unique(np.concatenate(keys), axis=0, return_inverse=True)
    columns = np.concatenate(sums).T
    totals = np.stack([np.bincount(inverse.ravel(), one, len(both)) for one in columns], axis=1)
    return [
        _row(day, place, key, total)
        for key, total in zip(both.tolist(), totals.tolist(), strict=True)
    ]


def _row(day: date, place: tuple[str, str], key: list[int], total: list[float]) -> PricedVisit:
    return PricedVisit(
        day=day,
        owner=key[0],
        market_code=place[0],
        channel=place[1],
        model_version=key[1],
        is_held_out=bool(key[2]),
        decisions=int(total[0]),
        units=int(total[1]),
        paid_minor=int(total[2]),
        margin_minor=total[3],
    )


def _earned(found: Exposures) -> FloatArray:
    """Return decisions, units, money paid and margin of each exposure, (n, 4)."""
    columns = (np.ones(len(found)), found.units, found.paid_minor, found.margin_minor)
    return np.stack([np.asarray(column, dtype=np.float64) for column in columns], axis=1)


def _lock_day(day: date, place: tuple[str, str]) -> None:
    """Let one run at a time count a day: two would both find it empty and write it twice."""
    with connection.cursor() as cursor:
        key = "|".join(("pricing_pricedvisit", *place, day.isoformat()))
        cursor.execute("SELECT pg_advisory_xact_lock(hashtext(%s))", [key])
