"""Price tests as they are read: running tests, draws, arm prices, impressions and sales."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db import connection
from django.db.models import F, Max, Q, QuerySet

from pricing.base.core.impressions import ArmDraw, WeekDraw
from pricing.experiments.core import ArmPeriods
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.impressions import ShockDraw
from pricing.policy.models.policy import KillSwitch
from pricing.policy.selectors import load_active_policy
from profiles.events.api import start_of_week
from profiles.experiments.api import CellPeriod, PublicArm, Served, ServedHours, find_public_arms
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays


def load_arm_draws(
    *, place: tuple[str, str], versions: Collection[int]
) -> Mapping[tuple[int, int], ArmDraw]:
    """Return the coin of each variant under experiment in some books, by (variant, version).

    One query: a look names its book, and treatment periods begin and end with books.
    """
    if not versions:
        return {}
    rows = ArmPrice.objects.filter(
        Q(ended_at=None) | Q(ended_version__gt=min(versions)),
        market_id=place[0],
        channel=place[1],
        book_version__lte=max(versions),
    ).order_by()
    names = ("variant_id", "book_version", "ended_version", "shown_minor", "other_minor")
    return {
        (variant, version): ArmDraw(shown, 0 if obstacle else other)
        for variant, first, ended, shown, other, obstacle in rows.values_list(*names, "obstacle")
        for version in versions
        if first <= version and (ended is None or version < ended)
    }


def load_arm_periods(*, place: tuple[str, str], since: datetime, until: datetime) -> ArmPeriods:
    """Return treatment periods that chance decided in `[since, until)`, oldest first. One query."""
    rows = ArmPrice.objects.filter(
        Q(ended_at=None) | Q(ended_at__gt=since),
        market_id=place[0],
        channel=place[1],
        began_at__lt=until,
        obstacle="",
        cluster__isnull=False,
    )
    rows = rows.exclude(other_minor__in=[0, F("shown_minor")]).order_by("began_at", "variant_id")
    names = ("variant_id", "began_at", "ended_at", "shown_minor", "other_minor")
    found = [
        (variant, began.timestamp(), (ended or until).timestamp(), shown, other)
        for variant, began, ended, shown, other in rows.values_list(*names)
    ]
    table = np.array(found, dtype=np.float64).reshape(-1, 5)
    return ArmPeriods(
        variant_id=table[:, 0].astype(np.int64),
        begin=table[:, 1],
        end=table[:, 2],
        shown_minor=table[:, 3],
        other_minor=table[:, 4],
    )


# A look names its book, and treatment periods begin and end with books. Of a treatment period that
# ended before that was kept, the one after it tells, or the hour.
_LOOKS = """
WITH spell AS (
    SELECT variant_id, market_id, channel, turn, arm, base_minor, shown_minor, obstacle,
        book_version, ended_at, coalesce(ended_version, lead(book_version) OVER (
            PARTITION BY variant_id, market_id, channel ORDER BY book_version
        )) AS next_version
    FROM pricing_armprice WHERE experiment_id = %(experiment)s
), seen AS (
    SELECT spell.turn, spell.arm, sum(look.looks) AS looks
    FROM spell
    JOIN pricing_publiclook look
        ON look.variant_id = spell.variant_id AND look.market_code = spell.market_id
        AND look.channel = spell.channel AND look.book_version >= spell.book_version
        AND (look.book_version < spell.next_version OR spell.next_version IS NULL
            AND (spell.ended_at IS NULL OR look.hour < spell.ended_at))
    GROUP BY 1, 2
)
SELECT spell.turn, spell.arm, count(DISTINCT spell.variant_id),
    coalesce(max(seen.looks), 0)::bigint,
    avg(spell.shown_minor::float8 / spell.base_minor),
    count(DISTINCT spell.variant_id) FILTER (WHERE spell.obstacle <> '')
FROM spell LEFT JOIN seen ON seen.turn = spell.turn AND seen.arm = spell.arm
GROUP BY 1, 2 ORDER BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class ArmImpressions:
    """One arm in one turn: its products, how often their prices were shown, the mean part of the
    price without the experiment, and how many products something kept from their arm's price."""

    turn: int
    arm: str
    goods: int
    looks: int
    price: float
    held: int


def list_arm_impressions(experiment_id: int) -> list[ArmImpressions]:
    """Return the arms of an experiment with public prices by turn. One query."""
    with connection.cursor() as cursor:
        cursor.execute(_LOOKS, {"experiment": experiment_id})
        return [ArmImpressions(*one) for one in cursor.fetchall()]


