"""The interface of a kind of list. The steps around it are the same for all kinds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from shop.doors.product_lists.core.columns import ListKind
from shop.doors.product_lists.core.differences import Verdict
from shop.doors.product_lists.core.problems import Problem
from shop.doors.product_lists.core.rows import ListedProduct
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.pictures import PictureBox
from shop.doors.product_lists.selectors.reading import ReadList

type Tell = Callable[[int, int], None]
type GivesWay = Callable[[], bool]
type Judged = Sequence[Sequence[Verdict]]


def never() -> bool:
    """Work to the end, whoever waits."""
    return False


class ListWorker(Protocol):
    """Reads, judges, writes and takes back the rows of one kind of list."""

    kind: ListKind

    def read(self, item: ProductImport) -> ReadList:
        """Return the rows of an import's file. Raises BadList."""

    def hold(self, batch: Sequence[ListedProduct]) -> None:
        """Keep others from changing prices of a batch until the caller's transaction ends."""

    def judge(
        self, found: ReadList, batch: Sequence[ListedProduct], box: PictureBox
    ) -> tuple[Any, Judged]:
        """Return what the shop has of a batch, and what becomes of the rows of each group."""

    def write(
        self,
        item: ProductImport,
        batch: Sequence[ListedProduct],
        known: Any,
        judged: Judged,
        *,
        box: PictureBox,
        now: datetime,
    ) -> None:
        """Write what was judged, in the caller's transaction."""

    def take_back(
        self, item: ProductImport, rows: Sequence[ProductImportRow], now: datetime
    ) -> list[Problem | None]:
        """Restore what rows changed; return, for each, why it is kept, or None."""

    def finish(self, item: ProductImport) -> None:
        """Do what is left to do with the file once it is taken over."""
