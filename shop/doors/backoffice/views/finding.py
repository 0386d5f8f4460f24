"""One search over orders, people, quotes and more, and the list of all tables."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django import forms
from django.apps import apps
from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import connection
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from shop.doors.backoffice.frame import render_page
from shop.doors.backoffice.palette import find_records
from shop.ground.kernel.clock import utc_now
from shop.ground.staff.numbers import EMPTY, show_count
from shop.ground.staff.reasons import account_id
from shop.ground.staff.saved_views import (
    LONGEST_NAME,
    LONGEST_QUERY,
    clean_query,
    delete_view,
    read_columns,
    save_view,
)


class ViewForm(forms.Form):
    """What of a list is kept; without a name it is only shown."""

    name = forms.CharField(required=False, max_length=LONGEST_NAME)
    query = forms.CharField(required=False, max_length=LONGEST_QUERY)
    is_shared = forms.BooleanField(required=False)


@require_POST
def save_list(request: HttpRequest, table: str) -> HttpResponse:
    """Keep the list under a name, or show it with the chosen columns. Three queries."""
    address = _find_list(request, table)
    form = ViewForm(request.POST)
    if not form.is_valid():
        messages.error(
            request, _("This view cannot be saved: its name or its filters are too long.")
        )
        return HttpResponseRedirect(address)
    columns = read_columns(".".join(request.POST.getlist("column")))
    query = clean_query(form.cleaned_data["query"], columns or None)
    name = form.cleaned_data["name"].strip()
    if name:
        save_view(
            table=table,
            account_id=account_id(request),
            name=name,
            query=query[:LONGEST_QUERY],
            is_shared=form.cleaned_data["is_shared"],
            now=utc_now(),
        )
        messages.success(request, _("The view “%(name)s” is saved.") % {"name": name})
    return HttpResponseRedirect(f"{address}?{query}")


@require_POST
def drop_view(request: HttpRequest, table: str) -> HttpResponse:
    """Delete a view of one's own. One query."""
    address = _find_list(request, table)
    given = request.POST.get("view", "")
    if given.isdecimal() and delete_view(view_id=int(given), account_id=account_id(request)):
        messages.success(request, _("The view is deleted."))
    return HttpResponseRedirect(address)


def _find_list(request: HttpRequest, table: str) -> str:
    """Return the address of a table's list; 404 for none, 403 for one the reader may not see."""
    try:
        model: Any = apps.get_model(table)
    except (LookupError, ValueError) as error:
        raise Http404 from error
    found = admin.site._registry.get(model)
    if found is None:
        raise Http404
    if not found.has_view_permission(request):
        raise PermissionDenied
    return reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")


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
