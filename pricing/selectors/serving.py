"""What every process serves from memory: rules and price books, at most half a second old.

One small query says what has changed; only then are rows or arrays read. So a kill switch reaches
every worker within a second, with Redis down too, and a new book is in every worker before its
moment comes: all turn the page at the same instant.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db import Error, connection

from pricing.core.book import TESTS
from pricing.core.jurisdictions import find_rule
from pricing.core.values import JurisdictionRule, Policy, SwitchRow
from pricing.selectors.pages import Served, load_pages
from pricing.selectors.returns import RETURN_NOTICE
from pricing.selectors.rules import list_kill_switches, load_active_policy, load_jurisdictions
from pricing.selectors.trials import TRIAL_NOTICE, Trial, load_trial
from profiles.selectors import list_stale_pseudonyms
from profiles.selectors.experiments import PRICES_NOTICE
from shop.catalog.selectors import catalog_version

logger = logging.getLogger(__name__)

FRESH_SECONDS = 0.5
# Without word from the database for this long a kill switch may have been missed.
BLIND_SECONDS = 5.0

_NOTICE = f"""
SELECT (SELECT coalesce(max(id), 0) FROM pricing_killswitch),
       (SELECT coalesce(max(version), 0) FROM pricing_pricingpolicy WHERE is_active),
       (SELECT coalesce(sum(hashtext(t::text)), 0) FROM pricing_jurisdictionrow t),
       (SELECT coalesce(max(version), 0) FROM pricing_pricebook),
       {RETURN_NOTICE},
       {TRIAL_NOTICE},
       {PRICES_NOTICE}
"""  # noqa: S608  # nothing but our own text is put in


@dataclass(frozen=True, slots=True)
class Serving:
    """Rules and books of this process. `books` holds the newest KEPT per (market, channel), newest
    page first; one that a switch takes prices back on has two pages or more.

    `lagging` are the shoppers whose consents in Redis may be older than the table's;
    `tests_prices` says that an experiment with personal prices runs.
    """

    notice: tuple[int, ...]
    policy: Policy
    rules: tuple[JurisdictionRule, ...]
    switches: tuple[SwitchRow, ...]
    books: Mapping[tuple[str, str], tuple[Served, ...]]
    lagging: frozenset[str]
    is_blind: bool = False
    trial: Trial | None = None
    tests_prices: bool = False

    def rule(self, code: str, now: datetime) -> JurisdictionRule:
        """Return the law's row for a place."""
        return find_rule(self.rules, code, now.date())

    def has_tests_off(self, market: str) -> bool:
        """Return whether staff have switched the price tests of a market off."""
        return any(one.scope == TESTS and one.key == market for one in self.switches)

    def served(
        self, market: str, channel: str, now: datetime, pseudonym: str | None = None
    ) -> Served | None:
        """Return the book in force at `now`; a channel without its own uses the online one.

        A shopper of the version on trial gets its page: a hash, whatever the number of models.
        """
        books = self.books.get((market, channel)) or self.books.get((market, "online"), ())
        found = next((one for one in books if one.effective_at <= now), None)
        if self.trial is None or found is None or found.trial is None or pseudonym is None:
            return found
        return found.trial if self.trial.has(pseudonym) else found


class _Memory:
    """The one copy of `Serving` in this process, refreshed by one thread at a time."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._serving: Serving | None = None
        self._read_at = 0.0

    def get(self) -> Serving:
        serving, age = self._serving, time.monotonic() - self._read_at
        if serving is not None and age < FRESH_SECONDS:
            return serving
        # While one thread reads, the others may go on with what is not yet a second old.
        is_mine = self._lock.acquire(blocking=serving is None or age > 2 * FRESH_SECONDS)
        if not is_mine and serving is not None:
            return serving
        try:
            return self._refresh()
        finally:
            self._lock.release()

    def _refresh(self) -> Serving:
        begun = time.monotonic()
        old = self._serving
        if old is not None and begun - self._read_at < FRESH_SECONDS:
            return old
        try:
            self._serving = _load(old)
        except Error:
            if old is None or begun - self._read_at < BLIND_SECONDS:
                if old is None:
                    raise
                return old
            return _blind(old)
        self._read_at = begun
        return self._serving

    def renew(self) -> Serving:
        """Compare with the database now, keeping the arrays that are still right."""
        with self._lock:
            self._serving, self._read_at = _load(self._serving), time.monotonic()
            return self._serving

    def forget(self) -> None:
        """Read everything anew at the next call (tests, and after a change in this process)."""
        with self._lock:
            self._serving = None
            self._read_at = 0.0


_memory = _Memory()


def get_serving() -> Serving:
    """Return rules and books. One small query at most every half second per process."""
    return _memory.get()


def renew_serving() -> Serving:
    """Return rules and books as they are now, however fresh this process's are."""
    return _memory.renew()


def forget_serving() -> None:
    """Make the next call read the database."""
    _memory.forget()


def _load(old: Serving | None) -> Serving:
    with connection.cursor() as cursor:
        cursor.execute(_NOTICE)
        notice = (*(int(number) for number in cursor.fetchone()), catalog_version())
    lagging = list_stale_pseudonyms()
    if old is not None and old.notice == notice and not old.is_blind:
        return old if old.lagging == lagging else replace(old, lagging=lagging)
    switches, trial = tuple(list_kill_switches()), load_trial()
    return Serving(
        notice=notice,
        policy=load_active_policy(),
        rules=load_jurisdictions(),
        switches=switches,
        books=load_pages(
            [one for books in (old.books.values() if old else ()) for one in books], switches, trial
        ),
        lagging=lagging,
        trial=trial,
        # The last but one of the notice; the last is the catalogue's version.
        tests_prices=notice[-2] > 0,
    )


def _blind(old: Serving) -> Serving:
    """Return the last known state with every personal price closed."""
    books = {
        place: tuple(
            replace(one, is_closed=np.ones_like(one.is_closed), trial=None) for one in books
        )
        for place, books in old.books.items()
    }
    return replace(old, books=books, is_blind=True)
