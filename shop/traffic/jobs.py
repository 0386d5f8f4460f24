"""The shop's jobs at their simulated hours: those of the minute at the end of each day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from pricing.api import (
    count_visits,
    drain_looks,
    drain_quotes,
    import_feed,
    learn_from_looks,
    learn_online,
    load_served,
    publish_price_book,
    seal_quotes,
    turn_price_shocks,
    watch_prices,
)
from profiles.events.api import drain_events
from profiles.experiments.api import read_experiments
from shop.ground.outbox.services import deliver_facts

MANY = 100_000
HOUR = timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Jobs:
    """The jobs of one place, each run with the simulated moment."""

    market: str
    channel: str = "online"

    def work(self, now: datetime) -> None:
        """Do what workers do from minute to minute: take in, learn, count, watch. Prices follow at
        night: a book for each few minutes would take most of the time.
        """
        market, channel = self.market, self.channel
        drain_events(limit=MANY, now=now)
        drain_quotes(limit=MANY)
        drain_looks()
        learn_online(now=now, market=market, channel=channel)
        count_visits(now=now, market=market, channel=channel)
        watch_prices(now=now, market=market, channel=channel)
        self._settle(now)

    def rest(self, midnight: datetime) -> None:
        """Do what is done at night, in the order of the schedule."""
        market, channel = self.market, self.channel
        turn_price_shocks(now=midnight + timedelta(minutes=5), market=market, channel=channel)
        learn_from_looks(
            now=midnight + timedelta(hours=2, minutes=40), market=market, channel=channel
        )
        publish_price_book(
            now=midnight + timedelta(hours=2, minutes=45), market=market, channel=channel
        )
        read_experiments(now=midnight + 3 * HOUR, load_served=load_served)
        seal_quotes(now=midnight + timedelta(hours=4, minutes=15))

    def _settle(self, now: datetime) -> None:
        """Close the facts of simulated orders: nobody waits for a letter about them."""
        while deliver_facts(handlers={}, now=now):
            pass


def hear_rival(code: str, prices: Mapping[str, int], now: datetime) -> int:
    """Take in the competitor's list, price by SKU; return how many prices were stored."""
    lines = ["sku,price,observed_at"]
    lines += [f"{sku},{minor / 100:.2f},{now.isoformat()}" for sku, minor in prices.items()]
    return import_feed(code=code, text="\n".join(lines), now=now).stored
