"""Search results of the command palette: pages, tables and records."""

from __future__ import annotations

from typing import Any

from django.contrib.admin import AdminSite
from django.db import DataError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import gettext as _
from unfold.dataclasses import SearchResult

from shop.doors.backoffice.navigation import find_link, list_tabs
from shop.ground.staff.masked import MaskedAdmin

RECORDS_PER_TABLE = 5
# Tables whose search uses an index; the others are found by their name only.
SEARCHED = (
    "orders.order",
    "shop.product",
    "shop.variant",
    "profiles.shopper",
    "profiles.account",
    "promotions.campaign",
    "promotions.coupon",
    "pricing.quote",
)


def find_tables(site: AdminSite, request: HttpRequest, term: str) -> list[SearchResult]:
    """Return pages of the navigation and tables whose name contains `term`. No query."""
    word = term.casefold()
    found = {
        find_link(tab.url_name): SearchResult(
            title=str(tab.title),
            description=str(section.title),
            link=find_link(tab.url_name),
            icon=section.icon,
        )
        for section, tab in list_tabs(request.user)
        if word in str(tab.title).casefold() or word in str(section.title).casefold()
    }
    for app in site.get_app_list(request):
        for model in app["models"]:
            address = model.get("admin_url")
            if address and address not in found and word in str(model["name"]).casefold():
                found[address] = SearchResult(str(model["name"]), app["name"], address, "table")
    return list(found.values())


def find_records(site: AdminSite, request: HttpRequest, term: str) -> list[SearchResult]:
    """Return up to `RECORDS_PER_TABLE` records per table the reader may see. One query each."""
    found: list[SearchResult] = []
    for model, admin in site._registry.items():
        if model._meta.label_lower not in SEARCHED or not admin.has_view_permission(request):
            continue
        found += [_result(site, row) for row in _search(admin, request, term)]
    return found


def _search(admin: Any, request: HttpRequest, term: str) -> list[Any]:
    if not admin.get_search_fields(request):  # without any, Django would return the whole table
        return []
    rows, _may_repeat = admin.get_search_results(request, admin.get_queryset(request), term)
    try:
        found = list(rows[:RECORDS_PER_TABLE])
    except DataError:  # a number too large for the column names no record
        return []
    return [admin.mask(request, row) for row in found] if isinstance(admin, MaskedAdmin) else found


def _result(site: AdminSite, row: Any) -> SearchResult:
    meta = row._meta
    address = reverse(f"{site.name}:{meta.app_label}_{meta.model_name}_change", args=[row.pk])
    kind = _(str(meta.verbose_name)).capitalize()
    return SearchResult(title=str(row), description=kind, link=address, icon="data_object")
