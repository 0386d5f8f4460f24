"""One search over orders, people, quotes and more, and the list of all tables."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.db import connection
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.palette import find_records
from shop.ground.staff.numbers import EMPTY, show_count

# A partitioned table has no rows of its own: those of its parts are added up.
ESTIMATES = """
SELECT coalesce(parent.relname, child.relname), sum(greatest(child.reltuples, 0))::bigint
FROM pg_class child
LEFT JOIN pg_inherits ON inhrelid = child.oid
LEFT JOIN pg_class parent ON parent.oid = inhparent
WHERE child.relkind = 'r' AND child.relnamespace = current_schema()::regnamespace
GROUP BY 1
HAVING max(child.reltuples) >= 0
"""


def estimate_tables() -> dict[str, int]:
    """Return about how many rows each table has, by its name; those never analyzed are left out.

    One query.
    """
    with connection.cursor() as cursor:
        cursor.execute(ESTIMATES)
        return dict(cursor.fetchall())


@dataclass(frozen=True, slots=True)
class TableLine:
    """A table: its name, its list, and its rows as the database estimates them."""

    title: str
    link: str
    rows: str


def show_records(request: HttpRequest) -> HttpResponse:
    """Show the tables by room; `q` keeps those whose name contains it. One query."""
    word = request.GET.get("q", "").strip()
    counts = estimate_tables()
    groups = []
    for app in admin.site.get_app_list(request):
        lines = [
            TableLine(
                capfirst(str(model["name"])),
                model["admin_url"],
                _say_rows(counts.get(model["model"]._meta.db_table)),
            )
            for model in app["models"]
            if model.get("admin_url") and word.casefold() in str(model["name"]).casefold()
        ]
        if lines:
            groups.append((app["name"], lines))
    context = {"groups": groups, "word": word}
    return render_page(request, "admin/records.html", _("All records"), context)


def _say_rows(count: int | None) -> str:
    return EMPTY if count is None else show_count(count)


def find(request: HttpRequest) -> HttpResponse:
    """Show the records that fit; a lone one opens at once. One query for each searched table."""
    term = request.GET.get("q", "").strip()
    results = find_records(admin.site, request, term) if term else []
    if len(results) == 1:
        return HttpResponseRedirect(str(results[0].link))
    context = {"term": term, "results": results}
    return render_page(request, "admin/find.html", _("Search"), context)
