"""Count what visits earned, arm by arm: the figures that breakers and the holdout lift read."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta

import numpy as np
from django.db import connection, transaction

from pricing.base.core.arrays import FloatArray, IntArray
from pricing.ledger.selectors.exposures import Exposures, load_exposures
from pricing.policy.models.breakers import PricedVisit

# A busy day does not fit into memory at once.
PIECE = timedelta(hours=3)
# Until then goods come back, and with them what a visit earned.
RETURN_DAYS = 35
# Longer than any sequence of the lift (six months): a year of impact of models, then no owner.
KEEP_DAYS = 400
ARMS = ("treated", "holdout")
_KEY = ("market_code", "channel", "day", "owner", "model_version", "is_held_out")
_FIGURES = ("decisions", "units", "paid_minor", "margin_minor")


def count_visits(
    *, now: datetime, days: int = 2, market: str = "us", channel: str = "online"
) -> int:
    """Count the visits of the last `days` days (UTC) anew, returns up to `now` included.

    Days are counted whole, each in one transaction, so that counting twice changes nothing; only
    rows whose figures changed are written. Return how many.
    """
    today = now.astimezone(UTC).date()
    written = 0
    for back in range(days - 1, -1, -1):
        written += _count_day(today - timedelta(days=back), now, (market, channel))
    return written


def forget_visits(*, now: datetime) -> int:
    """Delete the visits of days more than `KEEP_DAYS` ago, everywhere; return how many."""
    first = now.astimezone(UTC).date() - timedelta(days=KEEP_DAYS)
    return PricedVisit.objects.filter(day__lt=first).delete()[0]


def _count_day(day: date, now: datetime, place: tuple[str, str]) -> int:
    with transaction.atomic():
        _lock_day(day, place)
        stored = PricedVisit.objects.filter(day=day, market_code=place[0], channel=place[1])
        before = {
            tuple(row[1 : 1 + len(_KEY)]): row
            for row in stored.order_by().values_list("pk", *_KEY, *_FIGURES)
        }
        changed = []
        for visit in _sum_day(day, now, place):
            key = tuple(getattr(visit, name) for name in _KEY)
            known = before.pop(key, None)
            figures = tuple(getattr(visit, name) for name in _FIGURES)
            if known is None or known[1 + len(_KEY) :] != figures:
                changed.append(visit)
        PricedVisit.objects.filter(pk__in=[row[0] for row in before.values()]).delete()
        PricedVisit.objects.bulk_create(
            changed,
            batch_size=5_000,
            update_conflicts=True,
            unique_fields=_KEY,
            update_fields=_FIGURES,
        )
    return len(changed) + len(before)


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
