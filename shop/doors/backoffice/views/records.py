"""All records: every table that the reader may see, with about how many rows it has."""

from __future__ import annotations

from dataclasses import dataclass

from django.contrib import admin
from django.http import HttpRequest, HttpResponse
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from shop.doors.backoffice.frame import render_page
from shop.ground.staff.estimates import estimate_tables
from shop.ground.staff.numbers import EMPTY, show_count


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
