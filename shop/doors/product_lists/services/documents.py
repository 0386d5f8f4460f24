"""Save one product as a document: judged as a list is, saved by the one service."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction
from django.utils.translation import gettext as _

from pricing.api import home_place
from pricing.publishing.core.values import Meant
from shop.doors.product_lists.core.columns import COLUMNS
from shop.doors.product_lists.core.differences import Snapshot, Verdict, judge_product
from shop.doors.product_lists.core.documents import ProductDocument, list_cleared, read_document
from shop.doors.product_lists.core.problems import Problem
from shop.doors.product_lists.core.rows import SHARED, Currencies
from shop.doors.product_lists.selectors.snapshots import (
    Shop,
    read_shop,
    read_shop_for,
    take_snapshot,
)
from shop.doors.product_lists.services.saving import Saving
from shop.ground.catalog.selectors import ProductNotFound, get_market
from shop.ground.catalog.selectors.markets import list_currencies
from shop.ground.catalog.services import ProductChanged
from shop.ground.kernel.errors import FairtagError

NOT_THERE = -1


class ProductRefused(FairtagError):
    """Fields of a document are wrong; `problems` say which, by the number of the variant."""

    code = "product_refused"

    def __init__(self, problems: Sequence[Problem]) -> None:
        super().__init__(_("Some fields of the product are wrong."))
        self.problems = tuple(problems)


class ProductExists(FairtagError):
    """The product is there, and the caller does not say which state of it was read."""

    code = "version_needed"


@dataclass(frozen=True, slots=True)
class PutProduct:
    """What a document did: the columns it changed, those of a variant behind its SKU."""

    is_new: bool
    changes: tuple[str, ...]


@transaction.atomic
def put_product(
    *,
    handle: str,
    document: Mapping[str, Any],
    revision: int | None,
    meant: Meant,
    now: datetime,
) -> PutProduct:
    """Create the product, or change the one whose state is `revision`. All of it or nothing.

    What the document leaves out stays; variants that it does not name stay. Stock is opened with
    new variants only. Raises ProductRefused, ProductExists (no revision was given),
    ProductNotFound (one was), ProductChanged, and what the gate of prices raises (`meant`).
    """
    home = home_place()[0]
    currencies = Currencies(home, list_currencies())
    stored = read_shop([handle]).products.get(handle)
    require_revision(None if stored is None else stored.revision, revision)
    names = () if stored is None else stored.row.option_names
    read = read_document(handle, document, currencies, names)
    shop = read_shop_for([read.product])
    snapshot = take_snapshot(shop, currency=get_market(home).currency)
    verdicts = _judge(read, snapshot)
    saving = _collect(shop, home, handle, verdicts)
    changes = tuple(_name_changes(verdicts))
    if changes or stored is None:
        known = NOT_THERE if revision is None else revision
        saving.save(now=now, reference="document", meant=meant, revisions={handle: known})
    return PutProduct(stored is None, changes)


def require_revision(known: int | None, given: int | None) -> None:
    """Raise ProductNotFound, ProductExists or ProductChanged where the revisions differ."""
    if known is None and given is not None:
        raise ProductNotFound(_("There is no such product."))
    if known is not None and given is None:
        raise ProductExists(_("This product exists: send its ETag as If-Match."))
    if known != given:
        raise ProductChanged(_("Somebody else has changed this product meanwhile."))


def _judge(read: ProductDocument, snapshot: Snapshot) -> list[Verdict]:
    for row in read.product.rows:
        if row.sku in snapshot.variants and row.values.get("stock") is not None:
            row.note("stock_known", "stock", str(row.values["stock"]))
    judged = judge_product(read.product, snapshot)
    problems = [each for row in read.product.rows for each in row.problems]
    if problems:
        raise ProductRefused(problems)
    return [_clear(verdict, read, snapshot) for verdict in judged]


def _clear(verdict: Verdict, read: ProductDocument, snapshot: Snapshot) -> Verdict:
    """Add what the document takes away."""
    known = snapshot.variants.get(verdict.row.sku)
    before, after = list_cleared(
        read.cleared[verdict.row.line],
        snapshot.products.get(read.product.handle, {}),
        known.values if known else {},
    )
    return replace(verdict, before={**verdict.before, **before}, after={**verdict.after, **after})


def _collect(shop: Shop, home: str, handle: str, verdicts: Sequence[Verdict]) -> Saving:
    saving = Saving(shop, home=home)
    for verdict in verdicts:
        sku = verdict.row.sku if verdict.row.is_variant else ""
        saving.change(handle, sku, verdict.after)
    return saving


def _name_changes(verdicts: Sequence[Verdict]) -> list[str]:
    """Return the columns that change in the order of a list's, those of a variant with its SKU."""
    order = {column.name: at for at, column in enumerate(COLUMNS)}
    return [
        name if name in SHARED else f"{verdict.row.sku} {name}"
        for verdict in verdicts
        for name in sorted(verdict.after, key=lambda name: order.get(name, len(order)))
    ]
