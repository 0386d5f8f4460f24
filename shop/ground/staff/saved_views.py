"""Save, list and delete views of staff lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q
from django.http import QueryDict

from shop.ground.staff.models import SavedView

COLUMNS = "_cols"
# Not part of a view: the page, an error, what windows of their own ask, and facets.
PASSING = ("p", "e", "_popup", "_to_field", "_facets", "all")
MOST_VIEWS = 30
LONGEST_NAME, LONGEST_QUERY = 40, 1000


@dataclass(frozen=True, slots=True)
class ViewTab:
    """A saved view as a tab of its list."""

    id: int
    name: str
    query: str
    is_shared: bool
    is_own: bool


def read_columns(text: str) -> list[int]:
    """Return the chosen columns by number, in the order of the list.

    >>> read_columns("4.0.x.4")
    [0, 4]
    """
    return sorted({int(one) for one in text.split(".") if one.isascii() and one.isdigit()})


def clean_query(text: str, columns: Sequence[int] | None = None) -> str:
    """Return a query string without what is no part of a view, its names in order.

    With `columns` it shows these.

    >>> clean_query("p=3&status__exact=paid", [2, 0])
    '_cols=0.2&status__exact=paid'
    """
    given = QueryDict(text)
    kept = QueryDict(mutable=True)
    for name in sorted(given):
        values = [value for value in given.getlist(name) if value]
        if name not in PASSING and values:
            kept.setlist(name, values)
    if columns is not None:
        kept[COLUMNS] = ".".join(str(one) for one in sorted(columns))
        return clean_query(kept.urlencode())
    return kept.urlencode()


def list_views(*, table: str, account_id: int) -> list[ViewTab]:
    """Return an account's own and all shared views of a table. One query."""
    rows = SavedView.objects.filter(Q(owner_id=account_id) | Q(is_shared=True), table=table)
    return [
        ViewTab(row.pk, row.name, row.query, row.is_shared, row.owner_id == account_id)
        for row in rows[:MOST_VIEWS]
    ]


def save_view(
    *, table: str, account_id: int, name: str, query: str, is_shared: bool, now: datetime
) -> None:
    """Save a view; one of the same name of the same owner is replaced. Two queries."""
    SavedView.objects.update_or_create(
        table=table,
        owner_id=account_id,
        name=name,
        defaults={"query": query, "is_shared": is_shared},
        create_defaults={"query": query, "is_shared": is_shared, "created_at": now},
    )


def delete_view(*, view_id: int, account_id: int) -> bool:
    """Delete an own view; return whether there was one. One query."""
    return SavedView.objects.filter(pk=view_id, owner_id=account_id).delete()[0] > 0
