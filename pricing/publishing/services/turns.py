"""Bring what begins or ends by the calendar into the book: turns of experiments, weekly tests."""

from __future__ import annotations

from datetime import datetime, timedelta

from pricing.experiments.selectors.arm_prices import list_turned
from pricing.experiments.selectors.price_tests import are_price_tests_due
from pricing.publishing.services.books import LEAD, publish_price_book
from profiles.experiments.api import find_next_turn

# How often this runs: a turn that begins before the next run is published now, for its moment.
EVERY = timedelta(seconds=15)


def turn_public_arms(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Publish a book if arms change before the next run; return how many public prices changed.

    The book holds from the very moment of the turn, for everybody. Three queries if nothing is due,
    five while an experiment runs. Safe to run again.
    """
    lead, turn = LEAD, find_next_turn(now=now)
    if turn is not None and LEAD < turn - now <= EVERY + LEAD:
        lead = turn - now
    if not list_turned(place=(market, channel), at=now + lead):
        return 0
    report = publish_price_book(
        now=now, market=market, channel=channel, lead=lead, only_touched=True
    )
    return report.public_changes


def turn_price_shocks(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at all prices if a week has begun or a shock is over; return how many changed.

    Safe to run again: a week is drawn once, and what the gate will not let back yet is tried anew.
    """
    if not are_price_tests_due(now=now, market=market, channel=channel):
        return 0
    report = publish_price_book(now=now, market=market, channel=channel, everything=True)
    return report.public_changes