# What a guardrail held back is tried again after so long; what staff hold, or a switch, later.
RETRY = timedelta(minutes=10)
RETRY_LATER = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class RunningArm:
    """What holds for a variant: the arm's experiment and turn, and the prices of `ArmPrice`."""

    experiment_id: int
    arm: str
    turn: int
    base_minor: int
    arm_minor: int
    shown_minor: int
    obstacle: str
    other_minor: int

    def is_of(self, arm: PublicArm) -> bool:
        """Return whether this is the turn of that experiment."""
        return (self.experiment_id, self.turn) == (arm.experiment_id, arm.turn)


def load_running_arms(*, place: tuple[str, str]) -> Mapping[int, RunningArm]:
    """Return the treatment periods that hold, by variant. One query."""
    rows = _running(place).values_list(
        *("variant_id", "experiment_id", "arm", "turn", "base_minor", "arm_minor"),
        *("shown_minor", "obstacle", "other_minor"),
    )
    return {row[0]: RunningArm(*row[1:]) for row in rows}


def list_turned(*, place: tuple[str, str], at: datetime) -> set[int]:
    """Return variants whose arm at a moment is another than the one on record, those included whose
    experiment has ended, and those to be tried again: after a guardrail held them back, or since a
    kill switch was flipped. Four queries, six while any runs."""
    wanted = find_public_arms(now=at, market=place[0], channel=place[1])
    running = load_running_arms(place=place)
    turned = {
        one for one, arm in wanted.items() if one not in running or not running[one].is_of(arm)
    }
    # A changed price holds for an hour: one whose experiment has ended may have to wait.
    over = ~Q(variant_id__in=list(wanted)) | Q(obstacle="gate")
    others = Q(obstacle__in=["staff", "closed"], tried_at__lte=at - RETRY_LATER)
    flipped = KillSwitch.objects.aggregate(newest=Max("at"))["newest"]
    switched = Q(tried_at__lt=flipped) if flipped is not None else Q(pk__in=[])
    again = _running(place).filter(over & Q(tried_at__lte=at - RETRY) | others | switched)
    turned |= set(again.values_list("variant_id", flat=True))
    # What is not sold has no price to set.
    return turned.intersection(load_variant_arrays().variant_id.tolist()) if turned else turned


def _running(place: tuple[str, str]) -> QuerySet[ArmPrice]:
    return ArmPrice.objects.filter(market_id=place[0], channel=place[1], ended_at=None).order_by()


# Treatment periods cut to the counted days of the turns they lie in. A treatment period that goes
# on into the next turn is one of a turn that is over.
_HOURS = """
WITH turn AS (
    SELECT n, %(start)s + (n * %(period)s + %(washed)s) * interval '1 day' AS began,
        %(start)s + (n + 1) * %(period)s * interval '1 day' AS ended
    FROM generate_series(0, %(turns)s - 1) n
)
SELECT item.cluster, turn.n, arm.is_control, spell.turn = turn.n, spell.obstacle <> '',
    sum(extract(epoch FROM least(coalesce(spell.ended_at, turn.ended), turn.ended)
        - greatest(spell.began_at, turn.began)))::float8 / 3600
FROM pricing_armprice spell
JOIN unnest(%(goods)s::bigint[], %(clusters)s::int[]) AS item (variant_id, cluster)
    ON item.variant_id = spell.variant_id
JOIN profiles_experimentarm arm
    ON arm.experiment_id = spell.experiment_id AND arm.code = spell.arm
JOIN turn ON spell.began_at < turn.ended
    AND (spell.ended_at IS NULL OR spell.ended_at > turn.began)
WHERE spell.experiment_id = %(experiment)s
GROUP BY 1, 2, 3, 4, 5
"""
_PLACES = """
SELECT count(DISTINCT (market_id, channel)) FROM pricing_armprice
WHERE experiment_id = %(experiment)s
"""
_SERVED = """
SELECT item.cluster, floor(extract(epoch FROM look.hour - %(start)s) / 86400)::int, sum(look.looks)
FROM pricing_publiclook look
JOIN unnest(%(goods)s::bigint[], %(clusters)s::int[]) AS item (variant_id, cluster)
    ON item.variant_id = look.variant_id
WHERE look.hour >= %(start)s
    AND look.hour < %(start)s + %(turns)s * %(period)s * interval '1 day'
    AND (cardinality(%(channels)s::text[]) = 0 OR look.channel = ANY(%(channels)s::text[]))
    AND (cardinality(%(markets)s::text[]) = 0 OR look.market_code = ANY(%(markets)s::text[]))
GROUP BY 1, 2
"""


