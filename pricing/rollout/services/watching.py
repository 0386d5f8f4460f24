"""Checks of competitor feeds, profit and rollouts, run whenever visits were counted."""

from __future__ import annotations

from datetime import datetime

from pricing.base.services.figures import show_lift
from pricing.ledger.selectors.sales_channels import home_place
from pricing.policy.models.breakers import BreakerTrip
from pricing.publishing.services.breakers import Action, trip_breaker
from pricing.publishing.services.feeds import watch_feeds
from pricing.rollout.selectors.lift import read_lift
from pricing.rollout.services.rollouts import watch_rollout

# How sure a breaker is before it switches personal prices off, at all looks at one sequence.
LEVEL = 0.99


def watch_prices(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at feeds, profit and the trial of a place, act where a bound is broken; return what
    was done: new trips, and steps of the trial.

    A trial is one for all places and looked at in all of them, in the turn of the home place: each
    place moving it on by its own figures would take several steps at once.
    """
    moves = watch_feeds(now=now, market=market)
    moves += watch_profit(now=now, market=market, channel=channel)
    if (market, channel) != home_place():
        return moves
    return moves + (watch_rollout(now=now) in ("go_on", "stop"))


def watch_profit(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Switch a market's personal prices off once a visit certainly earns less than in the holdout.

    Certain: the 99 % confidence sequence, which holds at every look, lies below zero. It begins
    with the quarter of the year before this one (`selectors.lift`). Return 1 for a new trip, else
    0.
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
