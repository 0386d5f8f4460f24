"""What looks at prices every minute: feeds, and profit against the holdout."""

from __future__ import annotations

from datetime import datetime
from math import isfinite
from typing import Any

from pricing.core.monitoring import Lift
from pricing.models import BreakerTrip
from pricing.selectors.lift import read_lift
from pricing.services.breakers import Action, trip_breaker
from pricing.services.feeds import watch_feeds

# How sure a breaker is before it switches personal prices off, at all its looks together.
LEVEL = 0.99


def watch_prices(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at feeds and profit of a market, act where a bound is broken; return new trips."""
    return watch_feeds(now=now, market=market) + watch_profit(
        now=now, market=market, channel=channel
    )


def watch_profit(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Switch a market's personal prices off once a visit certainly earns less than in the holdout.

    Certain: the 99 % confidence sequence, which holds at every look, lies below zero. Return 1 for
    a new trip, else 0.
    """
    lift = read_lift(market=market, channel=channel, level=LEVEL)
    if not lift.is_worse:
        return 0
    return int(
        trip_breaker(
            kind=BreakerTrip.Kind.PROFIT,
            scope="market",
            key=market,
            action=Action.SWITCHED_OFF,
            evidence=show_lift(lift),
            now=now,
        )
    )


def show_lift(lift: Lift) -> dict[str, Any]:
    """Return the figures of a lift for keeping; a bound that is infinite is None."""
    figures = {name: getattr(lift, name) for name in Lift.__slots__}
    return {
        name: None if isinstance(value, float) and not isfinite(value) else value
        for name, value in figures.items()
    }
