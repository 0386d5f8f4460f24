"""Read randomised price shocks: those that hold now, and those of past weeks for learning."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
from django.db.models import Max, Q
from numpy.typing import NDArray

from pricing.core.arrays import BoolArray, FloatArray, IntArray
from pricing.models import KillSwitch, PriceBook, PriceShock
from pricing.selectors.rules import load_active_policy
from profiles.selectors.purchases import start_of_day, start_of_week


@dataclass(frozen=True, slots=True)
class RunningShock:
    """A shock that holds: since which week, from which price to which, which way."""

    week: date
    base_minor: int
    shocked_minor: int
    direction: int


def shock_week(now: datetime) -> date:
    """Return the Monday, on the clocks of the business, of the week of `now`."""
    return start_of_week(now).date()


def load_running_shocks(*, place: tuple[str, str]) -> Mapping[int, RunningShock]:
    """Return the shocks that hold, by variant. One query."""
    rows = PriceShock.objects.filter(
        market_id=place[0], channel=place[1], ended_at__isnull=True
    ).values_list("variant_id", "week", "base_minor", "shocked_minor", "direction")
    return {row[0]: RunningShock(*row[1:]) for row in rows}


def list_switched(*, place: tuple[str, str], since: datetime) -> set[int]:
    """Return the goods that chance still moves, if a kill switch was flipped since `since`.

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

    Only the first such run draws: a second draw over other goods would no longer have the
    probabilities that the first one wrote down. No query.
    """
    notes = {} if book is None else book.metrics.get("notes", {})
    return bool(notes) and datetime.fromisoformat(notes["full_at"]) < start_of_week(now)


def are_shocks_due(*, now: datetime, market: str = "us", channel: str = "online") -> bool:
    """Return whether this week's shocks have to be drawn, or shocks that hold are over.

    What is not sold any more has no price to take back until it is sold again. Up to three queries.
    """
    here = {"market_id": market, "channel": channel}
    running = PriceShock.objects.filter(~Q(week=shock_week(now)), **here, ended_at=None)
    if running.filter(variant__is_active=True, variant__product__is_active=True).exists():
        return True
    book = PriceBook.objects.only("metrics").filter(**here, is_current=True).first()
    return load_active_policy().shock_share > 0.0 and is_draw_due(book, now)


@dataclass(frozen=True, slots=True)
class ShockHistory:
    """Shocks as parallel arrays (n,), by week and variant. `week_start` is datetime64[D].

    `is_applied` False are those the gate refused or that ended before the middle of their week,
    whose price training reads: they were drawn all the same.
    """

    variant_id: IntArray
    week_start: NDArray[np.datetime64]
    direction: IntArray
    probability: FloatArray
    base_minor: IntArray
    shocked_minor: IntArray
    is_applied: BoolArray


def load_shock_history(
    *, since: date, until: date, market: str = "us", channel: str = "online"
) -> ShockHistory:
    """Return the shocks of the weeks that begin in `[since, until)`. One query."""
    rows = PriceShock.objects.filter(
        market_id=market, channel=channel, week__gte=since, week__lt=until
    ).order_by("week", "variant_id")
    names = ("variant_id", "week", "direction", "probability")
    found = list(rows.values_list(*names, "base_minor", "shocked_minor", "is_applied", "ended_at"))
    columns: list[Any] = [list(one) for one in zip(*found, strict=True)] or [[] for _ in range(8)]
    half = [
        ended is None or ended > start_of_day(week + timedelta(days=3)) + timedelta(hours=12)
        for week, ended in zip(columns[1], columns[7], strict=True)
    ]
    return ShockHistory(
        variant_id=np.array(columns[0], dtype=np.int64),
        week_start=np.array(columns[1], dtype="datetime64[D]"),
        direction=np.array(columns[2], dtype=np.int64),
        probability=np.array(columns[3], dtype=np.float64),
        base_minor=np.array(columns[4], dtype=np.int64),
        shocked_minor=np.array(columns[5], dtype=np.int64),
        is_applied=np.array(columns[6], dtype=np.bool_) & np.array(half, dtype=np.bool_),
    )
