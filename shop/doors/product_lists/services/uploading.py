"""Take a file in: kept privately, its columns guessed, as staff chose them last time."""

from __future__ import annotations

import shutil
import tempfile
import uuid
from collections.abc import Sequence
from datetime import datetime
from pathlib import PurePath
from typing import IO, Any

from django.db import transaction
from django.db.models import QuerySet

from pricing.api import home_place, require_room, say_doubtful
from pricing.publishing.core.values import BELOW_COST, TokenBound
from shop.doors.product_lists.apart import read_apart
from shop.doors.product_lists.core.columns import PRODUCTS, ListKind, guess_fields, is_price
from shop.doors.product_lists.core.doubts import STALE, count_doubtful
from shop.doors.product_lists.core.problems import BadList, Problem
from shop.doors.product_lists.models import ProductImport, ProductImportRow
from shop.doors.product_lists.selectors.imports import find_file
from shop.doors.product_lists.sentences import say_problem, say_stale
from shop.ground.approvals.core.values import Kind
from shop.ground.approvals.services import ask_approval
from shop.ground.kernel.errors import FairtagError
from shop.ground.staff.log import SHORTEST_REASON

MEGABYTE = 2**20
MOST_LIST, MOST_PICTURES = 20 * MEGABYTE, 200 * MEGABYTE
State = ProductImport.State
BELOW_COST_PRICES = Kind("shop.productimport", page="admin:product_list")


class ListRefused(FairtagError):
    """The file cannot be taken in, or the import is not where this may be asked of it."""

    code = "list_refused"


def receive_list(
    *,
    file_name: str,
    content: bytes,
    pictures: IO[bytes] | None = None,
    pictures_name: str = "",
    market: str = "",
    by_id: int | None = None,
    kind: ListKind = PRODUCTS,
    change: dict[str, Any] | None = None,
    now: datetime,
) -> int:
    """Keep a list with its pictures and guess its columns; return the import. Raises ListRefused.

    A file with the same columns as an earlier one is read as that one was. `change`: see the model.
    """
    name = PurePath(file_name.replace("\\", "/")).name[-200:] or "list"
    upload, at = uuid.uuid4().hex, name
    try:
        first = keep_list(upload, content)
        if pictures is not None:
            at = pictures_name or name
            _keep_pictures(pictures, f"{upload}.zip")
    except BadList as bad:
        for one in (upload, f"{upload}.zip"):
            find_file(one).unlink(missing_ok=True)
        raise ListRefused(say_problem(bad.problem, at)) from bad
    header: list[str] = first["header"]
    item = ProductImport.objects.create(
        kind=kind.code,
        file_name=name,
        upload=upload,
        pictures_name=pictures_name[-200:] if pictures is not None else "",
        market_id=market or home_place()[0],
        change=change,
        encoding=first["encoding"],
        header=header,
        fields=_remember_fields(header, kind) or guess_fields(header, kind),
        sample=first["sample"],
        total=first["total"],
        created_by_id=by_id,
        created_at=now,
    )
    return item.pk


