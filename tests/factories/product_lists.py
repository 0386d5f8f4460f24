"""Lists of products taken in by hand, as the back office does it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from itertools import count
from typing import Any

from django.contrib.auth import get_user_model

from shop.doors.product_lists import api
from shop.doors.product_lists.services.working import work_on_imports
from shop.ground.kernel.sheets import sheet_lines
from tests.factories.pricing import NOON


def take_list(text: str, *, apply: bool = True, **given: Any) -> api.ImportView:
    """Take a list in with its own columns, check it, take it over with all that it says."""
    import_id = api.receive_list(file_name="products.csv", content=text.encode(), now=NOON, **given)
    view = find(import_id)
    api.choose_columns(import_id=import_id, fields=view.fields)
    work()
    if apply:
        api.start_applying(
            import_id=import_id, meant=find(import_id).doubtful, reason="all meant", now=tick()
        )
        if find(import_id).state == "waiting":
            agree(import_id)
        work()
    return find(import_id)


def agree(import_id: int) -> None:
    """Be the second person of a list."""
    by_id = get_user_model().objects.get_or_create(email="second@staff.example")[0].pk
    api.approve_list(import_id=import_id, by_id=by_id, reason="", now=tick())


_minutes = count(1)


def tick() -> datetime:
    """A minute later than whatever was before: the price ledger keeps one price a moment."""
    return NOON + timedelta(minutes=next(_minutes))


def work(tell: Callable[[int, int], None] = lambda done, of: None) -> None:
    work_on_imports(clock=tick, tell=tell)


def find(import_id: int) -> api.ImportView:
    view = api.find_import(import_id)
    assert view is not None
    return view


def export() -> str:
    return "".join(sheet_lines(api.export_rows()))
