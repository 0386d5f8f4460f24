"""Results of the command palette: actions, pages, tables and records."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django.contrib.admin import AdminSite
from django.db import DataError
from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from unfold.dataclasses import SearchResult

from shop.doors.backoffice.navigation import Tab, Text, find_link, list_tabs
from shop.ground.staff.masked import MaskedAdmin

RECORDS_PER_TABLE = 5


@dataclass(frozen=True, slots=True)
class RowAction:
    """What is done to a row that is named after the verb: "refund FT-2". Its page asks why."""

    verb: str | Promise
    title: str | Promise
    table: str
    permission: str
    url_name: str


@dataclass(frozen=True, slots=True)
class PageAction:
    """What is begun on a page, found by any of its words."""

    title: str | Promise
    permission: str
    url_name: str


ROW_ACTIONS = (
    RowAction(
        gettext_lazy("refund"),
        gettext_lazy("Refund %(name)s"),
        "orders.order",
        "orders.change_order",
        "admin:orders_order_refund",
    ),
    RowAction(
        gettext_lazy("cancel"),
        gettext_lazy("Cancel %(name)s"),
        "orders.order",
        "orders.change_order",
        "admin:orders_order_cancel",
    ),
    RowAction(
        gettext_lazy("pause"),
        gettext_lazy("Pause %(name)s"),
        "promotions.campaign",
        "promotions.change_campaign",
        "admin:promotions_campaign_pause",
    ),
    RowAction(
        gettext_lazy("resume"),
        gettext_lazy("Resume %(name)s"),
        "promotions.campaign",
        "promotions.change_campaign",
        "admin:promotions_campaign_resume",
    ),
)
PAGE_ACTIONS = (
    PageAction(
        gettext_lazy("Switch personal prices off or on"),
        "pricing.add_killswitch",
        "admin:safety",
    ),
    PageAction(
        gettext_lazy("Decide price changes"), "pricing.change_priceproposal", "admin:change_inbox"
    ),
    PageAction(gettext_lazy("Running campaigns"), "promotions.view_campaign", "admin:adjusting"),
    PageAction(gettext_lazy("Begin a promotion"), "promotions.add_campaign", "admin:builder"),
    PageAction(gettext_lazy("Add a product"), "shop.add_product", "admin:product_add"),
    PageAction(
        gettext_lazy("Plan an experiment"), "profiles.add_experiment", "admin:plan_experiment"
    ),
)
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


def find_actions(site: AdminSite, request: HttpRequest, term: str) -> list[SearchResult]:
    """Return what the reader may do by these words. A query where they begin with a verb."""
    verb, _space, name = term.partition(" ")
    words = term.casefold().split()
    found = [
        SearchResult(str(one.title), _("Action"), find_link(one.url_name), "bolt")
        for one in PAGE_ACTIONS
        if request.user.has_perm(one.permission)
        and all(word in str(one.title).casefold() for word in words)
    ]
    for action in ROW_ACTIONS:
        # The English verb works for everybody: it is what colleagues say to each other.
        with override("en"):
            verbs = {str(action.verb)}
        is_asked = verb.casefold() in {*verbs, str(action.verb)}
        if is_asked and name.strip() and request.user.has_perm(action.permission):
            found += _offer(site, request, action, name.strip())
    return found


def _offer(
    site: AdminSite, request: HttpRequest, action: RowAction, name: str
) -> list[SearchResult]:
    tables = {model._meta.label_lower: admin for model, admin in site._registry.items()}
    return [
        SearchResult(
            title=str(action.title) % {"name": row},
            description=_("Action"),
            link=reverse(action.url_name, args=[row.pk]),
            icon="bolt",
        )
        for row in _search(tables[action.table], request, name)
    ]


def find_tables(site: AdminSite, request: HttpRequest, term: str) -> list[SearchResult]:
    """Return pages of the navigation and tables whose name contains `term`. No query."""
    word = term.casefold()
    found = {
        link: SearchResult(str(title), str(section.title), link, section.icon)
        for section, tab in list_tabs(request.user)
        for title, ending in _name_parts(tab, request)
        if word in str(title).casefold() or word in str(section.title).casefold()
        for link in [find_link(tab.url_name) + ending]
    }
    for app in site.get_app_list(request):
        for model in app["models"]:
            address = model.get("admin_url")
            if address and address not in found and word in str(model["name"]).casefold():
                found[address] = SearchResult(str(model["name"]), app["name"], address, "table")
    return list(found.values())


def _name_parts(tab: Tab, request: HttpRequest) -> Iterator[tuple[Text, str]]:
    """Yield the page of a tab, and the parts of it that the reader may see, with their endings."""
    yield tab.title, ""
    yield from ((one.title, one.ending) for one in tab.list_parts(request.user) if one.ending)


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
