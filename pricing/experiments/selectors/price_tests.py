"""Read price tests: those that hold now, and the whole draw of a week."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max, Q

from pricing.base.core.impressions import WeekDraw
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.models.books import PriceBook
from pricing.ledger.models.impressions import ShockDraw
from pricing.policy.models.policy import KillSwitch
from pricing.policy.selectors.rules import load_active_policy
from profiles.events.api import start_of_week
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays


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