def keep_list(name: str, content: bytes) -> dict[str, Any]:
    """Keep what a list holds; return the first line of that. Raises BadList."""
    if len(content) > MOST_LIST:
        raise BadList("file_size", most=MOST_LIST // MEGABYTE)
    with tempfile.TemporaryFile() as source, _open_kept(name) as kept:
        source.write(content)
        source.seek(0)
        return read_apart("list", source, kept)


def _keep_pictures(pictures: IO[bytes], name: str) -> None:
    if pictures.seek(0, 2) > MOST_PICTURES:
        raise BadList("file_size", most=MOST_PICTURES // MEGABYTE)
    pictures.seek(0)
    with _open_kept(name) as kept, tempfile.TemporaryFile() as said:
        shutil.copyfileobj(pictures, kept)
        kept.seek(0)
        read_apart("pictures", kept, said)


def _open_kept(name: str) -> IO[bytes]:
    find_file("").mkdir(parents=True, exist_ok=True, mode=0o700)
    return find_file(name).open("w+b")


def _remember_fields(header: list[str], kind: ListKind) -> list[str] | None:
    """Return what the columns of the newest list with this header were."""
    asked = ProductImport.objects.filter(kind=kind.code, header=header)
    asked = asked.exclude(state=State.UPLOADED)
    return asked.values_list("fields", flat=True).order_by("-id").first()


@transaction.atomic
def choose_columns(
    *, import_id: int, fields: Sequence[str], is_whole: bool = False, kind: ListKind = PRODUCTS
) -> None:
    """Say what each column of a list is, and have a worker check it. Raises ListRefused.

    Allowed until it is taken over: a list may be checked again with other columns.
    """
    allowed = (State.UPLOADED, State.CHECKED, State.CHECKING, State.FAILED)
    item = lock_import(import_id, *allowed, kind=kind)
    chosen = [name if kind.find(name) else "" for name in fields]
    if len(chosen) != len(item.header):
        raise ListRefused("The columns are not those of the file.")
    _require_columns(item, chosen, kind)
    item.fields, item.is_whole = chosen, is_whole
    item.state, item.done, item.counts, item.problem = State.CHECKING, 0, {}, {}
    item.rows.all().delete()
    item.save()


def _require_columns(item: ProductImport, chosen: list[str], kind: ListKind) -> None:
    twice = sorted({name for name in chosen if name and chosen.count(name) > 1})
    if twice:
        problem = Problem(0, "column_twice", detail={"names": ", ".join(twice)})
        raise ListRefused(say_problem(problem, item.file_name))
    if kind.needed not in chosen:
        problem = Problem(0, "no_column", detail={"names": kind.needed})
        raise ListRefused(say_problem(problem, item.file_name))


@transaction.atomic
def start_applying(
    *,
    import_id: int,
    now: datetime,
    by_id: int | None = None,
    meant: int = 0,
    reason: str = "",
    is_operator: bool = False,
    bound: TokenBound | None = None,
    kind: ListKind = PRODUCTS,
) -> None:
    """Have a worker take a checked list over. Raises ListRefused.

    `meant` is how many doubtful prices the caller saw and means for `reason`: all that the check
    found. Prices below cost wait for a second person first, unless the server's operator asks.
    `bound`: what a token that asks may still change; raises PriceChangesSpent.
    """
    item = lock_import(import_id, State.CHECKED, kind=kind)
    if item.counts.get(STALE):
        raise ListRefused(say_stale())
    doubtful = count_doubtful(item.counts)
    if doubtful and (meant != doubtful or len(reason.strip()) < SHORTEST_REASON):
        raise ListRefused(say_doubtful(doubtful))
    if item.is_whole and item.counts.get("refused"):
        problem = Problem(0, "all_or_none", detail={"refused": item.counts["refused"]})
        raise ListRefused(say_problem(problem, item.file_name))
    if bound is not None:
        require_room(bound, asked=_count_price_changes(item.rows.all()), now=now)
    item.reason, item.by_token = reason.strip(), bound.token_id if bound else None
    if item.counts.get(BELOW_COST) and not is_operator:
        item.state = State.WAITING
        ask_approval(
            BELOW_COST_PRICES,
            item.pk,
            name=item.file_name,
            reason=item.reason,
            by_id=by_id,
            authors=[item.created_by_id],
            now=now,
        )
    else:
        item.state, item.done, item.applied_at = State.APPLYING, 0, now
    item.save()


def bound_token(token_id: int, *, most: int) -> TokenBound:
    """Return what bounds a token's changes of list prices, with its lists that wait or are being
    written.
    """
    rows = ProductImportRow.objects.filter(
        product_import__by_token=token_id,
        product_import__state__in=(State.WAITING, State.APPLYING),
    )
    return TokenBound(token_id, most, lambda: _count_price_changes(rows.all()))


def _count_price_changes(rows: QuerySet[ProductImportRow]) -> int:
    planned = rows.filter(state="planned").values_list("before", "after")
    return sum(
        before.get(name) is not None and after[name] is not None
        for before, after in planned.iterator()
        for name in filter(is_price, after)
    )


@transaction.atomic
def start_undoing(
    *, import_id: int, by_id: int | None, now: datetime, kind: ListKind = PRODUCTS
) -> None:
    """Have a worker take back what an import did. Raises ListRefused.

    One of which nothing could be taken back may be asked again.
    """
    item = lock_import(import_id, State.DONE, kind=kind)
    item.state, item.done, item.undone_at, item.undone_by_id = State.UNDOING, 0, now, by_id
    # Those that an earlier try could not take back.
    item.rows.filter(state="kept").update(state="applied", kept_because={})
    item.total = item.rows.filter(state="applied").count()
    item.save()


def lock_import(import_id: int, *states: str, kind: ListKind) -> ProductImport:
    """Return an import that is in one of the states, locked. Raises ListRefused."""
    rows = ProductImport.objects.select_for_update().filter(pk=import_id, kind=kind.code)
    item = rows.first()
    if item is None or item.state not in states or item.is_forgotten:
        problem = Problem(0, "forgotten" if item and item.is_forgotten else "moved_on")
        name = item.file_name if item else str(import_id)
        raise ListRefused(say_problem(problem, name))
    return item
