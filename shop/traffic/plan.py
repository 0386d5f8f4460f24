"""Plan of simulated visits, reproducible by seed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

import numpy as np

from shop.ground.kernel.hashing import stable_seed

# How busy each hour of the day is (UTC): an evening shop of the American east.
HOURS = (3, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 1, 2, 3, 3, 3, 4, 4, 4, 5, 6, 7, 7, 5)
DAY = timedelta(days=1)


class Kind(StrEnum):
    """Who a visitor is: a household of the demo, a guest, with consent or without, or nobody."""

    HOUSEHOLD = "household"
    GUEST = "guest"
    PRIVATE = "private"
    STRANGER = "stranger"


# Shares of visits. A stranger has no cookie and buys nothing; who is private shows a cookie only.
SHARES = {Kind.HOUSEHOLD: 0.72, Kind.GUEST: 0.12, Kind.PRIVATE: 0.08, Kind.STRANGER: 0.08}


@dataclass(frozen=True, slots=True)
class Visit:
    """One visit: its number of all, its moment, who comes (a position among those of the kind) and
    which categories are looked at (positions), in this order; `searches` begins with words."""

    number: int
    at: datetime
    kind: Kind
    who: int
    categories: tuple[int, ...]
    searches: bool
    draws: tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Plan:
    """All visits from `begin` to `end`, day by day; `people` counts those of a kind.

    >>> begin = datetime(2026, 11, 2)
    >>> plan = Plan(begin, begin + timedelta(days=2), 50, 1, {Kind.HOUSEHOLD: 9}, 4)
    >>> len(plan), plan.visits(1) == plan.visits(1)
    (2, True)
    """

    begin: datetime
    end: datetime
    visits_a_day: int
    seed: int
    people: dict[Kind, int]
    categories: int

    def __len__(self) -> int:
        return ceil((self.end - self.begin) / DAY)

    def starts(self, day: int) -> datetime:
        """Return when a day begins."""
        return self.begin + day * DAY

    def ends(self, day: int) -> datetime:
        """Return when a day ends."""
        return min(self.starts(day) + DAY, self.end)

    def visits(self, day: int) -> list[Visit]:
        """Return the visits of a day, oldest first."""
        rng = np.random.default_rng(stable_seed("visits", str(self.seed), str(day)))
        start, found = self.starts(day), []
        for at in range(len(HOURS)):
            hour = (start + timedelta(hours=at)).hour
            count = int(rng.poisson(self.visits_a_day * HOURS[hour] / sum(HOURS)))
            seconds = np.sort(rng.uniform(0.0, 3_600.0, count)).tolist()
            moments = [start + timedelta(hours=at, seconds=round(one, 3)) for one in seconds]
            found += [self._visit(rng, moment) for moment in moments]
        whole = [one for one in found if one.at < self.end - timedelta(minutes=5)]
        return [_number(one, 100_000 * day + at) for at, one in enumerate(whole)]

    def _visit(self, rng: np.random.Generator, moment: datetime) -> Visit:
        kinds: Sequence[Kind] = [
            one for one in Kind if one is Kind.STRANGER or self.people.get(one, 0)
        ]
        shares = np.array([SHARES[one] for one in kinds])
        kind = kinds[int(rng.choice(len(kinds), p=shares / shares.sum()))]
        impressions = int(rng.integers(2, 4))
        chosen = rng.choice(self.categories, min(impressions, self.categories), replace=False)
        return Visit(
            number=0,
            at=moment,
            kind=kind,
            who=int(rng.integers(max(1, self.people.get(kind, 1)))),
            categories=tuple(int(one) for one in chosen),
            searches=bool(rng.random() < 0.3),
            draws=tuple(rng.random(8).tolist()),
        )


def _number(visit: Visit, number: int) -> Visit:
    return Visit(
        number,
        visit.at,
        visit.kind,
        visit.who,
        visit.categories,
        visit.searches,
        visit.draws,
    )
