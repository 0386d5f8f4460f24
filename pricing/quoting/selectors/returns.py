"""Read what kill switches take back on books, and which prices chance and experiments moved."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import numpy as np
from django.db.models import Max, Q

from pricing.base.core.reference import STRATEGIES
from pricing.base.core.values import BoolArray, IntArray
from pricing.experiments.models.arms import ArmPrice
from pricing.experiments.models.price_tests import PriceShock
from pricing.ledger.models.ledger import PriceLedgerEntry
from pricing.optimum.core.batch import Book
from pricing.policy.models.policy import KillSwitch
from pricing.quoting.models.returns import ChanceReturn

SHOCK, EXPERIMENT = PriceLedgerEntry.Source.SHOCK, PriceLedgerEntry.Source.EXPERIMENT
RETURN_NOTICE = "(SELECT coalesce(max(id), 0) FROM pricing_chancereturn)"


@dataclass(frozen=True, slots=True)
class Return:
    """Prices taken back on a book from a moment on; arrays (k,)."""

    holds_from: datetime
    variant_ids: IntArray
    public_minors: IntArray

    def lay(self, book: Book) -> tuple[Book, BoolArray]:
        """Return the book with these prices, and where it has them, (m,).

        No segment pays more than everybody there, and no "was" price is shown until the next book
        has asked the ledger.
        """
        at, is_there = book.find(self.variant_ids)
        where = np.zeros(len(book.terms), dtype=np.bool_)
        where[at[is_there]] = True
        public = book.terms.public_minor.copy()
        public[at[is_there]] = self.public_minors[is_there]
        laid = replace(
            book,
            terms=replace(book.terms, public_minor=public),
            segment_minor=np.minimum(book.segment_minor, np.where(where, public, _HUGE)),
            is_test=book.is_test & ~where,
            references={name: np.where(where, 0, book.references[name]) for name in STRATEGIES},
        )
        return laid, where


_HUGE = np.iinfo(np.int64).max


@dataclass(frozen=True, slots=True)
class Moved:
    """A price that chance or an arm set: which, from what, and what the ledger calls that.

    `is_over`: the newest book has ended it, though the one before may hold for seconds yet.
    """

    set_minor: int
    base_minor: int
    is_over: bool
    source: str


def load_returns(book_ids: Sequence[int]) -> Mapping[int, Sequence[Return]]:
    """Return what switches took back on each of the books, in the order of the flips. One query."""
    found: dict[int, list[Return]] = {}
    for row in ChanceReturn.objects.filter(book_id__in=book_ids).order_by("id"):
        ids = np.array(row.variant_ids, dtype=np.int64)
        minors = np.array(row.public_minors, dtype=np.int64)
        found.setdefault(row.book_id, []).append(Return(row.holds_from, ids, minors))
    return found


def load_moved(*, place: tuple[str, str], since: datetime) -> Mapping[int, Sequence[Moved]]:
    """Return what chance and arms made of prices of a place and did not end before `since`, by
    variant, newest first. Which of them a book has, its own prices say. Two queries."""
    here = {"market_id": place[0], "channel": place[1]}
    runs = Q(ended_at__isnull=True) | Q(ended_at__gt=since)
    shocks = PriceShock.objects.filter(runs, **here, is_applied=True).order_by("-id")
    arms = ArmPrice.objects.filter(runs, **here).order_by("-id")
    found: dict[int, list[Moved]] = {}
    for rows, price, source in (
        (shocks, "shocked_minor", SHOCK),
        (arms, "shown_minor", EXPERIMENT),
    ):
        columns = rows.values_list("variant_id", price, "base_minor", "ended_at")
        for variant, set_minor, base_minor, ended_at in columns:
            one = Moved(set_minor, base_minor, ended_at is not None, source)
            found.setdefault(variant, []).append(one)
    return found


def list_unsettled(*, place: tuple[str, str]) -> list[ChanceReturn]:
    """Return what switches took back on books of a place that the ledger was not told yet, oldest
    first. One query."""
    rows = ChanceReturn.objects.filter(book__market_id=place[0], book__channel=place[1])
    unsettled = rows.filter(settled_at__isnull=True).select_related("book", "book__policy")
    return list(unsettled.order_by("id"))


def newest_flip() -> int:
    """Return the newest flip of a kill switch, 0 if none was ever flipped. One query."""
    return KillSwitch.objects.aggregate(newest=Max("id"))["newest"] or 0
