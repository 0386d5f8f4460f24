"""Price books of a process, each from its start, with later changes applied."""

from __future__ import annotations

import logging
import zipfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np

from pricing.base.core.values import BoolArray, SwitchRow
from pricing.ledger.models.books import PriceBook
from pricing.optimum.core.batch import Book, read_book
from pricing.quoting.selectors.returns import Return, load_returns
from pricing.quoting.selectors.rollouts import Rollout, find_stand_in, lay_model
from shop.ground.catalog.core.values import VariantArrays
from shop.ground.catalog.selectors import load_variant_arrays
from shop.ground.kernel.arrays import hash_arrays, unpack_arrays
from shop.ground.kernel.clock import epoch_ms
from shop.ground.kernel.money import exponent

logger = logging.getLogger(__name__)

# The one in force, and two whose moment is still to come: a turn of an experiment is published some
# seconds ahead, and somebody may set a price meanwhile.
KEPT = 3
# What a switch takes back on a book still to come, it takes back as soon as that holds.
INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True)
class Served:
    """A book with its moment and the variants that are closed since it was made, (m,).

    Kill switches close variants, and flags of the catalogue do: a category marked as sensitive
    sells at the public price at once, not only from the next book on. `published` is the book as it
    was written; a rollback may have laid another model over it. `trial` is the same page for
    shoppers whom the version on trial quotes. `taken_back` are products whose public price a switch
    took back from chance since the book was written, (m,); None: it did not.
    """

    book: Book
    effective_at: datetime
    is_closed: BoolArray
    published: Book
    trial: Served | None = None
    taken_back: BoolArray | None = None

    def take_back(self, one: Return) -> Served:
        """Return the page that follows this one once a switch takes prices back on it."""
        book, where = one.lay(self.book)
        before = np.zeros_like(where) if self.taken_back is None else self.taken_back
        return replace(
            self,
            book=book,
            effective_at=max(self.effective_at + INSTANT, one.holds_from),
            trial=None if self.trial is None else self.trial.take_back(one),
            taken_back=before | where,
        )


def load_pages(
    before: Iterable[Served], switches: tuple[SwitchRow, ...], trial: Rollout | None
) -> dict[tuple[str, str], tuple[Served, ...]]:
    """Return the newest books of each market and channel; arrays of pages of `before` are kept."""
    before = [one for one in before if one.taken_back is None]
    known = {served.published.version: served.published for served in before}
    laid = {
        (one.book.version, one.book.model_version): one.book
        for served in before
        for one in (served, served.trial)
        if one is not None
    }
    products, stand_in = load_variant_arrays(), find_stand_in()
    rows = PriceBook.objects.defer("arrays").select_related("market", "policy", "model_version")
    by_place: dict[tuple[str, str], list[Served]] = {}
    newest = list(rows.defer("arrays", "model_version__arrays").order_by("-version")[:36])
    returns = load_returns([row.pk for row in newest])
    for row in newest:
        place = by_place.setdefault((row.market_id, row.channel), [])
        if sum(one.taken_back is None for one in place) < KEPT:
            book = known.get(row.version) or _read(row)
            if book is None:
                continue
            page = _Page(row.effective_at, (row.market_id, row.channel), switches, products, laid)
            served = page.serve(book, stand_in, None if trial is None else trial.model_version)
            place += reversed([served, *_take_back(served, returns.get(row.pk, ()))])
    return {place: tuple(books) for place, books in by_place.items()}


def _take_back(page: Served, returns: Sequence[Return]) -> Iterator[Served]:
    """Yield the pages of a book after its own, one for each switch that took prices back on it."""
    for one in returns:
        page = page.take_back(one)
        yield page


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
    """Return where the book is open for products that the catalogue now closes, (m,)."""
    flagged = np.isin(book.terms.variant_id, goods.variant_id[goods.never_personal])
    return flagged & book.terms.is_open