def load_served(period: CellPeriod) -> Served:
    """Return what was shown in the turns that are over. Three queries.

    Impressions are counted by the hour: the one in which a turn begins belongs to the turn before
    it.
    """
    asked: dict[str, Any] = {
        "experiment": period.experiment_id,
        "goods": [*period.items],
        "clusters": [*period.items.values()],
        "start": period.start,
        "turns": period.turns,
        "period": period.period_days,
        "washed": period.wash_out_days,
        "markets": list(period.targeting.get("markets", ())),
        "channels": list(period.targeting.get("channels", ())),
    }
    with connection.cursor() as cursor:
        cursor.execute(_HOURS, asked)
        hours = tuple(
            ServedHours(cluster, turn, not is_control, is_drawn, is_held, lasted)
            for cluster, turn, is_control, is_drawn, is_held, lasted in cursor.fetchall()
        )
        cursor.execute(_PLACES, asked)
        (places,) = cursor.fetchone()
        cursor.execute(_SERVED, asked)
        impressions = {(cluster, day): float(count) for cluster, day, count in cursor.fetchall()}
    return Served(places, hours, impressions)


@dataclass(frozen=True, slots=True)
class RunningPriceTest:
    """A shock that holds: since which week, from which price to which, which way."""

    week: date
    base_minor: int
    shocked_minor: int
    direction: int


def shock_week(now: datetime) -> date:
    """Return the Monday, on the clocks of the business, of the week of `now`."""
    return start_of_week(now).date()


def load_running_price_tests(*, place: tuple[str, str]) -> Mapping[int, RunningPriceTest]:
    """Return the shocks that hold, by variant. One query."""
    rows = PriceShock.objects.filter(
        market_id=place[0], channel=place[1], ended_at__isnull=True
    ).values_list("variant_id", "week", "base_minor", "shocked_minor", "direction")
    return {row[0]: RunningPriceTest(*row[1:]) for row in rows}


def list_switched(*, place: tuple[str, str], since: datetime) -> set[int]:
    """Return the products that chance still moves, if a kill switch was flipped since `since`.

    A flip takes prices back by itself; what it had to leave, as prices that would rise in an
    emergency, is looked at by the next run. Two queries.
    """
    flipped = KillSwitch.objects.aggregate(newest=Max("at"))["newest"]
    if flipped is None or flipped < since:
        return set()
    rows = PriceShock.objects.filter(market_id=place[0], channel=place[1], ended_at__isnull=True)
    return set(rows.order_by().values_list("variant_id", flat=True))


def is_draw_due(book: PriceBook | None, now: datetime) -> bool:
    """Return whether no run has looked at all prices since the week of `now` began.

    Only the first such run draws: a second draw over other products would no longer have the
    probabilities that the first one wrote down. No query.
    """
    notes = {} if book is None else book.metrics.get("notes", {})
    return bool(notes) and datetime.fromisoformat(notes["full_at"]) < start_of_week(now)


def are_price_tests_due(*, now: datetime, market: str = "us", channel: str = "online") -> bool:
    """Return whether this week's shocks have to be drawn, or shocks that hold are over.

    What is not sold any more has no price to take back until it is sold again. Up to three queries.
    """
    here = {"market_id": market, "channel": channel}
    running = PriceShock.objects.filter(~Q(week=shock_week(now)), **here, ended_at=None)
    if running.filter(variant__is_active=True, variant__product__is_active=True).exists():
        return True
    book = PriceBook.objects.only("metrics").filter(**here, is_current=True).first()
    return load_active_policy().shock_share > 0.0 and is_draw_due(book, now)


class UntrustedDraw(ValueError):
    """The stored arrays are not the ones that were hashed when they were drawn."""


def load_draw(*, place: tuple[str, str], week: date) -> WeekDraw | None:
    """Return the draw of a week, None if there was none. One query. Raises UntrustedDraw."""
    found = load_timed_draw(place=place, week=week)
    return None if found is None else found[0]


def load_timed_draw(*, place: tuple[str, str], week: date) -> tuple[WeekDraw, datetime] | None:
    """Return the draw of a week and its moment. One query. Raises UntrustedDraw."""
    row = ShockDraw.objects.filter(market_id=place[0], channel=place[1], week=week).first()
    if row is None:
        return None
    arrays = unpack_arrays(row.arrays)
    if hash_arrays(arrays) != row.sha256:
        raise UntrustedDraw(f"draw {row.pk} does not have the hash it was stored with")
    return WeekDraw.from_arrays(arrays, row.book_version), row.drawn_at
