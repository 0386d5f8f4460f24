"""Count what shoppers did after they saw their arm: by shopper and day, and before the start."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection, transaction

from profiles.core.experiments import COLUMNS
from profiles.models import Experiment, ExperimentOutcome
from profiles.selectors.experiment_outcomes import ADDS, FIRST_SEEN, SIGN, who_is_willing

# How many weeks before the start adjust what came after it.
BEFORE = timedelta(days=28)
# Events may come late, and guests become logins: so many days are counted anew each time.
RECOUNTED = timedelta(days=3)

# Materialized: with tables that were never analysed it would be computed for every event.
_COUNT = """
WITH seen AS MATERIALIZED ({first_seen})
INSERT INTO profiles_experimentoutcome
    (experiment_id, shopper_id, day, is_before, {names})
SELECT %(experiment)s, seen.shopper_id, {day}, {is_before}, {sums}
FROM seen
{join} profiles_event event
    ON event.shopper_id = seen.shopper_id
    AND event.occurred_at >= {since} AND event.occurred_at < %(until)s
{where}
GROUP BY 2, 3
ON CONFLICT (experiment_id, shopper_id, day, is_before) DO NOTHING
"""
_NOT_BEFORE = """
WHERE NOT EXISTS (
    SELECT 1 FROM profiles_experimentoutcome known
    WHERE known.experiment_id = %(experiment)s AND known.shopper_id = seen.shopper_id
        AND known.is_before
)
"""
_FORGET_UNWILLING = """
DELETE FROM profiles_experimentoutcome outcome
USING profiles_shopper guest
JOIN profiles_shopper owner ON owner.id = coalesce(guest.merged_into_id, guest.id)
WHERE outcome.experiment_id = %(experiment)s AND guest.id = outcome.shopper_id
    -- What a guest did before is counted anew with the login it became.
    AND (NOT ({willing}) OR (outcome.is_before AND guest.merged_into_id IS NOT NULL))
"""


@transaction.atomic
def count_outcomes(*, row: Experiment, last_counted: date | None, now: datetime) -> int:
    """Count outcomes of a running or stopped experiment up to `now`; return the new rows.

    Days since `last_counted` less the days of late events are counted anew, all of them without
    it: run twice, it is the same. What was counted of who does not agree any more is deleted.
    """
    if row.started_at is None:
        return 0
    begin = _midnight(row.started_at.date())
    if last_counted is not None:
        begin = max(begin, _midnight(last_counted) - RECOUNTED)
    until = now if row.stopped_at is None else min(now, row.stopped_at)
    willing = who_is_willing(row.registration["purpose"])
    ExperimentOutcome.objects.filter(
        experiment=row, is_before=False, day__gte=begin.date()
    ).delete()
    named: dict[str, Any] = {"experiment": row.pk, "since": begin, "until": until}
    before: dict[str, Any] = {
        "experiment": row.pk,
        "since": row.started_at - BEFORE,
        "until": row.started_at,
        "day": row.started_at.date(),
    }
    with connection.cursor() as cursor:
        cursor.execute(_FORGET_UNWILLING.format(willing=willing), named)
        cursor.execute(_compose(willing, is_before=False), named)
        counted = int(cursor.rowcount)
        cursor.execute(_compose(willing, is_before=True), before)
        return counted + int(cursor.rowcount)


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, tzinfo=UTC)


def _compose(willing: str, *, is_before: bool) -> str:
    sums = ", ".join(ADDS[name].format(sign=SIGN) for name in COLUMNS)
    return _COUNT.format(
        names=", ".join(COLUMNS),
        sums=sums,
        first_seen=FIRST_SEEN.format(willing=willing),
        is_before=is_before,
        # Everybody has a row of before, though nothing may have happened then.
        join="LEFT JOIN" if is_before else "JOIN",
        day="%(day)s::date" if is_before else "(event.occurred_at AT TIME ZONE 'UTC')::date",
        since="%(since)s" if is_before else "greatest(seen.at, %(since)s)",
        where=_NOT_BEFORE if is_before else "",
    )
