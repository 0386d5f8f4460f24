"""What every process serves from memory: rules and price books, at most half a second old.

One small query says what has changed; only then are rows or arrays read. So a kill switch reaches
every worker within a second, with Redis down too, and a new book is in every worker before its
moment comes: all turn the page at the same instant.
"""

from __future__ import annotations

import logging
import threading
import time
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db import Error, connection

from pricing.core.book import Book, read_book
from pricing.core.jurisdictions import find_rule
from pricing.core.values import BoolArray, JurisdictionRule, Policy, SwitchRow
from pricing.models import PriceBook
from pricing.selectors.rules import list_kill_switches, load_active_policy, load_jurisdictions
from pricing.selectors.trials import TRIAL_NOTICE, Trial, find_stand_in, lay_model, load_trial
from profiles.selectors import list_stale_pseudonyms
from profiles.selectors.experiments import PRICES_NOTICE
from shop.catalog.core.values import VariantArrays
from shop.catalog.selectors import catalog_version, load_variant_arrays
from shop.kernel.arrays import hash_arrays, unpack_arrays
from shop.kernel.clock import epoch_ms
from shop.kernel.money import exponent

logger = logging.getLogger(__name__)

FRESH_SECONDS = 0.5
# Without word from the database for this long a kill switch may have been missed.
BLIND_SECONDS = 5.0
# The one in force, and two whose moment is still to come: a turn of an experiment is published some
# seconds ahead, and somebody may set a price meanwhile.
KEPT = 3

_NOTICE = f"""
SELECT (SELECT coalesce(max(id), 0) FROM pricing_killswitch),
       (SELECT coalesce(max(version), 0) FROM pricing_pricingpolicy WHERE is_active),
       (SELECT coalesce(sum(hashtext(t::text)), 0) FROM pricing_jurisdictionrow t),
       (SELECT coalesce(max(version), 0) FROM pricing_pricebook),
       {TRIAL_NOTICE},
       {PRICES_NOTICE}
"""  # noqa: S608  # nothing but our own text is put in


@dataclass(frozen=True, slots=True)
class Served:
    """A book with its moment and the variants that are closed since it was made, (m,).

    Kill switches close variants, and flags of the catalogue do: a category marked as sensitive
    sells at the public price at once, not only from the next book on. `published` is the book as it
    was written; a rollback may have laid another model over it. `trial` is the same page for
    shoppers whom the version on trial quotes.
    """

    book: Book
    effective_at: datetime
    is_closed: BoolArray
    published: Book
    trial: Served | None = None


@dataclass(frozen=True, slots=True)
class Serving:
    """Rules and books of this process. `books` holds the newest KEPT per (market, channel).

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

    def forget(self) -> None:
        """Read everything anew at the next call (tests, and after a change in this process)."""
        with self._lock:
            self._serving = None
            self._read_at = 0.0


_memory = _Memory()


def get_serving() -> Serving:
    """Return rules and books. One small query at most every half second per process."""
    return _memory.get()


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
        books=_load_books(old, switches, trial),
        lagging=lagging,
        trial=trial,
        # The last but one of the notice; the last is the catalogue's version.
        tests_prices=notice[-2] > 0,
    )


def _load_books(
    old: Serving | None, switches: tuple[SwitchRow, ...], trial: Trial | None
) -> dict[tuple[str, str], tuple[Served, ...]]:
    """Return the newest books of each market and channel; arrays already here are kept."""
    before = [one for books in (old.books.values() if old else ()) for one in books]
    known = {served.published.version: served.published for served in before}
    laid = {
        (one.book.version, one.book.model_version): one.book
        for served in before
        for one in (served, served.trial)
        if one is not None
    }
    goods, stand_in = load_variant_arrays(), find_stand_in()
    rows = PriceBook.objects.defer("arrays").select_related("market", "policy", "model_version")
    by_place: dict[tuple[str, str], list[Served]] = {}
    for row in rows.defer("arrays", "model_version__arrays").order_by("-version")[:36]:
        place = by_place.setdefault((row.market_id, row.channel), [])
        if len(place) < KEPT:
            book = known.get(row.version) or _read(row)
            if book is None:
                continue
            page = _Page(row.effective_at, (row.market_id, row.channel), switches, goods, laid)
            place.append(page.serve(book, stand_in, None if trial is None else trial.model_version))
    return {place: tuple(books) for place, books in by_place.items()}


@dataclass(frozen=True, slots=True)
class _Page:
    """What makes a book's page: its moment and place, what closes variants on it, and books with
    another model laid over them that are here already, by (book, model)."""

    effective_at: datetime
    place: tuple[str, str]
    switches: tuple[SwitchRow, ...]
    goods: VariantArrays
    laid: Mapping[tuple[int, int], Book]

    def serve(self, book: Book, stand_in: int | None, trial: int | None) -> Served:
        """Return the page; `stand_in` and `trial` are versions laid over it, if any."""
        used = book
        if stand_in is not None and stand_in != book.model_version:
            used = self._lay(book, stand_in) or book
        tried = None
        if trial is not None and trial != used.model_version:
            laid = self._lay(book, trial)
            tried = None if laid is None else self._close(laid, book)
        return replace(self._close(used, book), trial=tried)

    def _lay(self, book: Book, version: int) -> Book | None:
        return self.laid.get((book.version, version)) or lay_model(book, version, self.place)

    def _close(self, book: Book, published: Book) -> Served:
        closed = _closed(book, self.place[0], self.switches) | _flagged(book, self.goods)
        return Served(book, self.effective_at, closed, published)


def _read(row: PriceBook) -> Book | None:
    """Return the book of a row; None, and a line in the log, if its arrays are not what was
    published: then the book before it is served."""
    packed = PriceBook.objects.values_list("arrays", flat=True).get(pk=row.pk)
    try:
        arrays = unpack_arrays(packed)
    except (ValueError, OSError, EOFError, zipfile.BadZipFile):
        arrays = {}
    if hash_arrays(arrays) != row.sha256:
        logger.error("price book %s does not have the hash it was published with", row.version)
        return None
    trained = row.model_version.trained_at if row.model_version else None
    return read_book(
        arrays,
        version=row.version,
        model_version=row.model_version_id or 0,
        policy_version=row.policy.version,
        currency=row.market.currency,
        exponent=exponent(row.market.currency),
        trained_ms=0 if trained is None else epoch_ms(trained),
    )


def _closed(book: Book, market: str, switches: tuple[SwitchRow, ...]) -> BoolArray:
    closed = np.zeros(len(book.terms), dtype=np.bool_)
    for switch in switches:
        closed |= book.closed_by(switch.scope, switch.key, market)
    return closed


def _flagged(book: Book, goods: VariantArrays) -> BoolArray:
    """Return where the book is open for goods that the catalogue now closes, (m,)."""
    flagged = np.isin(book.terms.variant_id, goods.variant_id[goods.never_personal])
    return flagged & book.terms.is_open


def _blind(old: Serving) -> Serving:
    """Return the last known state with every personal price closed."""
    books = {
        place: tuple(
            replace(one, is_closed=np.ones_like(one.is_closed), trial=None) for one in books
        )
        for place, books in old.books.items()
    }
    return replace(old, books=books, is_blind=True)
