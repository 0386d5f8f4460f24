"""Turn the week of price shocks: last week's end, this week's begin."""

from __future__ import annotations

from datetime import datetime

from pricing.experiments.selectors.price_tests import are_price_tests_due
from pricing.publishing.services.books import publish_price_book


def turn_price_shocks(*, now: datetime, market: str = "us", channel: str = "online") -> int:
    """Look at all prices if a week has begun or a shock is over; return how many changed.

    Safe to run again: a week is drawn once, and what the gate will not let back yet is tried anew.
    """
    if not are_price_tests_due(now=now, market=market, channel=channel):
        return 0
    report = publish_price_book(now=now, market=market, channel=channel, everything=True)
    return report.public_changes
