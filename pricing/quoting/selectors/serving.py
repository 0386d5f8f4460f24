"""Rules and price books in the memory of each process, at most half a second old.

One small query says what has changed; only then are rows or arrays read. So a kill switch reaches
every worker within a second, with Redis down too, and a new book is in every worker before its
moment comes: all turn the page at the same instant.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db import Error, connection

from pricing.base.core.values import (
    JurisdictionRule,
    Policy,
    PricePoint,
    PublicPrices,
    SwitchRow,
    find_rule,
)
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.optimum.core.batch import TESTS
from pricing.optimum.core.publish import floor_prices
from pricing.policy.selectors import (
    list_kill_switches,
    load_active_policy,
    load_jurisdictions,
)
from pricing.quoting.selectors.pages import Served, load_pages
from pricing.quoting.selectors.returns import RETURN_NOTICE
from pricing.quoting.selectors.rollouts import TRIAL_NOTICE, Rollout, load_rollout
from profiles.experiments.api import PRICES_NOTICE
from profiles.shoppers.api import list_stale_pseudonyms
from shop.ground.catalog.selectors import catalog_version, load_variant_arrays

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

    `lagging` are the shoppers whose consents in Redis may be older than the table's. While it
    `is_blind` a kill switch may have been missed: no new personal price is made. `tests_prices`
    says that an experiment with personal prices runs.
    """

    notice: tuple[int, ...]
    policy: Policy
    rules: tuple[JurisdictionRule, ...]
    switches: tuple[SwitchRow, ...]
    books: Mapping[tuple[str, str], tuple[Served, ...]]
    lagging: frozenset[str]
    is_blind: bool = False
    trial: Rollout | None = None
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


class ServingMemory:
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
            return replace(old, is_blind=True)
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


_memory = ServingMemory()


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
    switches, trial = tuple(list_kill_switches()), load_rollout()
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


def makes_personal_prices(*, market: str, channel: str, now: datetime) -> bool:
    """Return whether a model, in use or on trial, can lower a price for somebody here. From memory:
    no query while it is fresh.
    """
    serving = get_serving()
    served = serving.served(market, channel, now)
    if served is None or serving.is_blind:
        return False
    pages = [served] if served.trial is None else [served, served.trial]
    return any(one.book.model_version and not one.is_closed.all() for one in pages)


def current_public_prices(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> PublicPrices:
    """Return public prices from the book in memory, by variant id. No query while it is fresh.

    Variants that no book holds yet are answered with their list price; unknown ones are left out.
    """
    ids = np.unique(np.array(variant_ids, dtype=np.int64))
    arrays = load_variant_arrays(market)
    listed = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    served = get_serving().served(market, channel, now)
    rows = []
    for one in ids.tolist():
        position = -1
        if served is not None:
            at, is_there = served.book.find(np.array([one]))
            position = int(at[0]) if is_there[0] else -1
        if served is not None and position >= 0:
            terms = served.book.terms
            rows.append((one, int(terms.list_minor[position]), int(terms.public_minor[position])))
        elif one in listed:
            rows.append((one, listed[one], listed[one]))
    table = np.array(rows, dtype=np.int64).reshape(-1, 3)
    return PublicPrices(
        variant_id=table[:, 0],
        list_minor=table[:, 1],
        public_minor=table[:, 2],
        version=served.book.version if served else 0,
    )


def floor_minor(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> dict[int, int]:
    """Return the floor of each variant: no price after offers may be below it.

    No query while the book is fresh. A variant that no book holds yet has the floor that its first
    book gives it: of its cost and its list price.
    """
    ids = np.array(list(variant_ids), dtype=np.int64)
    served = get_serving().served(market, channel, now)
    floors: dict[int, int] = {}
    if served is not None and len(ids):
        at, is_there = served.book.find(ids)
        found = served.book.terms.floor_minor[at[is_there]]
        floors = dict(zip(ids[is_there].tolist(), found.tolist(), strict=True))
    missing = [one for one in ids.tolist() if one not in floors]
    if missing:
        arrays = load_variant_arrays(market)
        at = np.flatnonzero(np.isin(arrays.variant_id, missing))
        listed = arrays.list_minor[at]
        first, _cost = floor_prices(arrays.cost_minor[at], listed, listed, active_policy())
        floors |= dict(zip(arrays.variant_id[at].tolist(), first.tolist(), strict=True))
    return floors


def floors_over_costs(costs: Collection[int]) -> dict[int, int]:
    """Return for each unit cost the lowest price that keeps the policy's margin."""
    known = np.array(sorted(set(costs)), dtype=np.int64)
    unbounded = np.full(len(known), np.iinfo(np.int64).max)
    floors, _cost = floor_prices(known, known, unbounded, active_policy())
    return dict(zip(known.tolist(), floors.tolist(), strict=True))


def public_version(*, market: str, channel: str, now: datetime) -> tuple[object, ...]:
    """Return what public prices, list prices and floors of a place are those of; () before its
    first book. No query while the book is fresh."""
    served = get_serving().served(market, channel, now)
    return () if served is None else (served.book.version, served.effective_at)


def list_prices(
    *, variant_ids: Sequence[int], now: datetime, market: str = "us", channel: str = "online"
) -> dict[int, int]:
    """Return the list price of each variant, from which a public price may be reduced.

    No query while the book is fresh. A variant that no book holds yet is sold at its list price.
    """
    ids = np.array(list(variant_ids), dtype=np.int64)
    arrays = load_variant_arrays(market)
    listed = dict(zip(arrays.variant_id.tolist(), arrays.list_minor.tolist(), strict=True))
    found = {one: listed[one] for one in ids.tolist() if one in listed}
    served = get_serving().served(market, channel, now)
    if served is not None and len(ids):
        at, is_there = served.book.find(ids)
        prices = served.book.terms.list_minor[at[is_there]]
        found |= dict(zip(ids[is_there].tolist(), prices.tolist(), strict=True))
    return found


def has_price_book(*, now: datetime, market: str = "us", channel: str = "online") -> bool:
    """Return whether a place has a price book: without one no floor is known. No query."""
    return get_serving().served(market, channel, now) is not None


def list_price_history(
    *, variant_id: int, market: str = "us", channel: str = "online"
) -> list[PricePoint]:
    """Return the ledger of a variant, oldest first. One query."""
    rows = PriceLedgerEntry.objects.filter(
        variant_id=variant_id, market_id=market, channel=channel
    ).order_by("valid_from", "kind")
    return [
        PricePoint(
            kind=row.kind,
            amount_minor=row.amount_minor,
            valid_from=row.valid_from,
            source=row.source,
        )
        for row in rows
    ]


def resolve_jurisdiction(*, code: str, now: datetime) -> JurisdictionRule:
    """Return the rule that holds in `code` at `now`; an unknown place gets the strictest.

    No query while the rules in memory are fresh.
    """
    return get_serving().rule(code, now)


def list_ruled_places() -> tuple[str, ...]:
    """Return the places that have a row in the jurisdictions. No query while the rules in memory
    are fresh."""
    return tuple(dict.fromkeys(rule.code for rule in get_serving().rules))


def are_price_tests_off(market: str) -> bool:
    """Return whether staff have switched the price tests of a market off. No query while the rules
    in memory are fresh."""
    return get_serving().has_tests_off(market)


def active_policy() -> Policy:
    """Return the policy in force. No query while the rules in memory are fresh."""
    return get_serving().policy
