"""Lift of personal prices over the holdout, with confidence sequences.

The bounds hold for a sequence whose beginning was fixed beforehand: a window that slides a day
every day would begin a new sequence every day, and err as often. So a sequence begins with a
quarter of the year and is looked at during the quarter after it, over three to six months; each
errs at most once in 1 / a, over all its impressions, and there are four a year.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection

from pricing.base.core.values import FloatArray, IntArray
from pricing.demand.core.served import ServedDemand
from pricing.learning.selectors.offline import imagine_exposures
from pricing.ledger.selectors.exposures import Exposures
from pricing.optimum.core.thompson import DRAWS
from profiles.experiments.api import Arm, arm_of, compare_arms, grow_arms
from profiles.values import Lift
from shop.ground.database.packed import Packed, fetch_packed

# The tables begin long after this day, and end long before that one.
EPOCH = date(2000, 1, 1)
NEVER = date(9999, 12, 31)

_START = """
SELECT greatest(
    (
        SELECT date_trunc('quarter', max(day)::timestamp) - INTERVAL '3 months'
        FROM pricing_pricedvisit WHERE market_code = %(market)s AND channel = %(channel)s
    )::date,
    (
        SELECT (max(undone_at) AT TIME ZONE 'UTC')::date + 1
        FROM pricing_breakertrip WHERE kind = 'profit' AND scope = 'market' AND key = %(market)s
    )
)
"""

_COLUMNS = (
    Packed("day", ">i8", "int8send((day - DATE '2000-01-01')::int8)"),
    Packed("owner", ">i8", "int8send(owner)"),
    Packed("held_out", ">i8", "int8send(is_held_out::int::int8)"),
    Packed("margin", ">f8", "float8send(margin)"),
)
# A shopper whom two versions quoted on one day came once.
_SOURCE = """
FROM (
    SELECT day, owner, is_held_out, sum(margin_minor) AS margin FROM pricing_pricedvisit
    WHERE market_code = %(market)s AND channel = %(channel)s
        AND day BETWEEN %(since)s AND %(until)s
    GROUP BY day, owner, is_held_out
) visits
"""
_IMPACT_SOURCE = """
FROM (
    SELECT day, owner, is_held_out, sum(margin_minor) AS margin FROM pricing_pricedvisit
    WHERE market_code = %(market)s AND channel = %(channel)s AND model_version = %(model)s
        AND NOT is_held_out
    GROUP BY day, owner, is_held_out
) visits
"""
_MODEL_COLUMNS = (
    *(column for column in _COLUMNS if column.name in ("owner", "margin")),
    Packed("model", ">i8", "int8send(model_version::int8)"),
    Packed("decisions", ">i8", "int8send(decisions)"),
)
_MODEL_SOURCE = """
FROM (
    SELECT day, owner, model_version, sum(margin_minor) AS margin,
        sum(decisions)::int8 AS decisions
    FROM pricing_pricedvisit
    WHERE market_code = %(market)s AND channel = %(channel)s AND day >= %(since)s
        AND NOT is_held_out
    GROUP BY day, owner, model_version
) visits
"""


# A shopper's segment is that of the first decision: what prices did to the shopper comes after it.
_SEGMENTS = """
SELECT coalesce(told.segment, ''), visits.is_held_out, visits.owner, sum(visits.margin), count(*)
FROM (
    SELECT day, owner, is_held_out, sum(margin_minor) AS margin FROM pricing_pricedvisit
    WHERE market_code = %(market)s AND channel = %(channel)s AND day >= %(since)s
    GROUP BY day, owner, is_held_out
) visits
LEFT JOIN (
    SELECT DISTINCT ON (shopper_hash) left(shopper_hash, 16) AS owner, segment
    FROM pricing_quote
    WHERE issued_at >= %(since)s AND market_code = %(market)s AND channel = %(channel)s
        AND arm IN ('treated', 'holdout')
    ORDER BY shopper_hash, issued_at
) told ON told.owner = lpad(to_hex(visits.owner), 16, '0')
GROUP BY 1, 2, 3
"""


@dataclass(frozen=True, slots=True)
class SegmentLift:
    """The lift among shoppers who were in a segment when first quoted; "" of those in none."""

    segment: str
    lift: Lift


@dataclass(frozen=True, slots=True)
class LiftDay:
    """The lift over the holdout as it stood at the end of a day, all days since the start."""

    day: date
    lift: Lift


@dataclass(frozen=True, slots=True)
class RolloutLift:
    """What shoppers of one model version bring against the other treated, and its decisions."""

    decisions: int
    lift: Lift


def find_lift_start(*, market: str, channel: str = "online") -> date:
    """Return the first day that counts. One query.

    It is the first of the quarter before that of the newest visit, or the day after the last time
    staff undid the breaker: a sequence that was overruled begins anew, otherwise it would trip
    again at the next look.
    """
    with connection.cursor() as cursor:
        cursor.execute(_START, {"market": market, "channel": channel})
        (found,) = cursor.fetchone()
    return found or EPOCH


def read_lift(
    *, market: str = "us", channel: str = "online", level: float = 0.95, since: date | None = None
) -> Lift:
    """Return profit per visit of the treated less that of the holdout, in minor units.

    A visit is a shopper and a day with at least one decision; shoppers are the independent
    observations. Two queries.
    """
    start = find_lift_start(market=market, channel=channel) if since is None else since
    rows = fetch_packed(_COLUMNS, _SOURCE, _parameters(market, channel, start))
    treated, holdout = (_arm(rows[rows["held_out"] == side]) for side in (0, 1))
    return compare_arms(treated, holdout, level=level)


def list_lift(
    *, market: str = "us", channel: str = "online", level: float = 0.95
) -> tuple[LiftDay, ...]:
    """Return how the lift and its bounds developed, day by day since it began. Two queries."""
    start = find_lift_start(market=market, channel=channel)
    rows = fetch_packed(_COLUMNS, _SOURCE, _parameters(market, channel, start))
    arms = [dict(grow_arms(*(_columns(rows[rows["held_out"] == side])))) for side in (0, 1)]
    found, now = [], [Arm(), Arm()]
    for day in sorted({*arms[0], *arms[1]}):
        now = [side.get(day, last) for side, last in zip(arms, now, strict=True)]
        lift = compare_arms(*now, level=level)
        found.append(LiftDay(EPOCH + timedelta(days=day), lift))
    return tuple(found)


def list_segment_lifts(
    *, market: str = "us", channel: str = "online", level: float = 0.95
) -> tuple[SegmentLift, ...]:
    """Return the lift by segment since it began; the bounds hold for all of them together.

    Two queries; the second reads the quotes since then.
    """
    start = find_lift_start(market=market, channel=channel)
    with connection.cursor() as cursor:
        cursor.execute(_SEGMENTS, _parameters(market, channel, start))
        rows = cursor.fetchall()
    segments = sorted({row[0] for row in rows})
    level = 1.0 - (1.0 - level) / max(1, len(segments))
    found = []
    for segment in segments:
        arms = [
            [row[2:] for row in rows if row[0] == segment and row[1] == is_held]
            for is_held in (False, True)
        ]
        found.append(SegmentLift(segment, compare_arms(*map(_sum_arm, arms), level=level)))
    return tuple(found)


def _sum_arm(rows: Sequence[tuple[int, float, int]]) -> Arm:
    """Return the sums of rows (owner, profit, visits)."""
    owner, margin, visits = zip(*rows, strict=True) if rows else ((), (), ())
    return arm_of(
        np.array(margin, dtype=np.float64),
        np.array(visits, dtype=np.float64),
        np.array(owner, dtype=np.int64),
    )


def compare_model(
    *,
    model_version: int,
    since: datetime,
    market: str = "us",
    channel: str = "online",
    level: float = 0.99,
) -> RolloutLift:
    """Return how treated shoppers of a version do against the other treated since a day. One query.

    The bounds hold at every look: a version on trial is looked at every few minutes.
    """
    first = since.astimezone(UTC).date()
    rows = fetch_packed(_MODEL_COLUMNS, _MODEL_SOURCE, _parameters(market, channel, first))
    is_trial = rows["model"] == model_version
    lift = compare_arms(_arm(rows[is_trial]), _arm(rows[~is_trial]), level=level)
    return RolloutLift(int(rows["decisions"][is_trial].sum()), lift)


@dataclass(frozen=True, slots=True)
class ModelImpact:
    """What visits quoted by a version earned from its `first` to its `last` day, against the
    holdout of the same days."""

    first: date
    last: date
    lift: Lift


def read_impact(
    *, model_version: int, market: str = "us", channel: str = "online", level: float = 0.95
) -> ModelImpact | None:
    """Return the impact of a model version in the days that are kept, None if it quoted nobody.

    Two queries.
    """
    parameters = _parameters(market, channel, EPOCH) | {"model": model_version}
    ours = fetch_packed(_COLUMNS, _IMPACT_SOURCE, parameters)
    if not len(ours):
        return None
    first, last = (
        EPOCH + timedelta(days=int(day)) for day in (ours["day"].min(), ours["day"].max())
    )
    rows = fetch_packed(_COLUMNS, _SOURCE, parameters | {"since": first, "until": last})
    holdout = _arm(rows[rows["held_out"] == 1])
    return ModelImpact(first, last, compare_arms(_arm(ours), holdout, level=level))


def _parameters(market: str, channel: str, since: date) -> dict[str, Any]:
    return {"market": market, "channel": channel, "since": since, "until": NEVER}


def _arm(rows: np.ndarray) -> Arm:
    margin, owner = rows["margin"].astype(np.float64), rows["owner"].astype(np.int64)
    return arm_of(margin, np.ones(len(rows)), owner)


def _columns(rows: np.ndarray) -> tuple[IntArray, np.ndarray, np.ndarray, IntArray]:
    day, owner = rows["day"].astype(np.int64), rows["owner"].astype(np.int64)
    return day, rows["margin"].astype(np.float64), np.ones(len(rows)), owner


# Prices this close, in logs, are the same price to a reader.
SAME = 0.0005


@dataclass(frozen=True, slots=True)
class ShadowFigures:
    """Expected prices of a version against the expected prices that were shown, in n decisions.

    `gap` is the mean log difference, `mean_absolute_gap` its mean size, `spread` its standard
    deviation, the shares those of decisions it would have made cheaper, alike or dearer;
    `violations` counts decisions in which one of its prices broke a bound before the gate.
    """

    decisions: int
    gap: float
    mean_absolute_gap: float
    spread: float
    lower_share: float
    same_share: float
    higher_share: float
    violations: int


def compare_shadow(found: Exposures, served: ServedDemand, place: tuple[str, str]) -> ShadowFigures:
    """Return how `served` would have priced drawn decisions of a place.

    One query, and one for each policy version.
    """
    gaps, violations = [np.zeros(0)], 0
    for _, part, outlook, broken in imagine_exposures(found, served, place):
        violations += broken
        wanted = (np.log(outlook.shown_minor) * outlook.percent).sum(axis=1) / DRAWS
        gaps.append(wanted - _expected(part))
    gap = np.concatenate(gaps)
    if not len(gap):
        return ShadowFigures(0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)
    return ShadowFigures(
        decisions=len(gap),
        gap=float(gap.mean()),
        mean_absolute_gap=float(np.abs(gap).mean()),
        spread=float(gap.std()),
        lower_share=float((gap < -SAME).mean()),
        same_share=float((np.abs(gap) <= SAME).mean()),
        higher_share=float((gap > SAME).mean()),
        violations=violations,
    )


def _expected(found: Exposures) -> FloatArray:
    """Return the expected log price of what could have been shown, (n,)."""
    public = found.rows["public_minor"][:, None]
    logs = np.log(np.where(found.rung_minor > 0, found.rung_minor, public))
    expected: FloatArray = (logs * found.probability).sum(axis=1)
    return expected
