"""Conditions on the clock of the market."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import time

from promotions.core.circumstances import Circumstances, Failure


@dataclass(frozen=True, slots=True)
class WeekdayIn:
    """Holds on `weekdays`, 1 Monday to 7 Sunday, of the market's time zone.

    >>> from datetime import UTC, datetime
    >>> from promotions.core.carts import CartValue, ShopperFacts
    >>> late = datetime(2026, 11, 27, 2, tzinfo=UTC)
    >>> cart = CartValue((), "USD", "us", "online", time_zone="America/New_York")
    >>> WeekdayIn(frozenset({4})).failures(Circumstances(cart, ShopperFacts(), late))
    ()
    """

    weekdays: frozenset[int]

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure on other days."""
        if given.local_now.isoweekday() in self.weekdays:
            return ()
        days = ",".join(map(str, sorted(self.weekdays)))
        return (Failure("wrong_weekday", detail={"weekdays": days}),)


@dataclass(frozen=True, slots=True)
class HoursIn:
    """Holds from `start` until before `end` on the market's clock; over midnight if end <= start.

    >>> from datetime import UTC, datetime
    >>> from promotions.core.carts import CartValue, ShopperFacts
    >>> cart, shopper = CartValue((), "USD", "us", "online"), ShopperFacts()
    >>> night = HoursIn(time(22), time(6))
    >>> [bool(night.failures(Circumstances(cart, shopper, datetime(2026, 11, 27, h, tzinfo=UTC))))
    ...  for h in (5, 6, 21, 22)]
    [False, True, True, False]
    """

    start: time
    end: time

    def failures(self, given: Circumstances) -> tuple[Failure, ...]:
        """Return one failure at other hours."""
        clock = given.local_now.time()
        if self.start < self.end:
            holds = self.start <= clock < self.end
        else:
            holds = clock >= self.start or clock < self.end
        if holds:
            return ()
        hours = {"start": f"{self.start:%H:%M}", "end": f"{self.end:%H:%M}"}
        return (Failure("wrong_hour", detail=hours),)
